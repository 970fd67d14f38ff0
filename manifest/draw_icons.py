"""Draws the icons' PNG files from their SVG sources: `python -m manifest.draw_icons`. Needs Chromium.

The PNG files are committed, so that building the package needs no browser.
"""

import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

FOLDER: Final = Path(__file__).parent
SIZES: Final = {"color": 192, "outline": 32}
_CHROMIUM: Final = (
    "chromium", "--headless=old", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--hide-scrollbars", "--force-device-scale-factor=1", "--default-background-color=00000000",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)  # fmt: skip
_PAGE: Final = "<!doctype html><style>html,body{{margin:0;background:transparent}}svg{{display:block}}</style>{svg}"


def main() -> int:
    """Write color.png and outline.png beside the manifest."""
    for name, size_px in SIZES.items():
        _draw((FOLDER / "icons" / f"{name}.svg").read_text(encoding="utf-8"), size_px, FOLDER / f"{name}.png")
        print(f"{name}.png  {size_px}x{size_px}")
    return 0


def _draw(svg: str, size_px: int, out: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "icon.html"
        page.write_text(_PAGE.format(svg=svg), encoding="utf-8")
        window = f"--window-size={size_px},{size_px}"
        command = (*_CHROMIUM, f"--user-data-dir={folder}/profile", window, f"--screenshot={out}", page.as_uri())
        subprocess.run(command, check=True, capture_output=True, timeout=90)


if __name__ == "__main__":
    sys.exit(main())
