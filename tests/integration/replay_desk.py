"""A recorded desk for the tests of replay: a market, and orders between its ticks."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import redis

from sauda.codec import encode
from sauda.contracts import STREAM_OF, Message, OrderAccepted
from sauda.log import Entry, Output
from sauda.redis_log import RedisLog
from sauda.testing.builders import an_order
from sauda.testing.market import MadeUpMarket

SAUDA = Path(sys.executable).with_name("sauda")
CONFIG = Path(__file__).parents[2] / "config"


def record(log: RedisLog, ticks: int, *, order_every: int = 0, market: MadeUpMarket | None = None) -> None:
    """Write a day that begins at 09:15:00, and an order with its answer every so many seconds."""
    market = market or MadeUpMarket()
    log.append(_outputs(market.instruments()))
    waiting: list[Output] = []
    for number, second in enumerate(market.seconds(ticks)):
        waiting += _outputs(second)
        if order_every and number % order_every == 0:
            waiting += _an_order(number)
        if len(waiting) > 2000:
            log.append(waiting)
            waiting = []
    log.append(waiting)


def _outputs(messages: Sequence[Message]) -> list[Output]:
    return [Output(STREAM_OF[type(one)], encode(one)) for one in messages]


def _an_order(number: int) -> list[Output]:
    order = an_order(order_id=f"o-{number}")
    answer = OrderAccepted(order.order_id, order.strategy, order.instrument, order.event_ns)
    return [
        Output("orders", encode(order), b"ticks 1-1"),
        Output("executions", encode(answer), b"orders 1-2"),
    ]


def data(entries: Sequence[Entry]) -> list[bytes]:
    """Return the bytes of each entry's message."""
    return [entry.data for entry in entries]


def everything(url: str, desk: str) -> dict[bytes, bytes | None]:
    """Return each key of *desk* with all that it holds."""
    with redis.Redis.from_url(url) as client:
        keys = client.scan_iter(f"{{{desk}}}*", count=1000)
        return {key: client.dump(key) for key in keys}


def environment(url: str, desk: str, folder: Path, **more: str) -> dict[str, str]:
    """Return the environment of a `sauda` that knows this server and desk, and rules below *folder*."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("SAUDA_")}
    return {**inherited, "SAUDA_REDIS_URL": url, "SAUDA_DESK": desk, **more}


def start(arguments: Sequence[str], environ: Mapping[str, str], folder: Path) -> "subprocess.Popen[str]":
    """Start `sauda` as a person would."""
    return subprocess.Popen(
        [str(SAUDA), *arguments],
        env=dict(environ),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
