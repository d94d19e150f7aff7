"""The broker's REST calls: which route answers what, and how an answer or a refusal looks."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias

from sauda.clock import NS_PER_S, to_ist
from sauda.margin import MarginBook
from sauda_simulator.calls import Call, parse_call
from sauda_simulator.charts import Charts, Work
from sauda_simulator.login import BusinessError, Logins
from sauda_simulator.lookups import NO_DATA, Lookups, Reply
from sauda_simulator.margin import span_calc
from sauda_simulator.market_clock import MarketClock

Answer: TypeAlias = Reply | list[Reply] | list[str]

_EMPTY_BOOKS = (
    "OrderBook",
    "TradeBook",
    "PositionBook",
    "Holdings",
    "SingleOrdHist",
    "MWList",
    "MarketWatch",
)
_ORDER_ROUTES = ("PlaceOrder", "ModifyOrder", "CancelOrder", "ExitSNOOrder", "ProductConversion")
NO_ORDERS = "Rejected : this is a paper desk, orders are never sent to the broker"


class RestApi:
    """Answers one call at a time."""

    def __init__(self, market: MarketClock, logins: Logins, margins: MarginBook) -> None:
        self._market = market
        self._logins = logins
        lookups, charts = Lookups(market), Charts(market)
        self._routes: Mapping[str, Callable[[Call], Answer | Work]] = {
            "Logout": self._log_out,
            "GetQuotes": lookups.quotes,
            "SearchScrip": lookups.search,
            "GetOptionChain": lookups.option_chain,
            "GetSecurityInfo": lookups.security_info,
            "Limits": lookups.limits,
            "TPSeries": charts.time_series,
            "EODChartData": charts.end_of_day,
            "SpanCalc": lambda call: span_calc(market, margins, call),
            **dict.fromkeys(_EMPTY_BOOKS, _empty),
            **dict.fromkeys(_ORDER_ROUTES, _refuse_order),
        }

    def answer(self, route: str, body: str) -> Answer | Callable[[], Answer]:
        """Return the reply to a call of *route*; a refusal is a reply too (HTTP 200, `Not_Ok`).

        A chart is returned as the work that draws it, to be done in another thread.

        Raises:
            KeyError: there is no such route.
        """
        handler = None if route == "QuickAuth" else self._routes[route]
        try:
            call = parse_call(body)
            if handler is None:
                reply: Answer | Work = self._log_in(call)
            else:
                self._logins.require(call.token, call.fields.get("uid") or call.fields.get("actid"))
                reply = handler(call)
        except BusinessError as refusal:
            return self._refused(refusal)
        if callable(reply):
            return partial(self._drawn, reply)
        return reply if isinstance(reply, list) else {"stat": "Ok", "request_time": self._time()} | reply

    def _drawn(self, chart: Work) -> Answer:
        try:
            return chart()
        except BusinessError as refusal:
            return self._refused(refusal)

    def _refused(self, refusal: BusinessError) -> Reply:
        return {"stat": "Not_Ok", "emsg": str(refusal), "request_time": self._time()}

    def _log_in(self, call: Call) -> Reply:
        token = self._logins.log_in(call.fields)
        # The first one to come in starts the market.
        self._market.start()
        user = self._logins.account.user
        return {
            "susertoken": token,
            "lastaccesstime": str(self._market.wall_ns() // NS_PER_S),
            "uname": "PAPER TRADER",
            "actid": user,
            "uid": user,
            "email": "paper@example.invalid",
            "brkname": "SAUDA",
            "exarr": ["NSE", "NFO", "BSE", "BFO", "MCX", "CDS"],
            "prarr": [
                {"prd": "M", "s_prdt_ali": "NRML", "exch": ["NFO", "BFO", "MCX", "CDS"]},
                {"prd": "I", "s_prdt_ali": "MIS", "exch": ["NSE", "NFO", "BSE", "BFO", "MCX", "CDS"]},
            ],
        }

    def _log_out(self, call: Call) -> Reply:
        self._logins.expire()
        return {}

    def _time(self) -> str:
        return f"{to_ist(self._market.now_ns()):%H:%M:%S %d-%m-%Y}"


def _empty(_: Call) -> Answer:
    raise BusinessError(NO_DATA)


def _refuse_order(_: Call) -> Answer:
    raise BusinessError(NO_ORDERS)
