"""The hub between the follower and the clients: what one does costs the others nothing."""

import asyncio
from contextlib import suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec

from sauda.calendar import load_calendar
from sauda.errors import TransientError
from sauda.margin import load_margins
from sauda.record import Record
from sauda.settings import Settings
from sauda.testing.builders import OPTION, a_fill, a_tick, an_index, an_option
from sauda_gateway.market.showing import Rules
from sauda_gateway.stream.board import PACE_S
from sauda_gateway.stream.client import Client
from sauda_gateway.stream.follower import Batch, Phase, Told
from sauda_gateway.stream.hub import Hub
from sauda_gateway.stream.hubs import Hubs

MARKET = Path(__file__).parents[3] / "config" / "market"
CHAIN = "chain:NIFTY:2026-12-01"


def no_record() -> Record:
    raise TransientError("there is none")


def test_who_leaves_a_chain_leaves_it_to_the_others() -> None:
    async def run() -> None:
        hub = Hub("desk", Rules(load_calendar(MARKET), load_margins(MARKET)), no_record)
        known = (("instruments", an_index()), ("instruments", an_option()), ("ticks", a_tick(100_00)))
        hub.take(Batch(Phase.KNOWN, [Told(stream, "1-0", message) for stream, message in known]))
        one, other = hub.join(), hub.join()
        for client in (one, other):
            hub.subscribe(client, [CHAIN], {})
        hub.leave(one)
        assert CHAIN in hub._interest.touched_by(OPTION), "the next price makes it anew"
        hub.leave(other)
        assert CHAIN not in hub._interest.touched_by(OPTION)

    asyncio.run(run())


def test_an_empty_desk_is_silent_until_there_is_something() -> None:
    async def run() -> None:
        hub = Hub("desk", Rules(load_calendar(MARKET), load_margins(MARKET)), no_record)
        hub.take(Batch(Phase.BEGINNING, ()))
        hub.take(Batch(Phase.LIVE, ()))
        client = hub.join()
        hub.subscribe(client, [CHAIN, "chain:NOBODY:1999-01-01", f"ticks:{OPTION}", "pnl", "fills"], {})
        shown = {one["topic"]: one["data"]["rows"] for one in news(client)}
        assert shown == {CHAIN: [], "chain:NOBODY:1999-01-01": []}
        known = (("instruments", an_index()), ("instruments", an_option()))
        hub.take(Batch(Phase.LIVE, [Told(stream, "1-0", message) for stream, message in known]))
        hub.beat()
        await asyncio.sleep(2 * PACE_S)
        found = {one["topic"]: one["data"] for one in news(client)}
        (row,) = found[CHAIN]["rows"]
        assert (row["CE"]["instrument"], row["CE"]["ltp"], row["PE"]) == (OPTION, None, None)
        hub.take(Batch(Phase.LIVE, [Told("ticks", "2-0", a_tick(100_00))]))
        await asyncio.sleep(2 * PACE_S)
        found = {one["topic"]: one["data"] for one in news(client)}
        assert (found[f"ticks:{OPTION}"]["ltp"], found[CHAIN]["rows"][0]["CE"]["ltp"]) == (100_00, 100_00)
        assert "pnl" not in found
        hub.close()

    asyncio.run(run())


def test_no_past_is_read_for_who_has_left_meanwhile() -> None:
    opened: list[str] = []

    def counted() -> Record:
        opened.append("one more")
        raise TransientError("away")

    async def run() -> None:
        hub = Hub("desk", Rules(load_calendar(MARKET), load_margins(MARKET)), counted)
        hub.take(Batch(Phase.BEGINNING, ()))
        hub.take(Batch(Phase.KNOWN, [Told("executions", "5-0", a_fill())]))
        for _ in range(20):
            client = hub.join()
            hub.subscribe(client, ["fills"], {"fills": "1-0"})
            hub.leave(client)
        stays = hub.join()
        hub.subscribe(stays, ["fills"], {"fills": "1-0"})
        async with asyncio.timeout(10):
            while not any('"gap"' in text for text in iter(stays.next, None)):  # noqa: ASYNC110  (it wakes for a sign of life, too)
                await asyncio.sleep(0.01)
        assert opened == ["one more"]

    asyncio.run(run())


def news(client: Client) -> list[dict[str, Any]]:
    """Return what *client* is to be sent of topics."""
    told = [msgspec.json.decode(text) for text in iter(client.next, None)]
    return [one for one in told if "data" in one]


def test_an_entry_that_nobody_can_take_takes_no_other_along() -> None:
    async def run() -> None:
        hub = Hub("desk", Rules(load_calendar(MARKET), load_margins(MARKET)), no_record)
        client = hub.join()
        hub.subscribe(client, ["fills"], {})
        broken, whole = Told("executions", "no id", a_fill()), Told("executions", "2-0", a_fill())
        hub.take(Batch(Phase.KNOWN, [broken, whole]))
        heard = [text for text in iter(client.next, None) if '"data"' in text]
        assert [msgspec.json.decode(text)["id"] for text in heard] == ["2-0"]

    asyncio.run(run())


def test_a_desk_whose_heart_fails_stops_no_other() -> None:
    async def run() -> None:
        beaten = asyncio.Event()

        def fail() -> None:
            raise ZeroDivisionError

        followed: dict[str, Any] = {
            name: SimpleNamespace(hub=SimpleNamespace(beat=beat, idle_since_s=None))
            for name, beat in (("one", fail), ("other", beaten.set))
        }
        hubs = Hubs(Settings(config=MARKET.parent))
        hubs._followed = followed
        beating = asyncio.create_task(hubs._beat())
        async with asyncio.timeout(10):
            await asyncio.wait(
                [beating, asyncio.create_task(beaten.wait())], return_when=asyncio.FIRST_COMPLETED
            )
        assert beaten.is_set()
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating

    asyncio.run(run())
