"""A lease that is kept while something else takes long: a delivery, a pause between two attempts."""

from collections.abc import Callable
from typing import Final

from sauda.errors import LeaseLostError
from sauda.log import Lease, Log
from sauda.runner import Stop

_SLICE_S: Final = 0.25


class Keeping:
    """The lease of one role, renewed when a quarter of it has passed."""

    def __init__(self, log: Log, ttl_ms: int, seconds: Callable[[], float]) -> None:
        self.ttl_ms = ttl_ms
        self._log = log
        self._seconds = seconds
        self._lease: Lease | None = None
        self._epoch = 0
        self._renewed_s = 0.0

    @property
    def held(self) -> bool:
        """Return whether it was ours when we last looked."""
        return self._lease is not None

    @property
    def lease(self) -> Lease:
        """Return it.

        Raises:
            LeaseLostError: we hold none.
        """
        if self._lease is None:
            raise LeaseLostError("the lease is not held here")
        return self._lease

    def took(self, lease: Lease) -> bool:
        """Keep *lease* from now on; return whether nobody else has held it since we did."""
        unbroken = lease.epoch == self._epoch + 1
        self._lease, self._epoch = lease, lease.epoch
        self.kept()
        return unbroken

    def kept(self) -> None:
        """Take note that it was renewed."""
        self._renewed_s = self._seconds()

    def keep(self) -> None:
        """Renew it if it is time.

        Raises:
            LeaseLostError: somebody else has it, or nobody.
            TransientError: Redis is away.
        """
        if (self._seconds() - self._renewed_s) * 4_000 >= self.ttl_ms:
            self._log.renew(self.lease)
            self.kept()

    def forget(self) -> None:
        """Hold it no more, whosever it is."""
        self._lease = None

    def release(self) -> None:
        """Give it back."""
        lease, self._lease = self._lease, None
        if lease is not None:
            self._log.release(lease)

    def also(self, stop: Stop) -> Stop:
        """Return *stop*, whose waiting keeps the lease."""
        return _Kept(self, stop)


class _Kept:
    def __init__(self, keeping: Keeping, stop: Stop) -> None:
        self._keeping = keeping
        self._stop = stop

    def is_set(self) -> bool:
        return self._stop.is_set()

    def wait(self, timeout: float) -> bool:
        left_s = timeout
        while left_s > 0:
            if self._stop.wait(min(left_s, _SLICE_S)):
                return True
            left_s -= _SLICE_S
            self._keeping.keep()
        return self._stop.is_set()
