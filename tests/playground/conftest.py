"""One stage and one browser for all journeys: each opens a ticket of its own."""

from collections.abc import AsyncIterator

import pytest_asyncio

from tests.playground.page import Screen, chromium, open_screen
from tests.playground.stage import Stage, running_stage


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def stage() -> AsyncIterator[Stage]:
    """Yield the running desk; afterwards no activity may have been refused by the bot."""
    async with running_stage() as running:
        yield running
        assert running.relay.refused == []


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def screens(stage: Stage) -> AsyncIterator[tuple[Screen, Screen]]:
    """Yield the customer's and the engineer's page."""
    async with chromium() as browser:
        yield await open_screen(browser, stage.customer), await open_screen(browser, stage.engineer)


@pytest_asyncio.fixture(loop_scope="session")
async def customer(screens: tuple[Screen, Screen]) -> Screen:
    """Return the customer's page, at the personal chat."""
    await screens[0].open_personal()
    return screens[0]


@pytest_asyncio.fixture(loop_scope="session")
async def engineer(screens: tuple[Screen, Screen]) -> Screen:
    """Return the engineer's page, at the personal chat."""
    await screens[1].open_personal()
    return screens[1]
