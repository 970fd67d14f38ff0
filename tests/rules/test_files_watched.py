"""The desk's files while the desk runs: a good edit goes live, a bad one keeps the old book."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from bot.config.load import load_book
from bot.config.watch import BookWatcher
from bot.sla.instants import MINUTE
from tests.harness.example_desk import ExampleDesk, write_example_desk
from tests.rules.files_at_hand import CHANNELS, at, edit


@pytest.fixture
def desk(tmp_path: Path) -> ExampleDesk:
    return write_example_desk(tmp_path / "desk")


@pytest.fixture
def watcher(desk: ExampleDesk) -> BookWatcher:
    return BookWatcher(desk.folder, CHANNELS, load_book(desk.folder, CHANNELS)[0])


@pytest.mark.asyncio
async def test_nothing_is_read_again_while_nothing_changed(watcher: BookWatcher) -> None:
    before = watcher.book()
    assert await watcher.check() is None
    assert watcher.book() is before


GOOD_EDITS: dict[str, tuple[str, str, str, Callable]] = {
    "roster": ("roster.yaml", "name: Lê Hoài An", "name: Lê An", lambda b: b.roster.by_id["an.le"].name == "Lê An"),
    "customers": (
        "customers.yaml",
        "[anphu.example]",
        "[an-phu.example]",
        lambda b: "an-phu.example" in b.customers.by_domain,
    ),
    "desk": ("desk.yaml", "028 7303 9666", "028 7303 9667", lambda b: b.desk.support_phone.endswith("7")),
    "policy": ("policy.yaml", "target: 30m", "target: 20m", lambda b: b.policy.priorities["P1"].target == 20 * MINUTE),
    "calendar": (
        "calendars/2026.yaml",
        "date: 2026-04-27",
        "date: 2026-04-28",
        lambda b: b.calendars["office"].is_open(at("2026-04-27T09:00")),
    ),
}


@pytest.mark.asyncio
@pytest.mark.parametrize("name", GOOD_EDITS)
async def test_a_good_edit_goes_live(name: str, desk: ExampleDesk, watcher: BookWatcher) -> None:
    file, old, new, applied = GOOD_EDITS[name]
    assert not applied(watcher.book())
    edit(desk.folder, file, old, new)
    faults = await watcher.check()
    assert faults is not None
    assert not [fault for fault in faults if fault.fatal]
    assert applied(watcher.book())
    assert await watcher.check() is None


@pytest.mark.asyncio
async def test_a_bad_edit_keeps_the_old_book_and_is_told_once(desk: ExampleDesk, watcher: BookWatcher) -> None:
    before = watcher.book()
    line = edit(desk.folder, "roster.yaml", "email: dung.vo@", "email: chi.pham@")
    faults = await watcher.check()
    assert [(f.file, f.line) for f in faults or [] if f.fatal] == [("roster.yaml", line)]
    assert watcher.book() is before
    assert await watcher.check() is None, "the same files are not told twice"
    edit(desk.folder, "roster.yaml", "name: Võ Trí Dũng", "name: Võ Dũng")
    assert [f.file for f in await watcher.check() or [] if f.fatal] == ["roster.yaml"], "another edit is told again"
    write_example_desk(desk.folder)
    assert await watcher.check() is not None
    assert watcher.book().roster == before.roster


@pytest.mark.asyncio
async def test_an_edit_that_keeps_size_and_time_is_seen(desk: ExampleDesk, watcher: BookWatcher) -> None:
    path = desk.folder / "roster.yaml"
    stat = path.stat()
    edit(desk.folder, "roster.yaml", "name: Lê Hoài An", "name: Lê Hoài Ân".replace("Â", "E"))
    os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert await watcher.check() is not None
    assert watcher.book().roster.by_id["an.le"].name == "Lê Hoài En"


@pytest.mark.asyncio
async def test_a_file_that_goes_away_keeps_the_old_book_and_a_new_year_goes_live(
    desk: ExampleDesk, watcher: BookWatcher
) -> None:
    moved = desk.folder / "customers.yaml"
    content = moved.read_bytes()
    moved.unlink()
    faults = await watcher.check()
    assert [f.file for f in faults or [] if f.fatal] == ["customers.yaml"]
    assert watcher.book().customers.customers
    moved.write_bytes(content)
    (desk.folder / "calendars" / "2031.yaml").write_text("status: reviewed\ndays: []\n", encoding="utf-8")
    (desk.folder / "calendars" / ".2032.yaml").write_text("half a", encoding="utf-8")
    assert await watcher.check() is not None
    assert watcher.book().days.year(2031).status == "reviewed"
    assert watcher.book().calendars["office"].is_open(at("2031-01-01T09:00"))
