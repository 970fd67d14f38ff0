"""HTML mail becomes readable text in bounded time: what could make the parser slow is cut out first."""

import re

from bs4 import BeautifulSoup, Tag

HTML_MAX_CHARS = 400_000

_DATA_URI = re.compile(r"data:[a-zA-Z0-9/+.;=-]{1,100},[^\"'>\s]{200,}")
_TAG = re.compile(r"</?[a-zA-Z][^<>]{0,20000}>")
_HIDDEN_BLOCKS = ("script", "style", "title", "head")
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "div", "dl", "dd", "dt", "fieldset", "footer", "form", "h1", "h2"}
    | {"h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul"}
)
_QUOTE_CLASSES = ("gmail_quote", "gmail_quote_container", "yahoo_quoted", "protonmail_quote", "moz-cite-prefix")
_QUOTE_STARTS = ("divRplyFwdMsg", "appendonsend", "mail-editor-reference-message-container")
"""Ids with which Outlook marks where the history begins: all that follows is history."""


def html_to_text(html: str, *, without_quotes: bool) -> str:
    """Return the text of an HTML mail; `without_quotes` leaves out what the mail program marked as history."""
    soup = BeautifulSoup(_tamed(html), "html.parser")
    if without_quotes:
        _drop_quotes(soup)
    lines: list[str] = []
    for node in soup.descendants:
        if isinstance(node, Tag):
            if node.name == "br" or node.name in _BLOCKS:
                lines.append("\n")
            if node.name == "li":
                lines.append("- ")
            elif node.name in {"td", "th"}:
                lines.append(" ")
        else:
            lines.append(_flowed(str(node), node.parent))
        if node.next_sibling is None and node.parent is not None and node.parent.name in _BLOCKS:
            lines.append("\n")
    text = re.sub(r"[^\S\n]+", " ", "".join(lines))
    return re.sub(r" ?\n ?(?:\n ?)+", "\n\n", text).strip()


def _tamed(html: str) -> str:
    """Return markup of complete tags only, in linear time.

    Why: html.parser takes 63 s for 100 kB of `<a ` and raises on `<![ ` (measured, Python 3.11).
    """
    html = _DATA_URI.sub("", html)
    html = _without(html, "<!--", "-->")
    lower = html.lower()
    for name in _HIDDEN_BLOCKS:
        if f"<{name}" in lower:
            html = _without(html, f"<{name}", f"</{name}", words=True)
            lower = html.lower()
    html = html[:HTML_MAX_CHARS]
    kept: list[str] = []
    end = 0
    for tag in _TAG.finditer(html):
        kept += (_escaped(html[end : tag.start()]), tag[0])
        end = tag.end()
    kept.append(_escaped(html[end:]))
    return "".join(kept)


def _escaped(text: str) -> str:
    # <!doctype ...>, <![if ...]> and <?xml ...?> say nothing to a reader
    return re.sub(r"<[!?][^<>]{0,500}>", "", text).replace("<", "&lt;")


def _without(html: str, start: str, end: str, *, words: bool = False) -> str:
    """Return `html` without everything from `start` to `end`; without an end only `start` itself goes."""
    lower = html.lower() if words else html
    if len(lower) != len(html):  # a letter whose lower case is longer would shift every position
        return html
    kept: list[str] = []
    position = 0
    while (found := lower.find(start, position)) >= 0:
        follows = lower[found + len(start) : found + len(start) + 1]
        if words and follows not in {">", " ", "\n", "\r", "\t", "/"}:
            kept.append(html[position : found + len(start)])
            position = found + len(start)
            continue
        close = lower.find(end, found + len(start))
        kept.append(html[position:found])
        if close < 0:
            position = found + len(start)
            break
        position = close + len(end)
        if words:
            position = lower.find(">", position) + 1 or len(html)
    kept.append(html[position:])
    return "".join(kept)


def _drop_quotes(soup: BeautifulSoup) -> None:
    for tag in soup.find_all(_is_quote):
        tag.extract()
    start = soup.find(id=lambda value: isinstance(value, str) and value.removeprefix("x_") in _QUOTE_STARTS)
    if isinstance(start, Tag):
        for follower in list(start.next_elements):
            follower.extract()


def _is_quote(tag: Tag) -> bool:
    classes = tag.get_attribute_list("class")
    if any(name in _QUOTE_CLASSES for name in classes):
        return True
    return tag.name == "blockquote" and tag.get("type") == "cite"


def _flowed(text: str, parent: Tag | None) -> str:
    if parent is not None and parent.name == "pre":
        return text
    return re.sub(r"\s+", " ", text)
