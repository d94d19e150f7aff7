"""The broker's WebSocket: who is connected, what they asked for, and telling them what changed.

A connection keeps, per subscription, what its client was last told. Each round compares that with the
market and sends the difference, so a slow client costs no memory: it simply finds a newer state when
it is ready for more.
"""

import json
from dataclasses import dataclass, field
from typing import Protocol

from sauda_simulator.faults import Faults
from sauda_simulator.market.day import MarketDay
from sauda_simulator.market.listing import Contract
from sauda_simulator.market.underlying import QUARTERS
from sauda_simulator.wire import depth, identity, touchline

_LEAST_OFTEN = 5
"""Even a quiet contract is looked at every fifth round."""


class Channel(Protocol):
    """What frames go out through; aiohttp's WebSocketResponse is one."""

    async def send_str(self, data: str) -> None:
        """Send a text frame; waits while the client cannot take more."""

    async def close(self, *, code: int = 1000, message: bytes = b"") -> bool:
        """Send a close frame and wait for the answer."""


class Market(Protocol):
    """Where news come from; `market_clock.MarketClock` is one."""

    def moment(self, late_ms: int = 0) -> tuple[MarketDay, int | None]:
        """Return the day and the moment of its session *late_ms* wall milliseconds ago; None before the open."""


@dataclass(slots=True)
class Subscription:
    """One thing that one client wants to hear about."""

    key: str
    """`EXCHANGE|TOKEN`."""
    deep: bool
    """Depth instead of touchline."""
    told: dict[str, str] = field(default_factory=dict)
    """Key -> value as the client has it."""
    held: str | None = None
    """A frame kept back by the out-of-order fault."""


class Connection:
    """One client's socket."""

    def __init__(self, channel: Channel, market: Market, faults: Faults) -> None:
        self._channel = channel
        self._market = market
        self._faults = faults
        self.user: str | None = None
        """Set once the client has shown a valid session."""
        self.muted = False
        self.subscriptions: dict[tuple[str, bool], Subscription] = {}
        """(key, deep) -> subscription, in the order in which they were made."""
        self.frames = 0
        """Frames sent."""
        self._shown: tuple[MarketDay, int] | None = None
        """The latest moment that was looked at: a line that becomes slower does not show the past once more."""
        self._round = 0

    async def send(self, text: str) -> None:
        """Send a frame, unless the socket plays dead."""
        if not self.muted:
            self.frames += 1
            await self._channel.send_str(text)

    async def close(self, code: int, why: str) -> None:
        """Close the socket politely."""
        await self._channel.close(code=code, message=why.encode())

    def subscribe(self, key: str, *, deep: bool) -> Subscription | None:
        """Remember a subscription; None if the silent cap swallows it."""
        found = self.subscriptions.setdefault((key, deep), Subscription(key, deep))
        found.told.clear()
        return found if self._delivers(list(self.subscriptions).index((key, deep))) else None

    def unsubscribe(self, key: str, *, deep: bool) -> None:
        """Forget a subscription."""
        self.subscriptions.pop((key, deep), None)

    def acknowledgement(self, wanted: Subscription) -> str | None:
        """Return the full snapshot with which a subscription begins; None if nothing has this token."""
        day, quarter = self._moment()
        contract = day.by_key.get(wanted.key)
        if contract is None:
            return None
        if quarter is not None:
            quarter = max(0, quarter - self._faults.stale_s * QUARTERS)
        wanted.told = self._values(wanted, day, contract, quarter)
        return _frame("dk" if wanted.deep else "tk", contract, identity(contract) | wanted.told)

    async def tell(self) -> None:
        """Send what has changed since the client was last told.

        Each instrument is looked at when its turn comes, so what waited for a slow client is fresh.
        """
        self._round += 1
        for place, wanted in enumerate(list(self.subscriptions.values())):
            day, quarter = self._moment()
            contract = day.by_key.get(wanted.key)
            if contract is None or not wanted.told or not self._delivers(place):
                continue
            every = min(day.pricer(contract).gap, _LEAST_OFTEN)
            if (self._round + place) % every == 0:
                await self._send_changes(wanted, contract, self._values(wanted, day, contract, quarter))

    def _moment(self) -> tuple[MarketDay, int | None]:
        day, quarter = self._market.moment(self._faults.ws_ms)
        if quarter is not None:
            if self._shown is not None and self._shown[0] is day:
                quarter = max(quarter, self._shown[1])
            self._shown = day, quarter
        return day, quarter

    async def _send_changes(self, wanted: Subscription, contract: Contract, values: dict[str, str]) -> None:
        changed = {key: value for key, value in values.items() if wanted.told.get(key) != value}
        # A new second alone is no news.
        if not changed or changed.keys() == {"ft"}:
            return
        wanted.told.update(changed)
        frame = _frame("df" if wanted.deep else "tf", contract, changed)
        held, wanted.held = wanted.held, None
        if held is None and self._faults.take("out_of_order"):
            wanted.held = frame
            return
        await self.send(frame)
        if held is not None:
            await self.send(held)
        if self._faults.take("duplicate"):
            await self.send(frame)

    def _values(
        self, wanted: Subscription, day: MarketDay, contract: Contract, quarter: int | None
    ) -> dict[str, str]:
        values = (depth if wanted.deep else touchline)(day, contract, quarter)
        spoilt = self._faults.without_lp
        if spoilt and ({contract.key, f"{contract.exchange}:{contract.trading_symbol}"} & spoilt):
            values.pop("lp", None)
            values.pop("pc", None)
        return values

    def _delivers(self, place: int) -> bool:
        cap = self._faults.token_cap
        return not cap or place < cap


def _frame(kind: str, contract: Contract, values: dict[str, str]) -> str:
    return json.dumps(
        {"t": kind, "e": contract.exchange, "tk": contract.token} | values, separators=(",", ":")
    )
