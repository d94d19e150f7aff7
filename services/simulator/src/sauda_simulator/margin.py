"""SpanCalc: the margin of a set of positions, netted per underlying as the exchange does, by the rules of `sauda.margin`.

The live broker is known to answer without netting; this one nets.
"""

from collections import defaultdict
from math import exp

from sauda.margin import Leg, MarginBook, netted, requirement
from sauda.money import to_paise, to_rupees
from sauda_simulator.calls import Call
from sauda_simulator.login import BusinessError
from sauda_simulator.market.day import MarketDay
from sauda_simulator.market.listing import Contract
from sauda_simulator.market.underlying import RATE
from sauda_simulator.market_clock import MarketClock
from sauda_simulator.wire import expiry_text, option_type


def span_calc(market: MarketClock, margins: MarginBook, call: Call) -> dict[str, object]:
    """Answer SpanCalc; the `_trade` figures leave pending orders out.

    Raises:
        BusinessError: `pos` is no list of positions.
    """
    positions = call.fields.get("pos")
    if not isinstance(positions, list) or not all(isinstance(one, dict) for one in positions):
        raise BusinessError("Invalid Input : pos is not a list of positions")
    # Once for both figures: prices move between two looks at the market.
    day, moment = market.moment()
    reply: dict[str, object] = {}
    for suffix, pending in (("", True), ("_trade", False)):
        span, exposure = _margin(day, margins, moment or 0, positions, pending=pending)
        reply |= {f"span{suffix}": to_rupees(span), f"expo{suffix}": to_rupees(exposure)}
    return reply


def _margin(
    day: MarketDay, margins: MarginBook, quarter: int, positions: list[dict[str, object]], *, pending: bool
) -> tuple[int, int]:
    legs: defaultdict[str, list[Leg]] = defaultdict(list)
    for position in positions:
        contract = _contract(day, position)
        # What is not recognised needs no margin here: the real server answers 0 as well.
        if contract is not None:
            qty = _qty(position, pending=pending)
            legs[contract.underlying].append(_leg(day, contract, qty, quarter))
    needs = [
        requirement(day.spot(name, quarter), netted(group), margins.rates(name, day.hours.day))
        for name, group in legs.items()
    ]
    return sum(need.span for need in needs), sum(need.exposure + need.expiry for need in needs)


def _contract(day: MarketDay, position: dict[str, object]) -> Contract | None:
    name, expiry = position.get("symname"), str(position.get("exd", "")).upper()
    right = str(position.get("optt") or "XX")
    strike = None if right == "XX" else to_paise(str(position.get("strprc")))
    for one in day.contracts:
        if one.expiry is None or one.underlying != name or one.strike != strike:
            continue
        if expiry_text(one.expiry) == expiry and option_type(one) == right:
            return one
    return None


def _qty(position: dict[str, object], *, pending: bool) -> int:
    try:
        net = int(str(position.get("netqty", 0)))
        if not pending:
            return net
        return net + int(str(position.get("buyqty", 0))) - int(str(position.get("sellqty", 0)))
    except ValueError as error:
        raise BusinessError(f"Invalid Input : a quantity is not a number: {error}") from error


def _leg(day: MarketDay, contract: Contract, qty: int, quarter: int) -> Leg:
    life = day.life(contract)
    years = life.trading_years(1 - quarter / (4 * day.hours.seconds))
    forward = day.spot(contract.underlying, quarter) * exp(RATE * life.carry_years(day.instant_ns(quarter)))
    return Leg(
        qty=qty,
        expiry=contract.expiry.isoformat() if contract.expiry else "",
        forward=forward,
        premium=day.pricer(contract).fair(quarter),
        years=years,
        last_day=life.days_after == 0,
        strike=contract.strike,
        right=contract.right,
    )
