"""Working time on any calendar: it agrees with looking at the wall clock minute by minute, and keeps its laws."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.errors import NoWorkingTime
from bot.sla.calendar import HORIZON, Calendar
from bot.sla.instants import DAY, HOUR, MINUTE, Instant, Span, from_datetime, to_datetime
from tests.rules.slow_calendar import Plan, SlowClock, Window

PLACES = {
    # zone: dates around which something happens there besides the ends of years
    "Asia/Ho_Chi_Minh": ["2024-02-10", "2026-02-15"],
    "Europe/Berlin": ["2024-03-31", "2025-10-26", "2090-03-26"],
    "America/New_York": ["2024-03-10", "2026-11-01"],
    "Australia/Lord_Howe": ["2024-04-07", "2024-10-06"],  # half an hour
    "America/Sao_Paulo": ["2018-02-18", "2018-11-04"],  # at midnight
    "Pacific/Apia": ["2011-12-30"],  # a day that was not
    "UTC": ["2024-02-29"],
}
ENDS_OF_YEARS = ["1970-01-03", "1999-12-31", "2023-12-31", "2199-12-27"]

minutes_of_day = st.one_of(st.integers(0, 95).map(lambda quarter: quarter * 15), st.integers(0, 1439))
windows = st.one_of(
    st.tuples(minutes_of_day, st.one_of(minutes_of_day, st.just(1440))),
    st.sampled_from([(0, 1440), (0, 0), (480, 480), (120, 180), (150, 195), (1320, 360), (1439, 1), (0, 1)]),
)
some_windows = st.lists(windows, max_size=3).map(tuple)
weeks = st.dictionaries(st.integers(0, 6), st.lists(windows, min_size=1, max_size=3).map(tuple), min_size=1)
offices: dict[int, tuple[Window, ...]] = dict.fromkeys(range(6), ((480, 720), (780, 1020)))


@st.composite
def plans(draw: st.DrawFn) -> tuple[Plan, Instant]:
    """Draw a calendar and a full minute near to which most of its special days are."""
    zone = draw(st.sampled_from(sorted(PLACES)))
    around = date.fromisoformat(draw(st.sampled_from(PLACES[zone] + ENDS_OF_YEARS)))
    dates = st.integers(-5, 4).map(lambda away: around + timedelta(days=away))
    instead = st.one_of(some_windows, st.integers(0, 6))
    plan = Plan(
        zone=zone,
        weekly=draw(st.one_of(weeks, st.just(offices))),
        tet=draw(st.frozensets(dates, max_size=2)),
        holidays=draw(st.frozensets(dates, max_size=2)),
        makeup=draw(st.dictionaries(dates, instead, max_size=2)),
        ours=draw(st.dictionaries(dates, some_windows, max_size=2)),
        others=draw(st.dictionaries(dates, some_windows, max_size=1)),
        closed_on=draw(st.sampled_from([("tet", "holiday"), ("tet",), ("holiday",), ()])),
        boundary=draw(st.sampled_from(["close", "next_open"])),
    )
    midnight = datetime(around.year, around.month, around.day, tzinfo=ZoneInfo(zone))
    return plan, from_datetime(midnight) - 2 * DAY + draw(st.integers(0, 1439)) * MINUTE


def calendar_of_plan(plan: Plan) -> Calendar:
    return Calendar(plan.hours(), ZoneInfo(plan.zone), plan.days(), "ours")


@st.composite
def questions(draw: st.DrawFn) -> tuple[Plan, SlowClock, list[Instant]]:
    """Draw a calendar and instants to ask it at, in order: a few ms around edges, others anywhere in four days."""
    plan, base = draw(plans())
    slow = SlowClock(plan, base, 4 * 1440)
    anywhere = st.integers(base + 2, slow.end - 2)
    edges = slow.edges()
    near = st.tuples(st.sampled_from(edges), st.integers(-1, 1)).map(sum) if edges else anywhere
    return plan, slow, sorted(draw(st.lists(st.one_of(near, anywhere), min_size=2, max_size=6)))


@settings(max_examples=120, deadline=None)
@given(questions())
def test_each_answer_is_the_one_that_the_wall_clock_gives_minute_by_minute(asked: tuple) -> None:
    plan, slow, instants = asked
    calendar = calendar_of_plan(plan)
    for at in instants:
        assert calendar.is_open(at) == slow.is_open(at)
        if (opened := slow.next_open(at)) is not None:
            assert calendar.next_open(at) == opened
    for start in instants:
        for end in instants:
            span = slow.between(start, end)
            assert calendar.between(start, end) == span
            for wanted in {span, span + 1, max(span - 1, 0)}:
                if (due := slow.add(start, wanted)) is not None:
                    assert calendar.add(start, wanted) == due
                if (came := slow.sub(end, wanted)) is not None:
                    assert calendar.sub(end, wanted) == came


@settings(max_examples=150, deadline=None)
@given(plans(), st.integers(0, DAY), st.integers(0, 12))
def test_working_dates_are_counted_on_the_wall_calendar(drawn: tuple, later: int, days: int) -> None:
    (plan, base), zone = drawn, ZoneInfo(drawn[0].zone)
    wall = to_datetime(base + later).astimezone(zone)
    day, left = wall.date(), days
    while left and day.year < 2200:
        day += timedelta(days=1)
        left -= bool(plan.windows(day))
    calendar = calendar_of_plan(plan)
    if day.year == 2200:
        assert outcome(lambda: calendar.add_days(base + later, days)) is NoWorkingTime
        return
    promised = from_datetime(wall.replace(year=day.year, month=day.month, day=day.day))
    assert outcome(lambda: calendar.add_days(base + later, days)) == outcome(lambda: calendar.next_open(promised))


@settings(max_examples=150, deadline=None)
@given(plans(), st.integers(0, DAY), st.integers(0, 40 * DAY))
def test_the_days_that_did_not_count_are_those_that_the_files_took_away(drawn: tuple, later: int, span: int) -> None:
    plan, base = drawn
    start = base + later
    end = min(start + span, from_datetime(datetime(2199, 12, 31, tzinfo=ZoneInfo(plan.zone))))
    first, last = (to_datetime(at).astimezone(ZoneInfo(plan.zone)).date() for at in (start, end))
    closed = calendar_of_plan(plan).closed_days(start, end)
    assert [day.date for day in closed] == plan.stands_still(first, last)
    assert all("ours" in day.hours or day.kind in plan.closed_on or day.kind == "makeup" for day in closed)


spans = st.integers(0, 40 * HOUR)


@settings(max_examples=150, deadline=None)
@given(plans(), st.integers(0, 3 * DAY), spans, spans)
def test_adding_and_measuring_undo_each_other(drawn: tuple, offset: int, one: Span, two: Span) -> None:
    plan, base = drawn
    if base > from_datetime(datetime(2199, 1, 1, tzinfo=ZoneInfo("UTC"))) or base < 200 * DAY:
        base = from_datetime(datetime(2023, 12, 30, tzinfo=ZoneInfo("UTC")))
    calendar, start = calendar_of_plan(plan), base + offset
    middle = calendar.add(start, one)
    assert calendar.between(start, middle) == one
    assert calendar.between(calendar.sub(start, one), start) == one
    if two:
        assert calendar.add(start, one + two) == calendar.add(middle, two)
    assert calendar.add(start, one + two) >= middle >= start
    later = middle + two
    assert calendar.between(start, middle) + calendar.between(middle, later) == calendar.between(start, later)
    assert calendar.add(start + two, one) >= middle
    assert calendar.is_open(calendar.next_open(start))
    assert calendar.between(start, calendar.next_open(start)) == 0


def outcome(ask: Callable[[], object]) -> object:
    """Return an answer, or the kind of its refusal."""
    try:
        return ask()
    except (NoWorkingTime, ValueError) as refused:
        return type(refused)


@st.composite
def rare_openings(draw: st.DrawFn) -> tuple[Plan, list[Instant]]:
    """Draw a calendar that is open on few days in years, so that promises break on its closed stretches."""
    dates = st.integers(0, 5 * 366).map(lambda away: date(2021, 1, 1) + timedelta(days=away))
    worked = draw(st.dictionaries(dates, st.just(((480, 720),)), min_size=1, max_size=5))
    boundary = draw(st.sampled_from(["close", "next_open"]))
    plan = Plan("UTC", {}, frozenset(), frozenset(), {}, worked, {}, (), boundary)
    opened = [from_datetime(datetime(day.year, day.month, day.day, 8, tzinfo=ZoneInfo("UTC"))) for day in worked]
    away = st.sampled_from([-HORIZON, HORIZON, HORIZON + 4 * HOUR, 0, 200 * DAY, -200 * DAY, 4 * HOUR])
    instants = st.tuples(st.sampled_from(opened), away, st.integers(-1, 1)).map(sum)
    return plan, draw(st.lists(instants, min_size=1, max_size=6))


def answers(calendar: Calendar, at: Instant, span: Span) -> list[object]:
    return [
        outcome(lambda: calendar.add(at, span)),
        outcome(lambda: calendar.sub(at, span)),
        outcome(lambda: calendar.next_open(at)),
        outcome(lambda: calendar.is_open(at)),
        outcome(lambda: calendar.between(at - span, at + span)),
    ]


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(rare_openings(), plans().map(lambda drawn: (drawn[0], [drawn[1]]))),
    st.lists(st.integers(-3 * 366, 3 * 366), max_size=4),
    st.sampled_from([0, 1, 4 * HOUR - 1, 4 * HOUR, 4 * HOUR + 1, 9 * HOUR]),
)
def test_the_order_of_questions_never_changes_an_answer(drawn: tuple, days_away: list[int], span: Span) -> None:
    plan, instants = drawn
    grown, at_once = calendar_of_plan(plan), calendar_of_plan(plan)
    outcome(lambda: at_once.between(min(instants) - 8 * HORIZON, max(instants) + 8 * HORIZON))
    for at in [*instants, *(instants[0] + away * DAY for away in days_away)]:
        fresh = answers(calendar_of_plan(plan), at, span)
        assert answers(grown, at, span) == fresh
        assert answers(at_once, at, span) == fresh


def reach(opened: list[Instant], at: Instant, span: Span) -> object:
    """Return when `span` is used up if the clock runs for four hours from each of `opened`: the rule, once more."""
    for start in opened:
        if start + 4 * HOUR <= at:
            continue
        if start - at > HORIZON:
            return NoWorkingTime
        ran = start + 4 * HOUR - max(at, start)
        if ran >= span:
            return max(at, start) + span
        at, span = start + 4 * HOUR, span - ran
    return NoWorkingTime


@settings(max_examples=150, deadline=None)
@given(rare_openings(), st.integers(1, 17 * HOUR))
@example((Plan("UTC", {}, frozenset(), frozenset(), {}, {date(2022, 1, 1): ((480, 720),)}, {}, (), "close"), []), 1)
def test_no_promise_reaches_over_more_than_366_closed_days(drawn: tuple, span: Span) -> None:
    plan, instants = drawn
    days = sorted(plan.ours)
    opened = [from_datetime(datetime(day.year, day.month, day.day, 8, tzinfo=ZoneInfo("UTC"))) for day in days]
    calendar = Calendar(plan.hours().model_copy(update={"boundary": "close"}), ZoneInfo("UTC"), plan.days(), "ours")
    for at in [*instants, opened[0] - HORIZON, opened[0] - HORIZON - 1]:
        assert outcome(lambda at=at: calendar.add(at, span)) == reach(opened, at, span)
        mirrored = reach([-start - 4 * HOUR for start in reversed(opened)], -at, span)
        came = outcome(lambda at=at: calendar.sub(at, span))
        assert (-came if isinstance(came, int) else came) == mirrored
