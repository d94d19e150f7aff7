"""The service is one unit with the desk's own calendar and limits, and it works on a log."""

from pathlib import Path

from sauda.calendar import load_calendar
from sauda.contracts import Fill, OrderAccepted, Side
from sauda.memory_log import MemoryLog
from sauda.settings import load_settings
from sauda.testing.builders import a_tick, an_option, an_order, at
from sauda.testing.lockstep import LockStep
from sauda_execution.__main__ import wire
from sauda_execution.exchange import paper_unit
from sauda_execution.house import House

MARKET = Path(__file__).parents[3] / "config" / "market"


def test_the_service_is_one_paper_account(tmp_path: Path) -> None:
    roles = wire(load_settings(tmp_path, {"SAUDA_CONFIG": str(MARKET.parent)}))

    assert [role.name for role in roles] == ["execution.paper"]


def test_the_paper_account_trades_in_the_hours_of_the_dated_calendar() -> None:
    desk = LockStep([paper_unit(House(load_calendar(MARKET)))], MemoryLog())
    early, opening = at("09:14:59"), at("09:15")

    desk.play([an_option(), a_tick(at_ns=early), an_order(order_id="early", event_ns=early)])
    desk.play([a_tick(at_ns=opening), an_order(Side.SELL, order_id="on-time", event_ns=opening)])

    answers = desk.said("executions")
    assert [type(a) for a in answers[1:]] == [OrderAccepted, Fill]
    assert [a.order_id for a in answers if isinstance(a, Fill)] == ["on-time"]
