"""A future is left for the next month's: when, on which side, for how many lots, and when not."""

from datetime import time
from typing import Any

import pytest

from sauda.contracts import Instrument, InstrumentKind, PlaceOrder, Signal, SquareOff
from sauda.testing.builders import DAY, a_clock, at
from sauda_strategy.api import Intents, Side, Strategy, Target, TradingRules
from tests.unit.strategy.host.host_desk import Desk, quoted

MOMENTS = ("09:16:00", "09:20:00", "09:20:01", "09:20:02", "09:20:03")


class Future(Strategy):
    """Takes a position at 09:20 of its first day; wants nothing more, or at 09:20 of the next to have left it."""

    class Rules(TradingRules):
        """What can be set."""

        short: bool = False
        leaves: bool = False
        stop_at: int | None = None
        target_at: int | None = None

    def setup(self) -> None:
        self.contracts("NIFTY")
        self.call_at(time(9, 20))
        self.traded: str | None = None

    def on_time(self, at: time) -> Intents:
        future = self.contracts("NIFTY").future
        if self.traded is not None:
            return Target(self.traded, None, "enough") if self.rules.leaves else None
        if future is None:
            return None
        self.traded = future.instrument
        side, rules = Side.SELL if self.rules.short else Side.BUY, self.rules
        return Target(future.instrument, side, "hold", stop=rules.stop_at, target=rules.target_at)


def a_future(expiry: str, lot: int) -> Instrument:
    return Instrument(f"NFO:NIFTY{expiry}", "NFO", expiry, "NIFTY", InstrumentKind.FUTURE, lot, 5, expiry)


FAR = a_future("2026-12-29", 25)


def desk(near: Instrument, *, restarts: bool = False, **rules: Any) -> Desk:
    on = Desk(Future.Rules(kind="future", warmup_bars=0, lots=2, **rules), Future, restarts=restarts)
    on.play([near, FAR])
    return on


def live(
    on: Desk,
    near: Instrument,
    day: int,
    moments: tuple[str, ...] = MOMENTS,
    prices: tuple[int, int] = (24_500_00, 24_500_00),
) -> None:
    for clock in moments:
        now_ns = at(clock, DAY.replace(day=day))
        both = zip((near, FAR), prices, strict=True)
        on.play([quoted(price, now_ns, instrument=one.instrument) for one, price in both])
        on.work(a_clock(now_ns))


@pytest.mark.parametrize(("short", "sign"), [(False, 1), (True, -1)])
def test_side_and_lots_stay_though_the_lot_of_the_next_month_is_another(short: bool, sign: int) -> None:
    near = a_future("2026-11-26", 75)
    on = desk(near, short=short, roll_days=0)

    live(on, near, 25)
    assert on.held(near.instrument) == sign * 2 * 75

    live(on, near, 26)
    assert (on.held(near.instrument), on.held(FAR.instrument)) == (0, sign * 2 * 25)


def test_days_before_the_expiry_are_trading_days() -> None:
    # The 24th is a holiday: the 20th, a Friday, is two trading days before the 25th, the 23rd is one.
    near = a_future("2026-11-25", 75)
    on = desk(near)

    live(on, near, 20)
    assert on.held(near.instrument) == 2 * 75

    live(on, near, 23)
    assert (on.held(near.instrument), on.held(FAR.instrument)) == (0, 2 * 25)


def test_a_square_off_in_the_middle_of_a_roll_over_opens_nothing() -> None:
    near = a_future("2026-11-26", 75)
    on = desk(near, roll_days=0)
    live(on, near, 25)
    live(on, near, 26, MOMENTS[:2])
    assert on.held(near.instrument) == 2 * 75
    assert sum("rolled over to" in one for one in on.reasons()) == 1

    on.work(SquareOff("told", "enough", at("09:20:00", DAY.replace(day=26))))
    live(on, near, 26, MOMENTS[2:])

    assert (on.held(near.instrument), on.held(FAR.instrument)) == (0, 0)
    assert not on.working(FAR.instrument)


def test_who_leaves_the_position_in_the_middle_of_its_roll_over_holds_nothing_afterwards() -> None:
    near = a_future("2026-11-26", 75)
    on = desk(near, roll_days=0, leaves=True)
    live(on, near, 25)

    live(on, near, 26)  # The roll-over begins with the tick of 09:20:00, and "enough" comes behind it.

    assert sum("rolled over to" in one for one in on.reasons()) == 1
    assert (on.held(near.instrument), on.held(FAR.instrument)) == (0, 0)
    assert not on.working(FAR.instrument)


@pytest.mark.parametrize("mode", ["paper", "dry_run"])
@pytest.mark.parametrize(
    ("short", "own", "stop", "target"),
    [
        # 12 rupees up on the near one; the far one is 150.20 above it: each figure moves by just that.
        (False, {"stop_at": 24_450_00, "target_at": 24_600_00}, 24_600_20, 24_750_20),
        (True, {"stop_at": 24_600_00, "target_at": 24_400_00}, 24_750_20, 24_550_20),
        (False, {"stop_at": 24_450_00, "target_points": 60}, 24_600_20, None),
        (False, {}, None, None),
    ],
    ids=["long", "short", "one of the rules", "none"],
)
def test_stop_and_target_go_along_as_far_from_the_price_as_they_were(
    mode: str, short: bool, own: dict[str, Any], stop: int | None, target: int | None
) -> None:
    near = a_future("2026-11-26", 75)
    on = desk(near, restarts=True, short=short, roll_days=0, mode=mode, **own)
    live(on, near, 25)
    live(on, near, 26, prices=(24_512_00, 24_662_20))

    sent = [one.would_place for one in on.heard(Signal) if one.would_place] + on.heard(PlaceOrder)
    first = next(one for one in sent if one.instrument == near.instrument)
    (entry,) = [one for one in sent if one.instrument == FAR.instrument]
    if "target_points" in own:
        assert first.take_profit == 24_500_10 + 60_00
        target = first.take_profit + 150_20
    assert (entry.stop_loss, entry.take_profit) == (stop, target)
