"""Clients of the gateway's streams, over real sockets and a real Redis: complete, resumable, undisturbed by one that stalls."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from sauda.clock import NS_PER_S
from sauda.codec import decode
from sauda.contracts import Alert, Bar, DeskPnl, Fill, Level, PastBar, PositionPnl, Subscribe, Unsubscribe
from sauda.history.spans import Span
from sauda.history.store import HistoryStore
from sauda.redis_log import RedisLog
from sauda.redis_shelf import RedisShelf
from sauda.testing.builders import (
    INDEX,
    NOW,
    OPTION,
    a_fill,
    a_tick,
    after,
    an_index,
    an_option,
    an_order,
    at,
)
from sauda.tokens import TokenFile
from sauda_gateway.stream import hub as hub_module
from sauda_gateway.stream import hubs as hubs_module
from sauda_gateway.stream.hubs import caller_name
from sauda_gateway.stream.ring import Ring
from tests.integration.conftest import Server
from tests.integration.stream_desk import PATIENCE_S, Gateway, Listener, serving, write

MINUTE = 60 * NS_PER_S
OPEN: tuple[Any, ...] = (an_index(), an_option(), a_tick(24_510_00, instrument=INDEX), a_tick(100_00))


def fills(count: int, first: int = 0) -> list[Fill]:
    return [a_fill(order_id=f"o-{number}", event_ns=after(number)) for number in range(first, first + count)]


def orders_of(messages: list[Any]) -> list[str]:
    return [one["order_id"] for one in messages]


@pytest.fixture
def log(any_redis: Server, desk: str) -> Iterator[RedisLog]:
    opened = RedisLog(any_redis.url, desk)
    yield opened
    opened.close()


async def until(true: Callable[[], Any], what: str) -> None:
    """Wait until something is so."""
    async with asyncio.timeout(PATIENCE_S):
        while not true():  # noqa: ASYNC110  (what is waited for knows of no event)
            await asyncio.sleep(0.02)
    assert true(), what


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
        ):
            await stalled.say(subscribe=["alerts"])
            await stalled.until(topic="alerts", subscribed=True)
            (client,) = gateway.hub.clients
            async with asyncio.timeout(PATIENCE_S):
                while gateway.hub.clients:
                    write(log, *(Alert("t", Level.INFO, f"{one}", "x" * 20_000, NOW) for one in range(10)))
                    await asyncio.sleep(0.02)
            assert "nothing was taken" in (client.dropped or "")
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

    asyncio.run(run())


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


def test_browsers_that_reconnect_go_on_where_they_were(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path
) -> None:
    async def run() -> None:
        write(log, *OPEN, *fills(1))
        async with serving(any_redis.url, desk, tmp_path) as gateway:
            async with sse(gateway, "topics=fills,orders,pnl") as lines:
                assert await anext(lines) == "retry: 1000"
                await line(lines, '"topic":"orders"')
                write(log, *fills(2, first=1), an_order(order_id="o-8"))
                place = await line(lines, "id: ", until='"order_id":"o-8"')
            write(log, *fills(1, first=3))
            async with sse(gateway, "topics=fills,orders,pnl", {"Last-Event-ID": place}) as lines:
                first = await line(lines, '"data":{')
                assert '"order_id":"o-3"' in first

    asyncio.run(run())


def sse(gateway: Gateway, query: str, headers: dict[str, str] | None = None) -> Any:
    """Return a context that gives the lines of `/events`."""

    @asynccontextmanager
    async def lines() -> AsyncIterator[AsyncIterator[str]]:
        async with (
            httpx.AsyncClient(headers=gateway.headers | (headers or {}), timeout=PATIENCE_S) as client,
            client.stream("GET", f"http://127.0.0.1:{gateway.port}/api/v1/events?{query}") as answer,
        ):
            assert answer.status_code == 200
            yield answer.aiter_lines()

    return lines()


async def line(lines: AsyncIterator[str], mark: str, until: str | None = None) -> str:
    """Return the next line with *mark*, or the last one before a line with *until*, without the mark."""
    found = ""
    async for one in lines:
        if mark in one:
            found = one
            if until is None:
                return one
        if until is not None and until in one:
            return found.removeprefix(mark)
    raise AssertionError(mark)


def test_what_cannot_be_followed_is_said_and_the_rest_goes_on(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path
) -> None:
    async def run() -> None:
        write(log, *OPEN)
        async with serving(any_redis.url, desk, tmp_path) as gateway, gateway.listener() as one:
            await one.connection.send("{")
            assert "write" in (await one.until("error"))["error"]["detail"]
            await one.connection.send('{"subscribed": []}')
            assert "subscribed" in (await one.until("error"))["error"]["detail"]
            await one.say(subscribe=["nonsense", "fills", "pnl"], after={"fills": "yesterday"})
            assert (await one.until("error"))["error"]["topic"] == "nonsense"
            assert (await one.until("error"))["error"]["topic"] == "fills"
            await one.say(subscribe=[f"chain:NIFTY:2026-12-0{day}" for day in range(1, 6)])
            assert "4 chains" in (await one.until("error"))["error"]["detail"]
            await one.say(subscribe=["fills"], after={"fills": "9999999999999-0"})
            assert "future" in (await one.until("error"))["error"]["detail"]
            await one.say(subscribe=[f"ticks:NFO:X{number}" for number in range(400)])
            assert "300" in (await one.until("error"))["error"]["detail"]
            write(log, PositionPnl("s", OPTION, 65, 1, 2, 0, 1, 0, NOW), DeskPnl(0, 1, 0, 1, None, None, NOW))
            worth = (await one.until("data", topic="pnl"))["data"]
            assert (worth["desk"]["net"], worth["positions"][0]["qty"]) == (1, 65)
            await one.say(unsubscribe=["pnl"])
            await one.until(topic="pnl", subscribed=False)

    asyncio.run(run())


def test_who_may_not_is_refused_before_anything_is_said(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path
) -> None:
    async def run() -> None:
        write(log, *OPEN)
        async with serving(any_redis.url, desk, tmp_path) as gateway:
            address = f"ws://127.0.0.1:{gateway.port}/api/v1/stream"
            assert await refused(address) == 401
            assert await refused(f"{address}?desk=nobody", gateway.headers) == 404
            cookie = {"Cookie": f"sauda_session={gateway.token}", "Origin": "http://elsewhere.example"}
            assert await refused(address, cookie) == 403
            own = cookie | {"Origin": f"http://127.0.0.1:{gateway.port}"}
            async with websockets.connect(address, additional_headers=own) as connection:
                assert "hello" in str(await connection.recv())
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{gateway.port}/api/v1") as client:
                for path in (
                    "/events?topics=pnl",
                    "/quotes?instruments=a",
                    "/chain?underlying=NIFTY",
                    "/instruments",
                ):
                    assert (await client.get(path)).status_code == 401

    asyncio.run(run())


async def refused(address: str, headers: dict[str, str] | None = None) -> int:
    """Return the status with which a WebSocket is refused."""
    with pytest.raises(websockets.InvalidStatus) as answer:
        await websockets.connect(address, additional_headers=headers)
    return answer.value.response.status_code


def test_a_token_taken_back_ends_what_it_began(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sauda_gateway.stream.websocket.CHECK_S", 0.1)

    async def run() -> None:
        write(log, *OPEN)
        async with serving(any_redis.url, desk, tmp_path) as gateway, gateway.listener() as one:
            await one.until("hello")
            tokens = TokenFile(tmp_path / "tokens.json")
            tokens.revoke(tokens.tokens()[0].name)
            with pytest.raises(websockets.ConnectionClosed):
                await one.until("never")

    asyncio.run(run())


def test_another_desk_is_followed_while_somebody_looks(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hubs_module, "IDLE_S", 0.1)

    async def run() -> None:
        write(log, *OPEN)
        replay = RedisLog(any_redis.url, f"{desk}-replay")
        write(replay, an_option(), a_tick(77_00))
        async with serving(any_redis.url, desk, tmp_path) as gateway:
            async with gateway.listener(f"?desk={desk}-replay") as one:
                assert (await one.until("hello"))["hello"]["desk"] == f"{desk}-replay"
                await one.say(subscribe=[f"ticks:{OPTION}"])
                assert (await one.until("data"))["data"]["ltp"] == 77_00
                write(replay, a_tick(78_00))
                assert (await one.until("data"))["data"]["ltp"] == 78_00
            hubs = gateway.app.state.hubs
            await until(lambda: f"{desk}-replay" not in hubs._followed, "nobody looks any more")
            assert [entry.data for entry in replay.entries("subscriptions")] == [], (
                "a replay has no feed to ask"
            )
        replay.close()

    asyncio.run(run())


def test_what_is_looked_at_is_asked_of_the_feed_and_let_go_at_the_end(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path
) -> None:
    async def run() -> None:
        write(log, *OPEN)
        async with serving(any_redis.url, desk, tmp_path) as gateway, gateway.listener() as one:
            await one.say(subscribe=["chain:NIFTY:2026-12-01", "ticks:NFO:NOBODYKNOWS"])
            await one.until("data", topic="chain:NIFTY:2026-12-01")
            await until(lambda: log.entries("subscriptions"), "it is asked for")
        wishes = [decode(entry.data) for entry in log.entries("subscriptions")]
        name = caller_name(gateway.app.state.settings)
        assert wishes == [Subscribe(name, (OPTION, INDEX), NOW), Unsubscribe(name, (OPTION, INDEX), NOW)]

    asyncio.run(run())


def test_the_market_over_rest(log: RedisLog, any_redis: Server, desk: str, tmp_path: Path) -> None:
    async def run() -> None:
        opened = at("09:15")
        write(log, *OPEN, a_tick(100_00, at_ns=NOW + 60 * NS_PER_S))
        minutes = [
            Bar(OPTION, "1m", opened + n * MINUTE, opened + (n + 1) * MINUTE, n, n + 9, n - 9, n + 1)
            for n in range(2, 6)
        ]
        write(log, *minutes)
        store = HistoryStore(tmp_path / "history", "simulated-11")
        store.add(
            OPTION,
            "1m",
            [PastBar(opened, 1, 1, 1, 1), PastBar(opened + MINUTE, 5, 5, 5, 5)],
            [Span(opened, opened + 2 * MINUTE)],
        )
        async with (
            serving(any_redis.url, desk, tmp_path) as gateway,
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{gateway.port}/api/v1", headers=gateway.headers
            ) as client,
        ):
            await see_quotes(client)
            await see_bars(client, opened)
            await see_instruments(client)
            chain = (await client.get("/chain", params={"underlying": "Nifty 50", "around": 3})).json()
            assert [row["strike"] for row in chain["rows"]] == [24_500_00]
            assert (chain["spot"], chain["forward_from"], chain["rows"][0]["PE"]) == (24_510_00, "spot", None)
            assert chain["rows"][0]["CE"]["ltp"] == 100_00
            for query, field in (
                ({"underlying": "X"}, "underlying"),
                ({"underlying": "NIFTY", "expiry": "1"}, "expiry"),
            ):
                answer = await client.get("/chain", params=query)
                assert (answer.status_code, answer.json()["field"]) == (404, field)

    asyncio.run(run())


async def see_quotes(client: httpx.AsyncClient) -> None:
    found = (await client.get("/quotes", params={"instruments": f"{OPTION},{INDEX}"})).json()
    assert [(one["instrument"], one["ltp"]) for one in found["items"]] == [
        (OPTION, 100_00),
        (INDEX, 24_510_00),
    ]
    unknown = await client.get("/quotes", params={"instruments": "NFO:X"})
    assert (unknown.status_code, unknown.json()["field"]) == (404, "instrument")


async def see_bars(client: httpx.AsyncClient, opened: int) -> None:
    whole = await client.get("/bars", params={"instrument": OPTION, "limit": 10})
    starts = [(one["start_ns"] - opened) // MINUTE for one in whole.json()["items"]]
    assert starts == [0, 1, 2, 3, 4, 5], "the store's and the desk's own, joined"
    assert whole.json()["sources"] == ["store", "archive"]
    same = {"If-None-Match": whole.headers["ETag"]}
    assert (
        await client.get("/bars", params={"instrument": OPTION, "limit": 10}, headers=same)
    ).status_code == 304
    three = (
        await client.get("/bars", params={"instrument": OPTION, "timeframe": "3m", "from": opened})
    ).json()
    assert [(one["open"], one["close"]) for one in three["items"]] == [(1, 3), (3, 6)]
    pages: dict[str, str | int] = {"instrument": OPTION, "from": opened, "limit": 4}
    first = (await client.get("/bars", params=pages)).json()
    rest = (await client.get("/bars", params=pages | {"after": first["next"]})).json()
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [4, 2, None]
    bad = await client.get("/bars", params={"instrument": OPTION, "timeframe": "2m"})
    assert (bad.status_code, bad.json()["field"]) == (422, "timeframe")


async def see_instruments(client: httpx.AsyncClient) -> None:
    first = (await client.get("/instruments", params={"q": "nifty", "limit": 1})).json()
    assert [one["instrument"] for one in first["items"]] == [INDEX]
    rest = (await client.get("/instruments", params={"q": "nifty", "after": first["next"]})).json()
    assert [(one["instrument"], one["lot_size"]) for one in rest["items"]] == [(OPTION, 65)]
    assert rest["next"] is None
