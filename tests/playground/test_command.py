"""`./run playground` as somebody at a terminal uses it."""

import asyncio
import re
import signal
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.playground.installed import ROOT

pytestmark = pytest.mark.asyncio


async def test_it_says_what_to_open_and_to_type_and_stops_without_leaving_anything() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.playground", cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        async with asyncio.timeout(60):
            shown = await read_until(process, "Ctrl-C stops everything")
            engineer = re.search(r"engineer +(http://127\.0\.0\.1:\d+)", shown)
            assert engineer is not None
            assert "customer   http://127.0.0.1:" in shown
            await open_page(engineer[1])
            shown = await read_until(process, "The bot's log")
            assert re.search(r"P1 ticket 3CX-\w{4}-\w{4} is open", shown)
            folder = Path(re.search(r"log: (\S+)", shown)[1]).parent  # type: ignore[index]
            assert folder.is_dir()
            assert "--answers '<" in shown
            process.send_signal(signal.SIGINT)
            await read_until(process, "nothing is left behind")
            assert await process.wait() == 0
        assert not folder.exists()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def read_until(process: asyncio.subprocess.Process, mark: str) -> str:
    assert process.stdout is not None
    shown = ""
    while mark not in shown:
        line = await process.stdout.readline()
        assert line, shown
        shown += line.decode()
    return shown


async def open_page(url: str) -> None:
    """Do what the page does first: tell the bot that it was installed."""
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{url}/_internal/v1/config") as answer:
            config = (await answer.json())["config"]
        activity = {
            "type": "installationUpdate",
            "action": "add",
            "channelId": "msteams",
            "conversation": {"id": config["personalChat"]["id"], "conversationType": "personal"},
            "from": {"id": config["currentUser"]["id"], "aadObjectId": config["currentUser"]["aadObjectId"]},
            "recipient": {"id": config["bot"]["id"]},
            "channelData": {"tenant": {"id": config["tenantId"]}},
        }
        async with session.post(f"{url}/_internal/v1/customActivities", json=activity) as answer:
            assert answer.status == 200
