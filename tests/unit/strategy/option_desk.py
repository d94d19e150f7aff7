"""A small chain and a desk for the tests of strategies that sell options."""

from collections.abc import Sequence
from typing import Any

from sauda.contracts import Alert, Message, PlaceOrder, Right
from sauda.testing.builders import INDEX, a_clock, a_tick, an_index, an_option, at
from sauda_strategy.option_kinds import OPTION_KINDS
from sauda_strategy.option_rules import OptionRules
from sauda_strategy.option_seller import OptionSeller
from tests.unit.strategy.tiny_desk import TinyDesk

STRIKES = range(24_000, 25_050, 50)
DISTANCES: dict[str, dict[str, Any]] = {
    "short_straddle": {},
    "short_strangle": {"sotm_points": 100},
    "iron_fly": {"wing_points": 200},
    "iron_condor": {"sotm_points": 100, "wing_points": 100},
}
"""kind -> what it needs beside the hours"""


def name(strike: int, right: Right) -> str:
    return f"NFO:NIFTY01DEC26{right.value[0]}{strike}"


CALL, PUT = name(24_500, Right.CALL), name(24_500, Right.PUT)
CALL_WING, PUT_WING = name(24_700, Right.CALL), name(24_300, Right.PUT)
OPTIONS = {
    name(strike, right): an_option(name(strike, right), strike=strike * 100, right=right)
    for strike in STRIKES
    for right in Right
}


def rules(kind: str, **changes: Any) -> OptionRules:
    values = {"kind": kind, "tsymbol": "NIFTY", "entry_time": "09:20", "exit_time": "15:15"}
    return OPTION_KINDS[kind].model_validate({**values, **DISTANCES[kind], **changes})


def seller(kind: str, **changes: Any) -> OptionSeller:
    return OptionSeller("one", rules(kind, **changes))


def ticks(clock: str, **prices: int) -> list[Message]:
    """Ticks of legs by name: `CE`, `PE` at the money, `CEW`, `PEW` 200 points out."""
    known = {"CE": CALL, "PE": PUT, "CEW": CALL_WING, "PEW": PUT_WING}
    return [a_tick(price, instrument=known[leg], at_ns=at(clock)) for leg, price in prices.items()]


def index(price: int, clock: str) -> Message:
    return a_tick(price, instrument=INDEX, at_ns=at(clock))


def morning() -> list[Message]:
    """Everything up to just before the entry: calls and puts cost less the further out they are."""
    return [
        an_index(),
        *OPTIONS.values(),
        a_clock(at("09:15:00")),
        index(24_510_00, "09:15:01"),
        *(
            a_tick(
                max(5_00, 100_00 - abs((one.strike or 0) - 24_500_00) // 4),
                instrument=one.instrument,
                at_ns=at("09:19:59"),
            )
            for one in OPTIONS.values()
        ),
    ]


def opened(kind: str, extra: Sequence[Message] = (), **changes: Any) -> TinyDesk:
    """Return a desk whose strategy has made its entry."""
    desk = TinyDesk(seller(kind, **changes))
    desk.play([*morning(), *extra, a_clock(at("09:20:00"))])
    return desk


def codes(desk: TinyDesk) -> list[str]:
    return [alert.code for alert in desk.heard(Alert)]


def placed(desk: TinyDesk) -> list[str]:
    """Return the ids of all orders, in order, without the strategy's name and the day."""
    return [order.order_id.removeprefix("one-20261123-") for order in desk.heard(PlaceOrder)]
