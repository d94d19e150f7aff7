"""An exchange with limits in the middle of an ordinary session, and what its answers come to."""

from collections.abc import Sequence
from typing import Any

from sauda.contracts import (
    Alert,
    DeskPnl,
    Fill,
    Message,
    OrderAccepted,
    OrderCancelled,
    OrderRejected,
    RejectReason,
    StrategyPnl,
)
from sauda.money import Paise
from sauda.testing.builders import NOW, Weekdays, a_tick, an_index, an_option
from sauda.testing.restart import play
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House
from sauda_execution.risk.rules import RiskRules
from sauda_execution.settings import Limits

PUT = "NFO:NIFTY01DEC26P24500"
NO_LIMITS = dict.fromkeys(
    (
        "max_order_quantity",
        "max_order_value",
        "max_price_away_percent",
        "max_position_quantity",
        "max_position_value",
        "max_open_orders_per_symbol",
        "max_total_value",
        "max_open_orders",
        "max_orders_per_second",
        "max_daily_loss",
    )
) | {"duplicate_ms": 0, "feed_mute_s": 0}


def only(**limits: Any) -> RiskRules:
    """Return rules with these limits and no others."""
    return RiskRules.model_validate({**NO_LIMITS, **limits})


def a_house(rules: RiskRules, *, latency_ns: int = 0) -> House:
    """Return a house whose quotes never grow stale, so that a test may let time pass without ticks."""
    return House(Weekdays(), Limits(stale_quote_ns=10**15, latency_ns=latency_ns), risk=rules)


def opening() -> list[Message]:
    """Return the definitions and first prices: a call and a put, 99.95 to 100.05."""
    return [
        an_option(),
        an_option(PUT),
        an_index(),
        a_tick(100_00, bid=99_95, ask=100_05),
        a_tick(100_00, bid=99_95, ask=100_05, instrument=PUT),
    ]


def limited(rules: RiskRules | None = None, **limits: Any) -> PaperExchange:
    """Return an exchange at 10:00 that has *limits* alone."""
    exchange = PaperExchange(a_house(rules or only(**limits)))
    play(exchange, opening())
    return exchange


def reasons(said: Sequence[Message]) -> list[RejectReason]:
    """Return why orders were refused."""
    return [message.reason for message in said if isinstance(message, OrderRejected)]


def detail(said: Sequence[Message]) -> str:
    """Return the sentence of the only refusal."""
    (refused,) = [message for message in said if isinstance(message, OrderRejected)]
    return refused.detail


def accepted(said: Sequence[Message]) -> list[str]:
    """Return the ids of orders that were accepted."""
    return [message.order_id for message in said if isinstance(message, OrderAccepted)]


def cancelled(said: Sequence[Message]) -> list[str]:
    """Return the ids of orders that were taken out of the market."""
    return [message.order_id for message in said if isinstance(message, OrderCancelled)]


def filled(said: Sequence[Message]) -> dict[str, int]:
    """Return order id -> units bought, negative for sold."""
    found: dict[str, int] = {}
    for message in said:
        if isinstance(message, Fill):
            found[message.order_id] = found.get(message.order_id, 0) + message.signed_qty
    return found


def codes(said: Sequence[Message]) -> list[str]:
    """Return the codes of alerts."""
    return [message.code for message in said if isinstance(message, Alert)]


def strategy_pnl(
    net: Paise, *, strategy: str = "straddle", at_ns: int = NOW, day_net: Paise | None = None
) -> StrategyPnl:
    """Build a strategy's point of P&L."""
    return StrategyPnl(
        strategy, net, 0, 0, net, None, None, at_ns, day_net=net if day_net is None else day_net
    )


def desk_pnl(net: Paise, *, at_ns: int = NOW, day_net: Paise | None = None) -> DeskPnl:
    """Build the desk's point of P&L."""
    return DeskPnl(net, 0, 0, net, None, None, at_ns, day_net=net if day_net is None else day_net)
