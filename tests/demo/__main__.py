"""`python -m tests.demo`: play journeys A, B, C and E, say what was due and what was sent; exit 1 if anything lacks."""

import argparse
import asyncio
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.demo import journeys
from tests.demo.checks import Checks, Stopped
from tests.demo.instance import Instance
from tests.demo.proof import DeskTime, Proof, Row, prove_the_rest
from tests.demo.stage import Stage, Story, send_off_duty
from tests.demo.timeline import lateness, lines
from tests.harness.example_desk import write_example_desk
from tests.harness.local_channel import LocalChannel

_SPEED_MAX = 300
_INTERRUPTED = 130


def main() -> int:
    """Play; returns the exit code: 0 everything happened, 1 something did not, 130 interrupted."""
    options = _parser().parse_args()
    folder = Path(tempfile.mkdtemp(prefix="demo-"))
    try:
        return asyncio.run(_until_told_to_end(_play(options, folder)))
    except (KeyboardInterrupt, asyncio.CancelledError):
        print("\ninterrupted", file=sys.stderr)
        return _INTERRUPTED
    except Stopped as error:
        print(f"\nFAILED: {error}", file=sys.stderr)
        return 1
    finally:
        if options.keep:
            print(f"kept: {folder}", file=sys.stderr)
        else:
            shutil.rmtree(folder, ignore_errors=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="./run demo",
        description="Play journeys A, B, C and E on an instance of its own: free ports, temporary data, real SMTP and "
        "HTTP with signed tokens. At the default speed a contract minute is a second.",
    )
    parser.add_argument(
        "--speed", type=_speed, default=60.0, help=f"desk seconds per second (default 60, 1–{_SPEED_MAX})"
    )
    parser.add_argument("--keep", action="store_true", help="keep the temporary folder and say where it is")
    parser.add_argument("--off-duty", metavar="PERSON", help="send somebody home (such as giang.do), to see it fail")
    return parser


def _speed(text: str) -> float:
    speed = float(text)
    if not 1 <= speed <= _SPEED_MAX:
        raise argparse.ArgumentTypeError(f"{text} is not between 1 and {_SPEED_MAX}")
    return speed


async def _until_told_to_end(playing: Awaitable[int]) -> int:
    """SIGTERM ends the demo as Ctrl-C does: everything is put away."""
    task = asyncio.ensure_future(playing)
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await task


async def _play(options: argparse.Namespace, folder: Path) -> int:
    checks, began_s = Checks(), time.monotonic()
    async with LocalChannel() as channel:
        people = write_example_desk(folder / "config", desk_tenant=channel.tenant)
        _open_on_tet(folder / "config" / "policy.yaml")
        if options.off_duty:
            absent = next((person for person in people.staff if person.id == options.off_duty), None)
            if absent is None:
                raise Stopped(f"nobody is {options.off_duty}; there are {', '.join(p.id for p in people.staff)}")
            send_off_duty(folder / "config", absent)
        instance = Instance(folder, folder / "config", channel.environment(), speed=options.speed)
        print("Trực Ban demo: starting an instance of its own …", flush=True)
        try:
            await instance.start()
            channel.bot_url = f"http://127.0.0.1:{instance.port}"
            print(f"ready on port {instance.port}, SMTP on port {instance.smtp_port}; {options.speed:g} desk s per s\n")
            stage = Stage(channel, people, instance, checks, speed=options.speed)
            await stage.bind_channels()
            told = await _stories(stage)
            code = await instance.stop()
            checks.that(code == 0, "-", "the instance stops in order when told to", f"exit code {code}")
        finally:
            stopped = asyncio.ensure_future(instance.stop())
            try:
                await asyncio.shield(stopped)
            finally:
                instance.abandon()
    print("\n".join(told))
    return _verdict(checks, time.monotonic() - began_s)


async def _stories(stage: Stage) -> list[str]:
    """Play all stories at once, then prove each; returns the time line."""
    ours, others = stage.people.customer, stage.people.other_customer
    plays: list[tuple[Story, Callable[[Stage, Story], Awaitable[None]]]] = [
        (Story("A", "the code in the channel", "P2", ours), journeys.a),
        (Story("B", "nobody acknowledges", "P1", others), journeys.b),
        (Story("C", "acknowledged from the card", "P1", ours), journeys.c),
        (Story("E", "answers by mail and chat", "P3", ours), journeys.e),
    ]
    await asyncio.gather(*(_guarded(stage, story, play) for story, play in plays))
    desk_time = DeskTime(stage.instance.data / "mail" / "inbox", speed=stage.speed)
    told: list[str] = []
    rows: list[Row] = []
    codes, roots = set[str](), set[str]()
    for story, _ in plays:
        if not story.code:
            continue
        ticket = await stage.instance.show(story.code)
        proof = Proof(stage, story, ticket, desk_time)
        proof.prove()
        told += lines(story, proof.opened_at, proof.rows, speed=stage.speed)
        rows += proof.rows
        codes.add(story.code)
        roots |= {thread["chat"]["root"] for thread in ticket["threads"]}
    prove_the_rest(stage, codes, roots)
    return [*told, "", lateness(rows, speed=stage.speed)]


async def _guarded(stage: Stage, story: Story, play: Callable[[Stage, Story], Awaitable[None]]) -> None:
    """One story that cannot go on does not end the others."""
    try:
        await play(stage, story)
    except (Stopped, OSError) as error:
        stage.check(story, held=False, name="the story is played to its end", instead=str(error))


def _open_on_tet(policy: Path) -> None:
    """Let the demo's clock run at Tết too: the ladder would rest, and the demo shows the ladder."""
    text = policy.read_text(encoding="utf-8")
    if "closed_on: [tet] #" not in text:
        raise ValueError("infra/desk/policy.yaml has no line 'closed_on: [tet] #' to replace")
    policy.write_text(text.replace("closed_on: [tet] #", "closed_on: [] #"), encoding="utf-8")


def _verdict(checks: Checks, took_s: float) -> int:
    print()
    for check in checks.all:
        if check.held and check.name[:1].isdigit():
            print(f"  ok    {check}")
    if checks.failed:
        print(f"\nFAILED after {took_s:.0f} s: {len(checks.failed)} of {len(checks.all)} expectations did not hold")
        for check in checks.failed:
            print(f"  FAIL  {check}")
        return 1
    print(f"\nall {len(checks.all)} expectations held; took {took_s:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
