"""What `sauda doctor` looks at on Redis: the server's promises, the desk's streams, who carries the units.

Judges what others have read; asks nothing itself.
"""

from collections.abc import Iterable, Sequence
from enum import Enum
from typing import Final

import msgspec

from sauda.alerted import COURIER
from sauda.clock import NS_PER_MS, NS_PER_S, UnixNs
from sauda.redis_view import ServerFacts, StreamLag, UnitHolding

OLDEST_REDIS: Final = 7
"""`XGROUP SETID ... ENTRIESREAD` and the lag of a group came with 7.0."""

_CLOCKS_APART_NS: Final = 2 * NS_PER_S
_SILENT_NS: Final = 10 * NS_PER_S
"""The feed writes market time at least once a second of it; at 1x ten missed ones mean a dead source."""
_FAR_BEHIND: Final = 10_000
"""Entries; a healthy reader stays below one batch."""


class Verdict(Enum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "warn"
    """Worth a look; the desk works."""
    BAD = "BAD"


class Finding(msgspec.Struct, frozen=True):
    """One thing looked at."""

    check: str
    verdict: Verdict
    text: str
    """What was found."""
    advice: str = ""
    """What to do about it."""


def ok(check: str, text: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(check, Verdict.OK, text)


def warn(check: str, text: str, advice: str) -> Finding:
    """Return a finding that deserves a look."""
    return Finding(check, Verdict.WARN, text, advice)


def bad(check: str, text: str, advice: str) -> Finding:
    """Return a finding that something is unhealthy."""
    return Finding(check, Verdict.BAD, text, advice)


def judge_server(server: ServerFacts, now_ns: UnixNs) -> list[Finding]:
    """Judge whether the server can keep what the README promises."""
    version = f"{server.name} {server.version}"
    major = server.version.partition(".")[0]
    old = not major.isdecimal() or int(major) < OLDEST_REDIS
    apart_ns = abs(server.now_ns - now_ns)
    return [
        bad("redis version", version, "take Redis 7.0 or later, or Valkey")
        if old
        else ok("redis version", version),
        ok("redis keeps its data", "append-only file on")
        if server.append_only
        else bad(
            "redis keeps its data",
            "append-only file off",
            "start Redis with --appendonly yes: a restart loses everything",
        ),
        ok("redis evicts nothing", server.policy)
        if server.policy == "noeviction"
        else bad(
            "redis evicts nothing", f"maxmemory-policy {server.policy}", "set maxmemory-policy noeviction"
        ),
        _memory(server),
        warn("clock", f"{apart_ns / NS_PER_S:.1f} s apart from Redis", "let both hosts follow NTP")
        if apart_ns > _CLOCKS_APART_NS
        else ok("clock", f"{apart_ns / NS_PER_MS:.0f} ms apart from Redis"),
    ]


def _memory(server: ServerFacts) -> Finding:
    used = f"{server.used_bytes / 1e6:,.0f} MB used"
    if not server.limit_bytes:
        return ok("redis memory", f"{used}, no limit set")
    share = server.used_bytes / server.limit_bytes
    text = f"{used} of {server.limit_bytes / 1e6:,.0f} MB ({share:.0%})"
    if share >= 0.95:
        return bad(
            "redis memory", text, "raise maxmemory: at the limit the desk stands still (it loses nothing)"
        )
    return warn("redis memory", text, "raise maxmemory soon") if share >= 0.8 else ok("redis memory", text)


def judge_replicas(there: int, asked: int, *, may_fail_over: bool) -> list[Finding]:
    """Judge whether the server has the replicas that its address asks for, and one at all where it may be replaced."""
    text = f"{there} connected, {asked} asked for by the address"
    if there < asked:
        return [
            bad("redis replicas", text, "start them: until then no commit counts, and the desk stands still")
        ]
    if may_fail_over and not there:
        return [warn("redis replicas", text, "start one: nobody could take over from this server")]
    return [ok("redis replicas", text)] if may_fail_over or asked else []


def judge_streams(
    streams: Sequence[StreamLag], newest_tick_ns: UnixNs | None, now_ns: UnixNs
) -> list[Finding]:
    """Judge whether ticks come and readers keep up; *newest_tick_ns* is wall time."""
    entries = sum(stream.length for stream in streams)
    found = [ok("streams", f"{len(streams)} streams, {entries:,} entries"), _ticks(newest_tick_ns, now_ns)]
    behind = [
        f"{group.group} on {stream.stream} by {group.lag:,}"
        for stream in streams
        for group in stream.groups
        if group.lag > _FAR_BEHIND
    ]
    found += (
        [warn("readers", f"behind: {', '.join(behind)}", "see `sauda lag`; is the service up?")]
        if behind
        else [ok("readers", "none is far behind")]
    )
    return found


def judge_letters(unsettled: int, settled: int) -> Finding:
    """Judge whether dead letters wait for a decision; what somebody requeued or dropped is done with."""
    if unsettled:
        advice = "see `sauda dead-letters list`; after a fix `sauda dead-letters requeue`"
        return warn("dead letters", f"{unsettled} open: entries that could not be worked", advice)
    return ok("dead letters", f"none open, {settled} settled" if settled else "none")


def _ticks(newest_ns: UnixNs | None, now_ns: UnixNs) -> Finding:
    if newest_ns is None:
        return warn("ticks", "none has come yet", "see `make logs s=feed`")
    age_ns = now_ns - newest_ns
    text = f"newest came {age_ns / NS_PER_S:.1f} s ago"
    if age_ns > _SILENT_NS:
        return warn(
            "ticks",
            text,
            "the market is closed, the recording has ended, or the feed is down: `make logs s=feed`",
        )
    return ok("ticks", text)


REPLAY: Final = "replay"
"""The unit under which a replay writes a desk."""


def judge_units(units: Iterable[UnitHolding]) -> list[Finding]:
    """Judge whether every unit that was ever carried has a holder now; on a desk made by a replay they rest with it."""
    units = list(units)
    if any(unit.unit == REPLAY for unit in units):
        return [ok("units", f"{len(units)} rest: the desk was made by `sauda replay`")]
    return [
        ok(f"unit {unit.unit}", f"held by {unit.holder}, epoch {unit.epoch}") if unit.held else _unheld(unit)
        for unit in units
    ]


def _unheld(unit: UnitHolding) -> Finding:
    text = f"nobody holds it (the last was {unit.holder})"
    if unit.unit.startswith(COURIER):
        # Nothing tells a destination that was taken away from one that lost its courier.
        return warn(f"unit {unit.unit}", text, "all is well if this destination was taken away on purpose")
    advice = f"start its service: `make ps`, then `make restart s={_service(unit.unit)}`"
    return bad(f"unit {unit.unit}", text, advice)


def _service(unit: str) -> str:
    return unit.partition(".")[0]
