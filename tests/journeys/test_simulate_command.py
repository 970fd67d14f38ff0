"""`due` and `simulate` as an operator types them: what they print, how they end, and that no trace is ever shown."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
DESK_FILES = ROOT / "infra" / "desk"
NOBODY = DESK_FILES / "scenarios" / "p1-nobody-acks.yaml"


def type_(folder: Path, *words: str, config: Path = DESK_FILES) -> subprocess.CompletedProcess[str]:
    """Run `python -m bot …` in a clean environment and an empty folder."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "PYTHONPATH": str(ROOT),
        "PYTHONUTF8": "1",
        "DESK_CONFIG": str(config),
    }
    done = subprocess.run(
        [sys.executable, "-m", "bot", *words],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def test_a_manager_reads_who_is_paged_at_which_minute_by_what_and_why(tmp_path: Path) -> None:
    done = type_(tmp_path, "simulate", str(NOBODY))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    breach = next(i for i, line in enumerate(lines) if "QUÁ HẠN SLA" in line)
    assert lines[breach].split()[:4] == ["10:30", "+0:30", "0:30", "0:00"]
    assert lines[breach + 1].strip() == "→ L5 Bùi Mỹ Hạnh: Teams, kênh trực, email, gọi 20006 – quá hạn SLA"
    assert lines[breach + 2].strip() == "→ Quản lý: kênh quản lý – quá hạn SLA"
    assert any("10:24" in line and "→ L4 Đỗ Trường Giang" in line and line.endswith("mốc 80%") for line in lines)
    assert lines[-1].startswith("Đúng như mong đợi")


def test_a_time_line_is_told_in_english_too(tmp_path: Path) -> None:
    done = type_(tmp_path, "simulate", str(NOBODY), "--lang", "en")
    assert "Monday 9 Mar 2026" in done.stdout
    assert "→ L4 Đỗ Trường Giang: Teams chat, desk channel, e-mail, call 20005; step of 80%" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("As expected")


def test_a_time_line_is_data_for_a_machine(tmp_path: Path) -> None:
    done = type_(tmp_path, "simulate", str(NOBODY), "--json")
    told = json.loads(done.stdout)
    assert told["differences"] == []
    assert told["outcome"]["due_at"] == "2026-03-09T10:30:00+07:00"
    assert told["outcome"]["breached_at"] == "2026-03-09T10:30:00+07:00"
    paged = [row for row in told["rows"] if row["kind"] == "page" and row["since_ms"] == 24 * 60_000]
    assert [(one["contact"], one["channels"]) for row in paged for one in row["told"]] == [
        ("giang.do", ["teams", "mail", "phone"])
    ]


def test_a_policy_that_pages_at_another_minute_is_found_out_before_it_goes_live(tmp_path: Path) -> None:
    tried = tmp_path / "tried"
    shutil.copytree(DESK_FILES, tried)
    policy = (tried / "policy.yaml").read_text(encoding="utf-8")
    assert policy.count("share: 80%, level: L4") == 1
    (tried / "policy.yaml").write_text(policy.replace("share: 80%, level: L4", "share: 60%, level: L4"), "utf-8")
    done = type_(tmp_path, "simulate", str(NOBODY), "--config", str(tried))
    assert done.returncode == 1
    assert "KHÔNG như mong đợi:" in done.stdout
    line = NOBODY.read_text(encoding="utf-8").splitlines().index("  - pages:") + 1
    assert f"  dòng {line}: pages: mong đợi +0:24 L4 step; thực tế no such page" in done.stdout
    assert f"  dòng {line}: pages: mong đợi no other page; thực tế +0:18 L4 step" in done.stdout


def test_every_fault_of_scenario_and_policy_is_listed_with_its_line(tmp_path: Path) -> None:
    tried = tmp_path / "tried"
    shutil.copytree(DESK_FILES, tried)
    with (tried / "policy.yaml").open("a", encoding="utf-8") as policy:
        policy.write("wrong: 1\n")
    bad = tmp_path / "bad.yaml"
    bad.write_text("title: bad\nfirst_contact: soon\nevents:\n  - { at: now, ack: jake }\n", encoding="utf-8")
    done = type_(tmp_path, "simulate", str(bad), "--config", str(tried))
    assert (done.returncode, done.stdout) == (2, "")
    assert "error: bad.yaml:2: first_contact: 'soon' is not a time" in done.stderr
    assert "error: bad.yaml:4: events.0.at: 'now' is not a time" in done.stderr
    assert "error: policy.yaml:" in done.stderr
    assert "wrong: is not a key that belongs here" in done.stderr


def test_a_scenario_that_is_not_there_is_said(tmp_path: Path) -> None:
    done = type_(tmp_path, "simulate", "nowhere.yaml")
    assert done.returncode == 2
    assert "nowhere.yaml: cannot be read" in done.stderr


def test_due_tells_deadline_rungs_and_the_days_that_do_not_count(tmp_path: Path) -> None:
    done = type_(tmp_path, "due", "P1", "--at", "2026-02-17T02:00")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Hạn xử lý          00:30 thứ bảy 21/02/2026" in done.stdout
    assert "Đồng hồ chạy từ    00:00 thứ bảy 21/02/2026" in done.stdout
    assert "80%  00:24 thứ bảy 21/02/2026  L4: Teams, email, điện thoại" in done.stdout
    assert "  Thứ sáu 20/02/2026 – Tết Nguyên Đán, mùng 4 (Labour Code 2019" in done.stdout


def test_due_understands_an_offset_and_answers_a_machine(tmp_path: Path) -> None:
    done = type_(tmp_path, "due", "P4", "--at", "2027-03-06T09:30+00:00", "--json")
    told = json.loads(done.stdout)
    assert told["first_contact"] == "2027-03-06T16:30:00+07:00"
    assert told["due_at"] == "2027-03-09T16:30:00+07:00"  # a Saturday, half an hour; Mon 8 h; Tue 7.5 h
    assert told["doubtful_years"] == [{"year": 2027, "status": "provisional"}]
    assert [rung["level"] for rung in told["ladder"]] == ["L2", "L2", "L3"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("P9", "--at", "2026-03-07T16:30"), "'P9' is no priority of this policy; it has P1, P2, P3, P4"),
        (("P1", "--at", "tomorrow"), "--at 'tomorrow' is no time; write it like 2026-03-07T16:30"),
        (("P1", "--at", "2026-03-07"), "--at '2026-03-07' is no time; write it like 2026-03-07T16:30"),
        (("P1",), "the following arguments are required: --at"),
        (("P1", "--at", "2026-03-07T16:30", "--config", "nowhere"), "there is no such folder"),
    ],
)
def test_a_call_that_makes_no_sense_says_what_would(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = type_(tmp_path, "due", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.mark.parametrize("command", ["due", "simulate"])
def test_the_help_of_a_command_tells_what_it_does(command: str, tmp_path: Path) -> None:
    done = type_(tmp_path, command, "--help")
    assert done.returncode == 0
    assert "--config" in done.stdout
    assert command in type_(tmp_path, "--help").stdout


def test_the_runbook_shows_what_the_commands_really_print(tmp_path: Path) -> None:
    section = (
        (ROOT / "docs" / "operator.md").read_text(encoding="utf-8").split("## Try a policy before it goes live")[1]
    )
    _, asked, _, due, _, simulated = section.split("## ")[0].split("```")[:6]
    commands = [line.split(" --config")[0].split() for line in asked.splitlines() if " --lang en" in line]
    assert [words[:4] for words in commands] == [["python", "-m", "bot", "due"], ["python", "-m", "bot", "simulate"]]
    for words, shown in zip(commands, (due, simulated), strict=True):
        named = [str(ROOT / word) if word.endswith(".yaml") else word for word in words[3:]]
        printed = type_(tmp_path, *named, "--lang", "en").stdout.splitlines()
        assert [line for line in shown.strip().splitlines() if line.strip() not in {p.strip() for p in printed}] == []
