"""The demo plays all journeys from outside and says what lacks, by name."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def demo(folder: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """Run the demo; its temporary files are in `folder`."""
    return subprocess.run(
        [sys.executable, "-m", "tests.demo", *options],
        cwd=ROOT,
        env={"PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder), "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
    )


def test_the_demo_plays_every_journey_and_puts_its_things_away(tmp_path: Path) -> None:
    played = demo(tmp_path, "--speed", "150")
    assert played.returncode == 0, played.stdout + played.stderr
    for line in (
        "ok    B  15 min: L3 Võ Trí Dũng paged in Teams (private), in the desk channel with a mention and by mail",
        "ok    B  24 min: L4 Đỗ Trường Giang paged in Teams (private), in the desk channel with a mention and by mail",
        "ok    B  30 min: the managers' channel gets the breach alert, not before",
        "ok    C  0 min: L2 Lê Hoài An, Trần Quốc Bình paged in Teams",
    ):
        assert line in played.stdout
    assert "expectations held" in played.stdout
    for heading in ("A · ", "B · ", "C · ", "E · "):
        assert heading in played.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_level_without_anybody_on_duty_makes_the_demo_fail_and_is_named(tmp_path: Path) -> None:
    played = demo(tmp_path, "--speed", "300", "--off-duty", "giang.do")
    assert played.returncode == 1, played.stdout + played.stderr
    _, _, failed = played.stdout.partition("FAILED after")
    assert "B  24 min: L4 Đỗ Trường Giang paged" in failed
    assert "no card to Đỗ Trường Giang" in failed
    assert "the operator is not alerted" in failed
    assert "15 min: L3" not in failed


def test_nobody_of_that_name_is_told_before_anything_starts(tmp_path: Path) -> None:
    played = demo(tmp_path, "--off-duty", "nobody")
    assert played.returncode == 1
    assert "nobody is nobody; there are an.le" in played.stderr
    assert "Traceback" not in played.stderr
