"""The wiring of the strategy service: rules files -> strategies -> a unit each.

A rules file that cannot be used is cried out and left aside; the others trade. With none at all the service
stays up and idle, so that a desk without strategies is a healthy desk.
"""

from collections.abc import Sequence
from typing import Final

from sauda.calendar import load_calendar
from sauda.clock import NS_PER_MS, SystemClock, UnixNs
from sauda.codec import decode, encode
from sauda.contracts import STREAM_OF, Alert, Level, Message, Signal
from sauda.errors import ConfigError, TransientError
from sauda.log import Log, Output
from sauda.logs import Channel, logger
from sauda.runner import Stop
from sauda.service import Role, open_log, run, unit_role
from sauda.settings import Settings
from sauda_strategy.loading import load_kinds
from sauda_strategy.rule_files import RuleBook, load_rules
from sauda_strategy.units import units_of
from sauda_strategy.voice import Voice

RETRY_S: Final = 1.0
TOLD_AGAIN_AFTER_S: Final = 86_400
"""A problem that lasts is told once a day at the most, however often and on however many replicas we start."""


def wire(settings: Settings) -> Sequence[Role]:
    """Build a role for each strategy instance, and one that says which rules files are broken."""
    folder = settings.config / "strategies"
    calendar = load_calendar(settings.config / "market")
    kinds = load_kinds(settings.strategies)
    book = load_rules(folder, kinds)
    records = logger(Channel.APP)
    if not book.rules:
        records.warning("no_strategies", folder=str(folder), hint="add a rules file and restart the service")
    for instance, error in book.broken.items():
        records.error("broken_rules", strategy=instance, why=str(error))
    units = units_of(book.rules, calendar, kinds)
    return [notice_role(book, open_log(settings)), *(unit_role(unit, settings) for unit in units)]


def notice_role(book: RuleBook, log: Log) -> Role:
    """Return the role that tells the desk of broken rules files as soon as Redis is there, then waits.

    What another replica, or an earlier start, has told within a day is not told again. It is also what keeps a service
    without any strategy alive.
    """

    def tell(stop: Stop) -> None:
        while book.broken and not stop.is_set():
            try:
                news = _untold(book, log)
                if news:
                    log.append([Output(STREAM_OF[type(one)], encode(one)) for one in news])
                break
            except TransientError:
                stop.wait(RETRY_S)
        while not stop.is_set():
            stop.wait(RETRY_S)

    return Role(
        name="rules",
        run=tell,
        ready=lambda: True,
        facts=lambda: {"strategies": sorted(book.rules), "broken": sorted(book.broken)},
    )


def notices(book: RuleBook) -> list[tuple[Signal, Alert]]:
    """Return a signal and an alert for each broken rules file."""
    now_ns = SystemClock().now_ns()
    return [_notice(instance, error, now_ns) for instance, error in book.broken.items()]


def _notice(instance: str, error: ConfigError, now_ns: UnixNs) -> tuple[Signal, Alert]:
    voice, text = Voice(instance), f"not started: {error}"
    return voice.signal(text, now_ns), voice.alert("BROKEN_RULES", text, now_ns, Level.CRITICAL)


def _untold(book: RuleBook, log: Log) -> list[Message]:
    """Return the notices whose alert the desk has not had within `TOLD_AGAIN_AFTER_S`.

    No lease guards it: two replicas that look in the same millisecond both tell, which people can live with, while a
    unit that is held only at starts would look to them like one that nobody carries.
    """
    since_ms = SystemClock().now_ns() // NS_PER_MS - TOLD_AGAIN_AFTER_S * 1_000
    told = {_problem(decode(entry.data)) for entry in log.entries("alerts", b"%d-0" % since_ms)}
    return [message for notice in notices(book) if _problem(notice[1]) not in told for message in notice]


def _problem(message: Message) -> tuple[str, str, str] | None:
    return (message.source, message.code, message.text) if isinstance(message, Alert) else None


def main() -> None:
    """Run the service until SIGTERM."""
    run("strategy", wire)


if __name__ == "__main__":
    main()
