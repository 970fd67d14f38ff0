"""Draw every card as a Teams-like renderer does, to be looked at: `python -m tests.cards.render [word…]`.

Needs Chromium and `npm install --prefix .cache/cards adaptivecards@3.0.6 marked`; writes sheets to screenshots/.
Each sheet holds some cards in one language, width and theme; forms stand open in sheets of their own. Exits 1 if a card
could not be drawn, holds a link, or runs over its width.
"""

import itertools
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from bot.cards.draw import draw
from tests.cards import samples

ROOT = Path(__file__).parents[2]
MODULES = ROOT / ".cache" / "cards" / "node_modules"
OUT = ROOT / "screenshots"
WIDTHS = {"desktop": 600, "phone": 320}
SHEET_PX = 1900
CARDS_A_SHEET = 9
CHROMIUM = (
    "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--allow-file-access-from-files",
)  # fmt: skip

THEMES: dict[str, dict[str, Any]] = {
    "light": {
        "page": "#EEEEEE", "card": "#FFFFFF", "text": "#242424", "subtle": "#616161", "line": "#D1D1D1",
        "brand": "#5B5FC7", "scheme": "light",
        "styles": {
            "default": "#FFFFFF", "emphasis": "#F5F5F5", "accent": "#E8EBFA", "good": "#E7F2DA",
            "warning": "#FBF6D9", "attention": "#FCF4F6",
        },
    },
    "dark": {
        "page": "#141414", "card": "#292929", "text": "#FFFFFF", "subtle": "#ADADAD", "line": "#666666",
        "brand": "#4F52B2", "scheme": "dark",
        "styles": {
            "default": "#292929", "emphasis": "#1F1F1F", "accent": "#2F2F4A", "good": "#0B3A0B",
            "warning": "#463100", "attention": "#4B1517",
        },
    },
}  # fmt: skip
"""Close to Teams' themes; the colours of the dark one are approximate."""


def host(theme: dict[str, Any]) -> dict[str, Any]:
    """Return the renderer's settings as Teams has them: its fonts, container colours, buttons in a row that wraps."""
    tones = ("default", "accent", "good", "warning", "attention")
    colours = {tone: {"default": theme["text"], "subtle": theme["subtle"]} for tone in tones}
    return {
        "fontFamily": "'Segoe UI', 'Noto Sans', sans-serif",
        "fontSizes": {"small": 12, "default": 14, "medium": 14, "large": 18, "extraLarge": 24},
        "supportsInteractivity": True,
        "actions": {
            "maxActions": 6, "spacing": "default", "buttonSpacing": 8, "actionsOrientation": "horizontal",
            "actionAlignment": "left", "showCard": {"actionMode": "inline", "inlineTopMargin": 12, "style": "emphasis"},
        },
        "factSet": {
            "title": {"weight": "bolder", "wrap": True, "maxWidth": 150}, "value": {"wrap": True}, "spacing": 16,
        },
        "containerStyles": {
            name: {"backgroundColor": colour, "foregroundColors": colours} for name, colour in theme["styles"].items()
        },
    }  # fmt: skip


PAGE = """<!doctype html><meta charset="utf-8"><title>-</title>
<script src="{ac}"></script><script src="{marked}"></script>
<style>
 body{{margin:16px;background:{page};color:{text};color-scheme:{scheme};font-family:'Noto Sans',sans-serif}}
 #all{{display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start}}
 .one{{width:{width}px}} .one>p{{margin:0 0 4px;font-size:11px;color:{subtle}}}
 .card{{background:{card};border-radius:6px;box-shadow:0 0 3px #0006;overflow:hidden}}
 .ac-pushButton{{font:600 14px 'Noto Sans';padding:5px 12px;border:1px solid {line};border-radius:4px;
   background:{card};color:{text};margin-bottom:6px;white-space:nowrap}}
 .ac-pushButton.style-positive{{background:{brand};color:#fff}}
 .ac-actionSet>div{{flex-wrap:wrap}} .ac-actionSet{{flex-wrap:wrap}}
 .ac-textInput,.ac-multichoiceInput{{font:14px 'Noto Sans';width:100%;box-sizing:border-box}}
</style><div id="all"></div>
<script>
 const host = new AdaptiveCards.HostConfig({settings});
 AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text, result) => {{
   result.outputHtml = marked.parse(text); result.didProcess = true; }};
 const faults = [];
 for (const [name, open, json] of {cards}) {{
   const card = new AdaptiveCards.AdaptiveCard(); card.hostConfig = host;
   const context = new AdaptiveCards.SerializationContext(); card.parse(json, context);
   const one = document.createElement('div'); one.className = 'one';
   const label = document.createElement('p'); label.textContent = name + (open ? ' ▸ ' + open : '');
   const frame = document.createElement('div'); frame.className = 'card'; one.append(label, frame);
   document.getElementById('all').append(one);
   const drawn = card.render(); frame.append(drawn);
   if (open) for (const b of frame.querySelectorAll('button')) if (b.textContent === open) b.click();
   for (let i = 0; i < context.eventCount; i++) {{ const said = context.getEventAt(i).message;
     if (!said.includes('"lang"')) faults.push(name + ': ' + said); }}  // 3.0.6 refuses every second `lang`: a /g regex
   if (frame.querySelector('a')) faults.push(name + ': a link ' + frame.querySelector('a').outerHTML);
   const right = frame.getBoundingClientRect().right - 8;
   for (const e of frame.querySelectorAll('td,button,p,span')) if (e.getBoundingClientRect().right > right)
     {{ faults.push(name + ': runs over its width: ' + e.textContent.slice(0, 60).trim()); break; }}
 }}
 document.title = JSON.stringify({{height: Math.ceil(document.body.scrollHeight) + 40, faults}});
</script>"""


def main() -> int:
    """Write the sheets; return 1 if something was wrong with a card."""
    OUT.mkdir(exist_ok=True)
    wanted = sys.argv[1:]
    bad = 0
    for language in ("vi", "en"):
        cards = [card for card in _cards(language) if not wanted or any(word in card[0] for word in wanted)]
        for theme, (device, width) in itertools.product(THEMES, WIDTHS.items()):
            for number in range(0, len(cards), CARDS_A_SHEET):
                name = f"cards-{language}-{device}-{theme}-{number // CARDS_A_SHEET + 1}.png"
                for fault in sheet(cards[number : number + CARDS_A_SHEET], width, THEMES[theme], OUT / name):
                    bad = 1
                    print(f"{name}: {fault}")
    print(f"sheets are in {OUT.relative_to(ROOT)}/")
    return bad


def _cards(language: Any) -> list[tuple[str, str, dict[str, Any]]]:
    drawn = []
    for name, view, private in samples.views():
        card = draw(view, language, private=private)
        drawn.append((name, "", card))
        if name in {"status-resolved-private", "page-step-received", "page-triage-received"}:
            forms = [a["title"] for a in card["actions"] if a["type"] == "Action.ShowCard"]
            drawn += [(name, title, card) for title in forms]
    return drawn


def sheet(cards: list[tuple[str, str, dict[str, Any]]], width: int, theme: dict[str, Any], out: Path) -> list[str]:
    """Draw (label, title of the form that stands open or "", card) side by side; return what was wrong."""
    page = PAGE.format(
        ac=(MODULES / "adaptivecards/dist/adaptivecards.min.js").as_uri(),
        marked=(MODULES / "marked/lib/marked.umd.js").as_uri(),
        width=width,
        settings=json.dumps(host(theme)),
        cards=json.dumps(cards).replace("</", "<\\/"),
        **{name: colour for name, colour in theme.items() if name != "styles"},
    )
    return photograph(page, SHEET_PX, out)


def photograph(page: str, width: int, out: Path, scale: float = 1) -> list[str]:
    """Write a picture of an HTML page, `width` CSS pixels wide and as high as its title says; return its faults."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "page.html"
        file.write_text(page, encoding="utf-8")
        options = (*CHROMIUM, f"--user-data-dir={folder}/profile", f"--force-device-scale-factor={scale:g}")
        dom = _run(*options, f"--window-size={width},600", "--dump-dom", file.as_uri())
        told = re.search(r"<title>(\{.*?\})</title>", dom, re.DOTALL)
        if told is None:
            return ["nothing was drawn"]
        result = json.loads(told[1].replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
        _run(*options, f"--window-size={width},{result['height']}", f"--screenshot={out}", file.as_uri())
        return list(result["faults"])


def _run(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=90).stdout


if __name__ == "__main__":
    sys.exit(main())
