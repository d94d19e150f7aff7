"""Which refusals are worth another try, and after how long. Pure.

What is not listed would only be repeated: the exchange's answer does not depend on the next tick.
"""

from collections.abc import Mapping
from typing import Final

from sauda.clock import NS_PER_S
from sauda.contracts import OrderRejected, RejectReason

ENTRY_PAUSE_NS: Final[Mapping[RejectReason, int]] = {
    RejectReason.NO_QUOTE: 0,
    RejectReason.STALE_QUOTE: 0,
    RejectReason.STALE_ORDER: 0,
    RejectReason.FEED_MUTE: 0,
    RejectReason.ORDER_RATE: 1 * NS_PER_S,
    RejectReason.DUPLICATE: 1 * NS_PER_S,
}
"""reason -> how long to wait, market time; 0: until the contract's next tick. Orders per second are counted over a
second; a duplicate is one for a short while only."""
LONGEST_PAUSE_S: Final = 60
"""An exit is tried for as long as it takes, whatever the reason, but no more than once a minute in the end."""


def pause_of_exit_ns(refusals: int) -> int:
    """Return how long to wait before an exit is tried again that was refused *refusals* times before."""
    return 0 if refusals == 0 else min(LONGEST_PAUSE_S, 2 ** min(refusals - 1, 10)) * NS_PER_S


def words(answer: OrderRejected) -> str:
    """Return the reason and, if there is one, the sentence."""
    return f"{answer.reason.value}: {answer.detail}" if answer.detail else answer.reason.value
