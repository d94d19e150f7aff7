"""The recorded desk in lock step: entries of the record in, what it ordered, traded and made out.

Nothing is kept but the units' states and what they said about orders and money: a day of any length fits.
"""

from collections.abc import Callable, Mapping, Sequence

from sauda.backtest.desk import Desk
from sauda.backtest.player import Player
from sauda.codec import decode
from sauda.contracts import Message
from sauda.errors import ContractError
from sauda.log import Entry
from sauda.merge import IdParts, id_parts
from sauda.redelivery import meant_for
from sauda.unit import REQUEUED, Unit
from sauda.whatif.told import Told


class LockStepDesk:
    """The units of a desk, and what came of them."""

    def __init__(
        self,
        units: Sequence[Unit],
        since: Mapping[str, IdParts | None],
        states: Mapping[str, Mapping[bytes, bytes]] | None = None,
        tell: Callable[[Message], None] | None = None,
    ) -> None:
        """Make the desk.

        Args:
            units: Those of the record, or changed ones.
            since: unit -> the tick behind which it begins.
            states: unit -> its state at the beginning, if it has one.
            tell: Is given everything that a unit says; None: `told` is.
        """
        self.told = Told()
        self._desk = Desk(units, tell or self.told.take, states)
        self._late = {unit.name: at for unit in units if (at := since.get(unit.name)) is not None}
        """unit -> the tick behind which it begins, until that has passed"""
        self._desk.deafen(frozenset(self._late))

    @property
    def players(self) -> list[Player]:
        """Return the units."""
        return self._desk.players

    def take(self, entry: Entry, message: Message | None) -> None:
        """Let all units work *entry* and what follows from it; *message* is what it says, None if it cannot be read."""
        if entry.stream == REQUEUED:
            self._take_back(entry)
        elif message is not None:
            if self._late and entry.stream == "ticks":
                self._wake(id_parts(entry.id))
            self._desk.take(entry.stream, message)

    def _wake(self, at: IdParts) -> None:
        still = {name: since for name, since in self._late.items() if at <= since}
        if len(still) < len(self._late):
            self._late = still
            self._desk.deafen(frozenset(still))

    def _take_back(self, entry: Entry) -> None:
        """Hand a requeued letter to its unit alone."""
        for player in self.players:
            try:
                if (meant := meant_for(player.unit.name, entry)) is not None:
                    self._desk.hand(player, decode(meant.data))
            except ContractError:
                continue
