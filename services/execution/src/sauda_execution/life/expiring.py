"""A held contract that has an end: when it comes, whose price it is settled by, and what it is worth then. Pure."""

from datetime import date, time
from typing import NamedTuple

from sauda.clock import NS_PER_S, UnixNs, from_ist, ist_date
from sauda.contracts import Instrument, InstrumentId, InstrumentKind, Right
from sauda.errors import ConfigError
from sauda.money import Paise
from sauda_execution.days import ClosingTimes
from sauda_execution.known import Known
from sauda_execution.life.evidence import is_index, reference_of

_DAY_NS = 24 * 3600 * NS_PER_S


class Expiring(NamedTuple):
    """A held contract, and when its end is looked at."""

    contract: Instrument
    reference: InstrumentId | None
    """Whose price settles it."""
    from_ns: UnixNs
    close_ns: UnixNs
    day_ns: UnixNs
    """The midnight before the day whose prices count."""
    note: str = ""
    """What the real market would do instead, for people."""

    def is_of_day(self, instant_ns: UnixNs) -> bool:
        """Does *instant_ns* lie in that day?"""
        return self.day_ns <= instant_ns < self.day_ns + _DAY_NS


def expiring(name: InstrumentId, known: Known, times: ClosingTimes) -> Expiring | None:
    """Return the end of the contract *name*, or None if it is not known or has none."""
    contract = known.instruments.get(name)
    if contract is None or contract.expiry is None:
        return None
    reference = reference_of(contract, known)
    # A commodity's future stands in its own exchange's books; an index or a share in another's.
    of_index = reference is None or reference.partition(":")[0] != contract.exchange
    day = date.fromisoformat(contract.expiry)
    try:
        from_ns, close_ns = times.closing_window(contract.exchange, day, of_index=of_index)
    except ConfigError:
        # Nothing is known of that exchange's close: what is held ends with the day, at what was seen last.
        from_ns = close_ns = from_ist(day, time(23, 59))
    day_ns = from_ist(ist_date(close_ns), time())
    return Expiring(contract, reference, from_ns, close_ns, day_ns, real_market_note(contract, reference))


def settlement_price(contract: Instrument, closing_price: Paise) -> Paise:
    """Return what one unit of an expired *contract* is worth when its underlying closed at *closing_price*."""
    if contract.kind is not InstrumentKind.OPTION or contract.strike is None:
        return closing_price
    worth = (
        closing_price - contract.strike if contract.right is Right.CALL else contract.strike - closing_price
    )
    return max(0, worth)


def real_market_note(contract: Instrument, reference: InstrumentId | None) -> str:
    """Return what is simplified by settling *contract* in cash."""
    if reference is None or reference == contract.instrument:
        return ""
    if reference.partition(":")[0] == contract.exchange:
        return "; in the real market it becomes its future"
    return "" if is_index(reference) else "; in the real market the shares are delivered"
