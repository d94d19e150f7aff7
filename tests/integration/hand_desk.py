"""A desk on which somebody trades by hand: the paper exchange as a real process, and a market that the test moves."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sauda.clock import NS_PER_S
from sauda.codec import decode, encode
from sauda.contracts import (
    STREAM_OF,
    ClockTick,
    Instrument,
    InstrumentKind,
    Message,
    Subscribe,
    Tick,
)
from sauda.log import Output
from sauda.redis_view import RedisView
from sauda.testing.builders import LOT, NOW, OPTION, an_index, an_option
from tests.integration.desk_processes import start_replicas, wait_until

CONFIG = Path(__file__).parents[2] / "config"
FUTURE = "NFO:NIFTY29DEC26F"
SHARE = "NSE:RELIANCE-EQ"
QUIET = "NFO:NIFTY01DEC26P24500"
"""Quoted only once somebody subscribes to it."""
MUTE = "NFO:NIFTY01DEC26P24400"
"""Defined, and never quoted."""
QUOTES = {OPTION: 112_30, FUTURE: 24_520_00, SHARE: 1_410_00}


class Market:
    """Ticks and heartbeats of each quoted instrument, a second of market time every tenth of one of ours."""

    def __init__(self, view: RedisView, feed: RedisView) -> None:
        self.view = view
        """For tests to read."""
        self._feed = feed
        """The market's own: a connection serves one thread."""
        self.prices = dict(QUOTES)
        self.now_ns = NOW
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def start(self) -> None:
        definitions = [an_index(), an_option(), an_option(QUIET), an_option(MUTE), _future(), _share()]
        self.write(*definitions)
        self._thread.start()

    def stop(self) -> None:
        """Let the market stand still from now on."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def write(self, *messages: Message) -> None:
        self._feed.append([Output(STREAM_OF[type(one)], encode(one)) for one in messages])

    def _run(self) -> None:
        wished = 0
        while not self._stopped.wait(0.1):
            for entry in self._feed.entries("subscriptions")[wished:]:
                wished += 1
                message = decode(entry.data)
                if isinstance(message, Subscribe) and QUIET in message.instruments:
                    self.prices[QUIET] = 95_00
            self.now_ns += NS_PER_S
            ticks = [_tick(name, price, self.now_ns) for name, price in self.prices.items()]
            self.write(*ticks, ClockTick(self.now_ns))


def _tick(name: str, price: int, at_ns: int) -> Tick:
    return Tick(name, at_ns, at_ns, price, bid=price - 10, ask=price + 10, bid_qty=10 * LOT, ask_qty=10 * LOT)


def _future() -> Instrument:
    return Instrument(FUTURE, "NFO", "2", "NIFTY", InstrumentKind.FUTURE, lot_size=LOT, expiry="2026-12-29")


def _share() -> Instrument:
    return Instrument(SHARE, "NSE", "3", "RELIANCE", InstrumentKind.EQUITY)


@contextmanager
def trading_by_hand(folder: Path, redis_url: str, desk: str, **settings: str) -> Iterator[Market]:
    """Run the exchange and the market of *desk*; both are gone afterwards."""
    environ = {"SAUDA_REDIS_URL": redis_url, "SAUDA_DESK": desk, "SAUDA_CONFIG": str(CONFIG), **settings}
    replicas = start_replicas(folder, environ, {"execution": 1})
    view, feed = RedisView(redis_url, desk), RedisView(redis_url, desk)
    market = Market(view, feed)
    try:
        log = folder / "execution-1.log"
        wait_until(lambda: any(unit.held for unit in view.units()), 30, f"the exchange is carried: {log}")
        market.start()
        wait_until(lambda: _has_seen(view), 30, f"the exchange has seen the market: {log}")
        yield market
    finally:
        market.stop()
        for replica in replicas:
            replica.kill()
        view.close()
        feed.close()


def _has_seen(view: RedisView) -> bool:
    return any("ticks" in unit.positions and unit.positions["ticks"] != "0-0" for unit in view.units())
