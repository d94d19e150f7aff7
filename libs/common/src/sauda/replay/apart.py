"""Writes a second of the market so that whatever follows from it gets a later millisecond.

Ids of different streams are compared by their milliseconds, and within one of them by numbers that say nothing across streams. A service
that answers a tick in the tick's own millisecond would have its answer sorted between that second's ticks or behind them, as chance has it.
"""

from typing import Any, Final, cast

from redis.exceptions import ResponseError

from sauda.clock import monotonic_s
from sauda.log import Lease, Step
from sauda.redis_commit import commit_arguments
from sauda.redis_log import server_errors
from sauda.redis_view import RedisView

HELD_S: Final = 0.003
"""Longer than the rest of any millisecond, on a server that is twice as fast as it was when it was timed."""

_HOLD: Final = "for _ = 1, tonumber(ARGV[1]) do end"
"""Keeps the server busy: nobody is woken before the transaction is over. Its clocks stand still in a script or are out of reach."""

_TIMED_TURNS: Final = 200_000


class ApartLog(RedisView):
    """The log of a replay's target."""

    def __init__(self, url: str, desk: str) -> None:
        super().__init__(url, desk)
        self._turns = 0
        """Of the loop that lasts for `HELD_S`; 0: not timed yet."""

    def commit_apart(self, lease: Lease, step: Step) -> None:
        """Do `commit`, and let nobody see its entries in the millisecond in which they were written.

        Raises:
            LeaseLostError, PositionError, TransientError: see `Log.commit`.
        """
        keys, args = commit_arguments(self.keys, lease, step)
        with server_errors(self._where):
            self._turns = self._turns or self._timed()
            pipeline: Any = self._client.pipeline(transaction=True)
            pipeline.execute_command("EVAL", self._commit.text, len(keys), *keys, *args)
            pipeline.execute_command("EVAL", _HOLD, 0, self._turns)
            for answer in pipeline.execute(raise_on_error=False):
                if isinstance(answer, ResponseError):
                    raise answer

    def _timed(self) -> int:
        """Return how many turns take the server `HELD_S`, by the fastest of some tries."""
        took_s, client = [], cast("Any", self._client)
        for _ in range(5):
            began_s = monotonic_s()
            client.execute_command("EVAL", _HOLD, 0, _TIMED_TURNS)
            took_s.append(monotonic_s() - began_s)
        return round(_TIMED_TURNS * HELD_S / min(took_s))
