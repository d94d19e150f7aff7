"""How a strategy speaks to people: signals for what it thinks, alerts for what they should know."""

from sauda.clock import UnixNs
from sauda.contracts import Alert, InstrumentId, Level, Side, Signal


class Voice:
    """One strategy's way of speaking: everything carries its name."""

    def __init__(self, strategy: str) -> None:
        self.strategy = strategy

    def signal(
        self, reason: str, now_ns: UnixNs, instrument: InstrumentId | None = None, side: Side | None = None
    ) -> Signal:
        """Build an opinion; without *side* it says why nothing is traded."""
        return Signal(
            strategy=self.strategy, instrument=instrument, side=side, reason=reason, event_ns=now_ns
        )

    def alert(self, code: str, text: str, now_ns: UnixNs, level: Level = Level.CRITICAL) -> Alert:
        """Build an alert; *code* is a constant name."""
        return Alert(source=f"strategy.{self.strategy}", level=level, code=code, text=text, event_ns=now_ns)
