"""The commands as an operator types them: what they print, how they end, and that no trace is ever shown."""

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest

from tests.harness.example_desk import ExampleDesk, write_example_desk
from tests.harness.letters import letter, post
from tests.harness.servers import free_port

ROOT = Path(__file__).resolve().parents[2]
_BOT = (sys.executable, "-m", "bot")


class Shell:
    """A clean environment with a desk of example people; commands run in a folder without a `.env`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.people: ExampleDesk = write_example_desk(folder / "config")
        self.data = folder / "data"
        self.environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "DESK_CONFIG": str(folder / "config"),
            "DESK_DATA": str(self.data),
            "PORT": "0",
            "MAIL_SMTP_PORT": "0",
        }

    def type(self, *words: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run `python -m bot …` to its end."""
        done = subprocess.run(
            [*_BOT, *words],
            cwd=self.folder,
            env=self.environment | changes,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert "Traceback" not in done.stdout + done.stderr
        return done

    @asynccontextmanager
    async def started(self, *command: str, **changes: str) -> AsyncIterator["Running"]:
        """Run until the end of the block; yields when it is ready."""
        log = self.folder / f"log-{time.monotonic_ns()}"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *(command or (*_BOT, "run")),
                cwd=self.folder,
                env=self.environment | changes,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        running = Running(process, log)
        try:
            await until(running.is_ready, "the desk is ready", running.said)
            yield running
        finally:
            if process.returncode is None:
                process.terminate()
                try:
                    await asyncio.wait_for(process.wait(), 20)
                finally:
                    if process.returncode is None:
                        process.kill()
        assert "Traceback" not in running.said()


class Running:
    """A desk in another process."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self._log = log

    def said(self) -> str:
        """Return all that it printed."""
        return self._log.read_text(encoding="utf-8")

    @property
    def port(self) -> int:
        """Return where its HTTP door is."""
        found = re.search(r"http://127\.0\.0\.1:(\d+)/healthz/desk", self.said())
        return int(found[1]) if found else 0

    @property
    def smtp_port(self) -> int:
        """Return where its SMTP door is."""
        found = re.search(r"smtp://127\.0\.0\.1:(\d+)", self.said())
        return int(found[1]) if found else 0

    async def is_ready(self) -> bool:
        """Return whether `/readyz` says so; fails if the process has ended."""
        assert self.process.returncode is None, self.said()
        if not self.port:
            return False
        timeout = aiohttp.ClientTimeout(total=5)
        try:
            async with (
                aiohttp.ClientSession(timeout=timeout) as session,
                session.get(f"http://127.0.0.1:{self.port}/readyz") as answer,
            ):
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False

    def store_pid(self) -> int | None:
        """Return the process of its embedded store."""
        children = Path(f"/proc/{self.process.pid}/task").glob("*/children")
        pids = [int(pid) for file in children for pid in file.read_text().split()]
        return next((pid for pid in pids if "valkey" in _command_of(pid)), None)

    async def end(self, how: signal.Signals) -> int:
        """Send a signal and return the exit code; it must end within seconds."""
        self.process.send_signal(how)
        return await asyncio.wait_for(self.process.wait(), 15)


async def until(
    predicate: Callable[[], Awaitable[bool]], description: str, report: Callable[[], str], *, within_s: float = 40
) -> None:
    """Return when `predicate` holds."""
    give_up_at = time.monotonic() + within_s
    while not await predicate():
        assert time.monotonic() < give_up_at, f"not within {within_s} s: {description}\n{report()}"
        await asyncio.sleep(0.05)


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    return Shell(tmp_path)


def _command_of(pid: int) -> str:
    """Return what a process runs; empty if it ended while we looked."""
    try:
        return Path(f"/proc/{pid}/comm").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


async def mailed_ticket(shell: Shell, running: Running) -> str:
    """Have a customer write; returns the code, as `tickets list` beside the running desk shows it."""
    customer = shell.people.customer.people[0]
    message = letter(customer.email, "[P1] Không gọi được", "Cả 25 kênh.", to=shell.people.support_mail)
    await post(running.smtp_port, message)
    sent = shell.data / "mail" / "sent" / "new"

    async def was_answered() -> bool:
        return any(customer.email.encode() in mail.read_bytes() for mail in sent.glob("*"))

    await until(was_answered, "the auto-reply is sent", running.said)
    listed = await asyncio.to_thread(shell.type, "tickets", "list")
    assert listed.returncode == 0
    found = re.search(r"^(3CX-\w{4}-\w{4})  P1  open", listed.stdout, re.MULTILINE)
    assert found is not None, listed.stdout
    return found[1]


@pytest.mark.asyncio
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_a_desk_stops_within_seconds_and_keeps_its_tickets(shell: Shell, how: signal.Signals) -> None:
    async with shell.started() as running:
        code = await mailed_ticket(shell, running)
        assert "DEVELOPMENT MODE" in running.said()
        assert await running.end(how) == 0
    shown = await asyncio.to_thread(shell.type, "tickets", "show", code.lower())
    assert (shown.returncode, shown.stdout.split()[0]) == (0, code)
    async with shell.started():
        shown = await asyncio.to_thread(shell.type, "tickets", "show", code, "--json")
        ticket = json.loads(shown.stdout)
        assert ticket["code"] == code
        assert ticket["events"][0]["kind"] == "opened"


@pytest.mark.asyncio
async def test_run_without_arguments_starts_the_desk_and_ctrl_c_ends_it(shell: Shell) -> None:
    async with shell.started(str(ROOT / "run")) as running:
        assert "ready; stop with Ctrl-C" in running.said()
        assert await running.end(signal.SIGINT) == 0


@pytest.mark.asyncio
async def test_a_second_desk_on_the_same_data_or_port_is_refused(shell: Shell) -> None:
    async with shell.started() as running:
        second = await asyncio.to_thread(shell.type, "run")
        assert second.returncode == 2
        assert "another process uses this data directory" in second.stderr
        third = await asyncio.to_thread(
            lambda: shell.type("run", PORT=str(running.port), DESK_DATA=str(shell.folder / "other"))
        )
        assert third.returncode == 2
        assert f"PORT {running.port} on 127.0.0.1 cannot be opened" in third.stderr
        assert await running.is_ready()


@pytest.mark.asyncio
@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="children are found in /proc")
async def test_a_killed_store_comes_back_with_its_tickets(shell: Shell) -> None:
    async with shell.started() as running:
        code = await mailed_ticket(shell, running)
        killed = running.store_pid()
        assert killed is not None
        os.kill(killed, signal.SIGKILL)

        async def is_back() -> bool:
            return running.store_pid() not in {None, killed} and await running.is_ready()

        await until(is_back, "another store answers", running.said)
        shown = await asyncio.to_thread(shell.type, "tickets", "show", code)
        assert shown.returncode == 0


def test_looking_at_a_desk_that_never_ran_says_that_there_is_nothing(shell: Shell) -> None:
    listed = shell.type("tickets", "list")
    assert (listed.returncode, listed.stdout) == (0, "no open tickets; --all lists resolved ones too\n")
    shown = shell.type("tickets", "show", "3CX-7K2M-9QXD")
    assert (shown.returncode, shown.stdout) == (1, "")
    assert "there is no ticket" in shown.stderr


@pytest.mark.parametrize("command", [("run",), ("check-config",), ("tickets", "list")])
def test_a_fault_in_a_file_is_told_with_its_line(shell: Shell, command: tuple[str, ...]) -> None:
    roster = shell.folder / "config" / "roster.yaml"
    lines = roster.read_text(encoding="utf-8").splitlines()
    wrong = next(i for i, line in enumerate(lines) if "level: L4" in line)
    lines[wrong] = lines[wrong].replace("L4", "L9")
    roster.write_text("\n".join(lines) + "\n", encoding="utf-8")
    done = shell.type(*command)
    assert done.returncode == 2
    assert f"roster.yaml:{wrong + 1}: " in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"PORT": "abc", "DESK_SPEED": "0", "MAIL_URL": "imap://mail.example"}, ("PORT", "DESK_SPEED", "MAIL_URL")),
        ({"HOST": "0.0.0.0"}, ("HOST",)),
        ({"REDIS_URL": "nonsense"}, ("REDIS_URL",)),
        ({"DESK_MODE": "production"}, ("MICROSOFT_APP_ID", "MICROSOFT_APP_TENANT_ID", "MICROSOFT_APP_PASSWORD")),
        ({"DESK_CONFIG": "nowhere"}, ("nowhere: there is no such folder; DESK_CONFIG",)),
        ({"DESK_DATA": "config/roster.yaml"}, ("DESK_DATA",)),
    ],
)
def test_a_fault_in_the_environment_is_told_by_its_name(
    shell: Shell, changes: dict[str, str], named: tuple[str, ...]
) -> None:
    done = shell.type("run", **changes)
    assert done.returncode == 2
    for name in named:
        assert name in done.stderr
    assert "nothing was started" in done.stderr


def test_an_smtp_port_that_is_taken_is_told(shell: Shell) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = shell.type("run", MAIL_SMTP_PORT=port)
    assert done.returncode == 2
    assert f"MAIL_SMTP_PORT {port} cannot be opened" in done.stderr


def test_a_store_that_does_not_answer_is_told(shell: Shell) -> None:
    done = shell.type("tickets", "list", REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")
    assert done.returncode == 1
    assert "the store does not answer" in done.stderr


def test_help_has_a_line_for_every_command(shell: Shell) -> None:
    done = shell.type("--help")
    assert done.returncode == 0
    for command in ("run", "check-config", "doctor", "tickets"):
        assert re.search(rf"^ +{command}\s+\w", done.stdout, re.MULTILINE)
    assert shell.type().returncode == 2
