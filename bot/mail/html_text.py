"""HTML mail becomes readable text in bounded time: what could make the parser slow is cut out first."""

import re
from collections.abc import Iterator

from bs4 import BeautifulSoup, Tag
from bs4.element import NavigableString, PageElement

HTML_MAX_CHARS = 400_000

_DATA_URI = re.compile(r"data:[a-zA-Z0-9/+.;=-]{1,100},[^\"'>\s]{200,}")
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]{0,30})(?:[\s/][^<>]{0,20000})?>")
_HIDDEN_BLOCKS = ("script", "style", "title", "head")
_BLOCKS = frozenset(
    {"address", "article", "aside", "blockquote", "div", "dl", "dd", "dt", "fieldset", "footer", "form", "h1", "h2"}
    | {"h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tr", "ul"}
)
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "table", "ul", "ol", "pre"})
_EDGE = "\x01"
"""Stands for the edge of a block: however many meet, one line break."""
_BREAK = "\x02"
"""Stands for a line break of its own."""
_QUOTE_CLASSES = ("gmail_quote", "gmail_quote_container", "yahoo_quoted", "protonmail_quote", "moz-cite-prefix")
_QUOTE_STARTS = ("divRplyFwdMsg", "appendonsend", "mail-editor-reference-message-container")
"""Ids with which Outlook marks where the history begins: all that follows is history."""


def html_to_text(html: str, *, without_quotes: bool) -> str:
    """Return the text of an HTML mail; `without_quotes` leaves out what the mail program marked as history."""
    soup = BeautifulSoup(_tamed(html), "html.parser")
    text = "".join(_strings(soup, without_quotes=without_quotes))
    text = re.sub(rf" *{_EDGE}[ {_EDGE}]*", _EDGE, re.sub(r"[^\S\n]+", " ", text))
    text = re.sub(rf" ?[{_EDGE}{_BREAK}] ?", "\n", text)
    return re.sub(r"\n{3,}", "\n\n", text).strip()


def _strings(soup: BeautifulSoup, *, without_quotes: bool) -> Iterator[str]:
    """Yield the pieces of text in order. Nothing is taken out of the tree: that is quadratic in its depth."""
    node: PageElement | None = soup.contents[0] if soup.contents else None
    while node is not None:
        if without_quotes and isinstance(node, Tag):
            if str(node.get("id", "")).removeprefix("x_") in _QUOTE_STARTS:
                return
            if _is_quote(node):
                node = _after(node)
                continue
        if isinstance(node, NavigableString):
            yield str(node) if node.parent is not None and node.parent.name == "pre" else re.sub(r"\s+", " ", node)
        node = node.next_element


def _after(node: PageElement) -> PageElement | None:
    """Return what comes after everything inside `node`."""
    above: PageElement | None = node
    while above is not None and above.next_sibling is None:
        above = above.parent
    return above.next_sibling if above is not None else None


def _is_quote(tag: Tag) -> bool:
    classes = tag.get_attribute_list("class")
    if any(name in _QUOTE_CLASSES for name in classes):
        return True
    return tag.name == "blockquote" and tag.get("type") == "cite"


def _tamed(html: str) -> str:
    """Return markup of complete tags only, in linear time.

    Why: html.parser takes 63 s for 100 kB of `<a ` and raises on `<![ ` (measured, Python 3.11).
    """
    html = _DATA_URI.sub("", html.replace(_EDGE, "").replace(_BREAK, ""))
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
        kept += (_escaped(html[end : tag.start()]), _with_breaks(tag))
        end = tag.end()
    kept.append(_escaped(html[end:]))
    return "".join(kept)


def _with_breaks(tag: re.Match[str]) -> str:
    """Return a tag with the line breaks that a reader would see around it."""
    closes, name = tag[1] == "/", tag[2].lower()
    if name == "br":
        return _BREAK
    if name in {"td", "th"}:
        return f"{tag[0]} "
    if name not in _BLOCKS:
        return tag[0]
    if closes:
        return f"{tag[0]}{_EDGE}{_BREAK if name in _PARAGRAPHS else ''}"
    return f"{_EDGE}{tag[0]}{'- ' if name == 'li' else ''}"


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
