"""`sauda margin` against an exchange that has traded on a real server."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from sauda.codec import decode, encode
from sauda.contracts import STREAM_OF, Account, MarginReply, Message, Opened, OrderKind, Side
from sauda.log import Output
from sauda.money import to_indian
from sauda.redis_log import RedisLog
from sauda.runner import Carrier
from sauda.settings import load_settings
from sauda.testing.builders import LOT, NOW, after, an_order
from sauda_execution.units import units
from tests.unit.execution.account_market import CALL, CONTRACTS, FUTURE, PUT, quotes

Sauda: TypeAlias = Callable[..., Any]
CONFIG = Path(__file__).parents[2] / "config"


class Desk:
    """The exchange of a desk, worked by the test."""

    def __init__(self, log: RedisLog) -> None:
        (unit,) = units(load_settings())
        self._log = log
        # The program that is called in between takes longer than a lease usually lasts, on a busy machine.
        lease = log.acquire(unit.name, "test", 60_000)
        assert lease is not None
        opened = Opened(unit.name, lease.epoch, unit.version, dict(unit.settings), dict(unit.rules))
        log.append([Output("journal", encode(opened), b"")])
        self._carrier = Carrier(unit, log, lease)

    def play(self, *messages: Message) -> None:
        """Write *messages* one by one; let the exchange work each."""
        for message in messages:
            self._log.append([Output(STREAM_OF[type(message)], encode(message), b"")])
            while self._carrier.step(0):
                pass


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    monkeypatch.setenv("SAUDA_CONFIG", str(CONFIG))
    return monkeypatch


@pytest.fixture
def trading(desk_log: RedisLog, settings: pytest.MonkeyPatch) -> Desk:
    """A desk that has sold a call, and waits with a put."""
    desk = Desk(desk_log)
    # A new unit reads ticks from now on, so it has to stand before the first of them.
    desk.play(*CONTRACTS, *quotes())
    desk.play(an_order(Side.SELL, order_id="call", instrument=CALL, strategy="by_ear"), *quotes(after(1)))
    return desk


def test_it_shows_cash_margin_and_strategies(sauda: Sauda, trading: Desk) -> None:
    shown = sauda("margin", "--json")

    account, (nifty,) = shown.document["account"], shown.document["underlyings"]
    assert shown.code == 0
    assert account["start"] == 10_00_000_00
    assert account["cash"] == account["start"] + account["premium"] - account["charges"]
    (fill,) = sauda("fills", "--json").document
    assert account["premium"] == LOT * fill["price"]
    assert account["blocked"] == nifty["ours"] == nifty["blocked"] == nifty["span"] + nifty["exposure"]
    assert (nifty["broker"], set(nifty["strategies"])) == (None, {"by_ear"})


def test_people_read_the_same_in_rupees(sauda: Sauda, trading: Desk) -> None:
    document = sauda("margin", "--json").document["account"]

    text = sauda("margin").out

    for amount in (document["cash"], document["blocked"], document["available"]):
        assert to_indian(amount) in text
    assert "by_ear" in text
    assert "by_ear" not in sauda("margin", "--strategy", "other").out


def test_the_largest_order_fits_and_one_lot_more_does_not(sauda: Sauda, trading: Desk) -> None:
    found = sauda("margin", "--for", FUTURE, "--side", "BUY", "--json").document
    words = sauda("margin", "--for", FUTURE, "--side", "BUY")

    assert found["lots"] >= 2
    assert found["needed"] <= found["available"]
    assert f"{found['lots']} lots of {LOT}" in words.out
    trading.play(
        an_order(
            Side.BUY,
            order_id="too much",
            instrument=FUTURE,
            strategy="hand",
            qty=(found["lots"] + 1) * LOT,
            kind=OrderKind.LIMIT,
            limit_price=24_600_00,
            event_ns=after(1),
        )
    )
    refused = sauda("orders", "--json").document[-1]
    assert refused["status"] == "rejected"


def test_the_brokers_figure_stands_beside_ours_and_counts(
    sauda: Sauda, desk_log: RedisLog, settings: pytest.MonkeyPatch
) -> None:
    settings.setenv("SAUDA_MARGIN_SOURCE", "broker")
    desk = Desk(desk_log)
    desk.play(*CONTRACTS, *quotes())
    desk.play(an_order(Side.SELL, order_id="call", instrument=CALL, strategy="by_ear"), *quotes(after(1)))
    silent = sauda("margin")
    desk.play(MarginReply("paper-NIFTY-1", NOW, span_trade=1_50_000_00, exposure_trade=30_000_00))

    (nifty,) = sauda("margin", "--json").document["underlyings"]

    assert "no answer yet" in silent.out
    assert nifty["blocked"] == nifty["broker"]["blocks"] == 1_81_620_00 != nifty["ours"]
    assert "1,81,620.00" in sauda("margin").out

    settings.delenv("SAUDA_MARGIN_SOURCE")
    (elsewhere,) = sauda("margin", "--json").document["underlyings"]
    assert elsewhere == nifty, "the exchange's settings count, not those of the shell that asks"


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(
            ("--for", "NFO:NONE"), 1, "'NFO:NONE' is not among the desk's instruments", id="unknown"
        ),
        pytest.param(("--for", CALL, "--side", "HOLD"), 2, "--side", id="no side"),
        pytest.param(("--desk", "nobody"), 1, "nobody", id="no desk"),
    ],
)
def test_what_cannot_be_answered_is_one_clear_line(
    sauda: Sauda, trading: Desk, arguments: tuple[str, ...], code: int, said: str
) -> None:
    shown = sauda("margin", *arguments)

    assert shown.code == code
    assert said in shown.err
    assert "Traceback" not in shown.err


def test_a_desk_whose_exchange_has_not_worked_has_no_account(
    sauda: Sauda, desk_log: RedisLog, settings: pytest.MonkeyPatch
) -> None:
    desk_log.append([Output("instruments", encode(CONTRACTS[0]), b"")])

    shown = sauda("margin")

    assert (shown.code, "has no account yet" in shown.err) == (1, True)


def test_a_contract_without_a_price_cannot_be_sized(
    sauda: Sauda, desk_log: RedisLog, settings: pytest.MonkeyPatch
) -> None:
    desk = Desk(desk_log)
    desk.play(*CONTRACTS, *[tick for tick in quotes() if getattr(tick, "instrument", "") != PUT])

    shown = sauda("margin", "--for", PUT)

    assert shown.code == 1
    assert f"no price of {PUT} has been seen" in shown.err


def test_the_account_that_is_shown_is_the_last_that_the_exchange_told(
    sauda: Sauda, trading: Desk, desk_log: RedisLog
) -> None:
    messages = [decode(entry.data) for entry in desk_log.entries("executions")]
    last = [message for message in messages if isinstance(message, Account)][-1]

    shown = sauda("margin", "--json").document["account"]

    assert {**shown, "event_ns": last.event_ns} == json.loads(encode(last))
