"""The desk as plain processes: the services of the compose file under a supervisor, with a Redis of its own."""

import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from sauda.clock import monotonic_s
from sauda.errors import ContractError
from sauda.health import check, read
from sauda.masking import masked_url
from sauda.runtime import gateway, metrics, redis_users
from sauda.runtime.compose import REDIS, Service, read_services, runnable_names
from sauda.runtime.desk import Replica, Say
from sauda.runtime.following import follow_files, last_lines
from sauda.runtime.passwords import ensure_redis_passwords
from sauda.runtime.place import (
    Place,
    archive_of,
    asked_ports,
    read_started,
    redis_elsewhere,
    write_run_env,
    write_started,
)
from sauda.runtime.ports import assign
from sauda.runtime.programs import Program, programs_of, redis_url, sql_url
from sauda.runtime.reasons import Waiting, last_error, reason_in
from sauda.runtime.redis_server import answers, find_server
from sauda.runtime.strays import stop_strays
from sauda.runtime.supervisor import Process, Supervisor

WAIT_S = 60.0
"""How long one service may take to become healthy before those behind it are started all the same."""


class LocalDesk:
    """A desk of processes."""

    runtime = "local"

    def __init__(self, place: Place, redis_servers: Callable[[], list[str]] = find_server) -> None:
        self._place = place
        self._supervisor = Supervisor(place)
        self._started = read_started(place)
        self._find_server = redis_servers

    def is_up(self) -> bool:
        """Does the supervisor run?"""
        return self._supervisor.is_up()

    def services(self) -> list[str]:
        """Return the services that run here, in start order."""
        return list(self._services())

    def up(self, variables: Mapping[str, str], say: Say) -> None:
        """Start in the compose file's order, each service when those it needs are healthy."""
        self._place.make()
        running = self.is_up()
        if not running:
            stop_strays(self._place, say)
        self._started.runtime = self.runtime
        self._started.variables = dict(variables)
        gateway.ensure_token(self._place, variables)
        if not self._elsewhere:
            ensure_redis_passwords(self._place)
            redis_users.write_users(self._place, variables["SAUDA_DESK"])
            if not self._has_server():
                self._started.redis_server = self._find_server()
        services = self._services()
        ours = services if running else ()
        self._started.ports |= assign(services.values(), self._started.ports, asked_ports(self._place), ours)
        self._started.metrics = metrics.first_ports(services.values(), self._started.variables)
        write_started(self._place, self._started)
        self._write_run_env()
        self._apply(self._programs(), say, running)

    def down(self, say: Say) -> None:
        """Stop in the opposite order, so that nothing is sent to who is gone already."""
        for service in reversed(self.services()):
            self._supervisor.stop(
                name for name in self._supervisor.processes() if _service_of(name) == service
            )
        self._supervisor.shut_down()
        shutil.rmtree(self._place.health, ignore_errors=True)  # nobody is ill who was sent home
        metrics.write_targets(self._place, {})
        self._started.replicas = {}
        write_started(self._place, self._started)

    def replicas(self) -> list[Replica]:
        """Return every program with what it says of itself."""
        if not self.is_up():
            return []
        order = {name: number for number, name in enumerate(self._services())}
        found = sorted(
            self._supervisor.processes().values(),
            key=lambda one: (order.get(_service_of(one.name), 0), one.name),
        )
        return [self._replica(process) for process in found]

    def restart(self, service: str) -> None:
        """Restart the replicas one after the other: the others carry on meanwhile."""
        for name in [one.name for one in self.replicas() if one.service == service]:
            self._supervisor.stop([name])
            self._start(name)

    def scale(self, service: str, count: int) -> None:
        """Add or end the replicas with the highest numbers."""
        self._started.replicas[service] = count
        write_started(self._place, self._started)
        running = self._supervisor.processes()
        programs = [self._as_started(one) if one.name in running else one for one in self._programs()]
        self._apply(programs, lambda _: None, running=True)

    def logs(self, services: list[str], lines: int, follow: bool) -> Iterator[str]:
        """Read the programs' files; they outlive the desk."""
        files = [
            path for path in sorted(self._place.log.glob("*-*.log")) if _service_of(path.stem) in services
        ]
        yield from last_lines(files, lines)
        if follow:
            yield from follow_files(files)

    def clean(self) -> None:
        """Delete `var/`."""
        shutil.rmtree(self._place.var, ignore_errors=True)

    def summary(self) -> list[str]:
        """Return the addresses."""
        server = self._started.redis_server[0].rpartition("/")[2] if self._started.redis_server else ""
        where = masked_url(self._redis_url)
        return [
            *gateway.where(self._place, self._started),
            f"redis       {where}  ({'not started here' if self._elsewhere else server})",
            f"simulator   http://127.0.0.1:{self._started.ports.get('simulator', 0)}",
            f"database    {self._place.var / 'sauda.db'}",
        ]

    def _services(self) -> dict[str, Service]:
        text = self._place.compose.read_text()
        # Not all: what does not run here must not ask for its password.
        names = [name for name in runnable_names(text) if name != REDIS or not self._elsewhere]
        return read_services(text, self._started.variables, names)

    @property
    def _elsewhere(self) -> bool:
        """Is the Redis that this desk works on none of ours to start?"""
        return bool(redis_elsewhere(self._started.variables))

    @property
    def _redis_url(self) -> str:
        """Where people find the Redis."""
        return redis_url(self._started, redis_users.login(self._place))

    def _programs(self) -> list[Program]:
        return [
            one
            for service in self._services().values()
            for one in programs_of(service, self._place, self._started)
        ]

    def _as_started(self, program: Program) -> Program:
        """Return *program* as it was started, whatever has changed in the code since."""
        script = self._place.run / f"{program.name}.sh"
        return replace(program, script=script.read_text()) if script.exists() else program

    def _has_server(self) -> bool:
        """Is there data, and the server that wrote it? Another one may not be able to read it."""
        written = any((self._place.var / REDIS).iterdir())
        return written and bool(self._started.redis_server) and Path(self._started.redis_server[0]).exists()

    def _write_run_env(self) -> None:
        known = {
            "SAUDA_REDIS_URL": self._redis_url,
            "SAUDA_DESK": self._started.variables["SAUDA_DESK"],
            "SAUDA_SIM_PORT": str(self._started.ports["simulator"]),
            "SAUDA_ARCHIVE": archive_of(self._place, self._started.variables),
        }
        if not self._started.variables.get("SAUDA_SQL_URL"):
            known["SAUDA_SQL_URL"] = sql_url(self._place)
        write_run_env(self._place, known)

    def _apply(self, programs: list[Program], say: Say, running: bool) -> None:
        """Make the supervisor run exactly *programs*, touching only what is new or changed."""
        metrics.write_targets(self._place, {one.name: one.measured_at for one in programs if one.measured_at})
        if running:
            added, changed, removed = self._supervisor.changes(programs)
            gone = [*changed, *removed]
            self._supervisor.stop(reversed(gone))
            self._supervisor.adopt([*added, *changed], gone)
        else:
            self._supervisor.launch(programs)
        for service in dict.fromkeys(one.service for one in programs):
            names = [one.name for one in programs if one.service == service]
            if not self._start_service(names, service, say):
                return

    def _start_service(self, names: Iterable[str], service: str, say: Say) -> bool:
        """Start what sleeps; return whether it is of use to start those behind it."""
        processes = self._supervisor.processes()
        asleep = [name for name in names if processes[name].state not in {"RUNNING", "STARTING"}]
        if not asleep:
            return True
        say(f"starting {service}" + (f" ({len(asleep)})" if len(asleep) > 1 else ""))
        for name in asleep:
            self._start(name)
        return self._wait(service, say)

    def _start(self, name: str) -> None:
        (self._place.health / f"{name}.json").unlink(missing_ok=True)
        if self._supervisor.processes()[name].state != "BACKOFF":
            self._supervisor.start(name)

    def _wait(self, service: str, say: Say) -> bool:
        """Wait until *service* is healthy or needs no waiting for; stop it and return False if it refuses its settings."""
        deadline, waiting = monotonic_s() + WAIT_S, Waiting(say)
        while monotonic_s() < deadline:
            found = [one for one in self.replicas() if one.service == service]
            if hopeless := [one.name for one in found if one.hopeless]:
                self._supervisor.stop(hopeless)
                return False
            if all(one.healthy for one in found) or any(one.state in {"BACKOFF", "FATAL"} for one in found):
                return True
            waiting.look(one for one in found if not one.healthy)
            time.sleep(0.1)
        return True

    def _replica(self, process: Process) -> Replica:
        service = _service_of(process.name)
        running = process.state in {"RUNNING", "STARTING"}
        healthy, detail = self._health(process, service) if running else (False, "")
        return Replica(
            service,
            process.name,
            process.state,
            healthy,
            str(process.pid),
            process.uptime_s,
            detail or last_error(self._place.log / f"{process.name}.log"),
            hopeless=process.refuses,
        )

    def _health(self, process: Process, service: str) -> tuple[bool, str]:
        if service == REDIS:
            return answers(self._redis_url)
        path = self._place.health / f"{process.name}.json"
        verdict = check(path)
        try:
            report = read(path)
        except ContractError:
            return False, "starting"
        if report.pid != process.pid:
            return False, "starting"
        # Only one that works reports that it is not ready; one that is silent has no reason to give.
        reason = "" if report.ready or "not ready" not in verdict.why else reason_in(report.facts)
        return verdict.healthy, f"not ready: {reason}" if reason else verdict.why


def _service_of(program: str) -> str:
    """Return the service that `pnl-2` is a replica of."""
    return program.rpartition("-")[0]
