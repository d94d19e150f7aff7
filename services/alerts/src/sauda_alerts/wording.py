"""An alert as a person reads it on a phone: a title that says the worst, a line for each alert. Pure."""

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from sauda.clock import clock_text
from sauda.contracts import Level
from sauda_alerts.deciding import Line
from sauda_alerts.destinations import LOUDNESS

_LINES: Final = 30
"""A message with more is not read, and many destinations cut it."""
_LONGEST: Final = 500
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]+")
"""Texts come from brokers and strategies; none may begin a line, or a header, of its own."""


class Wording(NamedTuple):
    """What is sent."""

    title: str
    body: str
    level: Level


def word(desk: str, lines: Sequence[Line], too_old: int) -> Wording:
    """Return what tells *lines*, and how many were too old to be told."""
    level = max((line.level for line in lines), key=LOUDNESS.index, default=Level.WARNING)
    codes = list(dict.fromkeys(plain(line.alert.code) for line in lines if line.level is level))
    what = ", ".join(codes[:3]) or "alerts that could not be delivered"
    more = f" and {len(lines) - 1} more" if len(lines) > 1 else ""
    rows = [_row(line) for line in lines[:_LINES]]
    if len(lines) > _LINES:
        rows.append(f"and {len(lines) - _LINES} more: `sauda alerts list` shows them")
    if too_old:
        rows.append(
            f"{too_old} alerts were a day old before they could be delivered: `sauda alerts list` shows them"
        )
    return Wording(f"Sauda {desk}: {level.value.upper()} {what}{more}", "\n".join(rows), level)


def plain(text: str) -> str:
    """Return *text* on one line and not longer than anybody reads."""
    shown = _CONTROL.sub(" ", text)
    return shown if len(shown) <= _LONGEST else f"{shown[: _LONGEST - 1]}…"


def _row(line: Line) -> str:
    alert = line.alert
    at = f"{clock_text(alert.event_ns)[11:19]} " if alert.event_ns else ""
    held = f" ({line.held} more like it were held back)" if line.held else ""
    return f"{at}{line.level.value.upper()} {plain(alert.code)}: {plain(alert.text)} [{plain(alert.source)}]{held}"
