"""Runs that never happened, for tests: only what a test names matters."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, time, timedelta

from sauda.backtest.outcome import Data, EquityPoint, Outcome
from sauda.clock import NS_PER_S, UnixNs, from_ist
from sauda.contracts import Against, ChargeLines, Fill, PlaceOrder, Side

MONDAY = date(2026, 11, 23)
HOUR_NS = 3600 * NS_PER_S


def at(clock: str, day: int = 0) -> UnixNs:
    """Return *clock* of India on the *day*-th day after the Monday."""
    return from_ist(MONDAY + timedelta(days=day), time.fromisoformat(clock))


def hours(*days: int) -> tuple[tuple[UnixNs, UnixNs], ...]:
    """Return sessions of ten hours, so that shares of them are round."""
    return tuple((at("09:00", day), at("19:00", day)) for day in days)


def a_fill(
    side: Side,
    qty: int,
    price: int,
    at_ns: UnixNs,
    *,
    strategy: str = "scalper",
    instrument: str = "NFO:NIFTY01DEC26F",
    charges: int = 0,
    costs: ChargeLines | None = None,
    against: Against | None = None,
) -> Fill:
    """Return a fill."""
    number = f"{strategy}-{instrument}-{at_ns}-{side.value}-{qty}"
    return Fill(
        *(number, number, strategy, instrument, side, qty, price, charges, at_ns),
        costs=costs,
        against=against,
    )


def points(
    nets: Iterable[tuple[UnixNs, int]], *, strategy: str = "ALL", margin: int = 0
) -> tuple[EquityPoint, ...]:
    """Return points of the given worth."""
    return tuple(EquityPoint(at_ns, strategy, net, 0, 0, net, margin) for at_ns, net in nets)


def a_run(
    *,
    fills: Sequence[Fill] = (),
    equity: Sequence[EquityPoint] = (),
    orders: Sequence[PlaceOrder] = (),
    sessions: Sequence[tuple[UnixNs, UnixNs]] = (),
    capital: int = 10_00_000_00,
    rules: Mapping[str, Mapping[str, object]] | None = None,
    assumptions: Sequence[str] = (),
    name: str = "made_up.parquet",
) -> Outcome:
    """Return the outcome of a run."""
    first = sessions[0][0] if sessions else at("09:00")
    last = sessions[-1][1] if sessions else at("19:00")
    return Outcome(
        data=Data(name, "abcdef0123456789", first, last, 1000, bars=False, sessions=tuple(sessions)),
        strategies=("scalper",),
        settings={"order_latency_ms": 20},
        rules=rules or {"scalper": {"kind": "scalper", "lots": 1}},  # type: ignore[arg-type]
        capital=capital,
        assumptions=tuple(assumptions),
        fills=tuple(fills),
        orders=tuple(orders),
        equity=tuple(equity),
    )
