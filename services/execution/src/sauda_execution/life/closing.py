"""A price's average over the closing window: each price counts for as long as it stood."""

import msgspec

from sauda.clock import NS_PER_MS, UnixNs
from sauda.money import Paise


class Closing(msgspec.Struct, frozen=True, omit_defaults=True):
    """What has been seen of one instrument in its closing window so far."""

    from_ns: UnixNs
    to_ns: UnixNs
    price: Paise | None = None
    """The one that stands; None before any was seen."""
    since_ns: UnixNs = 0
    """Since when it stands, within the window."""
    weighted: int = 0
    """Sum of earlier prices, each times the milliseconds that it stood."""
    stood_ms: int = 0
    """Sum of those milliseconds."""

    def seen(self, price: Paise, at_ns: UnixNs) -> "Closing":
        """Return it with *price* seen at *at_ns*; from before the window it stands when that begins.

        A price from after the window changes nothing, and one that comes late counts from when the last one did.
        """
        if at_ns >= self.to_ns:
            return self
        at_ns = max(at_ns, self.from_ns, self.since_ns)
        weighted, stood_ms = self._until(at_ns)
        return msgspec.structs.replace(
            self, price=price, since_ns=at_ns, weighted=weighted, stood_ms=stood_ms
        )

    def average(self) -> Paise | None:
        """Return the average over what was seen of the window, to the nearest paisa; None if nothing was."""
        if self.price is None:
            return None
        weighted, stood_ms = self._until(self.to_ns)
        # Seen in the last millisecond alone: it is all there is.
        return (2 * weighted + stood_ms) // (2 * stood_ms) if stood_ms else self.price

    def _until(self, at_ns: UnixNs) -> tuple[int, int]:
        if self.price is None:
            return 0, 0
        # From the same origin each time, so that what is cut off adds up to less than a millisecond in all.
        stood_ms = (at_ns - self.from_ns) // NS_PER_MS - (self.since_ns - self.from_ns) // NS_PER_MS
        return self.weighted + self.price * stood_ms, self.stood_ms + stood_ms
