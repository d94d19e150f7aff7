"""The watcher: one of all replicas looks at the machinery, and says once that something is wrong, and once that it is over.

What it said is committed in the same step as the alert, with a fencing token: whoever comes after it says nothing again.
"""

from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec

from sauda.clock import Clock, SystemClock, UnixNs, monotonic_s
from sauda.codec import encode
from sauda.contracts import Alert, Level
from sauda.errors import LeaseLostError, TransientError
from sauda.log import Log, Output, Step
from sauda.runner import Stop
from sauda.state import State
from sauda_alerts.facts import Facts
from sauda_alerts.keeping import Keeping
from sauda_alerts.machinery import Machinery, Trouble

UNIT: Final = "alerts.watch"
EVERY_S: Final = 2.0
LEASE_MS: Final = 10_000
"""A look takes milliseconds, but a busy server may take seconds for it."""
_LONGEST_PAUSE_S: Final = 5.0


class Said(msgspec.Struct, frozen=True):
    """A trouble that was said and is not over."""

    code: str
    text: str
    since_ns: UnixNs
    """Wall time."""
    size: int = 0


class Looks(Protocol):
    """Whoever can measure the machinery."""

    def look(self) -> Facts:
        """Measure everything.

        Raises:
            TransientError: Redis does not answer.
        """


class Watcher:
    """Looks, judges and says what has changed."""

    def __init__(
        self,
        log: Log,
        looks: Looks,
        machinery: Machinery,
        *,
        holder: str,
        clock: Clock | None = None,
        seconds: Callable[[], float] = monotonic_s,
        on_event: Callable[[str, dict[str, object]], None] = lambda _event, _facts: None,
        tell: Callable[[Sequence[Output]], None] = lambda _outputs: None,
    ) -> None:
        # *clock* and *seconds* are arguments for whoever owns time.
        self.phase = "starting"
        """`starting`, `standby`, `holding`, `away` (Redis), `stopped`."""
        self.troubles: tuple[str, ...] = ()
        """What is wrong now, as far as it was said."""
        self._log = log
        self._looks = looks
        self._machinery = machinery
        self._holder = holder
        self._clock = clock or SystemClock()
        self._keeping = Keeping(log, LEASE_MS, seconds)
        self._on_event = on_event
        self._tell = tell
        self._state = State()
        self._said = self._state.table("said", Said)
        self._seconds = seconds
        self._over_from_s = 0.0
        """Until then nothing is said to be over: what has to last is judged anew by who takes over."""
        self._pause_s = 0.1

    @property
    def ready(self) -> bool:
        """Whether it watches, or waits for its turn."""
        return self.phase in ("holding", "standby")

    def run(self, stop: Stop) -> None:
        """Watch until *stop*."""
        while not stop.is_set():
            stop.wait(self.turn())
        try:
            self._keeping.release()
        except TransientError as error:
            self._on_event("lease_not_released", {"why": str(error)})
        self.phase = "stopped"

    def turn(self) -> float:
        """Look once; return the seconds to rest before the next time."""
        try:
            if not self._keeping.held and not self._take():
                self.phase = "standby"
                return LEASE_MS / 4_000
            self._keeping.keep()
            self._say(self._machinery.judge(self._looks.look()))
        except LeaseLostError as error:
            self._keeping.forget()
            self._on_event("watcher_lost", {"why": str(error)})
            return 0.1
        except TransientError as error:
            # Couriers tell of Redis; what was said stands on Redis and is read again.
            self._keeping.forget()
            self.phase = "away"
            self._on_event("redis_away", {"why": str(error)})
            rest_s, self._pause_s = self._pause_s, min(2 * self._pause_s, _LONGEST_PAUSE_S)
            return rest_s
        self._pause_s = 0.1
        return EVERY_S

    def _take(self) -> bool:
        lease = self._log.acquire(UNIT, self._holder, LEASE_MS)
        if self.phase == "away":
            self._on_event("redis_back", {})
        if lease is None:
            return False
        self._keeping.took(lease)
        self._over_from_s = self._seconds() + self._machinery.slowest_s + 2 * EVERY_S
        self._state.load(self._log.load(lease, ()).state)
        self.phase = "holding"
        return True

    def _say(self, troubles: Sequence[Trouble]) -> None:
        alerts = [*self._new(troubles), *self._over({one.key for one in troubles})]
        changes = self._state.take_changes()
        outputs = [Output("alerts", encode(alert)) for alert in alerts]
        if outputs or changes:
            self._log.commit(self._keeping.lease, Step(changes=changes, outputs=outputs))
            self._keeping.kept()
        self.troubles = tuple(self._said)
        self._tell(outputs)

    def _new(self, troubles: Sequence[Trouble]) -> list[Alert]:
        alerts, now_ns = [], self._clock.now_ns()
        for one in troubles:
            before = self._said.get(one.key)
            since_ns = before.since_ns if before else now_ns
            if before is None or one.size > before.size:
                alerts.append(Alert(UNIT, one.rule.loudness, one.code, one.text, now_ns))
            if before is None or one.size != before.size:
                self._said.put(one.key, Said(one.code, one.text, since_ns, one.size))
        return alerts

    def _over(self, lasting: set[str]) -> list[Alert]:
        alerts: list[Alert] = []
        now_ns = self._clock.now_ns()
        if self._seconds() < self._over_from_s:
            return alerts
        for key, said in [(key, said) for key, said in self._said.items() if key not in lasting]:
            self._said.drop(key)
            minutes = (now_ns - said.since_ns) / 60e9
            text = f"over after {minutes:,.1f} minutes: {said.text}"
            alerts.append(Alert(UNIT, Level.INFO, f"{said.code}_OVER", text, now_ns))
        return alerts
