"""The tables of docs/margin.md, as the model computes them: `python -m tests.unit.margin.typical` prints them anew."""

from collections.abc import Sequence
from datetime import date
from math import exp, sqrt
from pathlib import Path
from typing import NamedTuple

from sauda.contracts import Right
from sauda.margin import Leg, Rates, load_margins, requirement
from sauda.margin.black76 import implied_vol, value
from sauda.money import Paise, to_indian

MARKET = Path(__file__).parents[3] / "config" / "market"
BOOK = load_margins(MARKET)
DAY = date(2026, 11, 23)
VOL = 0.13
"""Of every option, a calm market's."""
WEEK, MONTH, LAST_HOURS = 5 / 365, 28 / 365, 6 / (24 * 365)


class Straddle(NamedTuple):
    """A short straddle at the money, one lot, perhaps with bought wings."""

    name: str
    underlying: str
    spot: Paise
    lot: int
    years: float
    wings: Paise = 0
    """Distance of the bought options from the money; 0: none are bought."""
    expected: tuple[float, float] = (0.0, 0.0)
    """The same recipe worked out elsewhere with scan ranges of 9.05 to 9.3 %, lakh."""
    expected_last_day: tuple[float, float] = (0.0, 0.0)


TYPICAL = (
    Straddle("NIFTY 24,500 x 65, weekly", "NIFTY", 24_500_00, 65, WEEK, 0, (2.09, 2.13), (2.72, 2.76)),
    Straddle("NIFTY 24,500 x 65, monthly", "NIFTY", 24_500_00, 65, MONTH, 0, (2.17, 2.20), (2.80, 2.84)),
    Straddle("BANKNIFTY 57,000 x 30, monthly", "BANKNIFTY", 57_000_00, 30, MONTH, 0, (2.31, 2.35), (2.99, 3.04)),
    Straddle("FINNIFTY 27,000 x 60, monthly", "FINNIFTY", 27_000_00, 60, MONTH, 0, (2.19, 2.23), (2.84, 2.88)),
    Straddle("SENSEX 79,000 x 20, weekly", "SENSEX", 79_000_00, 20, WEEK, 0, (2.07, 2.11), (2.70, 2.74)),
    Straddle("NIFTY weekly iron fly, wings at 200", "NIFTY", 24_500_00, 65, WEEK, 200_00, (0.77, 0.77), (1.41, 1.41)),
    Straddle("NIFTY weekly iron fly, wings at 500", "NIFTY", 24_500_00, 65, WEEK, 500_00, (0.96, 0.96), (1.60, 1.60)),
)  # fmt: skip


class Reference(NamedTuple):
    """A position in the clearing house's own file of 2026-05-29, rupees."""

    name: str
    legs: tuple[Leg, ...]
    span: int | None
    exposure: int | None
    total: int


SPOT, FORWARD, YEARS = 23_547_75.0, 23_748_00.0, 32 / 365
RATES = BOOK.rates("NIFTY", date(2026, 5, 29))
_DISCOUNT = exp(-RATES.interest * YEARS)
CALL_PREMIUM, STRIKE = 437_65.0, 23_700_00
PUT_PREMIUM = CALL_PREMIUM - _DISCOUNT * (FORWARD - STRIKE)
"""By parity with the call."""
_CALL_VOL = implied_vol(CALL_PREMIUM, FORWARD, STRIKE, YEARS, RATES.interest, call=True)
_HEDGE_PREMIUM = value(FORWARD, 23_000_00, _CALL_VOL * sqrt(YEARS), _DISCOUNT, call=False)
CALL = Leg(-65, "2026-06-30", FORWARD, CALL_PREMIUM, YEARS, False, STRIKE, Right.CALL)
PUT = Leg(-65, "2026-06-30", FORWARD, PUT_PREMIUM, YEARS, False, STRIKE, Right.PUT)
FUTURE = Leg(65, "2026-06-30", FORWARD, FORWARD, YEARS)
HEDGE = Leg(65, "2026-06-30", FORWARD, _HEDGE_PREMIUM, YEARS, False, 23_000_00, Right.PUT)
REFERENCES = (
    Reference("one future", (FUTURE,), 143_720, 30_873, 174_593),
    Reference("short 23700 CE at 437.65", (CALL,), 141_673, 30_612, 172_285),
    Reference("short 23700 straddle", (CALL, PUT), 141_674, 61_224, 202_898),
    Reference("long future, long 23000 PE", (FUTURE, HEDGE), None, None, 78_904),
)


def needed(one: Straddle, *, last_day: bool) -> Paise:
    """Return what *one* needs on a usual day, or on its last."""
    rates = BOOK.rates(one.underlying, DAY)
    years = LAST_HOURS if last_day else one.years
    return requirement(one.spot, _legs(one, rates, years, last_day=last_day), rates).total


def _legs(one: Straddle, rates: Rates, years: float, *, last_day: bool) -> list[Leg]:
    forward = one.spot * exp(rates.interest * years)
    legs = []
    for right, way in ((Right.CALL, 1), (Right.PUT, -1)):
        for strike, qty in ((one.spot, -one.lot), (one.spot + way * one.wings, one.lot)):
            if qty < 0 or one.wings:
                discount = exp(-rates.interest * years)
                premium = value(forward, strike, VOL * sqrt(years), discount, call=right is Right.CALL)
                legs.append(Leg(qty, "expiry", forward, premium, years, last_day, strike, right))
    return legs


def reference_table() -> str:
    """Return the comparison with the clearing house's file."""
    lines = ["| position | file: SPAN + exposure = total | ours | differs by |", "|---|---|---|---|"]
    for one in REFERENCES:
        ours = requirement(SPOT, one.legs, RATES)
        parts = (
            "" if one.span is None or one.exposure is None else f"{_rs(one.span)} + {_rs(one.exposure)} = "
        )
        total = f"{_paise(ours.span)} + {_paise(ours.exposure)} = {_paise(ours.total)}"
        lines.append(
            f"| {one.name} | {parts}{_rs(one.total)} | {total} | {_differs(ours.total, one.total)} |"
        )
    return "\n".join(lines)


def typical_table() -> str:
    """Return what typical positions need, beside what is expected, in lakh."""
    lines = ["| one lot, short at the money | expected | ours | expected, last day | ours, last day |", "|---|---|---|---|---|"]  # fmt: skip
    for one in TYPICAL:
        usual, last = (f"{needed(one, last_day=day) / 1e7:.2f}" for day in (False, True))
        lines.append(
            f"| {one.name} | {_range(one.expected)} | {usual} | {_range(one.expected_last_day)} | {last} |"
        )
    return "\n".join(lines)


def _range(lakh: Sequence[float]) -> str:
    least, most = lakh
    return f"{least:.2f}" if least == most else f"{least:.2f} to {most:.2f}"


def _rs(rupees: int) -> str:
    return to_indian(rupees * 100).removesuffix(".00")


def _paise(paise: Paise) -> str:
    return to_indian(paise).removesuffix(".00")


def _differs(ours: Paise, theirs: int) -> str:
    return f"{100 * (ours / 100 / theirs - 1):+.1f} %"


if __name__ == "__main__":
    print(reference_table(), typical_table(), sep="\n\n")
