"""The points of a made-up desk, as its valuation writes them: two straddles, valued four times a second."""

from collections.abc import Iterator
from itertools import islice

from sauda.clock import NS_PER_MS, UnixNs
from sauda.contracts import DeskPnl, PositionPnl, StrategyPnl
from sauda.money import Paise

FIRST_NS: UnixNs = 1_756_439_705_000_000_000
"""In the past: some databases drop what is ahead of their clock."""
GRID_NS = 250 * NS_PER_MS
_STRADDLES = {
    "nifty_straddle": ("NFO:NIFTY02SEP25C24500", "NFO:NIFTY02SEP25P24500"),
    "bank_straddle": ("NFO:BANKNIFTY30SEP25C54000", "NFO:BANKNIFTY30SEP25P54000"),
}

Point = PositionPnl | StrategyPnl | DeskPnl
"""Seven for each instant: four positions, two strategies, the desk."""


def points(count: int) -> list[Point]:
    """Return the first *count* points; each source's stamps are strictly increasing."""
    return list(islice(endless(), count))


def endless() -> Iterator[Point]:
    """Give one point after the other."""
    instant = 0
    while True:
        at_ns = FIRST_NS + instant * GRID_NS
        nets: list[Paise] = []
        for number, (strategy, legs) in enumerate(_STRADDLES.items()):
            opens = [_unrealised(instant, 2 * number + leg) for leg in range(2)]
            for leg, (symbol, unrealised) in enumerate(zip(legs, opens, strict=True)):
                price = 18_000 + (unrealised // 75) // 5 * 5
                yield PositionPnl(
                    strategy, symbol, -75, -75 * 18_000, price, 12_345_00, unrealised, 123_45 + leg, at_ns
                )
            nets.append(24_690_00 + sum(opens) - 246_91)
            yield StrategyPnl(
                strategy, 24_690_00, sum(opens), 246_91, nets[-1], 2_10_000_00, *_past(nets[-1], at_ns)
            )
        net = sum(nets)
        yield DeskPnl(49_380_00, net + 493_82 - 49_380_00, 493_82, net, 4_20_000_00, *_past(net, at_ns))
        instant += 1


def _unrealised(instant: int, leg: int) -> Paise:
    """Return an amount that seldom comes twice."""
    return (instant * (7_919 + 2 * leg) + leg * 104_729) % 20_000_03 - 10_000_01


def _past(net: Paise, at_ns: UnixNs) -> tuple[float, UnixNs, Paise, Paise, Paise, Paise]:
    peak = 90_000_00
    return round(net / 420_000, 4), at_ns, 4_20_000_00, peak, peak - net, net - 1_111_11
