"""A backup gives back every ticket: taken while it is written, checked, kept, restored after a disaster."""

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis

from bot.desk.ports import ClaimedEntry, Commit, Committed, Entry, Guard, IndexChange, Ledger, RecordKey, Stored
from bot.store.redis_store import open_ledger
from tests.contracts.conftest import wait_until
from tests.harness.servers import ENGINES, Server, binary_of, running

pytestmark = pytest.mark.asyncio

SCRIPTS = Path(__file__).parents[2] / "infra" / "scripts"
FOREVER = 10**15


@dataclass
class Place:
    """A store, a folder for its backups, and the scripts with the tools of that store's image."""

    server: Server
    backups: Path
    environment: dict[str, str]

    def run(self, script: str, *arguments: str | Path, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ("sh", SCRIPTS / script, *arguments),
            env=self.environment | {"STORE_SOCKET": str(self.server.socket)} | more,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def back_up(self, *options: str) -> Path:
        """Take a backup and return it."""
        before = set(self.kept())
        done = self.run("backup.sh", *options, self.backups)
        assert done.returncode == 0, done.stderr
        (backup,) = set(self.kept()) - before
        return backup

    def kept(self) -> list[Path]:
        return sorted(self.backups.glob("store-*.rdb"))

    def destroy(self) -> None:
        """Kill the store and everything it had on disk."""
        self.server.kill()
        shutil.rmtree(self.server.folder / "appendonlydir")
        self.server.socket.unlink(missing_ok=True)


def tools(folder: Path, engine: str) -> str:
    """Return a PATH with the tools that the engine's image has; Redis' own stand in for a client of Valkey's."""
    if engine == "valkey":
        folder.mkdir()
        for name in ("valkey-server", "valkey-check-rdb"):
            (folder / name).symlink_to(binary_of("valkey"))
        client = shutil.which("redis-cli")
        assert client is not None, "redis-cli is missing: apt-get install -y redis-server"
        (folder / "valkey-cli").symlink_to(client)
    return f"{folder}:/usr/bin:/bin"


@pytest.fixture(params=ENGINES)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    backups = tmp_path / "backups"
    backups.mkdir()
    with running(request.param) as server:
        yield Place(server, backups, {"PATH": tools(tmp_path / "tools", request.param)})


def ticket(n: int) -> RecordKey:
    return RecordKey("ticket", f"3CX-{n:04}")


async def open_ticket(ledger: Ledger, n: int) -> None:
    """Write a ticket as the desk does: events, a wake-up, a page in a lane, guards, indexes."""
    key = ticket(n)
    first = Commit(
        key,
        0,
        f"ticket {n}".encode(),
        operation=f"open {n}",
        answer=b"opened",
        guards=(Guard(f"mail <{n}@vidu.example>", str(key)),),
        events=(b"received", f"Tổng đài {n} không gọi được".encode()),
        entries=(Entry(f"t:chat-{n % 7}", f"page {n}", b"page"),),
        wake_at=FOREVER + n,
        indexes=(IndexChange("tickets", key.id, n), IndexChange("open", key.id, n)),
    )
    assert await ledger.commit(first) == Committed(1)
    second = Commit(key, 1, f"ticket {n} acked".encode(), events=(b"acked",), wake_at=FOREVER + 2 * n)
    assert await ledger.commit(second) == Committed(2)


async def seen(ledger: Ledger, tickets: range) -> dict[str, Any]:
    """Return everything that a desk can see of its tickets without changing anything."""
    keys = [ticket(n) for n in tickets]
    backlog = astuple(await ledger.backlog(FOREVER + 10**6))
    return {
        "records": await ledger.read_many(keys),
        "events": [await ledger.events(key) for key in keys],
        "owners": await ledger.guard_owners([f"mail <{n}@vidu.example>" for n in tickets]),
        "answers": [await ledger.operation_answer(f"open {n}") for n in tickets],
        "open": await ledger.index("open", limit=1000),
        "tickets": await ledger.index_size("tickets"),
        "next wake": await ledger.next_wake(),
        "backlog": backlog,
        "secret": await ledger.once("secret", b"another"),
        "policy": await ledger.policy("hash"),
        "dead": await ledger.dead_letters(),
        "poisoned": await ledger.poisoned(),
    }


async def all_keys(place: Place) -> dict[bytes, Any]:
    """Return everything in the store: each key with its value and whether it expires."""
    client = Redis.from_url(place.server.url)
    read = {
        b"string": client.get,
        b"hash": client.hgetall,
        b"list": lambda key: client.lrange(key, 0, -1),
        b"zset": lambda key: client.zrange(key, 0, -1, withscores=True),
    }
    keys = {key: (await read[await client.type(key)](key), await client.ttl(key) > 0) for key in await client.keys("*")}
    await client.aclose()
    return {key: told for key, told in keys.items() if b":c:" not in key}  # answers to calls live for seconds


async def snapshots_begin_at_once(place: Place) -> None:
    """Set what compose.yaml sets."""
    client = Redis.from_url(place.server.url)
    await client.config_set("repl-diskless-sync-delay", 0)
    await client.aclose()


async def test_after_a_disaster_every_ticket_event_wake_up_and_lane_is_back(place: Place) -> None:
    await snapshots_begin_at_once(place)
    tickets = range(60)
    async with open_ledger(place.server.url, "desk") as ledger:
        for n in tickets:
            await open_ticket(ledger, n)
        await ledger.put_policy("hash", b"policy")
        await ledger.once("secret", b"the secret")
        given_up = await ledger.claim_lane(lease_ms=60_000)
        assert isinstance(given_up, ClaimedEntry)
        assert await ledger.settle_dead(given_up, reason="gone")
        (first,) = await ledger.claim_due(FOREVER, limit=1, claim_ms=1000)
        assert first.key == ticket(0)
        assert await ledger.wake_failed(first.key, retry_at=FOREVER, give_up_after=1, reason="bug")
        before, keys_before = await seen(ledger, tickets), await all_keys(place)
    backup = place.back_up("--test")
    place.destroy()
    done = place.run("restore.sh", backup, place.server.folder)
    assert done.returncode == 0, done.stderr
    place.server.start()
    async with open_ledger(place.server.url, "desk") as ledger:
        assert await all_keys(place) == keys_before
        assert await seen(ledger, tickets) == before
        assert before["records"][-1] == Stored(2, b"ticket 59 acked")
        woken = await ledger.claim_due(FOREVER + 10**6, limit=1000, claim_ms=1000)
        assert sorted((due.key.id, due.due_at) for due in woken) == [
            (ticket(n).id, FOREVER + 2 * n) for n in tickets if n != 0
        ]
        assert await ledger.commit(Commit(ticket(1), 2, b"goes on", events=(b"resolved",))) == Committed(3)
    place.server.kill()
    place.server.start()
    async with open_ledger(place.server.url, "desk") as ledger:
        assert await ledger.events(ticket(1)) == [*before["events"][1], b"resolved"], (
            "the new log goes on being written"
        )


async def test_a_backup_of_a_busy_store_holds_every_ticket_that_was_confirmed_before_it_and_none_by_halves(
    place: Place,
) -> None:
    await snapshots_begin_at_once(place)
    async with open_ledger(place.server.url, "desk") as ledger:
        confirmed = 0

        async def keep_writing() -> None:
            nonlocal confirmed
            while True:
                await open_ticket(ledger, confirmed)
                confirmed += 1

        async def enough() -> bool:
            return confirmed >= 50

        writer = asyncio.create_task(keep_writing())
        await wait_until(enough, "50 tickets are written")
        at_least = confirmed
        backup = await asyncio.to_thread(place.back_up)
        at_most = confirmed + 1
        writer.cancel()
        await asyncio.wait([writer])
    assert at_most > at_least + 1, "nothing was written while the backup was taken"
    place.destroy()
    assert place.run("restore.sh", backup, place.server.folder).returncode == 0
    place.server.start()
    async with open_ledger(place.server.url, "desk") as ledger:
        held = await ledger.index_size("tickets")
        assert at_least <= held <= at_most
        due = {found.key.id for found in await ledger.claim_due(FOREVER + 10**6, limit=100_000, claim_ms=1)}
        for n in range(held):
            stored = await ledger.read(ticket(n))
            assert stored is not None
            assert len(await ledger.events(ticket(n))) == stored.version + 1
            assert ticket(n).id in due
            assert await ledger.guard_owner(f"mail <{n}@vidu.example>") == str(ticket(n))


async def test_what_was_there_is_kept_beside_a_restored_store(place: Place) -> None:
    await snapshots_begin_at_once(place)
    async with open_ledger(place.server.url, "desk") as ledger:
        await open_ticket(ledger, 1)
        backup = place.back_up()
        await open_ticket(ledger, 2)
    place.server.stop()
    assert place.run("restore.sh", backup, place.server.folder).returncode == 0
    place.server.start()
    async with open_ledger(place.server.url, "desk") as ledger:
        assert await ledger.read(ticket(2)) is None
    place.server.stop()
    (kept,) = place.server.folder.glob("appendonlydir.before-*")
    shutil.rmtree(place.server.folder / "appendonlydir")
    kept.rename(place.server.folder / "appendonlydir")
    place.server.start()
    async with open_ledger(place.server.url, "desk") as ledger:
        assert await ledger.read(ticket(2)) is not None


async def test_nothing_is_restored_under_a_running_store(place: Place) -> None:
    await snapshots_begin_at_once(place)
    async with open_ledger(place.server.url, "desk") as ledger:
        await open_ticket(ledger, 1)
    backup = place.back_up()
    before = sorted(path.name for path in place.server.folder.rglob("*"))
    done = place.run("restore.sh", backup, place.server.folder)
    assert (done.returncode, "the store is running" in done.stderr) == (1, True)
    assert sorted(path.name for path in place.server.folder.rglob("*")) == before


@pytest.mark.parametrize("damage", ["a byte", "cut", "no checksum"])
async def test_a_damaged_backup_is_refused_before_anything_is_changed(place: Place, damage: str) -> None:
    await snapshots_begin_at_once(place)
    async with open_ledger(place.server.url, "desk") as ledger:
        await open_ticket(ledger, 1)
    backup = place.back_up()
    content = bytearray(backup.read_bytes())
    content[len(content) // 2] ^= 1
    if damage == "no checksum":
        backup.with_name(f"{backup.name}.sha256").unlink()
    else:
        backup.write_bytes(content if damage == "a byte" else content[:-20])
    place.server.stop()
    before = sorted(path.name for path in place.server.folder.rglob("*"))
    done = place.run("restore.sh", backup, place.server.folder)
    assert (done.returncode, "Nothing was changed" in done.stderr) == (1, True)
    assert sorted(path.name for path in place.server.folder.rglob("*")) == before
    assert place.run("restore-test.sh", backup).returncode == 1


async def test_a_store_that_lost_everything_does_not_take_its_backups_along(place: Place) -> None:
    await snapshots_begin_at_once(place)
    async with open_ledger(place.server.url, "desk") as ledger:
        await open_ticket(ledger, 1)
    place.back_up()
    client = Redis.from_url(place.server.url)
    await client.flushall()
    await client.aclose()
    kept = list(place.backups.iterdir())
    empty = place.run("backup.sh", place.backups, KEEP_DAYS="0", KEEP_LEAST="0")
    assert (empty.returncode, "the store is empty" in empty.stderr) == (1, True)
    place.server.stop()
    away = place.run("backup.sh", place.backups, KEEP_DAYS="0", KEEP_LEAST="0")
    assert (away.returncode, "does not answer" in away.stderr) == (1, True)
    assert sorted(place.backups.iterdir()) == sorted(kept)


async def test_old_backups_go_and_the_newest_stay_however_old(place: Place) -> None:
    await snapshots_begin_at_once(place)
    async with open_ledger(place.server.url, "desk") as ledger:
        await open_ticket(ledger, 1)
    long_ago = time.time() - 30 * 86_400  # noqa: TID251  the age of files is real time
    for day in range(1, 6):
        for name in (f"store-2020010{day}T000000Z.rdb", f"store-2020010{day}T000000Z.rdb.sha256"):
            (place.backups / name).write_text("old")
            os.utime(place.backups / name, (long_ago, long_ago))
    (place.backups / "notes.txt").write_text("not ours")
    assert place.run("backup.sh", place.backups, KEEP_DAYS="14", KEEP_LEAST="3").returncode == 0
    newest = place.kept()[-1].name
    assert sorted(path.name for path in place.backups.iterdir()) == sorted(
        ["notes.txt", *(f"{name}{end}" for end in ("", ".sha256") for name in (
            "store-20200104T000000Z.rdb", "store-20200105T000000Z.rdb", newest,
        ))]
    )  # fmt: skip


async def test_the_job_backs_up_again_and_again_and_ends_at_once_when_it_is_told(place: Place) -> None:
    await snapshots_begin_at_once(place)
    async with open_ledger(place.server.url, "desk") as ledger:
        await open_ticket(ledger, 1)
    job = await asyncio.create_subprocess_exec(
        "sh", str(SCRIPTS / "backup.sh"), "--every", "1", str(place.backups),
        env=place.environment | {"STORE_SOCKET": str(place.server.socket)}, stderr=subprocess.DEVNULL,
    )  # fmt: skip

    async def two() -> bool:
        return len(place.kept()) >= 2

    await wait_until(two, "two backups are there", within_s=20)
    job.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(job.wait(), 5) == 0


@pytest.mark.parametrize(
    "call", [(), ("--every", "soon", "."), ("--every", "0", "."), ("--what", "."), ("/not/there",)]
)
async def test_a_wrong_call_is_told_how(place: Place, call: tuple[str, ...]) -> None:
    done = place.run("backup.sh", *call)
    assert (done.returncode, "Usage: backup.sh" in done.stderr) == (2, True)
