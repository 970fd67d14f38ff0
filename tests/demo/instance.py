"""An instance of the desk in another process: free ports, data of its own, an environment of its own."""

import asyncio
import json
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from pathlib import Path
from typing import Any, Final

import aiohttp

from tests.demo.checks import Stopped

ROOT: Final = Path(__file__).resolve().parents[2]
_READY_WITHIN_S: Final = 60.0
_STOP_WITHIN_S: Final = 20.0
_LOOK_WITHIN_S: Final = 60.0
_KEPT: Final = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
_HTTP: Final = re.compile(r"http://127\.0\.0\.1:(\d+)/healthz/desk")
_SMTP: Final = re.compile(r"smtp://127\.0\.0\.1:(\d+)")


class Instance:
    """Runs `python -m bot`. Works in `folder`, so that a `.env` of the real desk is not read."""

    def __init__(self, folder: Path, config: Path, environment: dict[str, str], *, speed: float) -> None:
        self.folder = folder
        self.port = 0
        self.smtp_port = 0
        self._process: Process | None = None
        self._environment = {
            **{name: os.environ[name] for name in _KEPT if name in os.environ},
            **environment,
            "PYTHONPATH": str(ROOT),
            "PYTHONUTF8": "1",
            "DESK_CONFIG": str(config),
            "DESK_DATA": str(self.data),
            "DESK_SPEED": f"{speed:g}",
            "PORT": "0",
            "MAIL_SMTP_PORT": "0",
        }

    @property
    def data(self) -> Path:
        """Return where it keeps what it must not forget."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """Return the file with everything it said."""
        return self.folder / "log"

    async def start(self) -> None:
        """Return when it is ready; raises Stopped with its last words if it ends or takes too long."""
        with self.log.open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "run"),
                cwd=self.folder,
                env=self._environment,
                stdin=DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # Ctrl-C is for us; we stop it in order
            )
        try:
            async with asyncio.timeout(_READY_WITHIN_S):
                while not await self._is_ready():
                    if self._process.returncode is not None:
                        raise Stopped(f"the instance ended with {self._process.returncode}:\n{self.last_words()}")
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise Stopped(f"the instance was not ready within {_READY_WITHIN_S:.0f} s:\n{self.last_words()}") from None

    async def stop(self) -> int | None:
        """End it with SIGTERM, after a deadline with SIGKILL; returns its exit code, None if it never ran."""
        process = self._process
        if process is None:
            return None
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(_STOP_WITHIN_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()
        return process.returncode

    def abandon(self) -> None:
        """Tell it to end if it still runs, without waiting."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()

    async def show(self, code: str) -> dict[str, Any]:
        """Return a ticket with its events, as the command line of the running instance shows it."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "bot", "tickets", "show", code, "--json"),
            cwd=self.folder,
            env=self._environment,
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=PIPE,
        )
        try:
            async with asyncio.timeout(_LOOK_WITHIN_S):
                output, faults = await process.communicate()
        except TimeoutError:
            process.kill()
            raise Stopped(f"`tickets show {code}` took longer than {_LOOK_WITHIN_S:.0f} s") from None
        if process.returncode != 0:
            raise Stopped(f"`tickets show {code}` ended with {process.returncode}: {faults.decode().strip()}")
        shown: dict[str, Any] = json.loads(output)
        return shown

    def faults(self) -> list[str]:
        """Return what it logged as an error, and traces."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines()
        return [line[:300] for line in lines if '"level": "ERROR"' in line or line.startswith("Traceback")]

    def last_words(self) -> str:
        """Return the end of its log."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-15:])

    async def _is_ready(self) -> bool:
        said = self.log.read_text(encoding="utf-8", errors="replace")
        http, smtp = _HTTP.search(said), _SMTP.search(said)
        if http is None or smtp is None:
            return False
        self.port, self.smtp_port = int(http[1]), int(smtp[1])
        try:
            async with (
                aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session,
                session.get(f"http://127.0.0.1:{self.port}/readyz") as answer,
            ):
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False
