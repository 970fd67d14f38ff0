"""What `doctor` says of a desk that is well, and of one with each of its parts broken on purpose."""

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from pydantic import SecretStr

from bot.desk.ports import ClaimedEntry, Commit, Entry, RecordKey
from bot.doctor.examine import CHECKS
from bot.doctor.store import judge
from bot.store.durability import Durability
from tests.harness.local_channel import Failure
from tests.harness.memory_ledger import real_time_ms
from tests.harness.servers import free_port
from tests.journeys.ward import Ward, well_ward

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.asyncio(loop_scope="module")
_TICKET = RecordKey("ticket", "3CX-DEAD-0001")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ward() -> AsyncIterator[Ward]:
    """Yield a desk that is well."""
    async with well_ward() as ward:
        yield ward


@asynccontextmanager
async def answering(status: int, location: str = "") -> AsyncIterator[int]:
    """Yield the port of something that answers every POST with `status`, and points to `location`."""

    async def answer(_: web.Request) -> web.Response:
        return web.Response(status=status, headers={"Location": location} if location else {})

    app = web.Application()
    app.router.add_post("/{path:.*}", answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


async def test_a_desk_that_is_well_has_a_good_line_for_every_check(ward: Ward) -> None:
    lines = await ward.lines(url=ward.desk.channel.bot_url)
    assert [str(line) for line in lines if line.status != "ok"] == []
    assert [line.check for line in lines] == [name for name, _ in CHECKS]
    assert {line.do for line in lines} == {""}


async def test_nothing_is_said_of_a_public_door_that_nobody_named(ward: Ward) -> None:
    assert [line for line in await ward.lines() if line.check == "public door"] == []


async def test_a_person_without_a_teams_identity_is_told_with_the_line_of_the_file(ward: Ward, tmp_path: Path) -> None:
    shutil.copytree(ward.settings.desk_config, tmp_path / "config")
    roster = tmp_path / "config" / "roster.yaml"
    person = ward.desk.people.l3
    identity = f"    tenant: {person.tenant}\n    object_id: {person.object_id}\n"
    text = roster.read_text("utf-8")
    roster.write_text(text.replace(identity, ""), "utf-8")
    assert identity in text
    line = await ward.line("files", desk_config=tmp_path / "config")
    assert (line.status, line.found.partition(":")[0]) == ("warn", "roster.yaml")
    assert person.id in line.found


async def test_a_time_of_the_coming_year_with_nobody_on_duty_is_told(ward: Ward, tmp_path: Path) -> None:
    shutil.copytree(ward.settings.desk_config, tmp_path / "config")
    roster = tmp_path / "config" / "roster.yaml"
    person = ward.desk.people.l4
    gap = f'absences: [{{ person: {person.id}, since: "2199-01-01T00:00", until: "2199-01-02T00:00" }}]\n'
    roster.write_text(roster.read_text("utf-8") + gap, "utf-8")
    assert (await ward.line("files", desk_config=tmp_path / "config")).status == "ok", "beyond the year it proves"
    first, last = (str(date.today() + timedelta(days=days)) for days in (7, 8))  # noqa: DTZ011  what doctor proves
    soon = gap.replace("2199-01-01", first).replace("2199-01-02", last)
    roster.write_text(roster.read_text("utf-8").replace(gap, soon), "utf-8")
    lines = [line for line in await ward.lines(desk_config=tmp_path / "config") if line.check == "files"]
    assert {(line.status, line.found.partition(":")[0]) for line in lines} == {("warn", "roster.yaml")}
    assert all(person.level in line.found and first in line.found for line in lines)


async def test_a_secret_that_is_refused_is_told_and_nobody_is_written_to(ward: Ward) -> None:
    lines = {line.check: line for line in await ward.lines(microsoft_app_password=SecretStr("an old one"))}
    assert lines["login"].status == "fail"
    assert "invalid_client" in lines["login"].found
    assert "MICROSOFT_APP_PASSWORD" in lines["login"].do
    assert (lines["people"].status, lines["people"].do) == ("warn", "mend the line `login` first")
    assert "an old one" not in str(lines)


async def test_a_login_that_cannot_be_reached_is_told(ward: Ward) -> None:
    line = await ward.line("login", bot_login_url=f"https://127.0.0.1:{free_port()}/adfs")
    assert (line.status, "Connection" in line.found) == ("fail", True)


async def test_a_desk_without_an_application_says_that_teams_is_not_connected(ward: Ward) -> None:
    lines = {line.check: line for line in await ward.lines(microsoft_app_id="") if line.check != "files"}
    for check in ("login", "signing keys", "people", "channels", "grants", "unmentioned"):
        assert lines[check].status == "warn"
        assert "Teams is not connected" in lines[check].found


async def test_keys_that_cannot_be_fetched_are_told(ward: Ward) -> None:
    line = await ward.line("signing keys", bot_openid_metadata_url=f"http://127.0.0.1:{free_port()}/keys")
    assert (line.status, "no keys were had" in line.found) == ("fail", True)


async def test_a_door_that_nobody_opened_is_told(ward: Ward) -> None:
    line = await ward.line("own door", port=free_port())
    assert (line.status, "no desk answers" in line.found) == ("warn", True)
    assert (await ward.line("own door", port=0)).found.startswith("PORT is 0")


async def test_a_door_that_lets_strangers_in_is_told(ward: Ward) -> None:
    async with answering(200) as port:
        line = await ward.line("own door", port=port)
        public = await ward.line("public door", url=f"http://127.0.0.1:{port}")
    for told in (line, public):
        assert told.status == "fail"
        assert "answered 200, not 401" in told.found
        assert "anybody could speak as Teams" in told.do


@pytest.mark.parametrize("status", [301, 404, 502])
async def test_a_proxy_that_does_not_pass_on_is_told(ward: Ward, status: int) -> None:
    async with answering(status, location=f"{ward.desk.channel.bot_url}/api/messages") as port:
        line = await ward.line("public door", url=f"http://127.0.0.1:{port}/api/messages")
    assert line.status == "fail"
    assert line.found == f"an unsigned POST to http://127.0.0.1:{port} was answered {status}, not 401"
    assert "proxy" in line.do


async def test_a_public_address_that_is_away_or_without_tls_is_told(ward: Ward) -> None:
    line = await ward.line("public door", url=f"http://127.0.0.1:{free_port()}")
    assert (line.status, "was not reached" in line.found) == ("fail", True)
    unknown_authority = ward.desk.channel.login.url.removesuffix("/adfs")
    line = await ward.line("public door", url=unknown_authority)
    assert (line.status, "Certificate" in line.found) == ("fail", True)
    line = await ward.line("public door", url="http://bot.example.com")
    assert (line.status, "is not an https address" in line.found) == ("fail", True)


async def test_a_person_without_the_app_is_told_by_name_and_nobody_else(ward: Ward) -> None:
    person = ward.desk.people.l4
    reachable = ward.desk.channel.connector.reachable
    persona = reachable.pop(person.object_id)
    try:
        line = await ward.line("people")
    finally:
        reachable[person.object_id] = persona
    assert line.status == "fail"
    assert line.found == f"{person.id} cannot be written to: Teams answered 403 BotNotInConversationRoster"
    assert "install the app" in line.do


async def test_a_teams_that_refuses_for_now_is_told_as_such(ward: Ward) -> None:
    connector = ward.desk.channel.connector
    connector.failures.append(Failure(match=lambda method, path: path.endswith("/v3/conversations"), status=503))
    line = await ward.line("people")
    assert (line.status, "503" in line.found) == ("fail", True)
    assert "try again" in line.do


async def test_a_desk_to_which_teams_never_spoke_is_told(ward: Ward) -> None:
    lines = {line.check: line for line in await ward.lines(ward.new_ledger()) if line.check != "channels"}
    assert (lines["people"].status, "its address is not known" in lines["people"].found) == ("warn", True)


async def test_channels_that_nobody_bound_are_told(ward: Ward) -> None:
    channels = [line for line in await ward.lines(ward.new_ledger()) if line.check == "channels"]
    assert [(line.status, line.found.partition(":")[0]) for line in channels] == [
        ("fail", "no channel is the desk's"),
        ("warn", "no channel is the managers'"),
    ]


async def test_channels_that_are_bound_are_told_with_their_customers(ward: Ward) -> None:
    line = await ward.line("channels")
    assert line.found.endswith(f"1 customer with a channel: {ward.desk.people.customer.id}")


async def test_messages_without_a_mention_that_never_came_are_told_with_the_canary(ward: Ward) -> None:
    line = await ward.line("unmentioned", ward.new_ledger())
    assert line.status == "warn"
    for word in ("post any word", "ChannelMessage.Read.Group", "the line `grants`"):
        assert word in line.do


async def test_a_message_without_a_mention_is_remembered_and_one_with_it_is_not(ward: Ward) -> None:
    found = (await ward.line("unmentioned")).found
    assert "the last message without a mention came" in found
    # the managers' channel was bound by a mention, and heard nothing else
    assert f"never from managers, {ward.desk.people.customer.id} " in found


async def test_a_store_that_forgets_is_told(ward: Ward) -> None:
    async with ward.configured(appendonly="no"):
        line = await ward.line("store")
    assert (line.status, "appendonly is off" in line.found) == ("fail", True)
    async with ward.configured(maxmemory_policy="allkeys-lru"):
        line = await ward.line("store")
    assert (line.status, "allkeys-lru" in line.found) == ("fail", True)
    async with ward.configured(appendfsync="no"):
        line = await ward.line("store")
    assert (line.status, "appendfsync is `no`" in line.found) == ("fail", True)


@pytest.mark.parametrize(
    ("change", "status", "said"),
    [
        ({"appendfsync": "everysec"}, "warn", "everysec"),
        ({"appendfsync": ""}, "warn", "does not tell appendfsync"),
        ({"last_write_ok": False}, "fail", "last write to the log failed"),
        ({"last_rewrite_ok": False}, "warn", "last snapshot or rewrite"),
        ({"delayed_syncs": 3}, "warn", "waited 3 times for a slow disk"),
    ],
)
async def test_what_the_server_says_of_its_disk_is_judged(change: dict[str, Any], status: str, said: str) -> None:
    well = Durability("Valkey 9.1.2", True, "always", "noeviction", True, True, 0)
    (line,) = judge(replace(well, **change))
    assert (line.status, said in line.found, line.do != "") == (status, True, True)
    assert [line.status for line in judge(well)] == ["ok"]


async def test_a_store_that_does_not_answer_is_told_once_and_hides_no_other_line(ward: Ward) -> None:
    away = ward.new_ledger(f"redis://127.0.0.1:{free_port()}/0")
    lines = {line.check: line for line in await ward.lines(away)}
    assert [check for check, line in lines.items() if line.status == "fail"] == ["store"]
    assert "does not answer" in lines["store"].found
    assert lines["clock"].do == "mend the line `store` first"
    assert lines["login"].status == lines["mail door"].status == "ok"


@pytest.mark.parametrize(("ahead_s", "status"), [(5, "warn"), (-5, "warn"), (90, "fail"), (-90, "fail")])
async def test_clocks_that_disagree_are_told(ward: Ward, ahead_s: float, status: str) -> None:
    line = await ward.line("clock", real_s=lambda: real_time_ms() / 1000 + ahead_s)
    assert line.status == status
    assert ("behind" if ahead_s > 0 else "ahead of") in line.found
    assert "NTP" in line.do


async def test_a_wake_up_that_waits_is_told(ward: Ward) -> None:
    ledger = ward.new_ledger()
    await ledger.commit(Commit(_TICKET, 0, b"{}", wake_at=ward.desk.clock.now() - 60_000))
    line = await ward.line("lateness", ledger)
    assert (line.status, "1 wake-up due" in line.found) == ("fail", True)


async def test_a_message_that_was_given_up_is_told(ward: Ward) -> None:
    ledger = ward.new_ledger()
    await ledger.commit(Commit(_TICKET, 0, b"{}", entries=(Entry("t:somebody", "entry", b"{}"),)))
    claimed = await ledger.claim_lane(lease_ms=1000)
    assert isinstance(claimed, ClaimedEntry)
    await ledger.settle_dead(claimed, reason="Teams answered 403")
    line = await ward.line("dead letters", ledger)
    assert line.status == "warn"
    assert line.found == "1 message was given up; the newest: Teams answered 403"


async def test_an_open_ticket_without_a_running_clock_is_told_by_its_code(ward: Ward) -> None:
    code = await ward.scene.open_ticket()
    ticket = await ward.desk.ticket(code)
    for state, status in (("open", "fail"), ("resolved", "warn")):
        ledger = ward.new_ledger()
        body = ticket.model_copy(update={"state": state}).model_dump_json().encode()
        key = RecordKey("ticket", code)
        await ledger.commit(Commit(key, 0, body, wake_at=1))
        await ledger.claim_due(2, limit=1, claim_ms=1000)
        assert await ledger.wake_failed(key, retry_at=2, give_up_after=1, reason="a bug")
        line = await ward.line("set aside", ledger)
        assert line.status == status
        assert (code in line.found) is (state == "open")


async def test_a_mail_folder_that_cannot_be_written_to_is_told(ward: Ward, tmp_path: Path) -> None:
    shutil.copytree(ward.settings.desk_data / "mail", tmp_path / "mail")
    broken = tmp_path / "mail" / "sent" / "new"
    shutil.rmtree(broken)
    broken.write_text("in the way")
    line = await ward.line("mail folders", desk_data=tmp_path)
    assert (line.status, f"{broken} cannot be written to" in line.found) == ("fail", True)


async def test_a_desk_that_never_had_a_mail_is_told(ward: Ward, tmp_path: Path) -> None:
    lines = {line.check: line for line in await ward.lines(desk_data=tmp_path)}
    assert (lines["mail folders"].status, "is not there yet" in lines["mail folders"].found) == ("warn", True)
    assert (lines["mail"].status, lines["mail"].found) == ("warn", "no mail ever came")
    assert not (tmp_path / "mail").exists()


async def test_mails_that_lie_are_told(ward: Ward, tmp_path: Path) -> None:
    shutil.copytree(ward.settings.desk_data / "mail", tmp_path / "mail")
    waiting = tmp_path / "mail" / "inbox" / "new" / "forgotten"
    waiting.touch()
    os.utime(waiting, (time.monotonic(), real_time_ms() / 1000 - 7200))
    (tmp_path / "mail" / "aside" / "new" / "broken").touch()
    told = [line for line in await ward.lines(desk_data=tmp_path) if line.check == "mail"]
    assert [line.status for line in told] == ["fail", "warn"]
    assert "1 mail waits in the inbox, the oldest for 2 h" in told[0].found
    assert "1 mail was set aside" in told[1].found


async def test_a_mail_door_that_is_closed_or_something_else_is_told(ward: Ward) -> None:
    line = await ward.line("mail door", mail_smtp_port=free_port())
    assert (line.status, "no SMTP door answers" in line.found) == ("warn", True)
    assert (await ward.line("mail door", mail_smtp_port=0)).found.startswith("MAIL_SMTP_PORT is 0")
    with socket.create_server(("127.0.0.1", 0)) as other:
        asking = asyncio.create_task(ward.line("mail door", mail_smtp_port=other.getsockname()[1]))
        connection, _ = await asyncio.to_thread(other.accept)
        with connection:
            connection.sendall(b"554 not here\r\n")
            line = await asking
    assert (line.status, "does not speak as an SMTP door" in line.found) == ("fail", True)


async def test_the_command_prints_the_lines_and_ends_with_0_1_or_2(ward: Ward, tmp_path: Path) -> None:
    settings, channel = ward.settings, ward.desk.channel
    environment = channel.environment() | {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "REDIS_URL": ward.desk.server.url,
        "DESK_CONFIG": str(settings.desk_config),
        "DESK_DATA": str(settings.desk_data),
        "PORT": str(settings.port),
        "MAIL_SMTP_PORT": str(settings.mail_smtp_port),
    }

    async def type_in(*words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        return await asyncio.to_thread(
            lambda: subprocess.run(
                [sys.executable, "-m", "bot", "doctor", *words],
                cwd=tmp_path,
                env=environment | changes,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        )

    well = await type_in("--url", channel.bot_url)
    assert (well.returncode, well.stderr) == (0, "")
    assert [line.split()[0] for line in well.stdout.splitlines()] == ["ok"] * len(CHECKS)
    ill = await type_in("--json", MICROSOFT_APP_PASSWORD="an old one")
    told = json.loads(ill.stdout)
    assert (ill.returncode, told["status"]) == (1, "fail")
    assert [line["check"] for line in told["lines"] if line["status"] == "fail"] == ["login"]
    assert set(told["lines"][0]) == {"check", "status", "found", "do"}
    faulty = await type_in(DESK_CONFIG=str(tmp_path / "nowhere"))
    assert (faulty.returncode, faulty.stdout) == (2, "")
    assert "there is no such folder" in faulty.stderr
