"""Answers a question about bars of the past: session by session, newest first, each from whoever knows it.

It asks the store, then the desk's own archive, then the broker or the recording, each only for sessions that are not whole yet. Where two
know the same bar, the earlier of them is believed. What the broker knew is kept in the store.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final, Protocol

from sauda.bars.timeframes import DAY
from sauda.calendar import Calendar
from sauda.clock import UnixNs, clock_text, ist_date
from sauda.contracts import HistoryRequest, InstrumentId, PastBar
from sauda.errors import ConfigError, ContractError, SaudaError
from sauda.history.knowers import Day, Found, Knower, NotKnownError, Wanted
from sauda.history.spans import Span, holds, joined
from sauda.history.timeframes import complete, count_in, length_ns

MOST_BARS: Final = 40_000
"""Bars in one answer: a hundred sessions of minutes, some two megabytes."""
AT_ONCE: Final = 5
"""Sessions of minutes that are asked for together: brokers time out over more."""
BARREN: Final = 10
"""Sessions in a row without a bar, behind which nobody looks further: the contract was not listed yet."""
_BARS_AT_ONCE: Final = 375 * AT_ONCE
_DAYS_AT_ONCE: Final = 30
_MOST_GROUPS: Final = 60
"""Times that everybody is asked for one answer."""
_LONGEST_CLOSURE_DAYS: Final = 30


class Keeper(Protocol):
    """Where the broker's answers are kept: `HistoryStore` fits."""

    def add(
        self, instrument: InstrumentId, timeframe: str, bars: Sequence[PastBar], looked: Sequence[Span]
    ) -> None:
        """Keep them."""


@dataclass(slots=True)
class Answer:
    """All that was found."""

    bars: list[PastBar] = field(default_factory=list)
    """Oldest first, none twice."""
    sources: list[str] = field(default_factory=list)
    """Who knew some of them."""
    problems: list[str] = field(default_factory=list)
    """Why there are no bars, or fewer than were asked for."""


class Finder:
    """Asks everybody who may know."""

    def __init__(
        self,
        knowers: Sequence[Knower],
        calendar: Calendar,
        *,
        keeper: Keeper | None = None,
        complain: Callable[[str, str], None] = lambda _event, _why: None,
    ) -> None:
        """Prepare.

        Args:
            knowers: Who is asked, in this order.
            calendar: Says which sessions there were.
            keeper: Gets what a broker knew; what goes wrong with it is complained of, and costs no answer.
            complain: Logs an event and its reason.
        """
        self._knowers = knowers
        self._calendar = calendar
        self._keeper = keeper
        self._complain = complain

    def find(self, request: HistoryRequest, now_ns: UnixNs) -> Answer:
        """Return the bars that *request* asks for and that had ended at *now_ns*; whatever happens, there is an answer."""
        answer = Answer()
        try:
            length_ns(request.timeframe)
            self._fill(answer, request, now_ns)
        except (ConfigError, ContractError) as error:
            answer.problems.append(str(error))
        if request.count is not None:
            answer.bars = answer.bars[-request.count :] if request.count > 0 else []
        answer.problems = list(dict.fromkeys(answer.problems))
        return answer

    def _fill(self, answer: Answer, request: HistoryRequest, now_ns: UnixNs) -> None:
        count = request.count
        if request.from_ns is None and count is None:
            raise ContractError(f"{request.request_id} asks for no beginning and no number of bars")
        barren = possible = 0
        for number, days in enumerate(self._chunks(request, now_ns), 1):
            found = self._ask_all(Wanted(request.instrument, request.timeframe, days, now_ns), answer)
            answer.bars = [*found, *answer.bars]
            possible += sum(count_in(day.span, request.timeframe) for day in days)
            if count is not None:
                barren = _before_first(days, found) + (0 if found else barren)
                if len(answer.bars) >= count:
                    return
                if barren >= BARREN:
                    break
            else:
                self._name_empty(answer, days, found)
            if possible >= MOST_BARS or number >= _MOST_GROUPS:
                since = clock_text(days[0].span.from_ns)[:16]
                answer.problems.append(f"only bars since {since}: ask for the earlier ones apart")
                return
        if count is not None:
            first = f" before {clock_text(answer.bars[0].start_ns)[:16]}" if answer.bars else ""
            answer.problems.append(f"{len(answer.bars)} of {count} bars: nothing is known{first}")

    @staticmethod
    def _name_empty(answer: Answer, days: Sequence[Day], found: Sequence[PastBar]) -> None:
        starts = [bar.start_ns for bar in found]
        for day in days:
            if not any(day.span.from_ns <= start < day.span.to_ns for start in starts):
                answer.problems.append(f"no bars on {ist_date(day.session.open_ns)}")

    def _ask_all(self, wanted: Wanted, answer: Answer) -> list[PastBar]:
        bars: dict[UnixNs, PastBar] = {}
        looked: list[Span] = []
        problems: list[str] = []
        for knower in self._knowers:
            rest = [day for day in wanted.days if not holds(looked, day.span)]
            if not rest:
                break
            found = self._ask(knower, wanted._replace(days=rest), problems)
            inside = [bar for bar in found.bars if _is_in(bar, rest)]
            fresh = [bar for bar in inside if bar.start_ns not in bars]
            bars.update((bar.start_ns, bar) for bar in fresh)
            looked = joined([*looked, *found.looked])
            if fresh and knower.name not in answer.sources:
                answer.sources.append(knower.name)
            if knower.name == "broker" and inside:
                self._keep(wanted, inside, found.looked)
        if not all(holds(looked, day.span) for day in wanted.days):
            # Who could not be asked matters only where nobody else knew it all.
            answer.problems += problems
        return [bars[start] for start in sorted(bars)]

    def _ask(self, knower: Knower, wanted: Wanted, problems: list[str]) -> Found:
        try:
            found = knower.look(wanted)
        except NotKnownError as error:
            problems.append(f"{knower.name}: {error}")
            return Found()
        except SaudaError as error:
            self._complain(f"{knower.name}_does_not_answer", str(error))
            problems.append(f"{knower.name}: {error}")
            return Found()
        if found.problem:
            problems.append(f"{knower.name}: {found.problem}")
        return found

    def _keep(self, wanted: Wanted, bars: Sequence[PastBar], looked: Sequence[Span]) -> None:
        if self._keeper is None:
            return
        try:
            self._keeper.add(wanted.instrument, wanted.timeframe, bars, looked)
        except SaudaError as error:
            self._complain("history_not_kept", str(error))

    def _chunks(self, request: HistoryRequest, now_ns: UnixNs) -> Iterator[list[Day]]:
        """Yield the sessions asked for in groups, the newest group first, each oldest first."""
        group: list[Day] = []
        bars = 0
        for day in self._days(request, min(request.to_ns, now_ns)):
            group.append(day)
            bars += count_in(day.span, request.timeframe)
            most = _DAYS_AT_ONCE if request.timeframe == DAY else _BARS_AT_ONCE
            enough = request.count is not None and bars >= request.count
            if bars + count_in(day.span, request.timeframe) > most or enough or len(group) >= 60:
                yield group[::-1]
                group, bars = [], 0
        if group:
            yield group[::-1]

    def _days(self, request: HistoryRequest, to_ns: UnixNs) -> Iterator[Day]:
        """Yield the sessions that ended or run before *to_ns*, newest first; from where the calendar knows nothing, none."""
        exchange = request.instrument.partition(":")[0]
        day, closed = ist_date(to_ns), 0
        while closed < _LONGEST_CLOSURE_DAYS:
            try:
                session = self._calendar.session(exchange, day)
            except ConfigError:
                if not closed and day == ist_date(to_ns):
                    raise  # an exchange that nobody knows
                return
            closed = closed + 1 if session is None else 0
            if session is not None:
                span = complete(session, request.timeframe, to_ns)
                if request.from_ns is not None:
                    last_start = session.open_ns if request.timeframe == DAY else session.close_ns - 1
                    if last_start < request.from_ns:
                        return
                    span = Span(max(span.from_ns, request.from_ns), span.to_ns)
                if span.to_ns > span.from_ns:
                    yield Day(session, span)
            day -= timedelta(days=1)


def _is_in(bar: PastBar, days: Sequence[Day]) -> bool:
    return any(
        day.span.from_ns <= bar.start_ns < day.span.to_ns and day.session.contains(bar.start_ns)
        for day in days
    )


def _before_first(days: Sequence[Day], bars: Sequence[PastBar]) -> int:
    """Return how many of *days* lie before the first of *bars*."""
    return sum(1 for day in days if not bars or day.span.to_ns <= bars[0].start_ns)
