"""`/quotes`, `/bars`, `/chain`, `/instruments`: the market over REST."""

from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from sauda.bars.timeframes import TIMEFRAMES
from sauda.clock import SystemClock, UnixNs
from sauda.contracts import Instrument, InstrumentKind, Scope
from sauda.errors import ContractError
from sauda.instruments import split_instrument
from sauda.money import Paise, Units
from sauda.record import Record
from sauda_gateway.asking import DeskName, sent, tagged
from sauda_gateway.auth import may
from sauda_gateway.lanes import QUICK, SLOW, run
from sauda_gateway.market.catalogue import canonical_or_same
from sauda_gateway.market.chain import Chain
from sauda_gateway.market.past_bars import Asked, Known, PastBars
from sauda_gateway.market.quotes import Quote
from sauda_gateway.problems import ProblemError
from sauda_gateway.schemas import answers

if TYPE_CHECKING:
    # The streams are made of the market, not the other way round.
    from sauda_gateway.stream.hub import Hub
    from sauda_gateway.stream.hubs import Hubs

MOST_QUOTES: Final = 200
_LARGEST_NS: Final = 2**63 - 1

router = APIRouter(tags=["market"], dependencies=[Depends(may(Scope.READ))])


class ShownBar(msgspec.Struct, frozen=True):
    """One bar; instrument and timeframe are those that were asked for."""

    start_ns: UnixNs
    open: Paise
    high: Paise
    low: Paise
    close: Paise
    volume: Units | None
    oi: Units | None


@router.get("/quotes", summary="Newest prices", responses=answers(Quote, listed=True))
async def quotes(
    request: Request,
    *,
    instruments: Annotated[str, Query(description="`EXCHANGE:SYMBOL`, separated by commas")],
    desk: DeskName = None,
) -> Response:
    """Return the newest price of each; one that has shown none yet is named under `silent`."""
    hub = await _hub(request, desk)
    names = list(dict.fromkeys(one for one in instruments.split(",") if one))
    if not 0 < len(names) <= MOST_QUOTES:
        raise ProblemError(422, f"name 1 to {MOST_QUOTES} instruments", "instruments")
    for name in names:
        if hub.market.catalogue.get(name) is None and hub.market.quotes.tick(name) is None:
            raise _unknown(name)
    hub.want(names)
    found = [hub.market.quotes.quote(name) for name in names]
    silent = [name for name, quote in zip(names, found, strict=True) if quote is None]
    return sent({"items": [one for one in found if one is not None], "next": None, "silent": silent})


@router.get("/chain", summary="Option chain around the money", responses=answers(Chain))
async def option_chain(
    request: Request,
    *,
    underlying: Annotated[str, Query(description="by any of its names: NIFTY, Nifty 50, BANKNIFTY")],
    expiry: Annotated[str | None, Query(description="YYYY-MM-DD; the nearest by default")] = None,
    around: Annotated[int, Query(ge=1, le=100, description="strikes on each side of the money")] = 10,
    desk: DeskName = None,
) -> Response:
    """Return calls and puts with prices, open interest, implied volatility, Greeks and the desk's own positions."""
    hub = await _hub(request, desk)
    name = canonical_or_same(underlying)
    expiries = hub.market.catalogue.expiries(name, hub.market.today)
    if not expiries:
        raise ProblemError(404, f"no options on {underlying[:60]!r} are listed", "underlying")
    day = expiry or expiries[0]
    if not hub.market.catalogue.pairs(name, day):
        raise ProblemError(
            404, f"no options on {name} expire on {day[:20]!r}; days: {', '.join(expiries[:8])}", "expiry"
        )
    hub.want(hub.showing.chain_instruments(name, day, around))
    hubs: Hubs = request.app.state.hubs
    return await hubs.sparing.do(lambda: sent(hub.showing.chain(name, day, around)))


@router.get(
    "/instruments",
    summary="Search what can be traded",
    responses=answers(Instrument, listed=True),
)
async def search(
    request: Request,
    *,
    q: Annotated[str, Query(max_length=100, description="words, such as `nifty 24500 ce`")] = "",
    kind: Annotated[InstrumentKind | None, Query(description="of this kind alone")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    after: Annotated[str, Query(max_length=100, description="`next` of the answer before")] = "",
    desk: DeskName = None,
) -> Response:
    """Return definitions in which all words stand, those of living contracts, the nearest first."""
    hub = await _hub(request, desk)
    known = hub.market.catalogue

    def look() -> list[Instrument] | None:
        found = known.search(q, kind, hub.market.today)
        is_lost = after and all(one.instrument != after for one in found)
        return None if is_lost else list(islice(found, limit + 1))

    # A long book knows a hundred thousand contracts: those who follow its prices shall not wait.
    page = await run(QUICK, look)
    if page is None:
        raise ProblemError(422, f"{after[:60]!r} is in no answer to this search", "after")
    more = page[limit - 1].instrument if len(page) > limit else None
    items = [msgspec.structs.asdict(one) for one in page[:limit]]
    return tagged(request, {"items": items, "next": more})


@router.get("/bars", summary="Bars of the past", responses=answers(ShownBar, listed=True))
async def bars(
    request: Request,
    *,
    instrument: Annotated[str, Query(max_length=100, description="`EXCHANGE:SYMBOL`")],
    timeframe: Annotated[str, Query(description=", ".join(TIMEFRAMES))] = "1m",
    from_ns: Annotated[int | None, Query(alias="from", ge=0, le=_LARGEST_NS)] = None,
    to_ns: Annotated[int | None, Query(alias="to", ge=0, le=_LARGEST_NS)] = None,
    limit: Annotated[int, Query(ge=1, le=5000)] = 1000,
    after: Annotated[str, Query(max_length=20, description="`next` of the answer before")] = "",
    desk: DeskName = None,
) -> Response:
    """Return bars that have ended, oldest first: from `from` on, or the newest up to `to`. Times in UTC nanoseconds.

    A page may have fewer than `limit` bars, or none, where sessions were silent: `next` says whether there are more.
    """
    hub = await _hub(request, desk)
    if timeframe not in TIMEFRAMES:
        raise ProblemError(
            422, f"no bars of {timeframe[:20]!r}: take one of {', '.join(TIMEFRAMES)}", "timeframe"
        )
    try:
        split_instrument(instrument)
    except ContractError as error:
        raise ProblemError(422, str(error), "instrument") from None
    now_ns = hub.market.now_ns or SystemClock().now_ns()
    first_ns = _cursor(after) if after else from_ns
    asked = Asked(
        instrument, timeframe, first_ns, now_ns if to_ns is None else min(to_ns, now_ns), now_ns, limit
    )
    hubs: Hubs = request.app.state.hubs
    past = PastBars(hubs.settings, hubs.calendar, lambda: Record.open(hubs.settings, hub.desk))
    known = await run(SLOW, lambda: past.find(asked))
    if not known.bars and hub.market.catalogue.get(instrument) is None:
        raise _unknown(instrument)
    return tagged(request, _bars_page(known, limit))


def _bars_page(known: Known, limit: int) -> dict[str, Any]:
    shown = known.bars[:limit]
    rest_ns = known.bars[limit].start_ns if len(known.bars) > limit else known.rest_ns
    more = None if rest_ns is None else str(rest_ns)
    items = [ShownBar(*msgspec.structs.astuple(one)) for one in shown]
    return {"items": items, "next": more, "sources": known.sources, "problems": known.problems}


def _cursor(after: str) -> int:
    if not (after.isascii() and after.isdecimal()):
        raise ProblemError(422, f"{after!r} is no `next` of an answer", "after")
    return int(after)


async def _hub(request: Request, desk: str | None) -> "Hub":
    hubs: Hubs = request.app.state.hubs
    return await hubs.hub(desk)


def _unknown(instrument: str) -> ProblemError:
    return ProblemError(
        404,
        f"nothing is known of {instrument[:60]!r}: GET /api/v1/instruments?q=… finds instruments",
        "instrument",
    )
