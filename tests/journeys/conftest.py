"""A running desk for each journey, on each engine."""

from collections.abc import AsyncIterator

import pytest_asyncio
from _pytest.fixtures import SubRequest

from tests.harness.desk import DeskUnderTest, running_desk
from tests.harness.servers import ENGINES
from tests.journeys.scene import Scene, set_scene
from tests.rules.ladder import at

MONDAY_MORNING = at("2026-03-09 10:00")


@pytest_asyncio.fixture(params=ENGINES)
async def desk(request: SubRequest) -> AsyncIterator[DeskUnderTest]:
    """Yield a desk on Monday, 9 March 2026, 10:00 in Vietnam."""
    async with running_desk(request.param, MONDAY_MORNING) as running:
        yield running


@pytest_asyncio.fixture
async def scene(desk: DeskUnderTest) -> Scene:
    """Return the desk with its channels bound and people in them."""
    return await set_scene(desk)
