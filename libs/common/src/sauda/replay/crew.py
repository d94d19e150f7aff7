"""Services that work on the target desk while a replay plays: processes of this machine, ended with the replay.

They get the desk, the Redis and the rules, and nothing else of the settings: no broker, no database. What they
make is on the target's streams.
"""

import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sauda import health
from sauda.clock import SystemClock, monotonic_s
from sauda.contracts import STREAMS
from sauda.errors import ConfigError, ContractError, SaudaError
from sauda.redis_log import Script
from sauda.redis_view import RedisView
from sauda.settings import Settings

SERVICES: Final = ("strategy", "execution", "pnl", "bars")
"""What a replay can start. A feed is not among them: the replay is the feed."""

READY_WITHIN_S: Final = 60.0
STANDBY_WITHIN_S: Final = 10.0
"""How long a unit that somebody else carries is waited for: the lease of a killed holder runs out sooner."""
MOVES_WITHIN_S: Final = 60.0
STOPS_WITHIN_S: Final = 10.0
FASTEST: Final = 100_000.0
"""The speed that services are told where there is none: their guards against old prices never bite."""

_PASSED_ON: Final = (
    *("redis_url", "underlyings", "log_level", "log_format", "lease_ms", "batch"),
    *("max_order_age_s", "stale_quote_s", "pnl_grid_ms"),
    *("capital", "brokerage", "margin_source", "fills", "order_latency_ms", "slippage_ticks"),
)


class CrewError(SaudaError):
    """A service did not start, or ended; says where its log is."""


@dataclass(slots=True)
class _Hand:
    service: str
    log: Path
    report: Path
    process: "subprocess.Popen[bytes]"
    phases: dict[str, str] = field(default_factory=dict)
    """unit -> whether it is held, by its last report."""

    @property
    def why(self) -> str:
        """Return what keeps it from being ready."""
        waiting = [name for name, phase in self.phases.items() if phase == "standby"]
        return f": somebody else carries {', '.join(waiting)} there" if waiting else ""


class Crew:
    """The services of one replay."""

    def __init__(
        self,
        settings: Settings,
        target: RedisView,
        speed: float | None,
        *,
        logs: Path,
        keep: Callable[[], object] = lambda: None,
    ) -> None:
        """Start nothing yet.

        Args:
            settings: Whose Redis and rules the services get.
            target: The target desk.
            speed: Market seconds in a second; None: as fast as it goes.
            logs: The folder for their logs; made if need be.
            keep: Called now and then while something is waited for.
        """
        self._settings = settings
        self._target = target
        self._speed = speed or FASTEST
        self._logs = logs
        self._keep = keep
        self._hands: list[_Hand] = []
        self._folder = tempfile.TemporaryDirectory(prefix="sauda-replay-")
        self._quiet = Script("quiet")
        self._asked: tuple[list[str], list[object]] | None = None

    @property
    def units(self) -> list[str]:
        """Return the units that the services carry."""
        return [unit for hand in self._hands for unit in hand.phases]

    def start(self, services: Sequence[str]) -> None:
        """Start *services* and wait until each of their units is held.

        Raises:
            ConfigError: one is not installed beside this program.
            CrewError: one ended, or was not ready in time.
        """
        for service in services:
            if importlib.util.find_spec(f"sauda_{service}") is None:
                raise ConfigError(f"--with {service}: the package sauda_{service} is not installed here")
        config = Path(self._folder.name) / "config"
        config.mkdir()
        for name in ("market", "strategies"):
            # Linked one by one: sauda.yaml beside them may name a database.
            (config / name).symlink_to(self._settings.config / name)
        self._logs.mkdir(parents=True, exist_ok=True)
        for service in services:
            self._hands.append(self._start(service, config))
        began_s = monotonic_s()
        until_s = began_s + READY_WITHIN_S
        for hand in self._hands:
            while not self._is_ready(hand):
                self.check()
                self._keep()
                if monotonic_s() > until_s or (hand.why and monotonic_s() > began_s + STANDBY_WITHIN_S):
                    raise CrewError(f"{hand.service} is not ready{hand.why}; see {hand.log}")
                SystemClock().sleep(0.1)

    def check(self) -> None:
        """Look whether all still run.

        Raises:
            CrewError: one has ended.
        """
        for hand in self._hands:
            if (code := hand.process.poll()) is not None:
                raise CrewError(
                    f"{hand.service} ended with exit code {code}; see {hand.log}{_last_words(hand.log)}"
                )

    def settle(self, moves_within_s: float = MOVES_WITHIN_S) -> None:
        """Wait until every unit has worked everything there is, what the others made of it included.

        Args:
            moves_within_s: How long the number of those that are behind may stay the same.

        Raises:
            CrewError: a service has ended, or nothing moves.
        """
        if self._asked is None:
            self._asked = self._question()
        rest_s, looked_s = 0.000_5, monotonic_s()
        until_s = looked_s + moves_within_s
        passed: list[dict[str, str]] = []
        while self._target.run(self._quiet, *self._asked):
            # Not ended by Ctrl-C: what is written is worked, or a replay that is resumed would decide otherwise.
            SystemClock().sleep(rest_s)
            rest_s = min(0.02, rest_s * 1.3)
            if monotonic_s() - looked_s > 1:
                looked_s = monotonic_s()
                self.check()
                self._keep()
                reached = self._reached()
                if reached != passed:
                    passed, until_s = reached, looked_s + moves_within_s
                elif looked_s > until_s:
                    raise CrewError(f"nothing moved for {moves_within_s:.0f} s; see the logs in {self._logs}")

    def stop(self) -> None:
        """End them: kindly, then for certain."""
        for hand in self._hands:
            if hand.process.poll() is None:
                hand.process.terminate()
        for hand in self._hands:
            try:
                hand.process.wait(STOPS_WITHIN_S)
            except subprocess.TimeoutExpired:
                hand.process.kill()
                hand.process.wait()
            if hand.process.stdin is not None:
                hand.process.stdin.close()
        self._folder.cleanup()

    def _start(self, service: str, config: Path) -> _Hand:
        report = Path(self._folder.name) / f"{service}.json"
        path = self._logs / f"{service}.log"
        with path.open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "sauda.replay.guarded", f"sauda_{service}"],
                # Not the project's folder: its .env and var/run.env may name a database or a broker.
                cwd=self._folder.name,
                env=self._environment(service, config, report),
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                # A Ctrl-C is for the replay, which ends them in order.
                start_new_session=True,
            )
        return _Hand(service, path, report, process)

    def _environment(self, service: str, config: Path, report: Path) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("SAUDA_")}
        given = {f"SAUDA_{name.upper()}": _text(getattr(self._settings, name)) for name in _PASSED_ON}
        return {
            **inherited,
            **given,
            "SAUDA_DESK": self._target.desk,
            "SAUDA_SPEED": str(self._speed),
            "SAUDA_CONFIG": str(config),
            "SAUDA_HEALTH_FILE": str(report),
            "SAUDA_SERVICE_NAME": f"replay-{service}",
        }

    def _is_ready(self, hand: _Hand) -> bool:
        with suppress(ContractError):
            roles = health.read(hand.report).facts.get("roles")
            if isinstance(roles, dict):
                hand.phases = {name: facts["phase"] for name, facts in roles.items() if "phase" in facts}
                return all(phase == "holding" for phase in hand.phases.values())
        return False

    def _question(self) -> tuple[list[str], list[object]]:
        """Return the keys and arguments of `quiet.lua`."""
        keys = self._target.keys
        asked = [*map(keys.unit, self.units), *map(keys.stream, STREAMS)]
        return asked, [len(self.units), *STREAMS]

    def _reached(self) -> list[dict[str, str]]:
        return [unit.positions for unit in self._target.units()]


def _text(value: object) -> str:
    return ",".join(value) if isinstance(value, tuple) else str(value)


def _last_words(log: Path) -> str:
    with suppress(OSError):
        lines = log.read_text(errors="replace").strip().splitlines()
        return f": {lines[-1]}" if lines else ""
    return ""
