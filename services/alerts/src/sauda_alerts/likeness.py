"""When two alerts say the same, and when one says that the trouble which another told is over. Pure."""

import hashlib
import re
from typing import Final

from sauda.contracts import Alert, Level

_FIGURES: Final = re.compile(r"(?<![A-Za-z0-9_-])-?\d[\d,.:/-]*(?![A-Za-z0-9_])")
"""Figures that stand alone; those of a contract's or an order's name tell it from another."""
_OVER: Final = "_OVER"
_ENDS: Final = {"FEED_BACK": "FEED_MUTE"}
"""code -> the one whose end it is, where it is not `CODE_OVER`"""


def sameness(alert: Alert, level: Level) -> str:
    """Return a key that alerts share which say the same of the same, whatever the figures in their texts."""
    said = "\x00".join((alert.source, alert.code, level.value, _without_figures(alert.text)))
    return hashlib.blake2b(said.encode(), digest_size=12).hexdigest()


def ends(end: Alert, begun: Alert) -> bool:
    """Return whether *end* says that the trouble which *begun* told is over."""
    if end.source != begun.source:
        return False
    if end.code.endswith(_OVER):
        about_it = _without_figures(end.text).endswith(_without_figures(begun.text))
        return end.code == f"{begun.code}{_OVER}" and about_it
    return _ENDS.get(end.code) == begun.code


def _without_figures(text: str) -> str:
    return _FIGURES.sub("#", text)
