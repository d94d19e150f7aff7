"""Decides about the dead letters of one desk on Redis: everything in one atomic step, and never over a decision unseen.

Two people who requeue one letter at the same moment would work its entry twice; so a step is refused if the letters have changed
since they were read, and is thought over again.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from sauda.errors import ConfigError, TransientError
from sauda.letters import Letter, letters_of
from sauda.log import Entry, Output
from sauda.redis_log import Script
from sauda.redis_view import RedisView

_TRIES: Final = 20
"""Letters that come faster than this many looks at them are a fault that nobody should settle into."""

_STREAMS: Final = ("dead_letters", "requeued")

Reading = Callable[[str], Sequence[Entry]]
"""stream -> all that was ever written to it"""
Deciding = Callable[[Mapping[str, Letter]], Sequence[Output]]
"""all letters -> what to write about them"""


class LetterBox:
    """The dead letters of a live desk."""

    def __init__(self, url: str, desk: str) -> None:
        """Connect on first use.

        Raises:
            ConfigError: *desk* was put aside: nobody reads there any more.
        """
        if "@" in desk:
            raise ConfigError(
                f"desk {desk!r} was put aside: its letters can be read, and nobody is there to work them"
            )
        self._view = RedisView(url, desk)
        self._script = Script("settle_letters")

    def settle(self, read: Reading, decide: Deciding) -> Sequence[Output]:
        """Read all letters, *decide*, and write that in one step; return what was written.

        Raises:
            TransientError: Redis does not answer (it was done or not: the letters tell), or letters come without end.
            SaudaError: *decide* refused.
        """
        keys = [self._view.keys.stream(stream) for stream in _STREAMS]
        for _ in range(_TRIES):
            last_id = self.last_id()
            outputs = decide(letters_of(read("dead_letters"), read("requeued")))
            if not outputs:
                return outputs
            args: list[Any] = [last_id]
            for output in outputs:
                args += (_STREAMS.index(output.stream) + 1, output.data, output.cause)
            if self._view.run(self._script, keys, args):
                self._view.insist_on_replicas()
                return outputs
        raise TransientError("dead letters come faster than they can be settled; nothing was done")

    def last_id(self) -> str:
        """Return the id of the newest dead letter or decision there ever was."""
        lag = next((lag for lag in self._view.lag() if lag.stream == "dead_letters"), None)
        return lag.last_id if lag else ""

    def readers(self) -> dict[str, bool]:
        """Return all who can work a requeued letter, units and writers: whether somebody does so now."""
        known = {unit.unit: unit.held for unit in self._view.units()}
        for lag in self._view.lag():
            for group in lag.groups if lag.stream == "requeued" else ():
                known.setdefault(group.group, group.consumers > 0)
        return known

    def close(self) -> None:
        """Let the connection go."""
        self._view.close()
