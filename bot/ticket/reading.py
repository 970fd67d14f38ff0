"""What a customer's mail says about priority, service and contact, by tables of words.

Only what is stated plainly counts; a doubt is None and an engineer decides (D2, D3). Texts are compared
without marks and in lower case, so each Vietnamese entry below stands for both ways of typing it.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence

from bot.sla.book import Customer
from bot.sla.roster import Team
from bot.ticket.plain import plain, unmarked, without_links

PRIORITY_CUES = (
    "muc do uu tien",
    "muc uu tien",
    "do uu tien",
    "uu tien",
    "muc do su co",
    "su co muc do",
    "muc do",
    "su co muc",
    "priority",
    "prio",
)
COUNTERS = ("so", "may", "nguoi", "gio", "phut", "kenh", "team", "ngay", "lan", "cuoc", "user", "hour", "minute", "day")
"""`ưu tiên 1 máy` counts machines."""
NEGATIONS = ("khong phai", "khong phai la", "chua phai", "chua phai la", "not", "not a", "isn't", "no longer")

SERVICE_WORDS: dict[str, tuple[str, ...]] = {
    "software": ("software", "phan mem"),
    "module": ("module", "modules", "mo dun", "phan he"),
    "report": ("report", "reports", "reporting", "bao cao", "p4"),
    "integration": ("integration", "integrate", "tich hop", "ket noi crm", "api"),
    "dashboard": ("dashboard", "bang dieu khien", "trang giam sat"),
    "wallboard": ("wallboard", "wall board"),
}
"""How customers name the services of the desk's teams (D3; article 2.2 and the P4 row of article 2.4)."""

DUTY_WORDS: dict[str, tuple[str, ...]] = {
    "company": ("cong ty", "cty", "company", "doanh nghiep"),
    "name": (
        "ho ten",
        "ho va ten",
        "ho & ten",
        "nguoi bao loi",
        "nguoi lien he",
        "ten toi la",
        "full name",
        "my name is",
    ),
    "department": (
        "phong ban",
        "bo phan",
        "phong it",
        "phong ky thuat",
        "phong kinh doanh",
        "phong cskh",
        "department",
    ),
    "title": ("chuc vu", "chuc danh", "vi tri", "job title", "position", "title"),
    "chat": ("nick chat", "group chat", "nhom chat", "zalo", "teams", "skype", "viber", "telegram", "whatsapp"),
    "contract_number": (
        "so hop dong",
        "hop dong so",
        "ma hop dong",
        "hd so",
        "so hd",
        "contract no",
        "contract number",
    ),
    "partner": ("partner", "doi tac", "dai ly"),
    "fqdn": ("fqdn", "ten mien tong dai", "ten mien truy cap"),
    "licence_key": ("license key", "licence key", "key license", "key 3cx", "ma ban quyen", "license:", "licence:"),
    "evidence": (),
}
DUTIES = (
    "company",
    "name",
    "department",
    "title",
    "mobile",
    "chat",
    "contract_number",
    "partner",
    "fqdn",
    "licence_key",
    "evidence",
)
"""What article 3 asks of the customer, in its order; names of phrases."""

_NUMBERED = re.compile(
    rf"(?<!\w)(?:{'|'.join(PRIORITY_CUES)})[ \t]{{0,3}}(?:la|is|level|so|:|=|-|–|#)?[ \t]{{0,3}}(\d{{1,2}})"
    rf"(?![\w%]|[.,/:]\d)(?![ \t](?:{'|'.join(COUNTERS)})s?\b)"
)
_MOBILE = re.compile(r"(?<!\d)(?:\+?84|0)[\s.\-]?[35789](?:[\s.\-]?\d){8}(?!\d)")
_HOST = re.compile(r"(?<![\w@.\-])(?:[a-z0-9\-]{1,63}\.){2,5}[a-z]{2,24}(?![\w@])", re.IGNORECASE)
_LICENCE = re.compile(r"(?<![\w\-])[A-Z0-9]{4}(?:-[A-Z0-9]{4}){2,4}(?![\w\-])")
_EVIDENCE = re.compile(r"\.(?:png|jpe?g|gif|bmp|webp|heic|tiff?|mp4|mov|avi|mkv|webm|wmv|3gp)$", re.IGNORECASE)
_CONTRACT = re.compile(
    r"(?<!\w)(?:hop dong|contract|hd)\s{0,2}(?:so|no\.?|number|#)?\s{0,2}[:#]?\s{0,2}[\w/.\-]{0,30}\d"
)


def stated_priority(text: str, priorities: Iterable[str]) -> str | None:
    """Return the one priority that a mail's subject and text state; None for none or several.

    Understands the name (`P1`) and its number after a cue (`ưu tiên 1`, `priority 3`).
    """
    read = unmarked(without_links(plain(text)))
    by_name = {name.lower(): name for name in priorities}
    by_number = {match[0]: name for name in by_name.values() if (match := re.search(r"\d+$", name))}
    stated = set()
    if by_name:
        names = "|".join(re.escape(name) for name in by_name)
        for match in re.finditer(rf"(?<![\w\-./])({names})(?![\w\-]|\.\d)", read):
            if not _negated(read, match.start()):
                stated.add(by_name[match[1]])
    for match in _NUMBERED.finditer(read):
        name = by_number.get(match[1])
        if name is not None and not _negated(read, match.start()):
            stated.add(name)
    return stated.pop() if len(stated) == 1 else None


def guess_team(text: str, teams: Mapping[str, Team]) -> str | None:
    """Return the team whose services a mail names; None if that is the default team, or not clear (D3)."""
    read = unmarked(without_links(plain(text)))
    named = {
        name
        for name, team in teams.items()
        if not team.default and any(_says(read, SERVICE_WORDS.get(s, (unmarked(s),))) for s in team.services)
    }
    return named.pop() if len(named) == 1 else None


def known_facts(customer: Customer, sender_name: str = "") -> frozenset[str]:
    """Return the duties that the customer's file and the mail's own header fulfil already."""
    facts = {"company", "contract_number"}
    if customer.partner:
        facts.add("partner")
    if customer.fqdn:
        facts.add("fqdn")
    if " " in sender_name.strip():
        facts.add("name")
    return frozenset(facts)


def missing_duties(text: str, known: Collection[str] = (), attachments: Sequence[str] = ()) -> tuple[str, ...]:
    """Return which of the customer's duties of article 3 a mail does not show, in the article's order.

    `known`: duties that need not be in the mail (`known_facts`). `attachments`: file names.
    """
    whole = plain(text)
    read = unmarked(whole)
    shown = {duty for duty, words in DUTY_WORDS.items() if _says(read, words)}
    if _MOBILE.search(whole):
        shown.add("mobile")
    if _HOST.search(whole):
        shown.add("fqdn")
    if _LICENCE.search(whole):
        shown.add("licence_key")
    if _CONTRACT.search(read):
        shown.add("contract_number")
    if any(_EVIDENCE.search(name) for name in attachments):
        shown.add("evidence")
    return tuple(duty for duty in DUTIES if duty not in shown and duty not in known)


def _says(read: str, words: Iterable[str]) -> bool:
    return any(re.search(rf"(?<!\w){re.escape(word)}(?!\w)", read) for word in words)


def _negated(read: str, position: int) -> bool:
    before = read[max(0, position - 20) : position].rstrip()
    return before.endswith(NEGATIONS)
