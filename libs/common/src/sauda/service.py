"""The shell that every service shares: settings, logs, one thread a role, SIGTERM, health. Nothing is decided here.

settings -> log records -> roles (units, writers, sources; more may join) -> health file, until SIGTERM
"""

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from sauda.clock import SystemClock, monotonic_s
from sauda.codec import encode
from sauda.contracts import Alert, Level
from sauda.errors import ConfigError, SaudaError
from sauda.garbage import Rounds, collect_rarely
from sauda.health import Health
from sauda.log import Log, Output
from sauda.logs import Channel, configure, logger
from sauda.redis_log import RedisLog
from sauda.redis_replicated import log_at
from sauda.runner import Stop, UnitRunner
from sauda.said import Said
from sauda.settings import Settings, load_settings
from sauda.unit import Unit

if TYPE_CHECKING:
    from sauda.metrics.measures import Figures
    from sauda.metrics.records import RecordCounts
    from sauda.metrics.units import MeasuredUnit

HEALTH_EVERY_S: Final = 0.5
AT_FIRST_S: Final = 0.05
"""Until it has been well for the first time: others wait for it, one behind the other. Ever more slowly: it may be a night's wait."""
PACE_EVERY_S: Final = 60.0


@dataclass(slots=True)
class Role:
    """One loop of a service, run in a thread of its own."""

    name: str
    run: Callable[[Stop], None]
    """Works until told to stop; what it raises ends this role alone."""
    ready: Callable[[], bool]
    facts: Callable[[], dict[str, object]] = field(default=dict)
    """What the health file says about it."""
    joining: Callable[[], Sequence["Role"]] = tuple
    """Roles that shall begin now: asked twice a second. One that is named like a role that has ended takes its place."""
    figures: "Figures | None" = None
    """What the page for Prometheus tells of it, where it is measured."""
    failure: str | None = None
    refused: bool = False
    """Whether it failed for its settings, so that starting it again cannot help."""


def holder_name() -> str:
    """Return who we are, for people who ask which replica holds a unit."""
    return f"{socket.gethostname()}:{os.getpid()}"


def open_log(settings: Settings) -> RedisLog:
    """Return the settings' desk on the settings' Redis; it connects on first use."""
    return log_at(settings.redis_url, settings.desk)


def unit_role(unit: Unit, settings: Settings) -> Role:
    """Return the role that holds *unit* whenever it can, over a connection of its own."""
    records = logger(Channel.APP)
    log, said, figures = surroundings(unit.name, settings)

    def on_event(event: str, facts: dict[str, object]) -> None:
        quiet = event in ("unit_holding", "unit_standby", "unit_stopped")
        (records.info if quiet else records.warning)(event, unit=unit.name, **facts)

    runner = UnitRunner(
        unit,
        log,
        holder_name(),
        lease_ms=settings.lease_ms,
        batch=settings.batch,
        on_event=on_event,
        tell=said.tell,
    )
    if figures is not None:
        figures.is_held = lambda: runner.phase == "holding"

    def run(stop: Stop) -> None:
        try:
            runner.run(stop)
        except Exception as error:
            known = isinstance(error, SaudaError)
            _cry_out(log, unit.name, str(error) if known else f"{type(error).__name__}: {error}")
            raise

    return Role(
        name=unit.name,
        run=run,
        ready=lambda: runner.ready,
        facts=lambda: {"phase": runner.phase, "epoch": runner.epoch, "handled": runner.handled},
        figures=figures,
    )


def surroundings(unit: str, settings: Settings) -> "tuple[Log, Said, MeasuredUnit | None]":
    """Return what a unit works with: its log, and who tells of what it said; one that is measured finds out nothing of it."""
    if settings.metrics_port is None:
        return open_log(settings), Said(unit), None
    from sauda.metrics.units import measured_unit

    measured = measured_unit(unit, settings)
    return measured.log, measured.said, measured


def run(service: str, wire: Callable[[Settings], Sequence[Role]]) -> None:
    """Run *service* until SIGTERM; exit 2 for what its settings make impossible, 1 when no role is left.

    Args:
        service: Its name in logs and health, `execution`.
        wire: Builds the roles from the settings; connects nothing.
    """
    try:
        settings = load_settings()
        counts = _record_counts(settings)
        configure(settings, service, counting=counts)
        roles = wire(settings)
    except ConfigError as error:
        sys.stderr.write(f"{service}: {error}\n")
        sys.exit(2)
    collect_rarely()
    try:
        code = _serve(service, roles, settings, counts)
    except Exception:  # noqa: BLE001  (through the log, where secrets are masked)
        logger(Channel.APP).exception("service_failed")
        code = 1
    sys.exit(code)


def watched(
    settings: Settings,
    health: Health,
    roles: Callable[[], Sequence[Role]] = tuple,
    counts: "RecordCounts | None" = None,
) -> AbstractContextManager[object]:
    """Return the page for Prometheus, to be served from `with` to its end; nothing where there is to be none."""
    if settings.metrics_port is None:
        return nullcontext()
    from sauda.metrics.roles import endpoint_of

    return endpoint_of(settings, health, roles, [counts])


def _record_counts(settings: Settings) -> "RecordCounts | None":
    if settings.metrics_port is None:
        return None
    from sauda.metrics.records import RecordCounts

    return RecordCounts()


def _serve(
    service: str, roles: Sequence[Role], settings: Settings, counts: "RecordCounts | None" = None
) -> int:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    records = logger(Channel.APP)
    records.info("service_started", desk=settings.desk, roles=[role.name for role in roles])
    crew = _Crew(roles, stop)
    health = Health(settings.health_file, service)
    with watched(settings, health, lambda: crew.roles, counts):
        return _beat(crew, health, stop)


def _beat(crew: "_Crew", health: Health, stop: threading.Event) -> int:
    records = logger(Channel.APP)
    pace, rounds = _Pace(), Rounds()
    every_s = AT_FIRST_S
    while not stop.wait(every_s):
        crew.let_join()
        roles = crew.roles
        pace.tell(roles)
        rounds.turn()
        ready = all(_is_ready(role) for role in roles)
        every_s = _next_beat_s(every_s, ready=ready)
        health.report(ready, roles=_facts(roles))
        # Asked in this order: roles that end because they were told to are no failure, whenever that falls.
        if not crew.works() and not stop.is_set():
            records.error("service_has_no_role_left", failed=[role.name for role in roles if role.failure])
            return 2 if any(role.refused for role in roles) else 1
    records.info("service_stopped", unfinished=crew.wait(8))
    return 0


def _next_beat_s(last_s: float, *, ready: bool) -> float:
    return HEALTH_EVERY_S if ready else min(last_s * 1.05, HEALTH_EVERY_S)


class _Crew:
    """The roles of this process, each in its thread."""

    def __init__(self, roles: Sequence[Role], stop: threading.Event) -> None:
        self._stop = stop
        self._at_work = {role.name: (role, _start(role, stop)) for role in roles}

    @property
    def roles(self) -> list[Role]:
        """Return all of them, those that failed among them."""
        # A copy in one go: the page for Prometheus asks from a thread of its own while others join.
        return [role for role, _ in tuple(self._at_work.values())]

    def let_join(self) -> None:
        """Begin the roles that others ask for, unless one of that name is at work."""
        for new in [new for role in self.roles for new in role.joining()]:
            before = self._at_work.get(new.name)
            # One that has failed is ending, if it has not ended yet.
            if before is None or before[0].failure is not None or not before[1].is_alive():
                logger(Channel.APP).info("role_joins", role=new.name, again=before is not None)
                self._at_work[new.name] = (new, _start(new, self._stop))

    def works(self) -> bool:
        """Return whether anybody is at work."""
        return any(thread.is_alive() for _, thread in self._at_work.values())

    def wait(self, seconds: float) -> list[str]:
        """Wait for all to end, *seconds* for each; return who has not."""
        for _, thread in self._at_work.values():
            thread.join(timeout=seconds)
        return [thread.name for _, thread in self._at_work.values() if thread.is_alive()]


class _Pace:
    """Says once a minute how much each role has handled since the last time."""

    def __init__(self) -> None:
        self._handled: dict[str, int] = {}
        self._told_s = monotonic_s()

    def tell(self, roles: Sequence[Role]) -> None:
        """Log it if a minute has passed."""
        passed_s = monotonic_s() - self._told_s
        if passed_s < PACE_EVERY_S:
            return
        self._told_s += passed_s
        for role in roles:
            handled = role.facts().get("handled")
            if isinstance(handled, int):
                since = handled - self._handled.get(role.name, 0)
                self._handled[role.name] = handled
                per_s = round(since / passed_s, 1)
                logger(Channel.PERFORMANCE).info("pace", role=role.name, handled=since, per_s=per_s)


def _start(role: Role, stop: Stop) -> threading.Thread:
    def work() -> None:
        try:
            role.run(stop)
        except ConfigError as error:
            role.failure, role.refused = str(error), True
            logger(Channel.APP).error("role_refused", role=role.name, why=str(error))
        except Exception as error:  # noqa: BLE001  (one role's end is logged and shown, the others go on)
            role.failure = f"{type(error).__name__}: {error}"
            logger(Channel.APP).exception("role_failed", role=role.name)

    thread = threading.Thread(target=work, name=role.name, daemon=True)
    thread.start()
    return thread


def _is_ready(role: Role) -> bool:
    return role.failure is None and role.ready()


def _facts(roles: Sequence[Role]) -> dict[str, dict[str, object]]:
    facts = {role.name: {"ready": _is_ready(role), **role.facts()} for role in roles}
    for role in roles:
        if role.failure is not None:
            facts[role.name]["failure"] = role.failure
    return facts


def _cry_out(log: Log, unit: str, text: str) -> None:
    alert = Alert(
        source=unit, level=Level.CRITICAL, code="UNIT_STOPPED", text=text, event_ns=SystemClock().now_ns()
    )
    try:
        log.append([Output("alerts", encode(alert))])
    except SaudaError:
        logger(Channel.APP).warning("alert_not_written", unit=unit)
