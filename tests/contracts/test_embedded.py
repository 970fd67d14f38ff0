"""The embedded store keeps its data whatever kills it, and nobody else opens its directory."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from bot.desk.ports import Commit, Committed, RecordKey, Stored
from bot.errors import ConfigError
from bot.store.embedded import EmbeddedStore
from bot.store.redis_store import open_ledger
from tests.contracts.conftest import wait_until

pytestmark = pytest.mark.asyncio

TICKET = RecordKey("ticket", "3CX-7K2M")


@asynccontextmanager
async def started(folder: Path, *, bundled: bool = True) -> AsyncIterator[EmbeddedStore]:
    store = EmbeddedStore(folder, bundled=bundled)
    await store.start()
    watching = asyncio.create_task(store.watch())
    try:
        yield store
    finally:
        await store.stop()
        await asyncio.wait_for(watching, 10)


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_killed_server_is_started_again_with_its_data(tmp_path: Path) -> None:
    async with started(tmp_path) as store, open_ledger(store.url, "desk") as ledger:
        for version in range(2):
            assert await ledger.commit(Commit(TICKET, version, b"body")) == Committed(version + 1)
            pid = store.pid
            assert pid is not None
            os.kill(pid, signal.SIGKILL)
            assert await ledger.read(TICKET) == Stored(version + 1, b"body")
            assert store.pid != pid


async def test_a_stop_is_clean_and_the_next_start_finds_the_data(tmp_path: Path) -> None:
    async with started(tmp_path) as store:
        pid = store.pid
        assert pid is not None
        runtime = Path(store.url.removeprefix("unix://").split("?")[0]).parent
        assert runtime.stat().st_mode & 0o077 == 0
        async with open_ledger(store.url, "desk") as ledger:
            await ledger.commit(Commit(TICKET, 0, b"body"))
    assert not is_alive(pid)
    assert not runtime.exists()
    assert store.pid is None
    assert "bye bye" in (tmp_path / "valkey" / "server.log").read_text()
    async with started(tmp_path) as again, open_ledger(again.url, "desk") as ledger:
        assert await ledger.read(TICKET) == Stored(1, b"body")


async def test_a_second_process_is_refused_while_the_first_runs(tmp_path: Path) -> None:
    async with started(tmp_path) as first:
        with pytest.raises(ConfigError, match="another process uses this data directory"):
            await EmbeddedStore(tmp_path, lock_wait_s=0.2).start()
        assert first.pid is not None
        async with open_ledger(first.url, "desk") as ledger:
            await ledger.ping()


async def test_data_of_a_later_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "valkey").mkdir()
    (tmp_path / "valkey" / "version").write_text("99.0.1")
    with pytest.raises(ConfigError, match=r"written by valkey 99\.0\.1"):
        await EmbeddedStore(tmp_path).start()


async def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    (tmp_path / "valkey" / "appendonlydir").mkdir(parents=True)
    (tmp_path / "valkey" / "appendonlydir" / "appendonly.aof.manifest").write_text("this is no manifest\n")
    with pytest.raises(ConfigError, match="ended at its start"):
        await EmbeddedStore(tmp_path).start()


async def test_without_any_server_the_fault_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ConfigError, match="apt-get install -y redis-server"):
        await EmbeddedStore(tmp_path, bundled=False).start()


async def test_without_the_wheel_a_server_on_the_path_is_used_in_a_folder_of_its_own(tmp_path: Path) -> None:
    async with started(tmp_path, bundled=False) as store, open_ledger(store.url, "desk") as ledger:
        assert await ledger.commit(Commit(TICKET, 0, b"body")) == Committed(1)
        assert (tmp_path / "redis" / "version").read_text().startswith("7.")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux ends a child with its parent")
async def test_a_server_whose_parent_is_killed_ends_and_the_next_start_waits_for_it(tmp_path: Path) -> None:
    program = (
        "import asyncio, pathlib, sys\n"
        "from bot.store.embedded import EmbeddedStore\n"
        "async def main():\n"
        "    store = EmbeddedStore(pathlib.Path(sys.argv[1]))\n"
        "    print(await store.start(), store.pid, flush=True)\n"
        "    await store.watch()\n"
        "asyncio.run(main())\n"
    )
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", program, str(tmp_path), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    url, pid = (await parent.stdout.readline()).decode().split()
    async with open_ledger(url, "desk") as ledger:
        await ledger.commit(Commit(TICKET, 0, b"body"))
    parent.kill()
    await parent.wait()
    async with started(tmp_path) as store, open_ledger(store.url, "desk") as ledger:
        assert await ledger.read(TICKET) == Stored(1, b"body")

    async def has_ended() -> bool:
        return not is_alive(int(pid))

    await wait_until(has_ended, "the orphaned server has ended")
    assert not Path(url.removeprefix("unix://").split("?")[0]).parent.exists()
