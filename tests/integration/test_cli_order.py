"""`sauda order` and `sauda square-off` against the exchange as a real process, on a market that the test moves."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from sauda.codec import decode, encode
from sauda.contracts import Fill, PlaceOrder, Signal, SquareOff, Tick
from sauda.log import Output
from sauda.redis_log import RedisLog
from sauda.testing.builders import LOT, NOW, OPTION, a_tick, an_option
from tests.integration.conftest import Server, called
from tests.integration.hand_desk import FUTURE, MUTE, QUIET, SHARE, Market, trading_by_hand

Sauda: TypeAlias = Callable[..., Any]
LOT_TEXT = str(LOT)


@pytest.fixture
def market(any_redis: Server, desk: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Market]:
    monkeypatch.setenv("SAUDA_REDIS_URL", any_redis.url)
    monkeypatch.setenv("SAUDA_DESK", desk)
    with trading_by_hand(tmp_path, any_redis.url, desk) as running:
        yield running


def ordered(*arguments: str) -> dict[str, Any]:
    done = called("order", *arguments, "--json")
    assert done.out, done.err
    return {"code": done.code, **done.document}


def said(market: Market, stream: str, kind: type) -> list[Any]:
    return [m for m in (decode(entry.data) for entry in market.view.entries(stream)) if isinstance(m, kind)]


def test_a_trade_by_hand_from_buying_to_flat(market: Market) -> None:
    bought = ordered("buy", OPTION, LOT_TEXT)
    assert (bought["code"], bought["status"], bought["filled_qty"]) == (0, "filled", LOT)
    assert bought["average_price"] == 112_40
    assert bought["order_id"].startswith("hand-20261123-")
    assert bought["charges"] == sum(fill["charges"] for fill in bought["fills"]) > 0
    assert bought["cash"] == 1_000_000_00 - LOT * 112_40 - bought["charges"]
    assert bought["available"] == bought["cash"] - bought["blocked"]
    (signal,) = said(market, "signals", Signal)
    assert f"BUY {LOT} {OPTION} MARKET" in signal.reason

    shown = called("order", "sell", OPTION, LOT_TEXT)
    assert shown.code == 0, shown.err
    assert f"traded {LOT} at 112.20" in shown.out
    assert "cash 9,99," in shown.out
    assert sum(fill.signed_qty for fill in said(market, "executions", Fill)) == 0


def test_futures_and_shares_trade_like_options(market: Market) -> None:
    assert ordered("sell", FUTURE, LOT_TEXT)["average_price"] == 24_519_90
    assert ordered("buy", SHARE, "3", "--product", "mis")["average_price"] == 1_410_10


def test_what_nobody_subscribed_is_subscribed_and_then_traded(market: Market) -> None:
    traded = ordered("buy", QUIET.lower(), LOT_TEXT)

    assert (traded["code"], traded["instrument"], traded["average_price"]) == (0, QUIET, 95_10)


def test_what_is_never_quoted_is_refused_with_the_reason(market: Market) -> None:
    refused = ordered("buy", MUTE, LOT_TEXT)

    assert (refused["code"], refused["status"], refused["reason"]) == (1, "rejected", "NO_QUOTE")
    assert refused["detail"] == f"no price of {MUTE} has been seen"


def test_a_refusal_says_why_and_by_how_much(market: Market) -> None:
    refused = called("order", "buy", OPTION, str(LOT + 1))

    assert refused.code == 1
    assert f"NOT_A_LOT_MULTIPLE: quantity {LOT + 1} is not a multiple of the lot of {LOT}" in refused.out
    assert "Traceback" not in refused.err


def test_what_the_account_cannot_carry_is_refused_with_the_shortfall(market: Market) -> None:
    refused = ordered("sell", FUTURE, str(6 * LOT))

    assert (refused["code"], refused["reason"], refused["filled_qty"]) == (1, "MARGIN", 0)
    assert "short by Rs" in refused["detail"]


def test_a_bracket_shows_the_stop_and_the_target_that_protect_it(market: Market) -> None:
    bought = ordered("buy", OPTION, LOT_TEXT, "--stop-loss", "100", "--take-profit", "130")

    assert (bought["code"], bought["status"]) == (0, "filled")
    children = {child["order_id"]: child for child in bought["children"]}
    stop, target = (children[f"{bought['order_id']}-{name}"] for name in ("stop", "target"))
    assert (stop["side"], stop["qty"], stop["trigger_price"]) == ("SELL", LOT, 100_00)
    assert (target["side"], target["qty"], target["limit_price"]) == ("SELL", LOT, 130_00)
    moved = ordered("modify", stop["order_id"], "--trigger", "105")
    assert (moved["code"], moved["waits_for"]) == (0, "a last price of 105.00 or less")


def test_of_two_orders_of_a_group_one_trades_and_the_other_leaves(market: Market) -> None:
    rests = ordered("buy", OPTION, LOT_TEXT, "--limit", "100", "--oco", "either")
    trades = ordered("buy", OPTION, LOT_TEXT, "--limit", "115", "--oco", "either")

    assert (rests["status"], trades["status"]) == ("working", "filled")
    assert ordered("cancel", rests["order_id"])["reason"] == "ORDER_DONE"


def test_what_cannot_trade_at_once_is_cancelled_if_it_is_to_be_immediate(market: Market) -> None:
    gone = ordered("buy", OPTION, LOT_TEXT, "--limit", "100", "--validity", "ioc")

    assert (gone["code"], gone["status"], gone["filled_qty"]) == (1, "cancelled", 0)


def test_a_limit_order_rests_is_changed_and_taken_back(market: Market) -> None:
    rests = ordered("buy", OPTION, LOT_TEXT, "--limit", "100")
    assert (rests["code"], rests["status"]) == (0, "working")
    assert rests["waits_for"] == "a seller at 100.00 or less"

    changed = ordered("modify", rests["order_id"], "--limit", "101.5")
    assert (changed["code"], changed["waits_for"]) == (0, "a seller at 101.50 or less")

    refused = ordered("modify", rests["order_id"], "--limit", "101.52")
    assert (refused["code"], refused["reason"]) == (1, "OFF_TICK")

    gone = ordered("cancel", rests["order_id"])
    assert (gone["code"], gone["status"], gone["filled_qty"]) == (0, "cancelled", 0)
    again = ordered("cancel", rests["order_id"])
    assert (again["code"], again["reason"]) == (1, "ORDER_DONE")


def test_a_stop_waits_for_its_trigger(market: Market) -> None:
    waits = ordered("buy", OPTION, LOT_TEXT, "--trigger", "150", "--limit", "155")

    assert (waits["code"], waits["status"], waits["kind"]) == (0, "working", "SL")
    assert waits["waits_for"] == "a last price of 150.00 or more"


def test_the_same_order_asked_for_twice_is_placed_once(market: Market) -> None:
    first = ordered("buy", OPTION, LOT_TEXT, "--id", "asha-1")
    second = ordered("buy", OPTION, LOT_TEXT, "--id", "asha-1")
    other = called("order", "buy", OPTION, str(2 * LOT), "--id", "asha-1")

    assert second == first
    assert len(said(market, "executions", Fill)) == 1
    assert other.code == 1
    assert f"asha-1 is another order: BUY {LOT} {OPTION}; nothing was sent" in other.err


def test_two_shells_at_once_never_make_the_same_order(market: Market) -> None:
    command = [str(Path(sys.executable).with_name("sauda")), "order", "buy", SHARE, "1", "--json"]
    shells = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(3)]
    answers = [json.loads(shell.communicate(timeout=60)[0]) for shell in shells]

    assert len({answer["order_id"] for answer in answers}) == 3
    placed = said(market, "orders", PlaceOrder)
    assert {order.order_id for order in placed} == {answer["order_id"] for answer in answers}


def test_a_square_off_closes_one_strategy_and_leaves_the_other(market: Market) -> None:
    ordered("buy", OPTION, LOT_TEXT)
    ordered("sell", FUTURE, LOT_TEXT, "--strategy", "other")
    ordered("buy", OPTION, LOT_TEXT, "--limit", "90")

    done = called("square-off", "--strategy", "hand", "--json")

    assert done.code == 0, done.err
    (closed,) = done.document
    assert (closed["instrument"], closed["status"], closed["filled_qty"]) == (OPTION, "filled", LOT)
    (request,) = said(market, "control", SquareOff)
    assert request.strategy == "hand"
    held: dict[str, int] = {}
    for fill in said(market, "executions", Fill):
        held[fill.strategy] = held.get(fill.strategy, 0) + fill.signed_qty
    assert held == {"hand": 0, "other": -LOT}
    nothing = called("square-off", "--strategy", "hand")
    assert (nothing.code, nothing.err) == (
        0,
        "strategy hand holds nothing; positions are held by other\n",
    )


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["order", "buy", OPTION, "many"], "Invalid value for 'QTY'"),
        (["order", "buy", OPTION, "0"], "Invalid value for 'QTY'"),
        (["order", "buy", OPTION, "65", "--limit", "cheap"], "'cheap' is not a price in rupees"),
        (["order", "buy", OPTION, "65", "--limit", "0"], "'0' is no price"),
        (["order", "buy", OPTION, "65", "--limit", "1.005"], "'1.005' is no price"),
        (["order", "buy", OPTION, "65", "--product", "CNC"], "'CNC' is none of NRML, MIS"),
        (["order", "buy", OPTION, "65", "--validity", "GTC"], "'GTC' is none of DAY, IOC"),
        (
            ["order", "buy", OPTION, "65", "--trail-points", "5", "--trail-percent", "2"],
            "give --trail-points or --trail-percent",
        ),
        (["order", "buy", OPTION, "65", "--id", "a b"], "cannot be an order's id"),
        (["order", "modify", "hand-1"], "say what shall change"),
        (["order", "cancel", "|"], "cannot be an order's id"),
        (["square-off", "everything"], "unexpected extra argument"),
    ],
)
def test_wrong_usage_is_one_clear_message(sauda: Sauda, arguments: list[str], words: str) -> None:
    refused = sauda(*arguments)

    assert refused.code == 2
    assert words in " ".join(refused.err.replace("│", " ").split())
    assert "Traceback" not in refused.err


def test_without_redis_the_exit_code_is_3(sauda: Sauda, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SAUDA_REDIS_URL", "redis://127.0.0.1:1/0")

    assert sauda("order", "buy", OPTION, LOT_TEXT).code == 3
    assert sauda("square-off").code == 3


def test_a_desk_that_nobody_carries_gets_no_order(sauda: Sauda, desk_log: RedisLog) -> None:
    write(desk_log, an_option(), a_tick())

    refused = sauda("order", "buy", OPTION, LOT_TEXT)

    assert refused.code == 1
    assert "nobody carries the paper exchange" in refused.err
    assert not desk_log.entries("orders")


def test_a_market_that_stands_still_gets_no_order(sauda: Sauda, desk_log: RedisLog) -> None:
    assert desk_log.acquire("execution.paper", "somebody", 60_000)
    write(desk_log, an_option())
    desk_log._client.xadd(desk_log.keys.stream("ticks"), {"d": encode(a_tick(at_ns=NOW)), "c": b""}, id="1-1")

    refused = sauda("order", "buy", OPTION, LOT_TEXT)

    assert refused.code == 1
    assert f"the market of desk {desk_log.desk} stands still at" in refused.err
    assert not desk_log.entries("orders")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("NFO:NIFTY01DEC26C24550", f"did you mean {OPTION}?"),
        ("hello", "`sauda tail instruments` shows some"),
    ],
)
def test_an_unknown_instrument_is_answered_with_its_neighbours(
    sauda: Sauda, desk_log: RedisLog, name: str, words: str
) -> None:
    assert desk_log.acquire("execution.paper", "somebody", 60_000)
    write(desk_log, an_option(), a_tick())

    refused = sauda("order", "buy", name, LOT_TEXT)

    assert refused.code == 1
    assert words in refused.err
    assert not desk_log.entries("orders")


def test_an_exchange_that_does_not_answer_is_not_waited_for_for_ever(
    sauda: Sauda, desk_log: RedisLog
) -> None:
    assert desk_log.acquire("execution.paper", "somebody", 60_000)
    write(desk_log, an_option(), a_tick())

    waiting = sauda("order", "buy", OPTION, LOT_TEXT, "--wait", "0.3")

    assert waiting.code == 1
    assert "to ask again: the same command with --id hand-20261123-" in waiting.err
    (order,) = [decode(entry.data) for entry in desk_log.entries("orders")]
    assert isinstance(order, PlaceOrder)
    assert sauda("square-off", "--wait", "0.3").code == 1


def test_an_order_that_was_never_placed_can_be_neither_changed_nor_cancelled(
    sauda: Sauda, desk_log: RedisLog
) -> None:
    assert desk_log.acquire("execution.paper", "somebody", 60_000)
    write(desk_log, an_option(), a_tick())

    for refused in (sauda("order", "cancel", "o-1"), sauda("order", "modify", "o-1", "--qty", "65")):
        assert refused.code == 1
        assert f"no order 'o-1' was placed on desk {desk_log.desk} today" in refused.err


def write(log: RedisLog, *messages: Any) -> None:
    streams = {Tick: "ticks"}
    log.append([Output(streams.get(type(one), "instruments"), encode(one)) for one in messages])
