"""What the service itself tells the desk: rules that cannot be used, positions whose rules file is gone.

A problem that lasts is told once a day at the most, however often and on however many replicas we start. What a person has just
asked for is answered each time, once on however many replicas.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from sauda.clock import NS_PER_MS, SystemClock, UnixNs
from sauda.codec import decode, encode
from sauda.contracts import STREAM_OF, Alert, Level, Message, Signal
from sauda.errors import ConfigError
from sauda.log import Log, Output
from sauda_strategy.access import PREFIX
from sauda_strategy.voice import Voice

TOLD_AGAIN_AFTER_S: Final = 86_400
_EXCHANGE: Final = "execution.paper"
_HELD: Final = b"held/"
"""Rows of the exchange's state: a position each, named with its strategy."""


def broken_rules(broken: Mapping[str, ConfigError]) -> list[Message]:
    """Return a signal and an alert for each rules file that cannot be used."""
    now_ns = SystemClock().now_ns()
    return [
        one
        for instance, error in broken.items()
        for one in _pair(instance, "BROKEN_RULES", f"not started: {error}", now_ns, Level.CRITICAL)
    ]


def gone_files(log: Log, known: Sequence[str]) -> list[Message]:
    """Return a signal and an alert for each strategy that holds something, was carried here, and has no rules file any more."""
    held = (row for key, row in log.state_of(_EXCHANGE).items() if key.startswith(_HELD))
    holders = sorted({str(msgspec.json.decode(row)["strategy"]) for row in held})
    gone = [name for name in holders if name not in known and log.state_of(PREFIX + name)]
    text = (
        "its rules file is gone, so nobody manages what it holds: put it back (`sauda strategies reload {0}`),"
        " or close it (`sauda square-off --strategy {0}`)"
    )
    now_ns = SystemClock().now_ns()
    return [
        one
        for name in gone
        for one in _pair(name, "NO_RULES_FILE", text.format(name), now_ns, Level.CRITICAL)
    ]


def started_without_file(instance: str, folder: str) -> list[Message]:
    """Return what is to be known of an instance that only its message describes."""
    text = f"trades by its message alone: put {instance}.yaml into {folder}, or it will not come back after a restart"
    return _pair(instance, "NO_RULES_FILE", text, SystemClock().now_ns(), Level.WARNING)


def tell_once_a_day(log: Log, news: Sequence[Message]) -> None:
    """Write *news* without those that the desk has had within `TOLD_AGAIN_AFTER_S`; a signal goes with its alert.

    No lease guards it: two replicas that look in the same millisecond both tell, which people can live with, while a
    unit that is held only at starts would look to them like one that nobody carries.
    """
    if not news:
        return
    since_ms = SystemClock().now_ns() // NS_PER_MS - TOLD_AGAIN_AFTER_S * 1_000
    told = {_problem(decode(entry.data)) for entry in log.entries("alerts", b"%d-0" % since_ms)}
    log.append([_output(one) for one in news if _problem(one) not in told])


def answer_once(log: Log, cause: bytes, news: Sequence[Message]) -> None:
    """Write *news* as what follows from the entry *cause*, unless another replica has."""
    since = cause.partition(b" ")[2].partition(b"-")[0] + b"-0"
    if news and not any(entry.cause == cause for entry in log.entries("alerts", since)):
        log.append([_output(one, cause) for one in news])


def _pair(instance: str, code: str, text: str, now_ns: UnixNs, level: Level) -> list[Message]:
    voice = Voice(instance)
    return [voice.signal(text, now_ns), voice.alert(code, text, now_ns, level)]


def _output(message: Message, cause: bytes = b"") -> Output:
    return Output(STREAM_OF[type(message)], encode(message), cause)


def _problem(message: Message) -> tuple[str, str] | None:
    """Return what makes two messages tell the same."""
    match message:
        case Alert():
            return message.source, message.text
        case Signal():
            return PREFIX + message.strategy, message.reason
        case _:
            return None
