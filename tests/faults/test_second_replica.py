"""What one replica learnt, every other one knows."""

import asyncio

import pytest

from bot.store.redis_store import RedisLedger, connect
from bot.wiring import build
from tests.harness.desk import running_desk, settings_for
from tests.harness.replica import DESK_ID
from tests.journeys.scene import set_scene
from tests.rules.ladder import at

pytestmark = pytest.mark.asyncio


async def test_a_replica_that_started_before_teams_first_spoke_pages_people_by_chat_at_once() -> None:
    async with running_desk("valkey", at("2026-03-09 10:00")) as desk:
        ledger = RedisLedger(connect(desk.server.url), DESK_ID)
        other = await build(settings_for(desk.channel, desk.folder, desk.server.url), ledger, clock=desk.clock)
        scene = await set_scene(desk)  # Teams speaks to the first replica, which then sends nothing any more
        desk.service.loops["lanes"].stop()
        sending = asyncio.create_task(other.loops["lanes"].run())
        try:
            code = await scene.open_ticket()
            assert await desk.events(code, "page_failed") == []
            assert len(scene.pages(desk.people.l2)) == 1
        finally:
            other.loops["lanes"].stop()
            await sending
            await other.lanes.drain(5)
            await other.close()
            await ledger.close()
