"""SpanCalc in Noren's words: positions out, what the broker would block in. Pure.

Fields and their spelling: the client's own `position` class and the broker's published samples; every value is a string.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final

from sauda.clock import UnixNs
from sauda.contracts import Instrument, InstrumentId, InstrumentKind, MarginLeg, MarginReply, MarginRequest
from sauda.errors import ContractError
from sauda.money import Paise, to_paise, to_rupees

_NRML: Final = "M"
"""The broker's letter for a position that may be held overnight, with the full margin."""
_MONTHS: Final = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_NAMES: Final = {
    (InstrumentKind.FUTURE, False): "FUTIDX",
    (InstrumentKind.OPTION, False): "OPTIDX",
    (InstrumentKind.FUTURE, True): "FUTCOM",
    (InstrumentKind.OPTION, True): "OPTFUT",
}
"""(kind, whether on the commodity exchange) -> the broker's name for it"""
_FIGURES: Final = ("span", "expo", "span_trade", "expo_trade")
"""Keys of the broker's answer; `_trade` leaves out what waits in the market."""
_MOST: Final[Paise] = 10**15
"""Ten lakh crore rupees: what is more is no margin of anybody's."""
_LONGEST: Final = 24
"""Characters of a figure that is read at all."""


def positions(legs: Sequence[MarginLeg], known: Mapping[InstrumentId, Instrument]) -> list[dict[str, str]]:
    """Return *legs* as the broker wants them.

    Raises:
        ContractError: one is not defined, or is nothing that margin is asked for.
    """
    return [_position(leg, known.get(leg.instrument)) for leg in legs]


def _position(leg: MarginLeg, contract: Instrument | None) -> dict[str, str]:
    if contract is None:
        raise ContractError(f"{leg.instrument} is not defined today")
    name = _NAMES.get((contract.kind, contract.exchange == "MCX"))
    if name is None or contract.expiry is None:
        raise ContractError(f"{leg.instrument} is neither a future nor an option: SpanCalc takes no other")
    expiry = date.fromisoformat(contract.expiry)
    return {
        "prd": _NRML,
        "exch": contract.exchange,
        "instname": name,
        "symname": contract.underlying,
        "exd": f"{expiry.day:02d}-{_MONTHS[expiry.month - 1]}-{expiry.year}",
        "optt": contract.right.value if contract.right else "XX",
        "strprc": "-1" if contract.strike is None else to_rupees(contract.strike),
        "buyqty": str(leg.buying),
        "sellqty": str(leg.selling),
        "netqty": str(leg.qty),
    }


def reply_to(request: MarginRequest, answer: object, now_ns: UnixNs) -> MarginReply:
    """Return what the broker's *answer* means.

    Raises:
        ContractError: it refuses, or says something that cannot be right.
    """
    if not isinstance(answer, Mapping):
        raise ContractError(f"SpanCalc answers no object but {type(answer).__name__}")
    if answer.get("stat") != "Ok":
        raise ContractError(f"SpanCalc refuses: {str(answer.get('emsg') or 'no reason given')[:200]}")
    span, exposure, span_trade, exposure_trade = (_figure(key, answer.get(key)) for key in _FIGURES)
    if not (span or exposure) and any(leg.qty < 0 or leg.selling for leg in request.legs):
        # The broker says so of a contract that it does not know; nothing that is sold short is free.
        raise ContractError("SpanCalc asks no margin for what is sold: it recognises none of the contracts")
    return MarginReply(request.request_id, now_ns, span, exposure, span_trade, exposure_trade)


def _figure(key: str, text: Any) -> Paise:
    """Return rupees as paise.

    Raises:
        ContractError: there is no such figure, or it is no amount that can be blocked.
    """
    if not isinstance(text, str) or not 0 < len(text) <= _LONGEST or "e" in text.lower():
        raise ContractError(f"SpanCalc answers without a figure {key}: {str(text)[:_LONGEST]!r}")
    paise = to_paise(text)
    if not 0 <= paise <= _MOST:
        raise ContractError(f"SpanCalc answers {key} {text!r}: that is no amount to be blocked")
    return paise
