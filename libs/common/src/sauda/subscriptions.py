"""Who needs which instruments: counted by name, so that one's unsubscribe takes nothing from another."""

from sauda.contracts import InstrumentId, Subscribe, Unsubscribe


class Subscriptions:
    """The wishes of one desk, as its stream `subscriptions` tells them."""

    def __init__(self) -> None:
        self._wanted_by: dict[InstrumentId, set[str]] = {}
        """instrument -> names of those that need it"""

    def apply(self, message: Subscribe | Unsubscribe) -> None:
        """Take one wish; a repeated one changes nothing."""
        for instrument in message.instruments:
            if isinstance(message, Subscribe):
                self._wanted_by.setdefault(instrument, set()).add(message.by)
            elif names := self._wanted_by.get(instrument):
                names.discard(message.by)
                if not names:
                    del self._wanted_by[instrument]

    @property
    def wanted(self) -> frozenset[InstrumentId]:
        """Return what somebody needs."""
        return frozenset(self._wanted_by)

    def wanted_by(self, instrument: InstrumentId) -> list[str]:
        """Return who needs *instrument*, sorted."""
        return sorted(self._wanted_by.get(instrument, ()))
