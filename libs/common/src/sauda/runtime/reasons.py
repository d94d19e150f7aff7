"""Why is it not healthy? From what a service writes of itself, and said once while somebody waits."""

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from sauda.clock import monotonic_s
from sauda.runtime.desk import Replica, Say
from sauda.runtime.following import tail_of

SILENT_S = 5.0
"""A start that takes no longer than this needs no explaining."""

_KEYS = ("failure", "away", "why")
_NUMBER = re.compile(r"\d+")
_TELLING = re.compile(r"error|warning|critical|refused|failed", re.IGNORECASE)
_LOOKED_AT = 60
_LONGEST = 200


class Waiting:
    """Tells whoever waits what for, each new reason once."""

    def __init__(self, say: Say, silent_s: float = SILENT_S) -> None:
        self._say = say
        self._speak_at = monotonic_s() + silent_s
        self._told: set[tuple[str, str]] = set()

    def look(self, ill: Iterable[Replica]) -> None:
        """Say why *ill* are not healthy, if it has taken long and was not said before."""
        if monotonic_s() < self._speak_at:
            return
        for one in ill:
            why = without_process(one.detail) or one.state.lower()
            # A number that grows is no new reason.
            known = (one.name, _NUMBER.sub("#", why))
            if known not in self._told:
                self._told.add(known)
                self._say(f"waiting for {one.name}: {why}")


def reason_in(facts: Mapping[str, object]) -> str:
    """Return what keeps a service from being ready, from the facts of its health file; empty if they do not tell."""
    roles = facts.get("roles")
    if not isinstance(roles, dict):
        return ""
    unready = {
        name: about for name, about in roles.items() if isinstance(about, dict) and not about.get("ready")
    }
    return "; ".join(f"{name} {_reason_of(about)}" for name, about in unready.items())


def last_error(log: Path) -> str:
    """Return the last line of *log* that tells of trouble, else the last line."""
    try:
        lines = [line.strip() for line in tail_of(log, _LOOKED_AT) if line.strip()]
    except OSError:
        return ""
    telling = [line for line in lines if _TELLING.search(line)]
    return (telling or lines or [""])[-1][:_LONGEST]


def without_process(detail: str) -> str:
    """Drop what stands elsewhere: `pnl (pid 17): not ready x` becomes `not ready x`."""
    _, found, rest = detail.partition("): ")
    return rest if found and "(pid " in detail else detail


def _reason_of(about: Mapping[str, object]) -> str:
    for key in _KEYS:
        if about.get(key):
            return str(about[key])
    known = (about.get(key) for key in ("phase", "source"))
    return " ".join(dict.fromkeys(str(one) for one in known if one)) or "not ready"
