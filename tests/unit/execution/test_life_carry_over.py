"""What goes over the night and what does not: positions, cash and margin do, orders do not; each day's profit is its own."""

from dataclasses import replace

import pytest

from sauda.cli.by_day import DayPnl, days_of
from sauda.contracts import (
    Account,
    DeskPnl,
    Fill,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderKind,
    Product,
    Side,
)
from sauda.margin import load_margins
from sauda.testing.builders import OPTION, a_clock, an_order, at
from sauda.testing.restart import play, play_with_restarts
from sauda_execution.charges import load_tariff
from sauda_execution.exchange import PaperExchange
from sauda_execution.order_rules import load_order_rules
from sauda_pnl.valuation import Valuation
from tests.unit.execution.lived import (
    CALL,
    MARKET,
    MASTERS,
    MONDAY,
    WEDNESDAY,
    a_house,
    index_at,
    quoted,
    trades,
)

CAPITAL = 10_00_000_00


def build() -> PaperExchange:
    """Return a desk with an account, charges and order rules."""
    return PaperExchange(
        replace(
            a_house(),
            tariff=load_tariff(MARKET, "free"),
            rules=load_order_rules(MARKET),
            margins=load_margins(MARKET),
            capital=CAPITAL,
        )
    )


def night() -> list[Message]:
    """Return two days: an option sold for longer, one that expires, one for the day alone, and an order that rests."""
    resting = an_order(
        Side.BUY, order_id="resting", kind=OrderKind.LIMIT, limit_price=150_00, event_ns=at("10:03")
    )
    return [
        *MASTERS,
        index_at(24_510_00, "09:59"),
        *trades(OPTION, Side.SELL, 200_00, "10:00"),
        *trades(CALL, Side.SELL, 60_00, "10:01"),
        *trades(OPTION, Side.SELL, 200_00, "10:02", product=Product.MIS),
        quoted(OPTION, 200_00, "10:03"),
        resting,
        quoted(OPTION, 190_00, "15:34:59"),
        a_clock(at("15:35")),
        index_at(24_520_00, "15:35"),
        a_clock(at("15:40")),
        quoted(OPTION, 180_00, "15:40:01"),
        a_clock(at("15:40:02")),
        index_at(24_600_00, "09:15", WEDNESDAY),
        quoted(OPTION, 230_00, "09:15", WEDNESDAY),
        a_clock(at("09:15:02", WEDNESDAY)),
        *trades(OPTION, Side.BUY, 220_00, "11:00", day=WEDNESDAY),
        a_clock(at("11:01:01", WEDNESDAY)),
    ]


def desk_of(story: list[Message]) -> tuple[list[Message], list[Message]]:
    """Play *story* to exchange and valuation; return what each said."""
    exchange, valuation = build(), Valuation()
    said: list[Message] = []
    points: list[Message] = []
    for message in story:
        points += play(valuation, [message])
        answers = play(exchange, [message])
        said += answers
        points += play(valuation, [one for one in answers if isinstance(one, Fill | Account)])
    return said, points


@pytest.fixture(scope="module")
def played() -> tuple[list[Message], list[Message]]:
    """Return what exchange and valuation said of the two days."""
    return desk_of(night())


def accounts(said: list[Message]) -> list[Account]:
    return [one for one in said if isinstance(one, Account)]


def at_evening(said: list[Message]) -> Account:
    return [one for one in accounts(said) if one.event_ns <= at("15:40:02")][-1]


def test_orders_end_with_the_day_and_positions_do_not(played: tuple[list[Message], list[Message]]) -> None:
    said, _ = played

    cancelled = [one for one in said if isinstance(one, OrderCancelled)]
    last = [one for one in said if isinstance(one, Fill)][-1]
    assert [(one.order_id, one.reason, one.event_ns) for one in cancelled] == [
        ("resting", "session over", at("15:40"))
    ]
    assert (last.side, last.qty, last.event_ns) == (Side.BUY, 65, at("11:00", WEDNESDAY))


def test_three_positions_end_each_in_its_own_way(played: tuple[list[Message], list[Message]]) -> None:
    said, _ = played

    made = {one.order_id: one for one in said if isinstance(one, OrderAccepted) and one.terms is not None}
    ends = [(f.order_id.split("-")[0], f.product, f.price) for f in said if isinstance(f, Fill)][3:]
    assert f"mis-straddle-{OPTION}-2026-11-23" in made
    assert ends == [
        ("mis", Product.MIS, 190_05),
        ("settle", Product.NRML, 20_00),
        ("straddle", Product.NRML, 220_05),
    ]


def test_margin_is_blocked_over_the_night_for_what_is_left_and_released_to_the_last_paisa(
    played: tuple[list[Message], list[Message]],
) -> None:
    said, _ = played
    evening, end = at_evening(said), accounts(said)[-1]
    at_most = max(one.blocked for one in accounts(said))

    assert 0 < evening.blocked < at_most
    assert (end.blocked, end.strategies) == (0, {})


def test_the_account_ends_with_its_capital_and_what_was_made(
    played: tuple[list[Message], list[Message]],
) -> None:
    said, points = played
    fills = [one for one in said if isinstance(one, Fill)]
    cash = -sum(fill.signed_qty * fill.price + fill.charges for fill in fills)
    desk = [point for point in points if isinstance(point, DeskPnl)][-1]

    assert accounts(said)[-1].cash == CAPITAL + cash
    assert desk.net == cash
    assert desk.unrealised == 0


def test_each_day_has_its_own_profit_and_the_night_belongs_to_the_second(
    played: tuple[list[Message], list[Message]],
) -> None:
    said, points = played
    charges = {
        day: sum(
            f.charges
            for f in said
            if isinstance(f, Fill) and (f.event_ns < at("09:00", WEDNESDAY)) is (day == MONDAY)
        )
        for day in (MONDAY, WEDNESDAY)
    }
    days = [day for day in days_of(points) if day.strategy is None]

    # Monday: 65 x (60 - 20) settled, 65 x (199.95 - 190.05) for the day alone, 65 x (199.95 - 180) open.
    realised = 65 * (59_95 - 20_00) + 65 * (199_95 - 190_05)
    assert [(day.date, day.realised, day.unrealised, day.charges) for day in days] == [
        (MONDAY, realised, 65 * (199_95 - 180_00), charges[MONDAY]),
        (WEDNESDAY, 65 * (199_95 - 220_05), -65 * (199_95 - 180_00), charges[WEDNESDAY]),
    ]
    assert all(
        isinstance(day, DayPnl) and day.net == day.realised + day.unrealised - day.charges for day in days
    )


def test_return_is_on_the_most_that_was_blocked(played: tuple[list[Message], list[Message]]) -> None:
    said, points = played
    desk = [point for point in points if isinstance(point, DeskPnl)][-1]
    most = max(one.blocked for one in accounts(said))

    assert (desk.margin, desk.peak_margin) == (0, most)
    assert desk.roi == pytest.approx(100 * desk.net / most, abs=0.00005)


def test_a_restart_before_any_message_of_the_two_days_changes_nothing() -> None:
    story = night()

    assert play_with_restarts(build, story, set(range(len(story)))) == play(build(), story)
