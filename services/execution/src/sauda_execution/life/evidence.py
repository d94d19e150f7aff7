"""What was the underlying worth when its contracts expired, and how do we know? Best evidence first, never a guess.

the index (the share, or for a commodity its future), average over the closing window
its first price after the close of the same day: an index then shows its closing value
its last price of that day
the last price of the future that expires with the contract
put-call parity: strike + call - put at the strike where the two cost nearly the same

If none of it was seen that day, the first that is seen on a later trading day stands in for it: of the index, else of the
nearest future that lives, else by put-call parity.
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import NamedTuple

from sauda.clock import UnixNs, to_ist
from sauda.contracts import Instrument, InstrumentId, InstrumentKind, Right, Tick
from sauda.errors import ConfigError
from sauda.instruments import index_instrument, parse_symbol
from sauda.money import Paise
from sauda_execution.known import Known
from sauda_execution.life.closing import Closing


class Evidence(NamedTuple):
    """A price of the underlying, and where it is from."""

    price: Paise
    how: str
    """For people: goes on after "at 24512.50, "."""
    is_sure: bool
    """Whether it is the closing price as far as the desk can see it; False: the next best thing."""


def reference_of(contract: Instrument, known: Known) -> InstrumentId | None:
    """Return whose closing price settles *contract*: its index, its share, or the future beneath a commodity's option."""
    try:
        index = index_instrument(contract.underlying)
    except ConfigError:
        index = None
    if index is not None:
        return index
    own = [one for one in known.instruments.values() if one.underlying == contract.underlying]
    shares = sorted(one.instrument for one in own if one.kind is InstrumentKind.EQUITY)
    if shares:
        return shares[-1]  # NSE before BSE
    if contract.kind is InstrumentKind.FUTURE:
        return contract.instrument
    futures = (one for one in own if one.kind is InstrumentKind.FUTURE and one.expiry is not None)
    later = sorted(
        (f.expiry or "", f.instrument) for f in futures if (f.expiry or "") >= (contract.expiry or "")
    )
    return later[0][1] if later else None


@lru_cache(maxsize=1024)
def is_index(reference: InstrumentId) -> bool:
    """Is *reference* an index, not a share?"""
    exchange, _, symbol = reference.partition(":")
    return parse_symbol(exchange, symbol).kind is InstrumentKind.INDEX


def window_evidence(closing: Closing | None) -> Evidence | None:
    """Return the average over the closing window, if anything was seen of it."""
    average = None if closing is None else closing.average()
    if closing is None or average is None:
        return None
    begins, ends = to_ist(closing.from_ns), to_ist(closing.to_ns)
    return Evidence(average, f"the average from {begins:%H:%M} to {ends:%H:%M}", is_sure=True)


def quote_evidence(quote: Tick, close_ns: UnixNs) -> Evidence:
    """Return what a price of the expiry day tells, from before the close or from after it."""
    if quote.recv_ns < close_ns:
        return last_evidence(quote.ltp, quote.recv_ns)
    return Evidence(quote.ltp, f"seen after the close, at {_clock(quote.recv_ns)}", is_sure=True)


def last_evidence(price: Paise, at_ns: UnixNs) -> Evidence:
    """Return what the last price tells that was seen before the close."""
    return Evidence(price, f"last seen at {_clock(at_ns)}", is_sure=False)


def other_evidence(contract: Instrument, known: Known, day_ns: UnixNs) -> Evidence | None:
    """Return what the contracts that expire with *contract* say of the underlying."""
    peers = [one for one in _quoted_since(contract, known, day_ns) if one[0].expiry == contract.expiry]
    return _future_evidence(peers) or _parity_evidence(peers)


def stand_in_evidence(quote: Tick) -> Evidence:
    """Return what a price of a trading day after the expiry stands in for."""
    return Evidence(quote.ltp, f"seen at {_clock(quote.recv_ns)}", is_sure=False)


def other_stand_in(contract: Instrument, known: Known) -> Evidence | None:
    """Return what the contracts say today of the underlying of *contract*, whose expiry is over: the nearest first."""
    peers = _quoted_since(contract, known, known.days.present_ns)
    later = [one for one in peers if (one[0].expiry or "") > (contract.expiry or "")]
    found = _future_evidence(later)
    for expiry in sorted({one.expiry or "" for one, _ in later}):
        found = found or _parity_evidence([one for one in later if one[0].expiry == expiry])
    return found


def _quoted_since(contract: Instrument, known: Known, since_ns: UnixNs) -> list[tuple[Instrument, Tick]]:
    """Return what is written on the same underlying, with its quote of *since_ns* or later; the nearest expiry first."""
    return sorted(
        (
            (one, quote)
            for one in known.instruments.values()
            if one.underlying == contract.underlying
            and (quote := known.market.quote(one.instrument)) is not None
            and quote.recv_ns >= since_ns
        ),
        key=lambda peer: (peer[0].expiry or "", peer[0].instrument),
    )


def _future_evidence(peers: list[tuple[Instrument, Tick]]) -> Evidence | None:
    for one, quote in peers:
        if one.kind is InstrumentKind.FUTURE:
            how = f"the price of {one.instrument} at {_clock(quote.recv_ns)}"
            return Evidence(quote.ltp, how, is_sure=False)
    return None


def _parity_evidence(peers: list[tuple[Instrument, Tick]]) -> Evidence | None:
    pairs = sorted((abs(call - put), strike, call, put) for strike, call, put in _pairs(peers))
    if not pairs:
        return None
    _, strike, call, put = pairs[0]
    return Evidence(strike + call - put, f"by put-call parity at the strike {strike / 100:g}", is_sure=False)


def _pairs(peers: list[tuple[Instrument, Tick]]) -> Iterator[tuple[Paise, Paise, Paise]]:
    """Yield (strike, call, put) wherever both are priced."""
    prices = {(one.strike, one.right): _fair(quote) for one, quote in peers if one.strike is not None}
    for (strike, right), call in prices.items():
        put = prices.get((strike, Right.PUT))
        if strike is not None and right is Right.CALL and put is not None:
            yield strike, call, put


def _fair(quote: Tick) -> Paise:
    if quote.bid is None or quote.ask is None:
        return quote.ltp
    return (quote.bid + quote.ask) // 2


def _clock(instant_ns: UnixNs) -> str:
    return f"{to_ist(instant_ns):%H:%M:%S}"
