"""A courier: carries what is on the stream `alerts` to one destination, one of several replicas at a time.

Its group keeps what is not delivered on Redis; its ledger is committed behind each delivery, with a fencing token. A process that
is killed between a delivery and that commit delivers this one message again: at least once, and honestly no better.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

from sauda.alerted import COURIER
from sauda.batch import Batch, batch_of
from sauda.clock import NS_PER_S, Clock, SystemClock, monotonic_s
from sauda.contracts import Alert
from sauda.errors import LeaseLostError, TransientError
from sauda.log import Entry, Log, Output, Step
from sauda.outage import Away, Outages, Pause, SinkAwayError, StoppedError
from sauda.parking import dead_letter
from sauda.runner import Stop
from sauda.writer import GroupReader
from sauda_alerts.deciding import Coming, Plan, decide
from sauda_alerts.destinations import Handling
from sauda_alerts.keeping import Keeping
from sauda_alerts.ledger import Ledger
from sauda_alerts.outcry import Outcry
from sauda_alerts.posting import Post
from sauda_alerts.sending import Sender
from sauda_alerts.wording import Wording, word

LEASE_MS: Final = 5_000
_COUNT: Final = 200
_BLOCK_MS: Final = 500
_SHORTEST_PAUSE_S: Final = 0.1
_LONGEST_PAUSE_S: Final = 5.0
_SLACK_NS: Final = 60 * NS_PER_S
"""A new destination is told what was said so shortly before it was there: the desk was just starting."""


class Courier:
    """Delivers to one destination."""

    def __init__(
        self,
        name: str,
        log: Log,
        reader: GroupReader,
        sender: Sender,
        handling: Handling,
        *,
        holder: str,
        lease_ms: int = LEASE_MS,
        clock: Clock | None = None,
        seconds: Callable[[], float] = monotonic_s,
        pause: Pause | None = None,
        on_event: Callable[[str, dict[str, object]], None] = lambda _event, _facts: None,
    ) -> None:
        # *clock* and *pause* are arguments for whoever owns time.
        self.unit = f"{COURIER}{name}"
        self.phase = "starting"
        """`starting`, `standby`, `holding`, `away` (Redis), `stopped`."""
        self.delivered = 0
        """Messages since the start."""
        self._name = name
        self._log = log
        self._reader = reader
        self._sender = sender
        self._handling = handling
        self._holder = holder
        self._clock = clock or SystemClock()
        self._keeping = Keeping(log, lease_ms, seconds)
        self._outages = Outages(self._clock, pause, on_event)
        self._post = Post(self.unit, sender, self._keeping)
        self._outcry = Outcry(sender, log.desk, seconds, self._clock)
        self._on_event = on_event
        self._ledger = Ledger()
        self._unsettled: Plan | None = None
        """What was delivered, until the ledger says so."""
        self._redis_pause_s = _SHORTEST_PAUSE_S
        self._lost_redis = False

    @property
    def ready(self) -> bool:
        """Whether it delivers, or waits for its turn."""
        return self.phase in ("holding", "standby") and self.away is None

    @property
    def away(self) -> Away | None:
        """Return since when the destination takes nothing, and why."""
        return self._outages.first

    def run(self, stop: Stop) -> None:
        """Deliver until *stop*.

        Raises:
            ConfigError: the destination's address cannot be right.
        """
        self._sender.open()
        with suppress(StoppedError):
            while not stop.is_set():
                if rest_s := self.turn(stop):
                    stop.wait(rest_s)
        self._leave()

    def turn(self, stop: Stop) -> float:
        """Do one beat; return the seconds to rest before the next.

        Raises:
            StoppedError: the word to stop came while the destination was away.
        """
        try:
            if not self._keeping.held and not self._take():
                self.phase = "standby"
                return self._keeping.ttl_ms / 4_000
            self._keeping.keep()
            self._work(stop)
        except LeaseLostError as error:
            self._keeping.forget()
            self._on_event("courier_lost", {"why": str(error)})
            return 0.1
        except TransientError as error:
            self._keeping.forget()
            self._lost_redis = self._lost_redis or self.phase != "starting"
            if self.phase in ("holding", "away"):
                self._outcry.redis_is_away(str(error))
            self.phase = "away" if self.phase in ("holding", "away") else "starting"
            self._on_event("redis_away", {"why": str(error)})
            rest_s, self._redis_pause_s = self._redis_pause_s, min(2 * self._redis_pause_s, _LONGEST_PAUSE_S)
            return rest_s
        self._redis_pause_s = _SHORTEST_PAUSE_S
        return 0.0

    def _take(self) -> bool:
        lease = self._log.acquire(self.unit, self._holder, self._keeping.ttl_ms)
        if self._lost_redis:
            self._lost_redis = False
            self._on_event("redis_back", {})
        if lease is None:
            return False
        unbroken = self._keeping.took(lease)
        self._reader.open()
        self._ledger = Ledger()
        self._ledger.state.load(self._log.load(lease, ()).state)
        if self._unsettled is not None and unbroken:
            # Redis went away behind the delivery, and nobody has worked since: it is not delivered again.
            self._unsettled.apply(self._ledger)
        self._unsettled = None
        if self._ledger.facts.get("begun") is None:
            self._ledger.facts.put("begun", str(self._clock.now_ns() - _SLACK_NS))
        self._commit()
        self.phase = "holding"
        self._outcry.redis_is_back()
        self._on_event("courier_holding", {"epoch": lease.epoch})
        return True

    def _work(self, stop: Stop) -> None:
        # What is pending is ours: the lease says that nobody else works in this group.
        entries = self._reader.mine(_COUNT) or self._reader.fresh(_COUNT, _BLOCK_MS)
        batch = batch_of(self.unit, entries)
        plan = self._deliver(batch, stop)
        if entries or plan.changes:
            self._settle(batch, plan)

    def _deliver(self, batch: Batch, stop: Stop) -> Plan:
        """Deliver what is to be delivered; decided anew at each attempt, for the quiet hours may have begun."""
        coming = _coming(batch)
        plan = self._decide(coming)
        if not plan.speaks:
            return plan

        def attempt() -> Plan:
            plan = self._decide(coming)
            if plan.speaks:
                self._send(word(self._log.desk, plan.lines, plan.too_old))
            return plan

        plan = self._outages.sit_out("destination", attempt, self._keeping.also(stop))
        if plan.speaks:
            now_ns = self._clock.now_ns()
            plan.delivered(now_ns)
            self._unsettled = plan
            self.delivered += 1
            self._ledger.facts.put("last", str(now_ns))
        self._ledger.facts.drop("trouble")
        return plan

    def _send(self, wording: Wording) -> None:
        try:
            self._post.send(wording)
        except SinkAwayError as error:
            self._note_trouble(str(error))
            raise

    def _note_trouble(self, why: str) -> None:
        """Let people see it, once for each reason."""
        if self._ledger.facts.get("trouble") != why:
            self._ledger.facts.put("trouble", why)
            self._commit()

    def _decide(self, coming: Sequence[Coming]) -> Plan:
        return decide(coming, self._ledger, self._handling, self._name, self._clock.now_ns())

    def _settle(self, batch: Batch, plan: Plan) -> None:
        plan.apply(self._ledger)
        self._ledger.forget_old(self._clock.now_ns())
        self._commit()
        self._unsettled = None
        letters = [(entry, self._letter(entry, why)) for entry, why in batch.unreadable]
        self._reader.settle([*batch.passed, *batch.readable], letters)
        # Taken away with the next commit: until then an entry that comes again is known to be done.
        for one in _coming(batch):
            self._ledger.done.drop(one.key)

    def _commit(self) -> None:
        self._log.commit(self._keeping.lease, Step(changes=self._ledger.state.take_changes()))
        self._keeping.kept()

    def _letter(self, entry: Entry, why: str) -> Output:
        self._on_event("dead_letter", {"stream": entry.stream, "id": entry.id.decode(), "why": why})
        return dead_letter(self.unit, entry, why)

    def _leave(self) -> None:
        try:
            self._keeping.release()
            self._reader.close()
        except TransientError as error:
            self._on_event("redis_away", {"why": str(error)})
        self.phase = "stopped"


def _coming(batch: Batch) -> list[Coming]:
    return [
        Coming(f"{entry.stream} {entry.id.decode()}", record.message)
        for entry, record in zip(batch.readable, batch.records, strict=True)
        if isinstance(record.message, Alert)
    ]
