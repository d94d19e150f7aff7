"""A broken limit and the kill switch on real processes: whatever is killed between the decision and the last fill, all is closed."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeAlias, TypeVar

import pytest

from sauda.codec import decode, encode
from sauda.contracts import (
    STREAM_OF,
    Alert,
    DeskPnl,
    Fill,
    Halt,
    Message,
    OrderAccepted,
    OrderRejected,
    RejectReason,
    Side,
)
from sauda.log import Output
from sauda.redis_log import RedisLog
from sauda.redis_view import RedisView
from sauda.rerun.verify import verify
from sauda.settings import Settings
from sauda.testing.builders import INDEX, LOT, OPTION, a_tick, after, an_index, an_option, an_order
from sauda.units import available
from tests.integration.desk_processes import start_replicas, wait_until
from tests.integration.hand_desk import CONFIG, trading_by_hand

Sauda: TypeAlias = Callable[..., Any]
M = TypeVar("M", bound=Message)


class RiskDesk:
    """The exchange as a real process; the test is the market, the strategy and the valuation."""

    def __init__(self, log: RedisLog, url: str, folder: Path) -> None:
        self.log, self._view = log, RedisView(url, log.desk)
        self.config = folder / "config"
        shutil.copytree(CONFIG, self.config)
        (self.config / "risk.yaml").write_text("max_daily_loss: 1000\n", encoding="utf-8")
        self._url = url
        environ = {
            "SAUDA_REDIS_URL": url,
            "SAUDA_DESK": log.desk,
            "SAUDA_CONFIG": str(self.config),
            "SAUDA_LEASE_MS": "500",
        }
        (self.exchange,) = start_replicas(folder, environ, {"execution": 1})

    def open_one_lot(self) -> None:
        """Buy a call at 10:00:01."""
        # Prices of the past are no market to a new unit: it must have found where it starts to read.
        self.wait_for(lambda: any("ticks" in one.positions for one in self._view.units()), "it is carried")
        self.say(an_option(), an_index(), a_tick(24_500_00, instrument=INDEX), quote(0))
        seen = f"quotes/{OPTION}".encode()
        self.wait_for(lambda: seen in self.log.state_of("execution.paper"), "prices are seen")
        self.say(an_order(Side.BUY, order_id="entry"))
        self.wait_for(lambda: self.heard(OrderAccepted), "the entry is accepted")
        self.say(quote(1))
        self.wait_for(lambda: self.held == LOT, "the entry trades")

    def say(self, *messages: Message) -> None:
        """Write *messages*, one after the other."""
        for message in messages:
            self.log.append([Output(STREAM_OF[type(message)], encode(message))])

    def heard(self, kind: type[M]) -> list[M]:
        """Return all messages of one type."""
        found = (decode(entry.data) for entry in self.log.entries(STREAM_OF[kind]))
        return [message for message in found if isinstance(message, kind)]

    def codes(self) -> list[str]:
        """Return the codes of all alerts."""
        return [alert.code for alert in self.heard(Alert)]

    @property
    def held(self) -> int:
        """Return what the account holds, by its fills."""
        return sum(fill.signed_qty for fill in self.heard(Fill))

    @property
    def closing(self) -> list[str]:
        """Return the ids of the closing orders."""
        return [one.order_id for one in self.heard(OrderAccepted) if one.order_id.startswith("squareoff-")]

    def wait_for(self, condition: Callable[[], object], what: str) -> None:
        """Wait until it is so."""
        wait_until(condition, 30, f"{what}: {self.exchange.log}")

    def kill_and_start(self) -> None:
        """End the exchange as `kill -9` does, and start it again."""
        self.exchange.kill()
        self.exchange.start()

    def differences(self) -> list[str]:
        """Run the exchange again over its journal; return where state or outputs are not the same to the byte."""
        settings = Settings(redis_url=self._url, desk=self.log.desk, config=self.config)
        return list(verify(self.log, [available(settings)["execution.paper"]]).differences)

    def end(self) -> None:
        self.exchange.kill()
        self._view.close()


@pytest.fixture
def risky(desk_log: RedisLog, redis_url: str, tmp_path: Path) -> Iterator[RiskDesk]:
    """A desk that may lose Rs 1,000 a day and holds one lot."""
    desk = RiskDesk(desk_log, redis_url, tmp_path)
    try:
        desk.open_one_lot()
        yield desk
    finally:
        desk.end()


def quote(seconds: float, ltp: int = 100_00, half_spread: int = 5) -> Message:
    """Build a quote of the call *seconds* after 10:00."""
    return a_tick(ltp, bid=ltp - half_spread, ask=ltp + half_spread, at_ns=after(seconds))


def a_loss(seconds: float) -> DeskPnl:
    """Build the point of P&L that breaks the limit."""
    return DeskPnl(0, -1_000_00, 0, -1_000_00, None, None, after(seconds), day_net=-1_000_00)


def test_a_kill_between_the_broken_limit_and_the_closing_fill_loses_neither(risky: RiskDesk) -> None:
    risky.say(a_loss(1))
    risky.wait_for(lambda: "DAILY_LOSS" in risky.codes(), "the limit is broken")
    assert (len(risky.closing), risky.held) == (1, LOT), "decided, and not yet traded: the order travels"

    risky.kill_and_start()
    risky.say(quote(2), an_order(Side.BUY, order_id="more", event_ns=after(2)))
    risky.wait_for(lambda: risky.heard(OrderRejected), "the entry is refused")

    assert risky.held == 0
    assert [one.reason for one in risky.heard(OrderRejected)] == [RejectReason.DAILY_LOSS]
    assert risky.codes() == ["DAILY_LOSS", "FLAT"]
    assert risky.differences() == []


def test_what_is_said_while_the_exchange_is_dead_is_done_when_it_is_back(risky: RiskDesk) -> None:
    risky.exchange.kill()
    risky.say(Halt("me", "enough", after(1), flatten=True), a_loss(1))

    risky.exchange.start()
    risky.wait_for(lambda: "KILL_SWITCH" in risky.codes(), "the halt is seen")
    risky.say(quote(2))
    risky.wait_for(lambda: risky.held == 0, "all is closed")

    assert sorted(set(risky.codes())) == ["DAILY_LOSS", "FLAT", "KILL_SWITCH"]
    assert len(risky.closing) == 1, "two reasons to close are one order"
    assert risky.differences() == []


def test_kills_while_nobody_bids_change_nothing_and_no_more_is_sold_than_is_held(risky: RiskDesk) -> None:
    risky.say(a_loss(1))
    risky.wait_for(lambda: risky.closing, "the first closing order")

    for second in range(2, 6):
        placed = len(risky.closing)
        # Nobody pays half of the last price: what goes out as a protected limit rests, and is placed anew.
        risky.say(quote(second, half_spread=50_00), quote(second + 0.9, half_spread=50_00))
        risky.kill_and_start()
        if second > 2:
            risky.wait_for(lambda least=placed: len(risky.closing) > least, "it is placed anew")  # type: ignore[misc]
    risky.say(quote(7), quote(8), quote(9))
    risky.wait_for(lambda: "FLAT" in risky.codes(), "all is closed")

    sold = [fill for fill in risky.heard(Fill) if fill.side is Side.SELL]
    assert (risky.held, sum(fill.qty for fill in sold)) == (0, LOT)
    assert risky.differences() == []


def test_the_kill_switch_closes_all_and_says_at_what_price_and_after_how_long(
    sauda: Sauda, redis_url: str, desk: str, tmp_path: Path
) -> None:
    with trading_by_hand(tmp_path, redis_url, desk):
        assert sauda("order", "buy", OPTION, str(LOT)).code == 0
        killed = sauda("kill-switch", "on", "--reason", "drill", "--json")
        shown, risk = sauda("risk"), sauda("risk", "--json")
        refused = sauda("order", "buy", OPTION, str(LOT), "--json")
        resumed = sauda("kill-switch", "off")
        again = sauda("order", "buy", OPTION, str(LOT))

    flat = killed.document
    assert (killed.code, flat["taken"], flat["held"]) == (0, True, [])
    assert [(one["side"], one["qty"], one["average_price"]) for one in flat["closed"]] == [
        ("SELL", LOT, 112_20)
    ]
    assert flat["market_ms"] == 1_000.0, "this market moves a second at a time"
    assert "drill" in shown.out
    assert (shown.code, risk.document["kill_switch"] is None) == (1, False)
    assert (refused.code, refused.document["reason"]) == (1, "HALTED")
    assert (resumed.code, again.code) == (0, 0)


def test_a_reset_without_a_reason_is_wrong_usage(sauda: Sauda) -> None:
    reset = sauda("risk", "reset", "--reason", " ")

    assert reset.code == 2
    assert "--reason" in reset.err


def test_the_kill_switch_says_when_nobody_takes_it_up_and_it_is_done_later(
    sauda: Sauda, risky: RiskDesk
) -> None:
    risky.exchange.kill()

    killed = sauda("kill-switch", "on", "--wait", "0.5")
    risky.exchange.start()
    risky.wait_for(lambda: "KILL_SWITCH" in risky.codes(), "it is taken up")
    risky.say(quote(2))
    risky.wait_for(lambda: risky.held == 0, "all is closed")

    assert killed.code == 1
    assert "has not taken it up yet" in killed.err


def test_a_reset_is_recorded_and_lets_in_again(sauda: Sauda, risky: RiskDesk) -> None:
    nobody = sauda("risk", "reset", "--reason", "try")
    risky.say(a_loss(1))
    risky.wait_for(lambda: risky.closing, "the limit is broken")
    risky.say(quote(2))
    risky.wait_for(lambda: "FLAT" in risky.codes(), "all is closed")

    halted = sauda("risk")
    reset = sauda("risk", "reset", "--reason", "looked at it")
    risky.say(an_order(Side.BUY, order_id="more", event_ns=after(2)))
    risky.wait_for(
        lambda: "more" in [one.order_id for one in risky.heard(OrderAccepted)], "an entry is taken"
    )

    assert (nobody.code, halted.code, reset.code) == (1, 1, 0)
    assert "the desk is halted by DAILY_LOSS" in halted.out
    assert "the day's loss is Rs 1,000.00" in reset.out
    assert "looked at it" in next(one.text for one in risky.heard(Alert) if one.code == "RISK_RESET")
