"""One desk for all clients: takes what the follower brings, and tells who follows what has changed.

Runs on the server's event loop, so that whoever asks over REST sees what was sent, and nothing half-done.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any, Final

from sauda.clock import ist_date
from sauda.contracts import Subscribe, Tick, Unsubscribe
from sauda.errors import ContractError, SaudaError
from sauda.logs import Channel, logger
from sauda.record import Record
from sauda_gateway.market.bases import find_bases
from sauda_gateway.market.calling import Calling
from sauda_gateway.market.catalogue import canonical_or_same
from sauda_gateway.market.market import Market
from sauda_gateway.market.showing import Rules, Showing
from sauda_gateway.market.worth import find_worth
from sauda_gateway.stream import frames
from sauda_gateway.stream.board import Board, Made
from sauda_gateway.stream.client import MOST_TOPICS, Client
from sauda_gateway.stream.events import Events
from sauda_gateway.stream.follower import Batch, Phase, Told
from sauda_gateway.stream.interest import Interest, instruments_of
from sauda_gateway.stream.topics import Name, read_name

STUCK_S: Final = 30.0
"""Seconds on one message after which a client that takes nothing is given up."""
CHAINS_OF_ONE: Final = 4
CHAINS_OF_ALL: Final = 12
HEARTBEAT_EVERY: Final = 5
"""Beats, of which there is one a second."""


class Hub:
    """One desk."""

    def __init__(
        self,
        desk: str,
        rules: Rules,
        open_record: Callable[[], Record],
        calling: Calling | None = None,
        status: Callable[[], Any] | None = None,
    ) -> None:
        """Prepare; call on the event loop.

        Args:
            desk: Its name.
            rules: What chains are computed by.
            open_record: Opens its record, for clients that were away long.
            calling: Asks for prices that somebody looks at; None: the desk has no feed.
            status: Tells what the topic `status` is; None: what the hub knows itself.
        """
        self.desk = desk
        self.market = Market()
        self.showing = Showing(self.market, rules)
        self.calling = calling
        self.ready = asyncio.Event()
        """Set when what was known before is known here."""
        self.clients: set[Client] = set()
        self.away: str | None = None
        """Why nothing new can come; None: it can."""
        self.idle_since_s: float | None = self._now_s()
        """Since when nobody is here."""
        self._rules = rules
        self._open_record = open_record
        self._learning: asyncio.Task[None] | None = None
        self._learnt_for: date | None = None
        self._status = status
        self._board = Board(self._make)
        self._events = Events(open_record)
        self._events.forget({})
        self._interest = Interest()
        self._newest = ""
        self._worth_at = ""
        self._beats = 0

    def take(self, batch: Batch) -> None:
        """Take what the follower brings."""
        if batch.phase is Phase.BEGINNING:
            self._forget(batch.gone)
        for told in batch.told:
            try:
                self._take_one(told)
            except Exception:  # noqa: BLE001  (one entry must not take those behind it along: a fill may be among them)
                logger(Channel.APP).exception(
                    "entry_not_taken", desk=self.desk, stream=told.stream, entry=told.id
                )
        if batch.phase is Phase.LIVE and not self.ready.is_set():
            self._begin()
        self._events.wake()

    def lost(self, why: str | None) -> None:
        """Take note that the server does not answer, or does again (None)."""
        if self.away != why:
            self.away = why
            self._pulse()
            self._board.changed("status")

    def hello(self) -> str:
        """Return the first message to a client."""
        return frames.hello(self.desk, self.market.now_ns, self.away)

    def join(self, token: str = "") -> Client:
        """Return a new client, which came with *token* and follows nothing yet."""
        client = Client(token)
        client.note(self.hello())
        self.clients.add(client)
        self.idle_since_s = None
        return client

    def leave(self, client: Client) -> None:
        """Let go of a client."""
        self.unsubscribe(client, [*client.states, *client.cursors], say=False)
        self.clients.discard(client)
        if not self.clients:
            self.idle_since_s = self._now_s()

    def subscribe(self, client: Client, topics: Iterable[str], after: Mapping[str, str]) -> None:
        """Let *client* follow *topics*, of events from behind what *after* says; what cannot be is said to it."""
        for text in topics:
            try:
                self._follow(client, read_name(text), after.get(text))
            except ContractError as error:
                client.note(frames.refused(str(error), text))

    def unsubscribe(self, client: Client, topics: Iterable[str], *, say: bool = True) -> None:
        """Let *client* follow *topics* no more."""
        for text in topics:
            if text in client.states:
                if self._board.leave(text, client):
                    self._interest.drop(text)
            elif text in client.cursors:
                self._events.leave(text, client)
            if say:
                client.note(frames.ended(text))

    def want(self, instruments: Iterable[str]) -> None:
        """Let the prices of *instruments* come for a while: somebody has asked for them."""
        if self.calling is not None and self.market.now_ns:
            known = [one for one in instruments if self.market.catalogue.get(one) is not None]
            self.calling.want(known, self._now_s(), self.market.now_ns)

    def beat(self) -> None:
        """Do what is done once a second."""
        self._beats += 1
        now_s = self._now_s()
        for name in self._board.names():
            if name.family in ("status", "chain"):
                self._board.changed(name.text)
        if self._beats % HEARTBEAT_EVERY == 0:
            self._pulse()
            self._call(now_s)
        if self.ready.is_set() and self._learnt_for not in (None, ist_date(self.market.now_ns)):
            # A gateway that begins before the market does knows no more than the day before yesterday.
            self._learning = asyncio.create_task(self._learn(self.market))
        for client in self.clients:
            since_s = client.sending_since_s
            if since_s is not None and now_s - since_s > STUCK_S:
                client.drop(f"nothing was taken for {STUCK_S:.0f} s")

    def close(self) -> None:
        """End: nobody follows any more."""
        self._events.close()
        if self._learning is not None:
            self._learning.cancel()
        for client in self.clients:
            client.drop("the gateway ends")

    def facts(self) -> dict[str, Any]:
        """Return what the hub knows of itself and its desk."""
        return {
            "desk": self.desk,
            "market_ns": self.market.now_ns,
            "last_tick_ns": self.market.quotes.newest_ns,
            "away": self.away,
            "clients": len(self.clients),
        }

    def _take_one(self, told: Told) -> None:
        message = told.message
        if isinstance(message, Tick):
            self.market.take(message)
            self._newest = told.id
            self._board.changed(f"ticks:{message.instrument}")
            for chain in self._interest.touched_by(message.instrument):
                self._board.changed(chain)
            return
        if self.calling is not None and isinstance(message, Subscribe | Unsubscribe):
            self.calling.recall(message, self._now_s())
        if self.market.take(message):
            self._worth_at = told.id
            self._board.changed("pnl")
        self._events.take(told.stream, told.id, message)

    def _follow(self, client: Client, name: Name, after: str | None) -> None:
        if name.text in client.states:
            client.newer(client.states[name.text])
            return
        if name.text in client.cursors:
            self._events.leave(name.text, client)
        if len(client.states) + len(client.cursors) >= MOST_TOPICS:
            raise ContractError(f"nobody follows more than {MOST_TOPICS} topics at once")
        if name.is_state:
            if name.family == "chain":
                self._insist_on_room(client, name)
            self._board.follow(name, client)
            self.want(instruments_of(name, self.showing))
        else:
            self._events.follow(name, client, after)

    def _insist_on_room(self, client: Client, name: Name) -> None:
        """Insist that one more chain may be followed: each is made anew with every price, which nobody else shall feel."""
        chains = {one.text for one in self._board.names() if one.family == "chain"}
        if len(chains & client.states.keys()) >= CHAINS_OF_ONE:
            raise ContractError(f"nobody follows more than {CHAINS_OF_ONE} chains at once")
        if name.text not in chains and len(chains) >= CHAINS_OF_ALL:
            raise ContractError(f"{CHAINS_OF_ALL} different chains are followed already, and no more at once")

    def _make(self, name: Name) -> Made | None:
        """Return what a topic of state is now."""
        match name.family:
            case "ticks":
                quote = self.market.quotes.quote(name.subject)
                return None if quote is None else Made(self._newest, quote)
            case "chain":
                underlying = canonical_or_same(name.subject)
                self._interest.expect(name.text, instruments_of(name, self.showing))
                return Made(self._newest, self.showing.chain(underlying, name.detail, name.around))
            case "pnl":
                worth = self.market.worth.said()
                return None if worth is None else Made(self._worth_at, worth)
            case _:
                facts = self.facts() if self._status is None else self._status()
                return Made(str(self.market.now_ns), facts)

    def _call(self, now_s: float) -> None:
        """Ask for the prices that somebody looks at, and let go of others."""
        for name in self._board.names():
            self.want(instruments_of(name, self.showing))
        if self.calling is not None:
            self.calling.let_go(now_s, self.market.now_ns)

    def _forget(self, gone: Mapping[str, str]) -> None:
        """Begin with nothing: at the start, and when the desk's book is another one."""
        self.ready.clear()
        self.market = Market()
        self.showing = Showing(self.market, self._rules)
        self._events.forget(gone)
        self._interest.clear()
        if self.calling is not None:
            self.calling.forget()

    def _begin(self) -> None:
        """Tell those who are here already that what was known before is complete."""
        self.ready.set()
        for client in self.clients:
            client.note(self.hello())
            self._events.begin_anew(client)
        for name in self._board.names():
            self._board.changed(name.text)
        self._learning = asyncio.create_task(self._learn(self.market))

    async def _learn(self, market: Market) -> None:
        """Find out what stands in the archive alone: what was closed today, and where prices stood before today."""
        day = self._learnt_for = ist_date(market.now_ns)
        try:
            market.worth.learn(await asyncio.to_thread(find_worth, self._open_record, market.now_ns))
            bases = await asyncio.to_thread(find_bases, self._open_record, market.now_ns)
        except SaudaError as error:
            logger(Channel.APP).warning("past_not_known", desk=self.desk, why=str(error))
            return
        market.quotes.learn_bases(day, bases)
        for name in self._board.names():
            self._board.changed(name.text)

    def _pulse(self) -> None:
        text = frames.heartbeat(self.market.now_ns, self.away)
        for client in self.clients:
            client.pulse(text)

    @staticmethod
    def _now_s() -> float:
        return asyncio.get_running_loop().time()
