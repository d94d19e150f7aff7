"""`/stream`: topics over a WebSocket. The client says what it wants, and is sent what comes of it; see docs/streaming.md."""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect

from sauda.errors import SaudaError
from sauda_gateway.auth import Caller, caller_of
from sauda_gateway.problems import ProblemError, answer
from sauda_gateway.stream import frames
from sauda_gateway.stream.client import Client
from sauda_gateway.stream.hub import Hub
from sauda_gateway.stream.hubs import Hubs

MOST_CLIENTS: Final = 500
MOST_OF_A_TOKEN: Final = 300
"""So that nobody takes all the room; two hundred at once are promised to one."""
LONGEST_REQUEST: Final = 64 * 1024
CHECK_S: Final = 30.0
"""Seconds after which a token that was taken back ends what it began."""
REST_S: Final = 0.02
"""Between two requests of one client: each makes work that the others wait for."""
_CLOSING_S: Final = 2.0
_POLICY: Final = 1008
_TOO_BIG: Final = 1009
_AWAY: Final = 1001

router = APIRouter()


class Request(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a client says."""

    subscribe: list[str] = []
    unsubscribe: list[str] = []
    after: dict[str, str] = {}
    """topic of events -> `id` of the last message that it has."""


_requests: Final = msgspec.json.Decoder(Request)


@router.websocket("/stream")
async def stream(websocket: WebSocket, desk: Annotated[str | None, Query()] = None) -> None:
    """Follow topics of a desk."""
    hubs: Hubs = websocket.app.state.hubs
    try:
        caller = caller_of(websocket)
        insist_on_room(hubs, caller)
        hub = await hubs.hub(desk)
    except ProblemError as error:
        refusal = answer(error.status, error.detail, error.field, error.headers)
        await websocket.send_denial_response(refusal)
        return
    await websocket.accept()
    client = hub.join(caller.name)
    try:
        await _first_of(
            _send(websocket, client),
            _receive(websocket, hub, client),
            _watch(websocket, client, caller),
        )
    finally:
        hub.leave(client)
    with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
        async with asyncio.timeout(_CLOSING_S):
            await websocket.close(_AWAY if client.dropped else 1000, client.dropped)


def insist_on_room(hubs: Hubs, caller: Caller) -> None:
    """Insist that one more client of *caller* may come.

    Raises:
        ProblemError: 503 if there are too many of all, 429 if too many of this token.
    """
    later = {"Retry-After": "10"}
    if hubs.clients() >= MOST_CLIENTS:
        raise ProblemError(503, f"{MOST_CLIENTS} clients are connected already", headers=later)
    if hubs.clients(caller.name) >= MOST_OF_A_TOKEN:
        detail = f"{MOST_OF_A_TOKEN} clients are connected with the token {caller.name!r} already"
        raise ProblemError(429, detail, headers=later)


async def _first_of(*parts: Coroutine[Any, Any, None]) -> None:
    """Do all *parts* until one of them ends."""
    tasks = [asyncio.create_task(part) for part in parts]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        ended = await asyncio.gather(*tasks, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception) and not isinstance(error, WebSocketDisconnect):
            raise error


async def _send(websocket: WebSocket, client: Client) -> None:
    """Send whatever there is, one message at a time: what the wire does not take stays undecided."""
    now_s = asyncio.get_running_loop().time
    while client.dropped is None:
        client.wake.clear()
        while (text := client.next()) is not None:
            client.sending_since_s = now_s()
            await websocket.send_text(text)
            client.sending_since_s = None
        await client.wake.wait()


async def _receive(websocket: WebSocket, hub: Hub, client: Client) -> None:
    """Do what the client asks, as fast as it takes the answers."""
    while True:
        await client.room.wait()
        message = await websocket.receive()
        if message["type"] == "websocket.disconnect":
            return
        said = message.get("text") or message.get("bytes") or ""
        if len(said) > LONGEST_REQUEST:
            client.drop(f"a request has {LONGEST_REQUEST} bytes at the most")
            return
        try:
            request = _requests.decode(said)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            form = '{"subscribe": […], "unsubscribe": […], "after": {topic: id}}'
            client.note(frames.refused(f"{error}: write {form}"))
            continue
        hub.unsubscribe(client, request.unsubscribe)
        hub.subscribe(client, request.subscribe, request.after)
        await asyncio.sleep(REST_S)


async def _watch(websocket: WebSocket, client: Client, caller: Caller) -> None:
    """End what a token began that is valid no more, and a client that was given up while it took nothing."""
    await still_valid(websocket, client, caller)


async def still_valid(connection: Any, client: Client, caller: Caller) -> None:
    """Return when *caller* may not listen any more, or *client* was given up."""
    keeper = connection.app.state.doorkeeper
    loop = asyncio.get_running_loop()
    check_s = loop.time() + CHECK_S
    while client.dropped is None:
        await asyncio.sleep(1)
        if loop.time() > check_s:
            check_s += CHECK_S
            try:
                keeper.check_again(caller)
            except SaudaError as error:
                # A file of tokens that cannot be read lets nobody in, and nobody stay.
                is_refused = isinstance(error, ProblemError)
                client.drop(str(error) if is_refused else "the tokens cannot be read")
