"""Who may follow a desk and how: browsers, strangers, other desks, what is asked of the feed; and the market over REST."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any, TypeAlias

import httpx
import pytest
import websockets

from sauda.clock import NS_PER_S, SystemClock
from sauda.codec import decode
from sauda.contracts import Bar, DeskPnl, PastBar, PositionPnl, Scope, Subscribe, Unsubscribe
from sauda.history.spans import Span
from sauda.history.store import HistoryStore
from sauda.redis_log import RedisLog
from sauda.settings import Settings
from sauda.testing.builders import (
    INDEX,
    NOW,
    OPTION,
    a_tick,
    an_option,
    an_order,
    at,
)
from sauda.tokens import TokenFile
from sauda_gateway.sessions import Sessions
from sauda_gateway.stream import hubs as hubs_module
from sauda_gateway.stream.hubs import caller_name
from sauda_gateway.stream.topics import EVENTS
from tests.integration.conftest import Server
from tests.integration.stream_desk import OPEN, PATIENCE_S, Gateway, fills, serving, until, write

MINUTE = 60 * NS_PER_S
Query: TypeAlias = dict[str, str | int]


@pytest.fixture
def log(any_redis: Server, desk: str) -> Iterator[RedisLog]:
    opened = RedisLog(any_redis.url, desk)
    yield opened
    opened.close()


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
            token = hashlib.sha256(gateway.token.encode()).hexdigest()
            session = f"sauda_session={Sessions(tmp_path / 'sessions').begin(token, SystemClock().now_ns())}"
            cookie = {"Cookie": session, "Origin": "http://elsewhere.example"}
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


def test_no_token_takes_all_the_room(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sauda_gateway.stream.websocket.MOST_OF_A_TOKEN", 2)

    async def run() -> None:
        write(log, *OPEN)
        async with serving(any_redis.url, desk, tmp_path) as gateway:
            address = f"ws://127.0.0.1:{gateway.port}/api/v1/stream"
            other = TokenFile(tmp_path / "tokens.json").issue("other", Scope.READ, SystemClock().now_ns())
            async with gateway.listener() as one, sse(gateway, "topics=pnl"):
                await one.until("hello")
                await until(lambda: gateway.app.state.hubs.clients() == 2, "two listen")
                assert await refused(address, gateway.headers) == 429
                theirs = {"Authorization": f"Bearer {other}"}
                async with websockets.connect(address, additional_headers=theirs) as connection:
                    assert "hello" in str(await connection.recv())
            await until(lambda: not gateway.hub.clients, "all have left")
            async with gateway.listener() as again:
                await again.until("hello")

    asyncio.run(run())


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


def test_what_a_killed_gateway_had_asked_for_is_let_go_by_the_next(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sauda_gateway.market.calling.KEPT_S", 0.5)
    monkeypatch.setattr("sauda_gateway.stream.hub.HEARTBEAT_EVERY", 1)
    name = caller_name(Settings())
    other = Subscribe("another", (INDEX, OPTION), NOW)
    write(log, *OPEN, Subscribe(name, (INDEX, OPTION), NOW), other)

    async def run() -> None:
        async with serving(any_redis.url, desk, tmp_path) as gateway, gateway.listener() as one:
            await one.say(subscribe=[f"ticks:{INDEX}"])
            await until(lambda: len(log.entries("subscriptions")) == 3, "it is let go")
            assert decode(log.entries("subscriptions")[-1].data) == Unsubscribe(name, (OPTION,), NOW)

    asyncio.run(run())


def test_who_leaves_leaves_nothing_behind(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path
) -> None:
    async def run() -> None:
        write(log, *OPEN, *fills(3))
        async with serving(any_redis.url, desk, tmp_path) as gateway:
            hub, before = gateway.hub, len(asyncio.all_tasks())
            topics = [
                "chain:NIFTY:2026-12-01",
                f"ticks:{OPTION}",
                f"bars:{OPTION}:1m",
                "fills",
                "orders",
                "pnl",
            ]
            for number in range(6):
                async with gateway.listener() as one, sse(gateway, f"topics={','.join(topics)}") as lines:
                    await one.say(subscribe=topics, after={"fills": "1-0"})
                    await one.until("data", topic=topics[0])
                    await line(lines, "chain:")
                    assert len(hub.clients) == 2
                    if number % 2:
                        one.connection.transport.abort()
            await until(lambda: not hub.clients, "all have left")
            await until(lambda: not hub._events._tasks, "no past is read for them")
            await until(lambda: len(asyncio.all_tasks()) <= before, "nobody works for them")
            assert (hub._board.names(), hub._interest._chains, hub._events._followers) == ([], {}, {})
            assert set(hub._events._topics) == set(EVENTS)

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
    newest: Query = {"instrument": OPTION, "timeframe": "3m", "to": opened + 5 * MINUTE, "limit": 1}
    (last,) = (await client.get("/bars", params=newest)).json()["items"]
    assert (last["open"], last["close"]) == (1, 3), "whole, whatever minutes lie behind it"
    late: Query = {"instrument": OPTION, "timeframe": "3m", "from": opened + MINUTE}
    assert [one["open"] for one in (await client.get("/bars", params=late)).json()["items"]] == [3]
    pages: Query = {"instrument": OPTION, "from": opened, "limit": 4}
    first = (await client.get("/bars", params=pages)).json()
    rest = (await client.get("/bars", params=pages | {"after": first["next"]})).json()
    assert [len(first["items"]), len(rest["items"]), rest["next"]] == [4, 2, None]
    bad = await client.get("/bars", params={"instrument": OPTION, "timeframe": "2m"})
    assert (bad.status_code, bad.json()["field"]) == (422, "timeframe")


def test_bars_since_ever_come_page_by_page(
    log: RedisLog, any_redis: Server, desk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sauda_gateway.market.past_bars.MOST_SESSIONS", 20)
    days = (date(2026, 10, 12), date(2026, 11, 19), date(2026, 11, 20))
    opened = [at("09:15", day) for day in days]
    kept = [PastBar(start + n * MINUTE, 5, 5, 5, 5) for start in opened for n in range(4)]
    HistoryStore(tmp_path / "history", "simulated-11").add(
        OPTION, "1m", kept, [Span(start, start + 4 * MINUTE) for start in opened]
    )
    write(log, *OPEN, a_tick(100_00, at_ns=NOW + MINUTE))

    async def run() -> None:
        async with (
            serving(any_redis.url, desk, tmp_path) as gateway,
            httpx.AsyncClient(
                base_url=f"http://127.0.0.1:{gateway.port}/api/v1", headers=gateway.headers
            ) as client,
        ):
            for timeframe, starts in (("1m", [one.start_ns for one in kept]), ("3m", None)):
                pages = await every_page(client, {"timeframe": timeframe, "from": 0, "limit": 3})
                found = [one["start_ns"] for page in pages for one in page["items"]]
                assert found == (starts or [start + n * 3 * MINUTE for start in opened for n in (0, 1)])
                assert len(pages) < 12, "where nothing is known before nobody turns pages"
                assert all(len(page["problems"]) <= 22 for page in pages), "each page is of a few sessions"

    asyncio.run(run())


async def every_page(client: httpx.AsyncClient, query: Query) -> list[dict[str, Any]]:
    """Return all pages of `/bars`."""
    pages: list[dict[str, Any]] = []
    while not pages or pages[-1]["next"] is not None:
        place = {"after": pages[-1]["next"]} if pages else {}
        answer = await client.get("/bars", params={"instrument": OPTION, **query, **place})
        pages.append(answer.json())
    return pages


async def see_instruments(client: httpx.AsyncClient) -> None:
    first = (await client.get("/instruments", params={"q": "nifty", "limit": 1})).json()
    assert [one["instrument"] for one in first["items"]] == [INDEX]
    rest = (await client.get("/instruments", params={"q": "nifty", "after": first["next"]})).json()
    assert [(one["instrument"], one["lot_size"]) for one in rest["items"]] == [(OPTION, 65)]
    assert rest["next"] is None
