"""What the exchange counts as orders come and go is what it would count afresh: nothing of it is remembered in the state."""

from collections.abc import Iterator
from datetime import date
from functools import cache
from random import Random

import pytest

from sauda.contracts import Against, CancelOrder, Fill, Message, ModifyOrder, OrderKind, PlaceOrder, Side
from sauda.settings import load_settings
from sauda.testing.builders import INDEX, LOT, NOW, a_clock, a_tick, an_index, an_option, an_order, at
from sauda.unit import Unit
from sauda_execution.account.part import MarginAccount
from sauda_execution.book import FOREVER_NS, Book
from sauda_execution.exchange import PaperExchange
from sauda_execution.risk.exposure import Exposure
from sauda_execution.risk.gate import RiskGate
from sauda_execution.units import units

NAMES = ("NFO:NIFTY01DEC26C24500", "NFO:NIFTY01DEC26C24600", "NFO:NIFTY01DEC26C24700")
STRATEGIES = ("one", "other")
UNLIMITED = {"max_orders_per_second": None, "duplicate_ms": 0}


def test_what_follows_orders_is_what_is_counted_afresh() -> None:
    exchange = an_exchange()

    for message in messages():
        exchange.handle(message)

        assert counted(exposure_of(exchange)) == counted(afresh(exchange))
        assert exchange.known.book.first_expiry_ns == first_expiry_ns(exchange.known.book)
    assert exchange.known.book.holdings()
    assert len(exchange.known.book.all_working()) > 3


@pytest.mark.parametrize("latency_ms", ["0", "3"])
def test_whoever_is_loaded_derives_what_stands_in_memory(latency_ms: str) -> None:
    """After every message, through the night and the settling of what has expired."""
    exchange, stored = an_exchange(latency_ms), dict[bytes, bytes]()
    settled = 0
    for message in [*messages(), *until_settled()]:
        said = exchange.handle(message)
        settled += sum(isinstance(one, Fill) and one.against is Against.SETTLEMENT for one in said)
        for row, value in exchange.state.take_changes().items():
            stored.pop(row, None) if value is None else stored.update({row: value})
        loaded = an_exchange(latency_ms)
        loaded.state.load(stored)
        loaded.restored()

        assert derived(exchange) == derived(loaded)
    assert settled > 1


def an_exchange(latency_ms: str = "0") -> PaperExchange:
    exchange = the_unit(latency_ms).build()
    assert isinstance(exchange, PaperExchange)
    return exchange


def messages() -> Iterator[Message]:
    """Yield orders of all fates: filled whole and in part, resting, changed, withdrawn, ended by the session."""
    dice = Random(5)
    yield an_index()
    for name in NAMES:
        yield an_option(name)
    for number in range(150):
        name, strategy = dice.choice(NAMES), dice.choice(STRATEGIES)
        price = 100_00 + 5 * dice.randint(-3, 3)
        now_ns = NOW + number * 1_000_000
        yield a_tick(
            price, instrument=name, bid=price - 5, ask=price + 5, bid_qty=LOT, ask_qty=LOT, at_ns=now_ns
        )
        side, kind = dice.choice(list(Side)), dice.choice((OrderKind.MARKET, OrderKind.LIMIT))
        limit = price + 5 * dice.randint(-4, 4) if kind is OrderKind.LIMIT else None
        yield an_order(
            side,
            order_id=f"o-{number}",
            strategy=strategy,
            instrument=name,
            qty=LOT * dice.randint(1, 3),
            kind=kind,
            limit_price=limit,
            event_ns=now_ns,
        )
        earlier = f"o-{dice.randint(max(0, number - 5), number)}"
        if number % 3 == 0:
            yield CancelOrder(earlier, strategy, now_ns)
        elif number % 3 == 1:
            yield ModifyOrder(earlier, strategy, now_ns, qty=LOT * dice.randint(1, 4))


def until_settled() -> Iterator[Message]:
    """Yield the rest of that day, and the one on which the options expire."""
    for day in (date(2026, 11, 23), date(2026, 12, 1), date(2026, 12, 2)):
        for clock in ("10:30:00", "15:29:59", "15:30:00", "15:59:59", "16:30:00"):
            at_ns = at(clock, day)
            if clock < "15:30:00":
                yield a_tick(24_650_00, instrument=INDEX, at_ns=at_ns)
                yield a_tick(110_00, instrument=NAMES[0], bid=109_00, ask=111_00, at_ns=at_ns)
            yield a_clock(at_ns)


def derived(exchange: PaperExchange) -> list[object]:
    book, exposure = exchange.known.book, exposure_of(exchange)
    account = next(part for part in exchange.parts if isinstance(part, MarginAccount))
    ledger, prices = account.means.ledger, account.means.prices
    return [
        exchange.due_ns,
        (book.by_instrument, book._travelling, dict(book._expiries)),
        (book.first_expiry_ns, book.first_arrival_ns),
        ({name: (one.order, one.open_qty) for name, one in exposure._counted.items()}, exposure._waiting),
        (exposure._worst, exposure._orders),
        {name: list(keys) for name, keys in ledger._of.items()},
        {name: list(keys) for name, keys in ledger._unpaid.items()},
        {name: keys for name, keys in prices._kept.items() if keys},
        account.means.figures(),
    ]


@cache
def the_unit(latency_ms: str) -> Unit:
    settings = load_settings(environ={"SAUDA_CAPITAL": "100000000", "SAUDA_ORDER_LATENCY_MS": latency_ms})
    return units(settings, {"execution.paper": UNLIMITED})[0]


def exposure_of(exchange: PaperExchange) -> Exposure:
    gate = next(part for part in exchange.parts if isinstance(part, RiskGate))
    return gate.exposure


def afresh(exchange: PaperExchange) -> Exposure:
    exposure = Exposure(exchange.known.book, exchange.known.market)
    exposure.restored()
    return exposure


def counted(exposure: Exposure) -> list[object]:
    one_more: list[PlaceOrder] = [an_order(order_id="more", strategy="one", instrument=NAMES[0])]
    return [
        (
            exposure.total(strategy, more),
            exposure.worst(strategy, name, more),
            exposure.orders(strategy, name),
        )
        for strategy in (None, *STRATEGIES)
        for name in NAMES
        for more in ([], one_more)
    ] + [exposure.orders(strategy, None) for strategy in (None, *STRATEGIES)]


def first_expiry_ns(book: Book) -> int:
    return min((one.expires_ns for one in book.all_working()), default=FOREVER_NS)
