"""`/events`: the same topics as server-sent events, for whoever cannot speak WebSocket; see docs/streaming.md.

Each event's `id` says where the client stands in all its topics of events, so a browser that reconnects goes on where it was.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Final

from fastapi import APIRouter, Header, Query, Request
from fastapi.responses import StreamingResponse

from sauda.errors import ContractError
from sauda_gateway.auth import Reader
from sauda_gateway.problems import ProblemError
from sauda_gateway.stream.client import Client
from sauda_gateway.stream.hub import Hub
from sauda_gateway.stream.hubs import Hubs
from sauda_gateway.stream.topics import read_name
from sauda_gateway.stream.websocket import insist_on_room, still_valid

_RETRY_MS: Final = 1000
_HEADERS: Final = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
_FORM: Final = "fills=ID;orders=ID"

router = APIRouter()


@router.get(
    "/events",
    tags=["stream"],
    summary="Follow topics as server-sent events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {}}}},
)
async def events(
    request: Request,
    caller: Reader,
    *,
    topics: Annotated[str, Query(description="topics, separated by commas")],
    after: Annotated[str, Query(description=f"where to go on, `{_FORM}`")] = "",
    last_event_id: Annotated[str, Header(description="the same, as browsers send it")] = "",
    desk: Annotated[str | None, Query(description="another desk, such as a replay's")] = None,
) -> StreamingResponse:
    """Follow topics until the client leaves."""
    names = [one for one in topics.split(",") if one]
    places = _places(last_event_id or after)
    _check(names)
    hubs: Hubs = request.app.state.hubs
    insist_on_room(hubs, caller)
    hub = await hubs.hub(desk)
    return StreamingResponse(
        _events(request, hub, caller, names, places), media_type="text/event-stream", headers=_HEADERS
    )


async def _events(
    request: Request, hub: Hub, caller: Reader, names: list[str], places: dict[str, str]
) -> AsyncIterator[str]:
    client = hub.join(caller.name)
    hub.subscribe(client, names, places)
    loop, me = asyncio.get_running_loop(), asyncio.current_task()
    watching = asyncio.create_task(still_valid(request, client, caller))
    # One that takes nothing waits in the server, where no word reaches it.
    watching.add_done_callback(lambda _: me.cancel() if me is not None and client.sending_since_s else None)
    try:
        yield f"retry: {_RETRY_MS}\n\n"
        while client.dropped is None:
            client.wake.clear()
            while (text := client.next()) is not None:
                client.sending_since_s = loop.time()
                yield _event(client, text)
                client.sending_since_s = None
            await client.wake.wait()
    finally:
        watching.cancel()
        hub.leave(client)


def _event(client: Client, text: str) -> str:
    position = client.position()
    return f"id: {position}\ndata: {text}\n\n" if position else f"data: {text}\n\n"


def _check(names: list[str]) -> None:
    if not names:
        raise ProblemError(422, "name one topic at least, such as topics=pnl,fills", "topics")
    for name in names:
        try:
            read_name(name)
        except ContractError as error:
            raise ProblemError(422, str(error), "topics") from None


def _places(text: str) -> dict[str, str]:
    """Return topic -> id out of `fills=ID;orders=ID`."""
    found: dict[str, str] = {}
    for part in filter(None, text.split(";")):
        topic, equals, position = part.rpartition("=")
        if not (topic and equals and position):
            raise ProblemError(422, f"{part[:60]!r} is no place to go on from: write {_FORM}", "after")
        found[topic] = position
    return found
