"""The forms below an engineer's card: what an act needs to stand in a dispute is asked for where it is done."""

from bot.cards import parts
from bot.cards.parts import Element
from bot.cards.views import Foresight, OpenPause, PageView
from bot.text.forms import Forms
from bot.text.groups import Cards
from bot.text.phrases import phrases
from bot.ticket.model import Language

_PAUSES = ("third_party", "customer", "out_of_control", "customer_fault", "out_of_scope")
_BY_MANAGER = frozenset({"customer_fault", "out_of_scope"})
_TIMES_MAX = 40
_NAME_MAX = 200
_CHOICE_MAX = 60


def resolve(language: Language, view: PageView) -> Element:
    """Ask how it was resolved, perhaps when, and who was called back already (D9)."""
    words, asks = phrases(language).cards, phrases(language).forms
    inputs = [
        parts.asked(words, "note", words.input_resolution),
        parts.ticked("workaround", words.input_workaround),
        _line("called", asks.input_called),
        _time(asks, "at", asks.input_resolved_at),
        _line("evidence", asks.input_resolved_evidence),
    ]
    return parts.form(words.button_resolve, inputs, _send(words, "resolve", view))


def note(language: Language, view: PageView) -> Element:
    """Ask for an internal remark."""
    words = phrases(language).cards
    return parts.form(words.button_note, [parts.asked(words, "note", words.input_note)], _send(words, "note", view))


def classify(language: Language, view: PageView) -> Element:
    """Ask for the right priority; a first classification is always a correction of the desk's own guess (D2, D7)."""
    words = phrases(language).cards
    choices = [
        (name, parts.priority(language, name, title, provisional=False)) for name, title in view.priorities.items()
    ]
    which = parts.chosen(words, "priority", words.input_priority, choices)
    why = parts.asked(words, "reason", words.input_reason)
    if view.provisional:
        send = parts.execute(words.button_confirm, "classify", view.button, how="corrected")
        return parts.form(words.button_classify, [which, why], send)
    kinds = [("corrected", words.how_corrected), ("worsened", words.how_worsened)]
    how = parts.chosen(words, "how", words.input_how, kinds, value="corrected")
    return parts.form(words.button_reclassify, [which, how, why], _send(words, "classify", view))


def pause(language: Language, view: PageView) -> Element:
    """Ask why the clock is to stand and what proves it (D8)."""
    words, asks = phrases(language).cards, phrases(language).forms
    choices = [(name, _pause_choice(language, name)) for name in _PAUSES]
    inputs = [
        parts.chosen(words, "reason", words.input_pause_reason, choices),
        parts.asked(words, "note", words.input_pause_note),
        _line("reference", asks.input_reference),
        _line("agreed_by", asks.input_agreed_by),
        _time(asks, "since", asks.input_since),
        _line("evidence", asks.input_pause_evidence),
        _time(asks, "chase_at", asks.input_chase_at),
    ]
    return parts.form(words.button_pause, inputs, _send(words, "pause", view))


def resume(language: Language, view: PageView) -> list[Element]:
    """Return the button that ends the only pause, or the form that asks which; none while no pause is open."""
    words, asks = phrases(language).cards, phrases(language).forms
    if not view.pauses:
        return []
    if len(view.pauses) == 1:
        return [parts.execute(words.button_resume, "resume", view.button)]
    which = [("all", asks.all_pauses), *_pauses(language, view.pauses)]
    inputs = [parts.chosen(words, "pause", asks.input_which_pause, which, value="all")]
    return [parts.form(words.button_resume, inputs, _send(words, "resume", view))]


def chase(language: Language, view: PageView) -> list[Element]:
    """Ask what came of asking after a pause, and when to ask again; none while no pause is open."""
    words, asks = phrases(language).cards, phrases(language).forms
    if not view.pauses:
        return []
    which = _pauses(language, view.pauses)
    inputs = [
        *([parts.chosen(words, "pause", asks.input_which_pause, which)] if len(which) > 1 else []),
        parts.asked(words, "note", asks.input_chase_note),
        _time(asks, "chase_at", asks.input_chase_at),
    ]
    only = {"pause": which[0][0]} if len(which) == 1 else {}
    send = parts.execute(words.button_confirm, "chase", view.button, **only)
    return [parts.form(asks.button_chase, inputs, send)]


def escalate(language: Language, view: PageView) -> list[Element]:
    """Ask which level to page now, and why; none if there is no level above the first."""
    words, asks = phrases(language).cards, phrases(language).forms
    if not view.levels:
        return []
    levels = [(name, parts.level(language, name)) for name in view.levels]
    inputs = [
        parts.chosen(words, "level", asks.input_level, levels),
        parts.asked(words, "reason", asks.input_reason),
    ]
    return [parts.form(asks.button_escalate, inputs, _send(words, "escalate", view))]


def hand_over(language: Language, view: PageView) -> list[Element]:
    """Ask to whom a held ticket goes, and what they must know; none while nobody holds it."""
    words, asks = phrases(language).cards, phrases(language).forms
    if not view.holder or not view.colleagues:
        return []
    people = [
        (one.id, asks.colleague_choice.format(name=parts.shown(one.name), level=parts.level(language, one.level)))
        for one in view.colleagues
    ]
    inputs = [
        parts.chosen(words, "to", asks.input_colleague, people, compact=True),
        parts.asked(words, "note", asks.input_hand_over_note),
    ]
    return [parts.form(asks.button_hand_over, inputs, _send(words, "hand_over", view))]


def call(language: Language, view: PageView) -> Element:
    """Ask when the customer called: it may move the start of the clock (D1)."""
    words, asks = phrases(language).cards, phrases(language).forms
    inputs = [_time(asks, "at", asks.input_call_at), _line("caller", asks.input_caller)]
    return parts.form(asks.button_call, inputs, _send(words, "call", view))


def called_back(language: Language, view: PageView) -> list[Element]:
    """Ask whom of the customer was called after the resolution; none if no call is owed (D9)."""
    words, asks = phrases(language).cards, phrases(language).forms
    if not view.call_back_owed:
        return []
    inputs = [
        _line("whom", asks.input_whom, words),
        parts.asked(words, "note", asks.input_call_note, required=False),
    ]
    return [parts.form(asks.button_called_back, inputs, _send(words, "called_back", view))]


def outage(language: Language, view: PageView) -> Element:
    """Ask from when to when the service was down, or whether what was confirmed is withdrawn (D17)."""
    words, asks = phrases(language).cards, phrases(language).forms
    inputs = [
        _time(asks, "start", asks.input_outage_start),
        _time(asks, "end", asks.input_outage_end),
        parts.asked(words, "evidence", asks.input_outage_evidence),
        parts.ticked("deduct", asks.input_outage_deduct),
        parts.ticked("withdraw", asks.input_outage_withdraw),
    ]
    return parts.form(asks.button_outage, inputs, _send(words, "outage", view))


def reopen(language: Language, view: PageView) -> Element:
    """Ask what is seen of a resolved fault that is back."""
    words = phrases(language).cards
    inputs = [parts.asked(words, "note", words.input_reopen)]
    return parts.form(words.button_reopen, inputs, _send(words, "reopen", view))


def foresight(language: Language, view: PageView, seen: Foresight) -> list[Element]:
    """Return what would follow: both deadlines, and who would be paged now (D7)."""
    asks = phrases(language).forms
    title = asks.preview_pause
    if seen.verb == "classify":
        title = asks.preview_classify.format(priority=parts.shown(seen.priority))
    old, new = (
        asks.preview_stands if at is None else parts.when(language, at, view.now, view.zone)
        for at in (seen.old_due_at, seen.new_due_at)
    )
    lines = [parts.text(asks.preview_due.format(old=old, new=new))]
    if seen.breached:
        lines.append(parts.text(asks.preview_breached, color="Attention"))
    lines.append(parts.text(asks.preview_paged if seen.paged else asks.preview_nobody))
    channels = {"teams": asks.channel_teams, "mail": asks.channel_mail, "phone": asks.channel_phone}
    for paged in seen.paged:
        line = asks.preview_paged_line if paged.level else asks.preview_managers_line
        told = line.format(
            level=parts.level(language, paged.level),
            name=parts.plain(paged.name),
            channels=", ".join(channels[channel] for channel in paged.channels),
        )
        lines.append(parts.text(told, spacing="None"))
    items = [parts.text(title, weight="Bolder"), *lines]
    return [{"type": "Container", "style": "emphasis", "bleed": True, "items": items}]


def confirm(language: Language, view: PageView, seen: Foresight) -> list[Element]:
    """Return the two ways on from a foresight: do it as asked, or go back."""
    words, asks = phrases(language).cards, phrases(language).forms
    return [
        parts.execute(
            words.button_confirm, seen.verb, view.button, style="positive", **{**dict(seen.asked), "confirmed": "true"}
        ),
        parts.execute(asks.button_back, "refresh", view.button),
    ]


def _send(words: Cards, verb: str, view: PageView) -> Element:
    return parts.execute(words.button_confirm, verb, view.button)


def _line(id_: str, label: str, needed: Cards | None = None) -> Element:
    return parts.line(id_, label, needed, length_max=_NAME_MAX)


def _time(asks: Forms, id_: str, label: str, needed: Cards | None = None) -> Element:
    return {**parts.line(id_, label, needed, length_max=_TIMES_MAX), "placeholder": asks.time_hint}


def _pauses(language: Language, pauses: tuple[OpenPause, ...]) -> list[tuple[str, str]]:
    asks = phrases(language).forms
    return [
        (
            str(one.number),
            asks.pause_choice.format(
                reason=parts.pause_reason(language, one.reason), note=parts.shown(one.about, _CHOICE_MAX)
            ),
        )
        for one in pauses
    ]


def _pause_choice(language: Language, reason: str) -> str:
    words = phrases(language).cards
    written = parts.pause_reason(language, reason)
    return words.by_manager.format(reason=written) if reason in _BY_MANAGER else written
