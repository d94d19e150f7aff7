"""A run as one JSON document: its figures, and everything that they depend on.

The same data, rules, settings and code give the same bytes: keys stand in a fixed order, and nothing of the machine or of
the time of day is in it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from sauda.backtest.outcome import Outcome
from sauda.codec import encode
from sauda.contracts import Message
from sauda.report.figures import Figures
from sauda.report.ratios import DAYS_A_YEAR, FEWEST_DAYS

FORMAT: Final = 1
"""Grows when a field changes its meaning."""


def document(outcome: Outcome, found: Mapping[str, Figures]) -> dict[str, Any]:
    """Return what stands in `result.json`: money in paise, instants in UTC nanoseconds."""
    data = outcome.data
    return {
        "format": FORMAT,
        "data": {
            "name": data.name,
            "fingerprint": data.fingerprint,
            "first_ns": data.first_ns,
            "last_ns": data.last_ns,
            "ticks": data.ticks,
            "made_of_bars": data.bars,
            "days": len(data.sessions),
        },
        "capital": outcome.capital,
        "strategies": list(outcome.strategies),
        "rules": {name: dict(sorted(rules.items())) for name, rules in sorted(outcome.rules.items())},
        "settings": dict(sorted(outcome.settings.items())),
        "assumptions": list(outcome.assumptions),
        "definitions": {"days_a_year": DAYS_A_YEAR, "risk_free_rate": 0, "fewest_days": FEWEST_DAYS},
        "figures": {name: msgspec.to_builtins(one) for name, one in found.items()},
        "said": {
            "signals": _digest(outcome.signals),
            "orders": _digest(outcome.orders),
            "executions": _digest(outcome.executions),
            "alerts": _digest(outcome.alerts),
        },
        "parked": list(outcome.parked),
        "stopped": dict(sorted(outcome.stopped.items())),
    }


def text_of(content: Mapping[str, Any]) -> bytes:
    """Return *content* as JSON that people can read."""
    return msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n"


def _digest(messages: Iterable[Message]) -> dict[str, Any]:
    """Return how many messages there are and a fingerprint of them: two runs that said the same have the same."""
    found = hashlib.sha256()
    count = 0
    for message in messages:
        found.update(encode(message) + b"\n")
        count += 1
    return {"count": count, "sha256": found.hexdigest()}
