"""The hubs of this process: that of its own desk from the start, those of other desks (replays) while somebody looks at them."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

from sauda.calendar import load_calendar
from sauda.codec import encode
from sauda.contracts import Subscribe, Unsubscribe
from sauda.errors import ConfigError, SaudaError
from sauda.keys import Keys
from sauda.log import Output
from sauda.logs import Channel, logger
from sauda.margin import load_margins
from sauda.record import Record
from sauda.redis_book import RedisBook
from sauda.service import holder_name
from sauda.settings import Settings
from sauda_gateway.market.calling import Calling
from sauda_gateway.market.showing import Rules
from sauda_gateway.market.sparing import Sparing
from sauda_gateway.problems import ProblemError, no_desk
from sauda_gateway.stream.follower import Batch, Follower
from sauda_gateway.stream.hub import Hub

MOST_DESKS: Final = 8
IDLE_S: Final = 60.0
"""Seconds without anybody after which another desk is followed no more."""
READY_S: Final = 10.0
"""Seconds that somebody waits for a desk that is being read."""
_TAKEN_S: Final = 0.2


class Followed:
    """A hub and the thread that feeds it."""

    def __init__(self, hub: Hub, open_book: Callable[[], RedisBook]) -> None:
        self.hub = hub
        self._loop = asyncio.get_running_loop()
        self.follower = Follower(open_book, self._take, self._away)
        self.follower.start()

    async def close(self) -> None:
        """End both."""
        self.hub.close()
        self.follower.tell_to_stop()
        await asyncio.to_thread(self.follower.stop)

    def _take(self, batch: Batch) -> None:
        # In the follower's thread, which waits: so no more than one batch is ever on its way.
        taken = threading.Event()

        def take() -> None:
            try:
                self.hub.take(batch)
            except Exception:  # noqa: BLE001  (one message must not end what everybody looks at)
                logger(Channel.APP).exception("batch_not_taken", desk=self.hub.desk)
            finally:
                taken.set()

        if self._say(take):
            while not taken.wait(_TAKEN_S) and not self.follower.stopping:
                pass

    def _away(self, why: str | None) -> None:
        if why is None:
            logger(Channel.APP).info("redis_back", desk=self.hub.desk)
        self._say(lambda: self.hub.lost(why))

    def _say(self, what: Callable[[], None]) -> bool:
        try:
            self._loop.call_soon_threadsafe(what)
        except RuntimeError:  # The loop is closed: the gateway ends.
            return False
        return True


class Hubs:
    """All desks that are looked at."""

    def __init__(self, settings: Settings, status: Callable[[], Any] | None = None) -> None:
        """Prepare.

        Args:
            settings: Name Redis and the gateway's own desk.
            status: What the topic `status` of that desk is; None: what its hub knows.

        Raises:
            ConfigError: the market's rules cannot be read.
        """
        folder = settings.config / "market"
        self.settings = settings
        self.calendar = load_calendar(folder)
        self._rules = Rules(self.calendar, load_margins(folder))
        self._status = status
        self._followed: dict[str, Followed] = {}
        self.sparing = Sparing()
        self._opening = asyncio.Lock()
        self._wishes: list[Subscribe | Unsubscribe] = []
        self._writing: asyncio.Task[None] | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Hubs"]:
        """Follow the own desk, and beat, while the server runs."""
        self._follow(self.settings.desk)
        beating = asyncio.create_task(self._beat())
        try:
            yield self
        finally:
            beating.cancel()
            for one in list(self._followed.values()):
                if one.hub.calling is not None:
                    one.hub.calling.let_go_of_all(one.hub.market.now_ns)
            if self._writing is not None:
                await self._writing
            await asyncio.gather(*(one.close() for one in self._followed.values()))

    @property
    def own(self) -> Hub:
        """Return the hub of the gateway's own desk."""
        return self._followed[self.settings.desk].hub

    def clients(self, token: str | None = None) -> int:
        """Return how many listen, to all desks; with *token* alone, or with any."""
        listening = (client for one in self._followed.values() for client in one.hub.clients)
        return sum(1 for client in listening if token in (None, client.token))

    async def hub(self, desk: str | None = None) -> Hub:
        """Return the hub of *desk*, the own one by default, as soon as it knows what was before.

        Raises:
            ProblemError: 404 no such desk, 429 too many of them, 503 Redis does not answer.
        """
        name = desk or self.settings.desk
        if name not in self._followed:
            async with self._opening:
                if name not in self._followed:
                    await self._look_at(name)
        hub = self._followed[name].hub
        try:
            await asyncio.wait_for(hub.ready.wait(), READY_S)
        except TimeoutError:
            detail = hub.away or f"desk {name} is still being read"
            raise ProblemError(503, f"{detail}; try again", headers={"Retry-After": "1"}) from None
        return hub

    async def _look_at(self, name: str) -> None:
        try:
            Keys(name)
            exists = await asyncio.to_thread(self._exists, name)
        except ConfigError as error:
            raise no_desk(name, str(error)) from None
        if not exists:
            raise no_desk(name)
        if len(self._followed) >= MOST_DESKS:
            raise ProblemError(429, f"{MOST_DESKS} desks are looked at already: close one of them", "desk")
        self._follow(name)

    def _exists(self, name: str) -> bool:
        book = RedisBook(self.settings.redis_url, name)
        try:
            return book.exists()
        finally:
            book.close()

    def _follow(self, name: str) -> None:
        settings = self.settings
        is_own = name == settings.desk
        calling = Calling(caller_name(settings), self._write) if is_own else None
        hub = Hub(
            name,
            self._rules,
            lambda: Record.open(settings, name),
            calling,
            self._status if is_own else None,
        )
        self._followed[name] = Followed(hub, lambda: RedisBook(settings.redis_url, name))

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(1)
            now_s = asyncio.get_running_loop().time()
            for name, one in list(self._followed.items()):
                try:
                    one.hub.beat()
                except Exception:  # noqa: BLE001  (without a heartbeat every page takes the gateway for dead)
                    logger(Channel.APP).exception("no_heartbeat", desk=name)
                idle_s = one.hub.idle_since_s
                if name != self.settings.desk and idle_s is not None and now_s - idle_s > IDLE_S:
                    del self._followed[name]
                    await one.close()

    def _write(self, wish: Subscribe | Unsubscribe) -> None:
        self._wishes.append(wish)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write_all())

    async def _write_all(self) -> None:
        """Write what was wished in that order: who comes with two hundred others asks together with them."""
        while self._wishes:
            wishes, self._wishes = self._wishes, []
            done = await asyncio.to_thread(self._append, wishes)
            if not done and self.own.calling is not None:
                # It is asked for again with the next look.
                self.own.calling.forget()
        self._writing = None

    def _append(self, wishes: Sequence[Subscribe | Unsubscribe]) -> bool:
        book = RedisBook(self.settings.redis_url, self.settings.desk)
        try:
            book.append([Output("subscriptions", encode(wish)) for wish in wishes])
        except SaudaError as error:
            logger(Channel.APP).warning("prices_not_asked_for", why=str(error))
            return False
        finally:
            book.close()
        return True


def caller_name(settings: Settings) -> str:
    """Return in whose name prices are asked for: each gateway has its own, so that none takes another's away."""
    return f"gateway.{settings.service_name or holder_name().partition(':')[0]}"
