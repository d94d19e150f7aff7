"""What the host does for a strategy: times, hours, attributes, failures, rules that change, dry runs, sizes, roll-overs."""

import math
from datetime import time
from typing import Any

import pytest

from sauda.clock import NS_PER_MS, NS_PER_S
from sauda.contracts import (
    Account,
    Alert,
    ChangeRules,
    HistoryReply,
    HistoryRequest,
    Instrument,
    InstrumentKind,
    Message,
    OrderAccepted,
    OrderRejected,
    PastBar,
    PlaceOrder,
    RejectReason,
    Signal,
    Start,
    Stop,
    Tick,
)
from sauda.testing.builders import DAY, LOT, OPTION, a_clock, a_fill, an_option, at
from sauda_strategy.api import SMA, Bar, Buy, Intents, Opinion, Side, Strategy, Study, Target, TradingRules
from sauda_strategy.host import Host
from tests.unit.strategy.host.host_desk import RAISE, SESSIONS, Desk, Told, quoted

OPEN = at("09:30:00")


def terms(make: type[Strategy], **rules: Any) -> TradingRules:
    made = make.Rules(kind="told", **{"warmup_bars": 0, **rules})
    assert isinstance(made, TradingRules)
    return made


def desk(make: type[Strategy] = Told, **rules: Any) -> Desk:
    made = Desk(terms(make, **rules), make)
    made.play([an_option(), a_clock(at("09:15:00")), quoted(100_00, at("09:29:59"))])
    return made


def tell(on: Desk, told: int, at_ns: int = OPEN, price: int = 100_00) -> None:
    on.work(quoted(price, at_ns, told=told))
    for second in range(1, 5):  # An order arrives a moment after it was sent, and trades with the next price.
        on.play([quoted(price, at_ns + second * NS_PER_S), a_clock(at_ns + second * NS_PER_S)])


class Timed(Strategy):
    """Says which times have come."""

    Rules = TradingRules

    def setup(self) -> None:
        self.call_at(time(9, 20))
        self.call_at(time(15, 40))
        self.bad: Any = 0

    def on_time(self, at: time) -> Intents:
        if at == time(15, 40):
            self.bad = {1, 2}
        return Opinion(OPTION, None, f"{at:%H:%M}")


def test_a_time_comes_once_a_day_and_after_all_ticks_of_its_instant() -> None:
    on = desk(Timed)
    on.play([a_clock(at("09:20:01")), a_clock(at("09:20:02"))])

    assert on.reasons() == ["09:20"]


def test_a_time_that_passed_before_the_first_message_comes_while_the_session_is_on_and_not_after() -> None:
    during = Host("told", Timed, Timed.Rules(kind="told", warmup_bars=0), SESSIONS)
    after = Host("told", Timed, Timed.Rules(kind="told", warmup_bars=0), SESSIONS)
    holiday = Host("told", Timed, Timed.Rules(kind="told", warmup_bars=0), SESSIONS)

    assert [one.reason for one in during.handle(a_clock(at("14:00:00"))) if isinstance(one, Signal)] == [
        "09:20"
    ]
    assert after.handle(a_clock(at("15:45:00"))) == []
    assert holiday.handle(a_clock(at("14:00:00", DAY.replace(day=22)))) == []


def test_what_cannot_be_kept_stops_the_strategy_and_names_the_attribute() -> None:
    on = desk(Timed)
    on.play([a_clock(at("15:40:00"))])

    assert on.alerts() == ["STRATEGY_STOPPED"]
    assert "self.bad cannot be kept: it is a set" in str(on.said)


def test_a_handler_that_fails_is_said_and_the_fifth_time_in_a_row_everything_is_closed() -> None:
    on = desk()
    tell(on, 1)
    for number in range(4):
        on.work(quoted(100_00, OPEN + (10 + number) * NS_PER_S, told=RAISE))
    assert on.held() == LOT
    on.work(quoted(100_00, OPEN + 20 * NS_PER_S, told=RAISE))
    on.play([quoted(100_00, OPEN + second * NS_PER_S) for second in (21, 22)])

    assert on.alerts() == ["HANDLER_FAILED"] * 5 + ["STRATEGY_STOPPED"]
    assert "on_tick: ValueError: as told (host_desk.py, line" in str(on.said)
    assert on.held() == 0
    tell(on, 1, OPEN + 30 * NS_PER_S)
    assert on.held() == 0
    on.work(Start("told", "test", OPEN))
    tell(on, 1, OPEN + 40 * NS_PER_S)
    assert on.held() == LOT


class Broken(Told):
    """Cannot be set up."""

    def setup(self) -> None:
        raise ValueError("no such thing")


def test_a_strategy_whose_setup_fails_says_so_once_and_trades_nothing() -> None:
    on = desk(Broken)
    tell(on, 1)

    assert on.alerts() == ["STRATEGY_STOPPED"]
    assert "setup: ValueError: no such thing" in str(on.said)
    assert not on.heard(PlaceOrder)


def seconds(first: int, last: int) -> list[Message]:
    """Return a quote and a heartbeat of each second after `OPEN`."""
    moments = [OPEN + second * NS_PER_S for second in range(first, last)]
    return [one for at_ns in moments for one in (quoted(100_00, at_ns), a_clock(at_ns))]


def test_what_it_holds_is_closed_when_its_file_cannot_be_set_up_after_a_restart() -> None:
    on = desk()
    tell(on, 1)
    on.make(lambda: Host("told", Broken, terms(Told), SESSIONS))
    on.restart()
    on.play(seconds(10, 20))

    assert on.alerts() == ["STRATEGY_STOPPED"]
    assert on.held() == 0


class Unkept(Told):
    """Sets in `on_tick` what cannot be kept."""

    def on_tick(self, tick: Tick) -> Intents:
        if tick.oi in UNKEPT:
            self.bad = UNKEPT[tick.oi]
            return None
        return super().on_tick(tick)


UNKEPT: dict[int | None, Any] = {98: {1}, 99: "half a character: \udc80"}


@pytest.mark.parametrize("told", [98, 99])
def test_from_the_step_that_cannot_be_written_on_it_is_as_after_a_restart(told: int) -> None:
    through, restarted = desk(Unkept), desk(Unkept)
    for on in (through, restarted):
        tell(on, 1)
        on.work(quoted(100_00, OPEN + 10 * NS_PER_S, told=told))
        if on is through:
            on.host.state.take_changes()
        else:
            on.restart()
        on.play([quoted(100_00, OPEN + second * NS_PER_S, told=6) for second in (11, 12, 13)])
        on.play(seconds(20, 25))

    assert through.said == restarted.said
    assert through.alerts() == ["STRATEGY_STOPPED"]
    assert through.held() == 0


class Hoarder(Study):
    """An indicator of a user's own that begins to keep a set."""

    def __init__(self) -> None:
        self.value: Any = None

    def update(self, bar: Bar) -> None:
        self.value = {bar.close}


class Hoarding(Told):
    """Feeds it."""

    def setup(self) -> None:
        super().setup()
        self.hoard = self.track(Hoarder(), OPTION, "1m")


def test_an_indicator_that_cannot_be_kept_any_more_stops_its_strategy_and_no_commit() -> None:
    on = desk(Hoarding)
    tell(on, 1)
    on.play([quoted(100_00, OPEN + 70 * NS_PER_S), a_clock(OPEN + 71 * NS_PER_S)])
    on.host.state.take_changes()
    on.play(seconds(80, 90))

    assert on.alerts() == ["STRATEGY_STOPPED"]
    assert "Hoarder.value cannot be kept: it is a set" in str(on.said)
    assert on.held() == 0


@pytest.mark.parametrize(
    ("intent", "said"),
    [
        (Buy(OPTION, "x", lots=1.5), "lots 1.5: they are whole"),  # type: ignore[arg-type]
        (Buy(OPTION, "x", stop=math.nan), "stop nan: prices are whole paise"),  # type: ignore[arg-type]
        (Buy(OPTION, "x", limit=100.5), "limit 100.5: prices are whole paise"),  # type: ignore[arg-type]
        (Target(OPTION, "BUY", "x"), "side 'BUY': it is Side.BUY"),  # type: ignore[arg-type]
        (Target(None, Side.BUY, "x"), "instrument None: it is text"),  # type: ignore[arg-type]
        (Opinion(OPTION, Side.BUY, "x", math.nan), "confidence nan"),
        (Buy(OPTION, None), "reason None: it is text"),  # type: ignore[arg-type]
        ([Opinion(OPTION, None, "x"), Buy(OPTION, "x", target="a")], "target 'a'"),  # type: ignore[arg-type]
    ],
)
def test_an_intent_that_is_not_sound_is_a_failure_of_its_handler_alone(intent: Intents, said: str) -> None:
    class Careless(Told):
        def on_tick(self, tick: Tick) -> Intents:
            return intent if tick.oi == 9 else super().on_tick(tick)

    on = desk(Careless)
    tell(on, 9)
    assert on.alerts() == ["HANDLER_FAILED"]
    assert said in str(on.said)
    assert not on.reasons()

    on.restart()
    tell(on, 1, OPEN + 20 * NS_PER_S)
    assert on.held() == LOT


@pytest.mark.parametrize("dry_first", [False, True])
def test_an_edited_mode_waits_until_what_was_opened_before_is_closed(dry_first: bool) -> None:
    modes = ("dry_run", "paper") if dry_first else ("paper", "dry_run")
    on = desk(mode=modes[0])
    tell(on, 1)
    on.make(lambda: Host("told", Told, terms(Told, mode=modes[1]), SESSIONS))
    on.restart()
    assert on.host.held(OPTION) == LOT

    on.play(seconds(20, 22))
    tell(on, 8, OPEN + 25 * NS_PER_S)
    assert on.alerts() == ["MODE_WAITS"]
    assert on.host.held(OPTION) == LOT
    assert f"mode {modes[1]} waits until what is held is closed" in on.reasons()[-1]
    on.restart()
    tell(on, 3, OPEN + 30 * NS_PER_S)
    assert on.host.held(OPTION) == on.held() == 0
    tell(on, 1, OPEN + 40 * NS_PER_S)

    assert (on.host.held(OPTION), on.held()) == ((LOT, LOT) if dry_first else (LOT, 0))
    assert on.alerts() == ["MODE_WAITS"]


def test_the_same_target_again_says_nothing() -> None:
    on = desk()
    for second in range(0, 20, 2):
        tell(on, 1, OPEN + second * NS_PER_S)

    assert on.reasons() == ["long"]
    assert on.held() == LOT


def test_a_flip_closes_first_and_opens_when_that_has_traded() -> None:
    on = desk(lots=2)
    tell(on, 1)
    tell(on, 2, OPEN + 10 * NS_PER_S)

    orders = [(one.side, one.qty) for one in on.heard(PlaceOrder)]
    assert orders == [(Side.BUY, 2 * LOT), (Side.SELL, 2 * LOT), (Side.SELL, 2 * LOT)]
    assert on.held() == -2 * LOT


def test_a_turn_is_over_before_the_next_second_for_its_entry_names_the_exit() -> None:
    on = desk()
    tell(on, 1)
    moment = OPEN + 10 * NS_PER_S
    on.work(quoted(100_00, moment, told=2))
    for ms in range(
        100, 900, 100
    ):  # The exchange takes the same order twice within half a second for a mistake.
        on.work(quoted(100_00, moment + ms * NS_PER_MS))

    _, away, entry = on.heard(PlaceOrder)
    assert (away.parent_id, entry.parent_id) == (None, away.order_id)
    assert on.held() == -LOT
    assert not [one for one in on.answered if isinstance(one, OrderRejected)]


def test_nothing_is_opened_outside_its_hours_and_everything_is_closed_at_the_exit() -> None:
    on = desk(entry_from="09:35", exit_time="15:00")
    tell(on, 1)
    tell(on, 1, OPEN + 10 * NS_PER_S)
    assert on.reasons() == [f"{OPTION} is not traded: nothing is opened before 09:35"]
    tell(on, 1, at("10:00:00"))
    assert on.held() == LOT
    on.play([quoted(100_00, at("14:59:59")), a_clock(at("15:00:00"))])
    on.play([quoted(100_00, at("15:00:01")), quoted(100_00, at("15:00:02"))])
    assert on.held() == 0
    tell(on, 1, at("15:01:00"))
    assert on.reasons()[-1].endswith("nothing is opened after the exit time 15:00")


def test_stopped_it_opens_nothing_but_leaves_what_it_holds() -> None:
    on = desk()
    tell(on, 1)
    on.work(Stop("told", "test", OPEN))
    tell(on, 3, OPEN + 10 * NS_PER_S)
    assert on.held() == 0
    tell(on, 1, OPEN + 20 * NS_PER_S)
    assert on.held() == 0


def test_an_exit_that_is_refused_is_tried_again() -> None:
    host = Host("told", Told, Told.Rules(kind="told", warmup_bars=0), SESSIONS)
    one = Desk(Told.Rules(kind="told", warmup_bars=0))
    one.play([an_option(), a_clock(at("09:15:00"))])
    tell(one, 1)
    host = one.host
    (exit_order,) = [
        m for m in host.handle(quoted(100_00, at("09:31:00"), told=3)) if isinstance(m, PlaceOrder)
    ]
    refusal = OrderRejected(exit_order.order_id, "told", OPTION, 0, RejectReason.HALTED, "told so")
    host.handle(refusal)

    again = host.handle(quoted(100_00, at("09:31:01")))

    assert [(m.side, m.qty) for m in again if isinstance(m, PlaceOrder)] == [(Side.SELL, LOT)]


def test_an_entry_that_is_refused_for_good_is_given_up_and_said() -> None:
    on = desk()
    host = on.host
    (order,) = [m for m in host.handle(quoted(100_00, OPEN, told=1)) if isinstance(m, PlaceOrder)]
    said = host.handle(OrderRejected(order.order_id, "told", OPTION, 0, RejectReason.MARGIN, "too little"))

    assert "ENTRY_REFUSED" in str(said)
    assert not [m for m in host.handle(quoted(100_00, OPEN + NS_PER_S)) if isinstance(m, PlaceOrder)]


def test_a_dry_run_places_nothing_and_assumes_fills_at_the_quote() -> None:
    on = desk(mode="dry_run", stop_points=10)
    tell(on, 1)
    assert not on.heard(PlaceOrder)
    (would,) = [one.would_place for one in on.said if isinstance(one, Signal) and one.would_place]
    assert (would.side, would.qty, would.stop_loss) == (Side.BUY, LOT, 90_10)
    assert on.host.held(OPTION) == LOT
    tell(on, 0, OPEN + 60 * NS_PER_S, price=89_00)
    assert on.host.held(OPTION) == 0
    assert "dry run: its stop was touched" in on.reasons()


def an_account(cash: int) -> Account:
    return Account(OPEN, cash, 0, 0, 0, cash, 0, cash)


@pytest.mark.parametrize(
    ("rules", "lots"),
    [
        ({"risk_percent": 1.0, "stop_points": 20}, 7),  # 10,000 of 10,00,000; 20 points of a lot are 1,300.
        ({"margin_percent": 1.0}, 1),  # 10,000; a lot costs 6,506.50.
        ({"risk_percent": 1.0, "stop_points": 20, "max_lots": 3}, 3),
        ({"risk_percent": 0.1, "stop_points": 20}, 0),
        ({"risk_percent": 1.0}, 0),
    ],
)
def test_entries_are_sized_by_the_account(rules: dict[str, Any], lots: int) -> None:
    on = desk(**rules)
    on.host.handle(an_account(10_00_000_00))
    out = on.host.handle(quoted(100_00, OPEN, told=1))

    assert [one.qty for one in out if isinstance(one, PlaceOrder)] == [lots * LOT] * bool(lots)
    assert lots or "is not traded" in str(out)


class Mean(Strategy):
    """Says the mean of each bar."""

    class Rules(TradingRules):
        """What can be set."""

        length: int = 3

    def setup(self) -> None:
        self.mean = self.track(SMA(self.rules.length), OPTION, "1m")
        self.bars_seen = 0
        self.length = self.rules.length

    def on_bar(self, bar: Bar) -> Intents:
        self.bars_seen += 1
        return Opinion(OPTION, None, f"{self.bars_seen} {self.length} {self.mean.value}")


def minutes(count: int, begin: str = "09:30:00") -> list[Message]:
    begin_ns = at(begin)
    return [quoted(100_00 + 10 * minute, begin_ns + minute * 60 * NS_PER_S) for minute in range(count)]


def test_a_warm_up_is_seen_before_the_first_live_bar() -> None:
    host = Host("told", Mean, Mean.Rules(kind="told", warmup_bars=3), SESSIONS)
    (asked,) = [one for one in host.handle(a_clock(at("09:29:00"))) if isinstance(one, HistoryRequest)]
    bars = tuple(PastBar(at(f"09:{minute}:00"), *[50_00 + minute] * 4) for minute in (26, 27, 28))
    host.handle(HistoryReply(asked.request_id, asked.by, OPTION, "1m", at("09:29:01"), bars, source="store"))
    out = [
        one for message in [*minutes(2, "09:29:10"), a_clock(at("09:31:00"))] for one in host.handle(message)
    ]

    first = next(one.reason for one in out if isinstance(one, Signal))
    assert first == "1 3 6685.0"  # Of 50.27 and 50.28 from the past, and 100.00.
    assert len(host._knowledge.bars(OPTION, "1m")) >= 4


def test_without_an_answer_it_begins_after_its_patience_and_says_so_once() -> None:
    host = Host("told", Mean, Mean.Rules(kind="told", warmup_bars=3), SESSIONS)
    out: list[Message] = []
    for second in range(120):
        out += host.handle(a_clock(at("09:29:00") + second * NS_PER_S))

    assert str(out).count("NO_WARMUP") == 1


def test_changed_rules_keep_what_was_learnt_and_take_what_setup_says_anew() -> None:
    rules = Mean.Rules(kind="told", warmup_bars=0)
    on = Desk(rules, Mean)
    on.play([an_option(), *minutes(5)])
    wanted = {**rules.model_dump(mode="json"), "length": 2}
    on.work(ChangeRules("told", {**wanted, "length": "two"}, "test", OPEN))
    on.work(ChangeRules("told", wanted, "test", OPEN))
    on.restart()
    on.play(minutes(3, "09:36:00"))

    assert on.alerts() == ["RULES_REFUSED", "RULES_CHANGED"]
    assert "length: " in str(on.said)
    assert on.reasons()[:4] == ["1 3 None", "2 3 None", "3 3 10010.0", "4 2 10025.0"]


def test_rules_that_are_followed_already_are_no_change_to_tell() -> None:
    rules = Mean.Rules(kind="told", warmup_bars=0)
    host, wanted = Host("told", Mean, rules, SESSIONS), rules.model_dump(mode="json")

    assert not list(host.handle(ChangeRules("told", wanted, "test", OPEN)))
    (told,) = host.handle(ChangeRules("told", {**wanted, "length": 2}, "test", OPEN))
    assert isinstance(told, Alert)
    assert (told.code, told.event_ns) == ("RULES_CHANGED", OPEN)


def test_a_file_that_was_edited_since_wins_over_changed_rules() -> None:
    rules = Mean.Rules(kind="told", warmup_bars=0)
    on = Desk(rules, Mean)
    on.work(ChangeRules("told", {**rules.model_dump(mode="json"), "length": 2}, "test", OPEN))
    on.restart()
    stored = on.stored

    def length(of_file: int) -> int:
        host = Host("told", Mean, Mean.Rules(kind="told", warmup_bars=0, length=of_file), SESSIONS)
        host.state.load(stored)
        host.restored()
        return host._rules.rules.length  # type: ignore[attr-defined, no-any-return]

    assert length(3) == 2
    assert length(5) == 5


class Future(Strategy):
    """Holds the future."""

    Rules = TradingRules

    def setup(self) -> None:
        self.nifty = self.contracts("NIFTY")
        self.call_at(time(9, 20))

    def on_time(self, at: time) -> Intents:
        future = self.contracts("NIFTY").future
        return Target(future.instrument, Side.BUY, "hold") if future else None


def a_future(expiry: str, lot: int = LOT) -> Instrument:
    name = f"NFO:NIFTY{expiry}"
    return Instrument(name, "NFO", expiry, "NIFTY", InstrumentKind.FUTURE, lot, 5, expiry)


def test_attributes_that_are_no_values_are_refused_in_setup() -> None:
    on = desk(Future)
    on.work(a_clock(OPEN))

    assert "self.nifty cannot be kept" in str(on.said)


class Rolling(Future):
    """Keeps nothing."""

    def setup(self) -> None:
        self.contracts("NIFTY")
        self.call_at(time(9, 20))


def test_a_future_is_rolled_once_so_many_trading_days_before_its_expiry() -> None:
    near, far = a_future("2026-11-26"), a_future("2026-12-29")
    on = Desk(TradingRules(kind="told", warmup_bars=0, roll_days=0, lots=2), Rolling)
    on.play([near, far])
    for day in (25, 26):
        for clock in ("09:16:00", "09:20:00", "09:20:01", "09:20:02", "09:20:03"):
            now_ns = at(clock, DAY.replace(day=day))
            for one in (near, far):
                on.work(quoted(24_500_00, now_ns, instrument=one.instrument))
            on.work(a_clock(now_ns))

    assert on.held(near.instrument) == 0
    assert on.held(far.instrument) == 2 * LOT
    assert sum("rolled over" in one for one in on.reasons()) == 2


def test_a_position_that_stays_overnight_gets_its_stop_again_the_next_morning() -> None:
    on = desk(stop_points=10, target_points=30)
    tell(on, 1)
    on.play([a_clock(at("15:29:00")), a_clock(at("15:30:01")), a_clock(at("15:45:00"))])
    assert not on.exchange.known.book.all_working()
    morning = at("09:15:05", DAY.replace(day=25))  # The 24th is a holiday.
    on.play([a_clock(morning), quoted(101_00, morning), quoted(101_00, morning + NS_PER_S)])

    working = {
        one.order.trigger_price or one.order.limit_price for one in on.exchange.known.book.all_working()
    }
    assert working == {90_10, 130_10}
    on.play([quoted(90_00, morning + 2 * NS_PER_S), quoted(90_00, morning + 3 * NS_PER_S)])
    assert on.held() == 0
    assert not on.exchange.known.book.all_working()


def test_two_strategies_on_one_contract_stay_apart() -> None:
    on = desk()
    tell(on, 1)
    other = OrderAccepted("other-1", "other", OPTION, OPEN)

    assert on.host.handle(other) == []
    assert on.host.handle(an_other_fill()) == []
    assert on.host.held(OPTION) == LOT


def an_other_fill() -> Message:
    return a_fill(strategy="other", instrument=OPTION)
