"""The image and the machine's plan are what they should be, as far as that can be proved without a Docker engine."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from ruamel.yaml import YAML

from bot.settings import Settings
from tests.harness.servers import free_port
from tests.infra.tools import ROOT, bring

INFRA = ROOT / "infra"
DOCKERFILE = (INFRA / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = INFRA / "compose.yaml"
COPIES = re.compile(r"^COPY (?!--from)(\S+) (\S+)$", re.MULTILINE)
VARIABLE = re.compile(r"(?<!\$)\$\{(\w+)")


@pytest.fixture(scope="session")
def tools() -> Path:
    return bring()


@pytest.fixture(scope="session")
def services() -> dict[str, dict[str, Any]]:
    return dict(YAML(typ="safe").load(COMPOSE)["services"])


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_the_dockerfile_keeps_hadolints_rules(tools: Path, tmp_path: Path) -> None:
    done = run(tools / "hadolint", INFRA / "Dockerfile")
    assert (done.returncode, done.stdout) == (0, "")
    (tmp_path / "Dockerfile").write_text("FROM debian\nRUN cd /tmp && sudo apt-get install curl\n")
    assert run(tools / "hadolint", tmp_path / "Dockerfile").returncode == 1


def test_the_compose_file_keeps_the_compose_specification(tools: Path, tmp_path: Path) -> None:
    check = (tools / "check-jsonschema", "--builtin-schema", "vendor.compose-spec")
    done = run(*check, COMPOSE)
    assert done.returncode == 0, done.stdout
    (tmp_path / "compose.yaml").write_text(COMPOSE.read_text().replace("read_only:", "readonly:"))
    assert run(*check, tmp_path / "compose.yaml").returncode == 1


def test_an_image_installs_by_hash_runs_as_nobody_special_and_is_watched() -> None:
    stages = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)
    assert len(stages) == 3
    assert "--require-hashes -r /requirements.txt" in stages[1]
    assert "--only-binary :all:" in stages[1]
    last = stages[2]
    assert re.search(r"^USER (\d+):\d+$", last, re.MULTILINE)
    assert last.index("\nUSER ") < last.index("\nENTRYPOINT ")
    assert "pip" not in last
    for line in ("VOLUME /data", "STOPSIGNAL SIGTERM", "HEALTHCHECK "):
        assert f"\n{line}" in last


def test_what_is_copied_into_the_image_is_enough_to_run(tmp_path: Path) -> None:
    for source, target in COPIES.findall(DOCKERFILE)[1:]:
        shutil.copytree(ROOT / source, tmp_path / target, ignore=shutil.ignore_patterns("__pycache__"))
    done = subprocess.run(
        (sys.executable, "-m", "bot", "check-config"),
        cwd=tmp_path, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert str(tmp_path) in run_where(tmp_path)


def run_where(folder: Path) -> str:
    """Return where the bot is imported from: proof that it was the copy that ran."""
    return subprocess.run(
        (sys.executable, "-c", "import bot; print(bot.__file__)"),
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout


def test_nothing_reaches_a_build_but_what_the_dockerfile_copies() -> None:
    lines = [line for line in (ROOT / ".dockerignore").read_text().splitlines() if line and not line.startswith("#")]
    assert lines[0] == "*"
    allowed = {line[1:] for line in lines if line.startswith("!")}
    assert allowed == {source for source, _ in COPIES.findall(DOCKERFILE)}
    assert lines[-2:] == ["**/__pycache__", "**/*.pyc"]


@pytest.fixture
def answering() -> Iterator[HTTPServer]:
    """Serve the status that `server.status` says."""

    class Health(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(self.server.status if self.path == "/healthz" else 404)  # type: ignore[attr-defined]
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Health) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_health_check_says_what_healthz_says(answering: HTTPServer) -> None:
    found = re.search(r"^HEALTHCHECK .*\n    CMD (\[.*\])$", DOCKERFILE, re.MULTILINE)
    assert found is not None
    _, *arguments = json.loads(found[1])

    def check(port: int) -> int:
        command = (sys.executable, *arguments)
        return subprocess.run(command, env={"PORT": str(port)}, capture_output=True, check=False, timeout=30).returncode

    answering.status = 200  # type: ignore[attr-defined]
    assert check(answering.server_port) == 0
    answering.status = 503  # type: ignore[attr-defined]
    assert check(answering.server_port) == 1
    assert check(free_port()) == 1


def test_only_caddy_is_reached_from_outside_and_the_store_only_by_those_who_need_it(
    services: dict[str, dict[str, Any]],
) -> None:
    assert {name for name, service in services.items() if "ports" in service} == {"caddy"}
    assert {name for name, service in services.items() if "store" in service["networks"]} == {
        "bot-1", "bot-2", "valkey", "backup", "restore",
    }  # fmt: skip
    assert YAML(typ="safe").load(COMPOSE)["networks"]["store"] == {"internal": True}
    for name in ("valkey", "backup", "restore"):
        assert services[name]["networks"] == ["store"]
    for service in services.values():
        assert "privileged" not in service
        assert "no-new-privileges:true" in service["security_opt"]


def test_the_store_keeps_every_write_and_evicts_nothing(services: dict[str, dict[str, Any]]) -> None:
    command = services["valkey"]["command"]
    flags = dict(zip(command[1::2], command[2::2], strict=True))
    assert flags.items() >= {
        "--appendonly": "yes", "--appendfsync": "always", "--save": "", "--maxmemory-policy": "noeviction",
    }.items()  # fmt: skip
    assert services["valkey"]["volumes"] == ["store:/data"]


def test_the_replicas_are_alike_and_each_has_a_folder_of_its_own(services: dict[str, dict[str, Any]]) -> None:
    one, two = dict(services["bot-1"]), dict(services["bot-2"])
    folders = [bot.pop("volumes")[0] for bot in (one, two)]
    assert one == two
    assert folders == ["bot-1:/data", "bot-2:/data"]
    assert (one["read_only"], one["cap_drop"]) == (True, ["ALL"])
    assert one["environment"]["DESK_MODE"] == "production"
    assert one["environment"].keys() <= {name.upper() for name in Settings.model_fields}


def test_every_variable_is_explained_and_every_mounted_file_is_there(services: dict[str, dict[str, Any]]) -> None:
    example = (INFRA / "env.example").read_text()
    told = set(re.findall(r"^#?([A-Z_]+)=", example, re.MULTILINE))
    used = set(VARIABLE.findall(COMPOSE.read_text())) - {"RELEASE"}
    assert used <= told
    assert told - used <= {name.upper() for name in Settings.model_fields}
    assert re.findall(r"^[A-Z_]*(?:PASSWORD|SECRET|KEY)[A-Z_]*=.+$", example, re.MULTILINE) == []
    sources = [volume.split(":")[0] for service in services.values() for volume in service.get("volumes", [])]
    mounted = {source for source in sources if source.startswith("./")}
    assert {"./scripts", "./Caddyfile"} <= mounted
    assert [source for source in mounted if not (INFRA / source).exists()] == []
    for name in ("backup", "restore"):
        assert (INFRA / "scripts" / Path(services[name]["entrypoint"][1]).name).exists()
