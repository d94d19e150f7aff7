"""A real expiry day: what is held over NIFTY's close of 2026-02-03 is settled at what pandas says, to the paisa.

The recording shows the chain and the index every five minutes, and after the close the index's official closing value.
"""

import os
from datetime import date
from functools import cache
from pathlib import Path

import msgspec
import pandas as pd
import pytest

from sauda.calendar import load_calendar
from sauda.contracts import Against, Alert, DeskPnl, Fill, Level, Message, OrderKind, PlaceOrder, Side, Tick
from sauda.recordings.timeline import Recording
from sauda.testing.restart import play, play_with_restarts
from sauda_execution.charges import load_tariff
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House
from sauda_execution.settings import Limits
from sauda_pnl.valuation import Valuation

REPOSITORY = Path(__file__).parents[3]
DATA = Path(os.environ.get("SAUDA_TEST_DATA", REPOSITORY.parent / "shared/data"))
FILE = DATA / "index_chain_5min_202602_kite/index_chain_2026-02-03.parquet"
MARKET = REPOSITORY / "config/market"
DAY = date(2026, 2, 3)
LOT = 65
CALL, PUT = "NFO:NIFTY03FEB26C25700", "NFO:NIFTY03FEB26P25700"
WING = "NFO:NIFTY03FEB26C26000"
HELD = {CALL, PUT, WING}
INDEX = "NSE:Nifty 50"


def instant(clock: str) -> int:
    return int(pd.Timestamp(f"{DAY} {clock}", tz="Asia/Kolkata").value)


@pytest.fixture(scope="module")
def recording() -> Path:
    if not FILE.exists():
        if os.environ.get("CI"):
            pytest.fail(f"{FILE} is missing: CI never skips")
        pytest.skip(f"{FILE} is missing: set SAUDA_TEST_DATA")
    return FILE


def build() -> PaperExchange:
    # Snapshots come every five minutes: nothing younger is there to trade on.
    limits = Limits.at_speed(600, max_order_age_s=30, stale_quote_s=30)
    calendar = load_calendar(MARKET)
    return PaperExchange(House(calendar, limits, tariff=load_tariff(MARKET, "free"), closing=calendar))


@cache
def story(path: Path, *, with_index: bool = True) -> list[Message]:
    """Return the day, in which a straddle is sold and a wing bought at 14:50; the index stands in a column of its own."""
    found = Recording(path, frozenset({"NIFTY"}), load_calendar(MARKET))
    told: list[tuple[int, int, Message]] = []
    for one in found.messages():
        if not isinstance(one, Tick):
            told.append((one.event_ns, 1, one))
        elif one.instrument in HELD:
            told.append((one.recv_ns, 0, one))
    for at, price in index_of(path).items() if with_index else ():
        if at < instant("15:30:00"):
            told.append((at, 0, Tick(INDEX, at, at, price)))
    for name, side in ((CALL, Side.SELL), (PUT, Side.SELL), (WING, Side.BUY)):
        at = instant("14:50:00")
        told.append((at, 2, PlaceOrder(f"hand-{name}", "hand", name, side, LOT, OrderKind.MARKET, at)))
    return [*found.instruments, *(one for _, _, one in sorted(told, key=lambda one: one[:2]))]


def index_of(path: Path) -> dict[int, int]:
    """Return the index's prices in paise by time."""
    rows = pd.read_parquet(path)
    spot = rows[rows.underlying == "NIFTY"].groupby("ts_utc_ns").spot.first()
    return {int(at): round(price * 100) for at, price in spot.items()}


def closing_price(path: Path) -> int:
    """Return the index's average over 15:00 to 15:30 in paise, each price for as long as it stood."""
    begins, ends = instant("15:00:00"), instant("15:30:00")
    seen = [(at, price) for at, price in index_of(path).items() if at < ends]
    starts = [max(at, begins) for at, _ in seen]
    stood = [(after - at) // 10**6 for at, after in zip(starts, [*starts[1:], ends], strict=True)]
    return round(sum(price * ms for (_, price), ms in zip(seen, stood, strict=True)) / sum(stood))


def official_close(path: Path) -> float:
    rows = pd.read_parquet(path)
    late = rows[(rows.underlying == "NIFTY") & rows.after_hours & (rows.ts_utc_ns > instant("15:31:00"))]
    (value,) = late.spot.unique()
    return float(value)


def test_what_was_held_is_settled_at_the_average_of_the_last_half_hour(recording: Path) -> None:
    said = play(build(), story(recording))

    settled = {
        fill.instrument: fill
        for fill in said
        if isinstance(fill, Fill) and fill.against is Against.SETTLEMENT
    }
    closing = closing_price(recording)
    assert {name: fill.price for name, fill in settled.items()} == {
        CALL: max(0, closing - 25_700_00),
        PUT: max(0, 25_700_00 - closing),
        WING: max(0, closing - 26_000_00),
    }
    assert {fill.side for fill in (settled[CALL], settled[PUT])} == {Side.BUY}
    assert settled[WING].side is Side.SELL
    assert {fill.event_ns for fill in settled.values()} == {instant("15:30:00")}
    # Only who exercises pays the tax: the short call is assigned, the long one is worthless.
    assert {fill.costs.stt for fill in settled.values() if fill.costs} == {0}


def test_the_average_of_what_was_seen_is_near_the_official_closing_value(recording: Path) -> None:
    """Seven prices in half an hour, where the exchange has every trade: 5.66 points away."""
    closing, official = closing_price(recording) / 100, official_close(recording)

    assert abs(closing - official) / official < 0.0005


def test_without_the_index_put_call_parity_settles_it_and_says_so(recording: Path) -> None:
    said = play(build(), story(recording, with_index=False))

    settled = {f.instrument: f for f in said if isinstance(f, Fill) and f.against is Against.SETTLEMENT}
    warnings = [one for one in said if isinstance(one, Alert)]
    assert settled.keys() == HELD
    assert abs(settled[CALL].price - (closing_price(recording) - 25_700_00)) < 25_00
    assert {one.level for one in warnings} == {Level.WARNING}
    assert all("put-call parity at the strike 25700" in one.text for one in warnings)


def test_the_valuation_ends_flat_and_no_paisa_is_lost(recording: Path) -> None:
    exchange, valuation = build(), Valuation()
    cash, points = 0, []
    for message in story(recording):
        points += play(valuation, [message])
        for fill in play(exchange, [message]):
            if isinstance(fill, Fill):
                cash -= fill.signed_qty * fill.price + fill.charges
                points += play(valuation, [fill])

    last = [point for point in points if isinstance(point, DeskPnl)][-1]
    assert last.unrealised == 0
    assert last.net == last.day_net == cash


def test_a_restart_in_the_closing_window_changes_nothing(recording: Path) -> None:
    told = list(story(recording))
    middle = [
        number
        for number, message in enumerate(told)
        if isinstance(message, Tick) and instant("15:00:00") <= message.recv_ns < instant("15:34:00")
    ]

    assert len(middle) > 10
    undisturbed = play(build(), told)
    assert list(map(msgspec.json.encode, play_with_restarts(build, told, middle))) == list(
        map(msgspec.json.encode, undisturbed)
    )
