"""How many lots an entry has, and where its stop and target stand: by the rules, to the paisa."""

from typing import Any

import pytest

from sauda.contracts import Instrument, InstrumentKind, Side
from sauda.testing.builders import LOT, an_option
from sauda_strategy.api import TradingRules
from sauda_strategy.sizing.protection import Protection
from sauda_strategy.sizing.size import Means, Need, lots_of
from sauda_strategy.trading.work import Entry

FUTURE = Instrument(
    "NFO:NIFTY29DEC26F", "NFO", "", "NIFTY", InstrumentKind.FUTURE, LOT, tick_size=10, expiry="2026-12-29"
)
RICH = Means(capital=10_00_000_00, available=2_00_000_00)


def rules(**values: Any) -> TradingRules:
    return TradingRules(kind="any", **values)


def need(
    of: Instrument | None = None, side: Side = Side.BUY, price: int | None = 100_00, stop: float | None = None
) -> Need:
    return Need(of or an_option(), side, price, stop)


def test_a_share_of_margin_is_one_of_the_money_that_is_free() -> None:
    # 10 % of 2,00,000 free, not of the 10,00,000 of the account; a lot of the option costs 6,500.
    assert lots_of(rules(margin_percent=10.0), need(), RICH).lots == 3


def test_risk_is_a_share_of_the_whole_capital() -> None:
    # 0.5 % of 10,00,000 is 5,000, of a bought and a sold lot alike; 20 points of a lot are 1,300.
    for side, stop in ((Side.BUY, 80_00.0), (Side.SELL, 120_00.0)):
        assert lots_of(rules(risk_percent=0.5), need(side=side, stop=stop), RICH).lots == 3


@pytest.mark.parametrize(("of", "side"), [(FUTURE, Side.BUY), (an_option(), Side.SELL)])
def test_what_blocks_margin_needs_to_be_told_how_much(of: Instrument, side: Side) -> None:
    told = rules(margin_percent=100.0, margin_per_lot=75_000)

    assert lots_of(told, need(of, side), RICH).lots == 2
    assert "margin_per_lot" in lots_of(rules(margin_percent=100.0), need(of, side), RICH).why_none


@pytest.mark.parametrize(
    ("values", "means", "says"),
    [
        ({"risk_percent": 1.0}, Means(None, None), "set the rule `capital`"),
        ({"margin_percent": 1.0}, Means(None, None), "set the rule `capital`"),
        ({"risk_percent": 1.0, "capital": 1000}, Means(None, None), "needs a stop"),
        ({"margin_percent": 1.0}, RICH, "is less than the Rs 6500.00 of one lot"),
    ],
)
def test_where_there_is_nothing_to_size_by_it_says_what_is_missing(
    values: dict[str, Any], means: Means, says: str
) -> None:
    size = lots_of(rules(**values), need(), means)

    assert size.lots == 0
    assert says in size.why_none


def test_while_the_account_is_unknown_the_rules_capital_stands_for_it() -> None:
    terms = rules(margin_percent=50.0, capital=40_000)

    assert lots_of(terms, need(), Means(None, None)).lots == 3


@pytest.mark.parametrize(("side", "stop", "target"), [(Side.BUY, 96_90, 104_20), (Side.SELL, 103_15, 95_85)])
def test_stop_and_target_are_never_nearer_than_was_asked_for(side: Side, stop: int, target: int) -> None:
    # 3.11 % and 4.13 % of 100.03 are no whole ticks of five paise: 3.1109 and 4.1312 points.
    terms = rules(stop_percentage=3.11, target_percentage=4.13)
    protection = Protection(lambda: terms)

    assert protection.around(Entry(side=side, qty=LOT, since_ns=0), 100_03, 5) == (stop, target)


def test_what_the_intent_says_comes_before_the_rules() -> None:
    protection = Protection(lambda: rules(stop_points=10, target_points=30))
    entry = Entry(side=Side.BUY, qty=LOT, since_ns=0, stop=95_00)

    assert protection.around(entry, 100_00, 5) == (95_00, 130_00)
