"""A connection that remembers when the first of two answers came: a commit that is sent together with a read that waits."""

from collections.abc import Sequence
from typing import Any

import redis
from hiredis import pack_command

from sauda.clock import monotonic_s
from sauda.redis_line import Line


class TimedLine(Line):
    """See `Line`."""

    first_s: float | None = None
    """When the first answer of the last `say_both` was there; None: it was none, or an error."""

    def say_both(self, first: Sequence[Any], second: Sequence[Any]) -> Any:
        """See `Line`."""
        # All of it once more: a hook in `Line` would be called in every step of a desk that nobody measures.
        self.first_s = None
        connection = self._open()
        both = pack_command(tuple(first)) + pack_command(tuple(second))
        connection.send_packed_command([both], check_health=False)
        try:
            connection.read_response(disable_decoding=True)
        except redis.RedisError:
            connection.disconnect()
            raise
        self.first_s = monotonic_s()
        return connection.read_response(disable_decoding=True)
