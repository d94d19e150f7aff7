"""What the broker says of the legs that we hold, beside what our scenarios say.

Its answer counts for exactly the legs that it was asked about. Until the next answer our own figure counts, scaled by what
the broker last said of the same underlying; and unscaled as long as it has said nothing. Nobody ever waits for it.
"""

import msgspec

from sauda.clock import UnixNs, ist_date
from sauda.contracts import InstrumentId, MarginLeg, MarginReply, MarginRequest
from sauda.margin import MarginBook
from sauda.money import Paise, Units
from sauda.state import State
from sauda_execution.account.needs import Need


class Asked(msgspec.Struct, frozen=True, omit_defaults=True):
    """The last question about an underlying, and the last answer."""

    number: int
    """Of the question."""
    is_answered: bool = False
    """Whether `blocks` is the answer to that question, or to an earlier one."""
    span: Paise = 0
    """As the broker said it, ..."""
    exposure: Paise = 0
    """... and this too, in its last answer."""
    blocks: Paise = 0
    """What brokers make of it."""
    own: Paise = 0
    """What our scenarios asked for the legs of that answer."""
    error: str | None = None
    """Why the last question got no figure."""


class BrokerMargins:
    """Asks, remembers, scales."""

    def __init__(self, state: State, account: str, margins: MarginBook) -> None:
        self._account = account
        self._margins = margins
        self._asked = state.table("account_broker", Asked)

    def asked(self, underlying: str) -> Asked | None:
        """Return what was asked and answered last."""
        return self._asked.get(underlying)

    def ask(self, underlying: str, held: dict[InstrumentId, Units], now_ns: UnixNs) -> MarginRequest | None:
        """Return the question about *held*, which has just changed; None if nothing is left to ask about."""
        before = self._asked.get(underlying) or Asked(0)
        self._asked.put(
            underlying,
            msgspec.structs.replace(before, number=before.number + 1, is_answered=False, error=None),
        )
        legs = tuple(MarginLeg(instrument, qty) for instrument, qty in sorted(held.items()) if qty)
        if not legs:
            return None
        return MarginRequest(
            self._id(underlying, before.number + 1), f"execution.{self._account}", legs, now_ns
        )

    def take(self, reply: MarginReply, needs: dict[str, Need]) -> str | None:
        """Take an answer; return the underlying whose figure it changes, None if it comes too late or says nothing.

        Args:
            reply: Anybody's.
            needs: Underlying -> what our scenarios ask for it now.
        """
        found = next(
            (one for one in self._asked if self._id(one, self._asked[one].number) == reply.request_id), None
        )
        if found is None:
            return None
        before, need = self._asked[found], needs.get(found, Need())
        said = reply.span_trade + reply.exposure_trade
        error = reply.error
        if error is None and not said and need.held.total:
            error = "the broker asks nothing: it does not recognise the contracts"
        if error is not None:
            self._asked.put(found, msgspec.structs.replace(before, error=error))
            return None
        blocks = self._margins.broker_blocks(said, ist_date(reply.event_ns))
        self._asked.put(
            found,
            Asked(before.number, True, reply.span_trade, reply.exposure_trade, blocks, need.held.total),
        )
        return found

    def scaled(self, underlying: str, need: Need) -> Paise:
        """Return what is blocked for *need* if the broker's word counts."""
        asked = self._asked.get(underlying)
        total, rest = need.worst.total, need.premium + need.shares
        if asked is None or not asked.own or not asked.blocks:
            return total + rest
        if not asked.is_answered:
            return _share_up(total, asked) + rest
        # The answer leaves orders out; what they add is ours, scaled.
        return asked.blocks + _share_up(total - need.held.total, asked) + rest

    def ratio(self, underlying: str) -> tuple[int, int]:
        """Return (the broker's, ours) of the last answer; equal while there was none."""
        asked = self._asked.get(underlying)
        return (1, 1) if asked is None or not asked.own or not asked.blocks else (asked.blocks, asked.own)

    def _id(self, underlying: str, number: int) -> str:
        return f"{self._account}-{underlying}-{number}"


def _share_up(own: Paise, asked: Asked) -> Paise:
    return -(-own * asked.blocks // asked.own)
