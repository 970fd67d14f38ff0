"""A desk that is well, with its channels bound and mails behind it, and a doctor for it."""

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.doctor.examine import examine
from bot.doctor.lines import Line
from bot.settings import Settings
from bot.store.redis_store import RedisLedger, connect
from bot.wiring import installation
from tests.harness.desk import DeskUnderTest, running_desk, settings_for
from tests.harness.memory_ledger import real_time_ms
from tests.journeys.scene import Scene, set_scene


@dataclass
class Ward:
    """A desk that is well, and a doctor for it and for what is made of it."""

    scene: Scene
    settings: Settings

    @property
    def desk(self) -> DeskUnderTest:
        return self.scene.desk

    def new_ledger(self, url: str = "") -> RedisLedger:
        """Return the ledger of a desk that never ran."""
        return RedisLedger(connect(url or self.desk.server.url, retries=0), f"new-{time.monotonic_ns()}")

    async def lines(
        self,
        ledger: RedisLedger | None = None,
        *,
        url: str = "",
        real_s: Callable[[], float] = lambda: real_time_ms() / 1000,
        **changes: Any,
    ) -> list[Line]:
        """Return what is said; `changes` are to the settings. Closes a ledger that it is given."""
        settings = self.settings.model_copy(update=changes)
        try:
            async with installation(
                settings, ledger or self.desk.ledger, public_url=url, clock=self.desk.clock, real_s=real_s
            ) as desk:
                return await examine(desk)
        finally:
            if ledger is not None:
                await ledger.close()

    async def line(self, check: str, ledger: RedisLedger | None = None, **changes: Any) -> Line:
        """Return the one line of a check."""
        (line,) = [line for line in await self.lines(ledger, **changes) if line.check == check]
        return line

    @asynccontextmanager
    async def configured(self, **options: str) -> AsyncIterator[None]:
        """Change the server's configuration within the block."""
        client = connect(self.desk.server.url)
        wanted = {name.replace("_", "-"): value for name, value in options.items()}
        before = {name: str((await client.config_get(name))[name]) for name in wanted}
        try:
            for name, value in wanted.items():
                await client.config_set(name, value)
            yield
        finally:
            for name, value in before.items():
                await client.config_set(name, value)
            await client.aclose()


@asynccontextmanager
async def well_ward() -> AsyncIterator[Ward]:
    """Yield a desk with its channels bound on a durable store, a mail and a message without a mention behind it."""
    async with running_desk("valkey", real_time_ms()) as desk:
        without_doubts(desk.folder / "config")
        scene = await set_scene(desk)
        await desk.channel.message(scene.persona(desk.people.l2), scene.desk_channel, "chào cả nhà")
        await desk.mail(desk.people.stranger.email, "Xin chào", "Một lá thư.")
        assert desk.service.smtp is not None
        settings = settings_for(desk.channel, desk.folder, desk.server.url).model_copy(
            update={"port": desk.port, "mail_smtp_port": desk.service.smtp.port}
        )
        ward = Ward(scene, settings)
        async with ward.configured(appendonly="yes", appendfsync="always"):
            yield ward


def without_doubts(folder: Path) -> None:
    """Change the example's files so that no warning is left, and name the desk as the harness does."""
    for year in folder.glob("calendars/*.yaml"):
        year.write_text(year.read_text("utf-8").replace("status: provisional", "status: reviewed"), "utf-8")
    policy, desk = folder / "policy.yaml", folder / "desk.yaml"
    policy.write_text(policy.read_text("utf-8").replace(", phone]", "]"), "utf-8")
    desk.write_text(desk.read_text("utf-8").replace("\nid: idb", "\nid: journey"), "utf-8")
