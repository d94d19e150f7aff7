"""Clients of the gateway's streams, over real sockets and a real Redis: complete, resumable, undisturbed by one that stalls."""

import asyncio
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import structlog.testing

from sauda.clock import NS_PER_S
from sauda.contracts import Alert, Bar, DeskPnl, Level, PositionPnl
from sauda.metrics.records import RECONNECTS
from sauda.redis_log import RedisLog
from sauda.redis_shelf import RedisShelf
from sauda.testing.builders import (
    INDEX,
    NOW,
    OPTION,
    a_tick,
    an_index,
    an_option,
    an_order,
    at,
)
from sauda_gateway.stream import hub as hub_module
from sauda_gateway.stream.ring import Ring
from tests.integration.archive_desk import ArchiveDesk
from tests.integration.conftest import Server
from tests.integration.stream_desk import OPEN, PATIENCE_S, Listener, fills, serving, until, write


def orders_of(messages: list[Any]) -> list[str]:
    return [one["order_id"] for one in messages]


@pytest.fixture
def log(any_redis: Server, desk: str) -> Iterator[RedisLog]:
    opened = RedisLog(any_redis.url, desk)
    yield opened
    opened.close()


def test_whoever_comes_back_has_missed_nothing_over_a_new_gateway_too(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path
) -> None:
    async def run() -> None:
        write(log, *OPEN, *fills(3))
        async with serving(any_redis.url, desk, tmp_path) as gateway, gateway.listener() as one:
            await one.say(subscribe=["fills", "orders"])
            begun = await one.until(topic="orders", subscribed=True)
            ids = write(log, *fills(2, first=3), an_order(order_id="o-9"))
            await until_heard(one, "orders", 1)
            await until_heard(one, "fills", 2)
            assert orders_of(one.data("fills")) == ["o-3", "o-4"], "what was before it came is no news"
            assert [one["type"] for one in one.data("orders")] == ["place_order"]
            last = one.last("fills")
            assert last == ids[1]
        write(log, *fills(4, first=5))
        async with serving(any_redis.url, desk, tmp_path) as gateway, gateway.listener() as again:
            await again.say(subscribe=["fills", "orders"], after={"fills": last, "orders": begun["id"]})
            write(log, *fills(1, first=9))
            await until_heard(again, "fills", 5)
            await until_heard(again, "orders", 1)
            assert orders_of(again.data("fills")) == [f"o-{number}" for number in range(5, 10)]

    asyncio.run(run())


async def until_heard(listener: Listener, topic: str, count: int) -> None:
    while len(listener.data(topic)) < count:
        await listener.until("data", topic=topic)


def test_what_is_remembered_no_more_is_read_back_from_the_streams_or_is_a_gap(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sauda_gateway.stream.cursor.Ring", lambda: Ring(most_events=3))
    monkeypatch.setattr("sauda_gateway.stream.past.MOST_EVENTS", 20)

    async def run() -> None:
        write(log, *OPEN)
        ids = write(log, *fills(40))
        async with serving(any_redis.url, desk, tmp_path) as gateway:
            async with gateway.listener() as near:
                await near.say(subscribe=["fills"], after={"fills": ids[24]})
                await until_heard(near, "fills", 15)
                assert orders_of(near.data("fills")) == [f"o-{number}" for number in range(25, 40)]
            async with gateway.listener() as far:
                await far.say(subscribe=["fills"], after={"fills": ids[0]})
                gap = await far.until("gap", topic="fills")
                assert (gap["after"], gap["id"], far.data("fills")) == (ids[0], ids[39], [])
                (last,) = write(log, *fills(1, first=40))
                assert (await far.until("data", topic="fills"))["id"] == last

    asyncio.run(run())


def test_what_is_in_the_archive_alone_is_no_less_complete(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path
) -> None:
    write(log, *OPEN)
    ids = write(log, *fills(6))
    archive = ArchiveDesk(any_redis.url, desk, tmp_path / "archive")
    archive.archive("executions", 10)
    assert archive.trim("executions", None).taken == 6
    archive.close()

    async def run() -> None:
        async with serving(any_redis.url, desk, tmp_path) as gateway, gateway.listener() as one:
            await one.say(subscribe=["fills"], after={"fills": ids[1]})
            await until_heard(one, "fills", 4)
            (last,) = write(log, *fills(1, first=6))
            await until_heard(one, "fills", 5)
            assert orders_of(one.data("fills")) == [f"o-{number}" for number in range(2, 7)]
            assert one.last("fills") == last
            async with gateway.listener() as other:
                await other.say(subscribe=["fills"])
                assert (await other.until(topic="fills", subscribed=True))["id"] == last

    asyncio.run(run())


def test_a_gateway_that_begins_at_night_knows_what_is_held_and_compares_with_the_last_close(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path
) -> None:
    thursday, friday = (at("15:29", date(2026, 11, day)) for day in (19, 20))
    minutes = [
        Bar(OPTION, "1m", start, start + 60 * NS_PER_S, close, close, close, close)
        for start, close in ((thursday, 100_00), (friday, 110_00))
    ]
    write(log, an_index(), an_option(), a_tick(24_400_00, instrument=INDEX, at_ns=friday), *minutes)
    write(log, PositionPnl("s", OPTION, 65, 1, 2, 0, 1, 0, friday), DeskPnl(0, 1, 0, 1, None, None, friday))
    archive = ArchiveDesk(any_redis.url, desk, tmp_path / "archive")
    archive.archive("pnl", 10)
    assert archive.trim("pnl", None).taken == 2
    archive.close()

    async def run() -> None:
        async with serving(any_redis.url, desk, tmp_path) as gateway, gateway.listener() as one:
            await one.say(subscribe=["pnl", "chain:NIFTY:2026-12-01", f"ticks:{OPTION}"])
            worth = (await one.until("data", topic="pnl"))["data"]
            assert [(held["instrument"], held["qty"]) for held in worth["positions"]] == [(OPTION, 65)]
            chain: dict[str, Any] = {"position": 0}
            while not chain["position"]:
                shown = await one.until("data", topic="chain:NIFTY:2026-12-01")
                chain = shown["data"]["rows"][0]["CE"]
            assert chain["position"] == 65
            write(log, a_tick(115_00))
            quote: dict[str, Any] = {"change_from": "seen"}
            while quote["change_from"] == "seen":
                quote = (await one.until("data", topic=f"ticks:{OPTION}"))["data"]
            assert (quote["change"], quote["change_from"]) == (5_00, "close")

    asyncio.run(run())


def test_a_place_in_another_book_is_a_gap_whatever_the_new_one_has(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path
) -> None:
    write(log, *OPEN)
    ids = write(log, *fills(3))
    lease = log.acquire("feed", "test", 10_000)
    assert lease is not None
    RedisShelf(any_redis.url, desk).put_aside(lease)

    async def run() -> None:
        async with serving(any_redis.url, desk, tmp_path) as gateway:
            for number in range(2):
                async with gateway.listener() as one:
                    await one.say(subscribe=["fills"], after={"fills": ids[1]})
                    gap = await one.until("gap", topic="fills")
                    write(log, *fills(1, first=7 + number))
                    await until_heard(one, "fills", 1)
                    assert orders_of(one.data("fills")) == [f"o-{7 + number}"]
                    assert gap["after"] == ids[1]
            async with gateway.listener(f"?desk={desk}@1") as old:
                await old.say(subscribe=["fills"], after={"fills": ids[1]})
                await until_heard(old, "fills", 1)
                assert orders_of(old.data("fills")) == ["o-2"], "the old book goes on being itself"

    asyncio.run(run())


def test_one_that_stalls_disturbs_nobody_and_costs_no_queue(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path
) -> None:
    async def run() -> None:
        write(log, *OPEN)
        async with (
            serving(any_redis.url, desk, tmp_path) as gateway,
            gateway.listener() as good,
            gateway.sluggish() as stalled,
        ):
            long = "x" * 20_000
            await stalled.say(subscribe=["alerts", f"ticks:{OPTION}"])
            await stalled.until("hello")
            await good.say(subscribe=["alerts", f"ticks:{OPTION}"])
            await good.until(topic="alerts", subscribed=True)
            loop, rounds, later = asyncio.get_running_loop(), 0, 0
            # Until nothing more goes into what lies between the two, and then twice what a ring keeps.
            while later < 20:
                write(
                    log,
                    *(Alert("test", Level.INFO, f"A{rounds}-{number}", long, NOW) for number in range(10)),
                    a_tick(100_00 + rounds),
                )
                rounds += 1
                await until_heard(good, "alerts", 10 * rounds)
                waits = [
                    one.sending_since_s for one in gateway.hub.clients if one.sending_since_s is not None
                ]
                later += any(loop.time() - since_s > 0.1 for since_s in waits)
            codes = [one["code"] for one in good.data("alerts")]
            assert codes == [f"A{round_}-{number}" for round_ in range(rounds) for number in range(10)]
            (ring,) = {one.cursors["alerts"].topic.ring for one in gateway.hub.clients}
            assert ring._bytes <= 2_000_000, "one ring for all, and no more than that"
            assert all(len(one._newer) <= 1 for one in gateway.hub.clients), (
                "a mark for each state, and no queue"
            )
            told = await stalled.until("gap", topic="alerts")
            assert told["id"] in {one["id"] for one in good.heard if one.get("topic") == "alerts"}
            ticks = [one["ltp"] for one in stalled.data(f"ticks:{OPTION}")]
            heard = await heard_until(stalled, ticks, 100_00 + rounds - 1)
            assert len(heard) < rounds, "the newest, and not all that was in between"

    asyncio.run(run())


async def heard_until(listener: Listener, heard: list[int], price: int) -> list[int]:
    while not heard or heard[-1] != price:
        heard.append((await listener.until("data", topic=f"ticks:{OPTION}"))["data"]["ltp"])
    return heard


def test_one_that_takes_nothing_for_long_is_let_go(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hub_module, "STUCK_S", 0.5)

    async def run() -> None:
        write(log, *OPEN)
        async with (
            serving(any_redis.url, desk, tmp_path) as gateway,
            gateway.sluggish() as stalled,
            gateway.sluggish_events("alerts"),
        ):
            await stalled.say(subscribe=["alerts"])
            await stalled.until(topic="alerts", subscribed=True)
            await until(lambda: len(gateway.hub.clients) == 2, "both listen")
            clients = list(gateway.hub.clients)
            async with asyncio.timeout(PATIENCE_S):
                while gateway.hub.clients:
                    write(log, *(Alert("t", Level.INFO, f"{one}", "x" * 20_000, NOW) for one in range(10)))
                    await asyncio.sleep(0.02)
            assert all("nothing was taken" in (client.dropped or "") for client in clients)
            await until(lambda: not gateway.server.server_state.connections, "nothing of it stays")
            async with gateway.listener() as other:
                await other.until("hello")

    asyncio.run(run())


def test_redis_goes_and_comes_back_and_no_fill_is_missing(
    own_redis: Server, desk: str, tmp_path: Path
) -> None:
    async def run() -> None:
        log = RedisLog(own_redis.url, desk)
        write(log, *OPEN, *fills(1))
        async with serving(own_redis.url, desk, tmp_path) as gateway, gateway.listener() as one:
            await one.say(subscribe=["fills"])
            await one.until(topic="fills", subscribed=True)
            write(log, *fills(1, first=1))
            await one.until("data", topic="fills")
            # What is on its way to the disk is not what this is about.
            await asyncio.sleep(1.1)
            await asyncio.to_thread(own_redis.kill)
            while not (await one.until("heartbeat"))["heartbeat"]["away"]:
                pass
            await asyncio.to_thread(own_redis.start)
            log.close()
            late = RedisLog(own_redis.url, desk)
            write(late, *fills(2, first=2))
            await until_heard(one, "fills", 3)
            assert orders_of(one.data("fills")) == ["o-1", "o-2", "o-3"]
            while one.heard[-1].get("heartbeat", {"away": "x"})["away"]:
                await one.until("heartbeat")
            assert not any("gap" in message for message in one.heard)
            late.close()

    with structlog.testing.capture_logs() as records:
        asyncio.run(run())
    # What the page for Prometheus counts as a connection made anew.
    assert RECONNECTS["redis_back"] == "redis"
    assert "redis_back" in [record["event"] for record in records]


def test_a_new_book_is_a_new_desk(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sauda_gateway.stream.follower._LOOK_EVERY", 4)

    async def run() -> None:
        write(log, *OPEN, *fills(3))
        async with serving(any_redis.url, desk, tmp_path) as gateway, gateway.listener() as one:
            await one.say(subscribe=["fills", f"ticks:{OPTION}"])
            await one.until("data", topic=f"ticks:{OPTION}")
            lease = log.acquire("feed", "test", 10_000)
            assert lease is not None
            await asyncio.to_thread(RedisShelf(any_redis.url, desk).put_aside, lease)
            write(log, *fills(1, first=7))
            await one.until("hello")
            gap = await one.until("gap", topic="fills")
            write(log, *fills(1, first=8))
            news = await one.until("data", topic="fills")
            assert news["data"]["order_id"] in ("o-7", "o-8")
            assert gap["id"] < news["id"]
            assert gateway.hub.market.quotes.quote(OPTION) is None, "prices of the old book are nobody's"

    asyncio.run(run())
