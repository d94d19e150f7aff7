"""What the tests of bars share: hours, ticks, a history that answers, and an independent way to make bars."""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, time
from typing import NamedTuple

from sauda.bars import Bars
from sauda.calendar import Session
from sauda.clock import NS_PER_S, from_ist, ist_date
from sauda.contracts import Bar, ClockTick, FeedGap, HistoryReply, HistoryRequest, Message, PastBar, Tick
from sauda.state import State

DAY = date(2026, 11, 23)
NAME = "NSE:Nifty 50"
MINUTE_NS = 60 * NS_PER_S


def at(text: str, day: date = DAY) -> int:
    """Return the instant at which clocks in India show *text* (`09:15`, `09:15:30`, `09:15:30.5`) on *day*."""
    whole, _, fraction = text.partition(".")
    return from_ist(day, time.fromisoformat(whole)) + int(float(f"0.{fraction or 0}") * NS_PER_S)


def hours(*parts: tuple[str, str]) -> Callable[[str, date], Session | None]:
    """Return sessions of those *parts* on weekdays."""

    def session(exchange: str, day: date) -> Session | None:
        if day.weekday() >= 5:
            return None
        spans = tuple((at(opens, day), at(closes, day)) for opens, closes in parts)
        return Session(spans[0][0], spans[-1][1], spans)

    return session


USUAL = hours(("09:15", "15:30"))


def tick(
    text: str,
    price: int,
    volume: int | None = None,
    oi: int | None = None,
    *,
    of: str = NAME,
    day: date = DAY,
) -> Tick:
    """Return a tick of *of* at that time of *day*."""
    instant_ns = at(text, day)
    return Tick(of, instant_ns, instant_ns, price, volume=volume, oi=oi)


def feed(bars: Bars, *messages: Message) -> list[Bar]:
    """Give *messages* to *bars* as a unit would; return what they said."""
    said: list[Bar] = []
    for message in messages:
        match message:
            case Tick():
                said += bars.see(message)
            case ClockTick():
                said += bars.reach(message.event_ns)
            case FeedGap():
                bars.lose_sight(message)
            case HistoryReply():
                said += bars.take(message)
    return said


def clock(text: str, day: date = DAY) -> ClockTick:
    """Return a heartbeat."""
    return ClockTick(at(text, day))


def gap(start: str, end: str) -> FeedGap:
    """Return a hole of the feed."""
    return FeedGap(at(start), at(end), "test")


def shapes(bars: Iterable[Bar]) -> list[tuple[str, int, int, int, int, int | None]]:
    """Return start (as text), prices and volume of *bars*."""
    return [(text_of(bar.start_ns), bar.open, bar.high, bar.low, bar.close, bar.volume) for bar in bars]


def text_of(instant_ns: int) -> str:
    """Return the time of day, in India, as `09:15`."""
    minutes = (instant_ns - from_ist(ist_date(instant_ns), time())) // MINUTE_NS
    return f"{minutes // 60:02}:{minutes % 60:02}"


class Spell(NamedTuple):
    """One bar of the truth."""

    start_ns: int
    end_ns: int
    prices: tuple[int, int, int, int]
    volume: int | None


def truth(ticks: Sequence[Tick], minutes: int, opens: int, closes: int) -> list[Spell]:
    """Group *ticks* of one session and one instrument, the plain way."""
    groups: dict[int, list[Tick]] = {}
    for one in ticks:
        groups.setdefault((one.recv_ns - opens) // (minutes * MINUTE_NS), []).append(one)
    spells, before = [], 0
    for number, members in sorted(groups.items()):
        prices = [one.ltp for one in members]
        start = opens + number * minutes * MINUTE_NS
        volume = members[-1].volume
        spells.append(
            Spell(
                start,
                min(start + minutes * MINUTE_NS, closes),
                (prices[0], max(prices), min(prices), prices[-1]),
                None if volume is None else volume - before,
            )
        )
        before = volume or 0
    return spells


def answer(
    request: HistoryRequest, spells: Sequence[Spell], event_ns: int, parts: int = 1
) -> list[HistoryReply]:
    """Return what a broker that knows *spells* tells, in *parts*."""
    known = [one for one in spells if one.end_ns <= request.to_ns]
    if request.from_ns is not None:
        known = [one for one in known if one.start_ns >= request.from_ns]
    if request.count is not None:
        known = known[-request.count :]
    told = [PastBar(one.start_ns, *one.prices, one.volume) for one in known]
    size = -(-len(told) // parts) or 1
    return [
        HistoryReply(
            request.request_id,
            request.by,
            request.instrument,
            request.timeframe,
            event_ns,
            tuple(told[index * size : (index + 1) * size]),
            index + 1,
            parts,
            "broker",
        )
        for index in range(parts)
    ]


def restarted(state: State, stored: dict[bytes, bytes], bars: Callable[[State], Bars]) -> tuple[State, Bars]:
    """Commit *state* into *stored* and go on from there in another process."""
    for row, value in state.take_changes().items():
        if value is None:
            stored.pop(row, None)
        else:
            stored[row] = value
    fresh = State()
    made = bars(fresh)
    fresh.load(stored)
    made.restored()
    return fresh, made
