"""What was expected, by name, and whether it happened."""

from dataclasses import dataclass, field


class Stopped(Exception):  # noqa: N818  a story that cannot go on is no error of the program
    """Nothing further can be played; the message says why."""


@dataclass(frozen=True)
class Check:
    """One expectation."""

    story: str
    name: str
    held: bool
    instead: str = ""
    """What happened instead, if that is known."""

    def __str__(self) -> str:
        return f"{self.story}  {self.name}" + (f"\n     instead: {self.instead}" if self.instead else "")


@dataclass
class Checks:
    """Every expectation so far."""

    all: list[Check] = field(default_factory=list)

    def that(self, held: object, story: str, name: str, instead: str = "") -> bool:
        """Note an expectation; returns whether it held."""
        self.all.append(Check(story, name, bool(held), "" if held else instead))
        return bool(held)

    @property
    def failed(self) -> list[Check]:
        """Return those that did not hold."""
        return [check for check in self.all if not check.held]
