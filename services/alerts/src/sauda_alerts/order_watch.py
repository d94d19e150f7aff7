"""What the exchange answers that somebody should know: a stop that was hit, an order that was refused. Pure."""

from typing import Final

from sauda.contracts import Alert, OrderRejected, OrderTriggered, RejectReason
from sauda.money import to_indian
from sauda_alerts.rules import Rules
from sauda_alerts.voice import Voice

TOO_LATE: Final = frozenset({RejectReason.ORDER_DONE, RejectReason.UNKNOWN_ORDER})
"""A change that meets no order any more: two crossed on the way, or a strategy asked. Nothing was refused that anybody wanted."""


class OrderWatch:
    """Follows the exchange's answers; remembers nothing but what it said."""

    def __init__(self, voice: Voice, rules: Rules) -> None:
        self._voice = voice
        self._rules = rules

    def hit(self, answer: OrderTriggered) -> list[Alert]:
        """Say that a stop was hit: an order is triggered once."""
        text = f"{answer.strategy}: the stop {answer.order_id} on {answer.instrument} was hit at Rs {to_indian(answer.ltp)}"
        return self._voice.say(self._rules.stop_hit, "STOP_HIT", text, answer.event_ns)

    def refused(self, answer: OrderRejected) -> list[Alert]:
        """Say that an order was refused; a strategy that tries again for the same reason is counted."""
        if answer.reason in TOO_LATE:
            return []
        reason = answer.reason.value
        text = f"{answer.strategy}: {answer.order_id} on {answer.instrument} was refused, {reason}: {answer.detail}"
        about = f"{answer.strategy}|{reason}"
        return self._voice.say_once(
            about, self._rules.order_rejected, "ORDER_REJECTED", text, answer.event_ns
        )
