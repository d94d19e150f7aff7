"""What a person wants of strategies: written to `control`, and what came of it, waited for.

A wish is taken up when its strategy is committed behind it; what was said of it (alerts, signals) names it as its cause.
"""

from collections.abc import Sequence
from typing import Final

from sauda.clock import SystemClock, UnixNs, monotonic_s
from sauda.codec import encode
from sauda.contracts import Alert, ChangeRules, Message, Plain, Signal, Start, Stop
from sauda.errors import ConfigError
from sauda.hand.desk import HandDesk
from sauda.instances.outcome import Change, Outcome, Wish, by_strategy, differences
from sauda.instances.standing import PREFIX, rules_in_force, units_of
from sauda.log import Entry, Output
from sauda.merge import id_parts
from sauda.reading import readable
from sauda.record import Record

_POLL_S: Final = 0.1


class Wishes:
    """The strategies of one desk, live on Redis."""

    def __init__(self, record: Record, by: str = "") -> None:
        """Look at *record*.

        Raises:
            ConfigError: nothing can be written to it.
        """
        self._record = record
        self._hand = HandDesk(record, by)

    def carried(self) -> set[str]:
        """Return the strategies that a replica carries now."""
        return {name for name, unit in units_of(self._record).items() if unit.held}

    def start(self, name: str, file: dict[str, Plain] | None) -> list[Wish]:
        """Return what lets *name* trade: of one that nobody carries first the rules of its *file*.

        Raises:
            ConfigError: nobody carries it and it has no usable file.
        """
        wish = Wish(name, "start", Start(name, self._hand.by, self._now_ns()))
        if name in self.carried():
            return [wish]
        if file is None:
            raise ConfigError(f"{name} has no rules file, and nobody carries it")
        return [self._rules(name, "start", file, [], is_new=True), wish]

    def stop(self, name: str) -> Wish:
        """Return what lets *name* open nothing new."""
        return Wish(name, "stop", Stop(name, self._hand.by, self._now_ns()))

    def reload(self, name: str, file: dict[str, Plain]) -> Wish:
        """Return what lets *name* follow its *file*; without a message where it does already."""
        if name not in self.carried():
            return self._rules(name, "reload", file, [], is_new=True)
        before, _ = rules_in_force(self._record, PREFIX + name)
        changes = differences(before, file)
        return self._rules(name, "reload", file, changes) if changes else Wish(name, "reload", None)

    def change(self, name: str, before: dict[str, Plain], after: dict[str, Plain]) -> Wish:
        """Return what lets *name* follow the rules *after*."""
        changes = differences(before, after)
        return self._rules(name, "set", after, changes) if changes else Wish(name, "set", None)

    def ask(self, wishes: Sequence[Wish], seconds: float) -> list[Outcome]:
        """Write *wishes* and wait up to *seconds* until each is taken up or refused; return what came of them, by strategy."""
        written = [(wish, None if wish.message is None else self._write(wish.message)) for wish in wishes]
        deadline_s = monotonic_s() + seconds
        while True:
            outcomes = [self._outcome(wish, entry_id) for wish, entry_id in written]
            if all(one.is_answered for one in outcomes) or monotonic_s() > deadline_s:
                return by_strategy(outcomes)
            SystemClock().sleep(_POLL_S)

    def _rules(
        self, name: str, what: str, rules: dict[str, Plain], changes: list[Change], *, is_new: bool = False
    ) -> Wish:
        return Wish(name, what, ChangeRules(name, rules, self._hand.by, self._now_ns()), changes, is_new)

    def _outcome(self, wish: Wish, entry_id: bytes | None) -> Outcome:
        """Look at how *wish* stands; its taking first, as what was said of it came with that commit."""
        taken = entry_id is None or self._is_taken(wish.strategy, entry_id)
        said = [] if entry_id is None else [*self._said("alerts", entry_id), *self._said("signals", entry_id)]
        of_it = [one for one in said if _speaker(one) == wish.strategy]
        return Outcome(
            strategy=wish.strategy,
            what=wish.what,
            taken=taken,
            new=wish.is_new,
            changes=wish.changes,
            alerts=[one for one in of_it if isinstance(one, Alert)],
            signals=[one for one in of_it if isinstance(one, Signal)],
        )

    def _is_taken(self, name: str, entry_id: bytes) -> bool:
        unit = units_of(self._record).get(name)
        at = None if unit is None else unit.positions.get("control")
        return at is not None and id_parts(at.encode()) >= id_parts(entry_id)

    def _said(self, stream: str, entry_id: bytes) -> list[Message]:
        """Return what the entry *entry_id* of `control` has caused."""
        entries: list[Entry] = self._record.entries(stream, entry_id.partition(b"-")[0] + b"-0")
        return list(readable(entry for entry in entries if entry.cause == b"control " + entry_id))

    def _write(self, message: Start | Stop | ChangeRules) -> bytes:
        return self._record.append([Output("control", encode(message))])[0]

    def _now_ns(self) -> UnixNs:
        """Return the market's time; wall time before it was ever seen."""
        return self._hand.now_ns() or SystemClock().now_ns()


def _speaker(message: Message) -> str | None:
    match message:
        case Alert():
            return message.source.removeprefix(PREFIX)
        case Signal():
            return message.strategy
        case _:
            return None
