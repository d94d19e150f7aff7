"""On a log, as the desk is set by default: a position by hand is seen, squared off or settled, charged, valued and told."""

from pathlib import Path

from sauda.contracts import Against, Alert, DeskPnl, Fill, Message, Product, Side, Subscribe
from sauda.memory_log import MemoryLog
from sauda.settings import load_settings
from sauda.testing.builders import INDEX, OPTION, a_clock, at
from sauda.testing.lockstep import LockStep
from sauda_execution.units import units
from sauda_pnl.valuation import valuation_unit
from tests.unit.execution.lived import CALL, MARKET, MASTERS, MONDAY, index_at, quoted, trades


def played(folder: Path) -> LockStep:
    """Play an expiry day on the desk's own exchange and valuation."""
    settings = load_settings(folder, {"SAUDA_CONFIG": str(MARKET.parent)})
    desk = LockStep([valuation_unit(), *units(settings)], MemoryLog())
    day: list[Message] = [
        *MASTERS,
        index_at(24_510_00, "09:59"),
        *trades(CALL, Side.BUY, 60_00, "10:00", strategy="hand"),
        a_clock(at("10:00:01")),
        *trades(OPTION, Side.SELL, 200_00, "10:01", strategy="hand", product=Product.MIS),
        a_clock(at("10:01:01")),
        quoted(OPTION, 190_00, "15:34:59"),
        a_clock(at("15:35")),
        index_at(24_580_00, "15:35:00"),
        # Orders need a moment to the market, also the broker's.
        quoted(OPTION, 190_00, "15:35:01"),
        a_clock(at("15:40")),
        a_clock(at("15:41:01")),
        a_clock(at("15:42:01")),
    ]
    desk.play(day)
    return desk


def test_what_a_person_holds_ends_without_anybody(tmp_path: Path) -> None:
    desk = played(tmp_path)

    fills = [one for one in desk.said("executions") if isinstance(one, Fill)]
    assert [(one.order_id.split("-")[0], one.product, one.side) for one in fills] == [
        ("hand", Product.NRML, Side.BUY),
        ("hand", Product.MIS, Side.SELL),
        ("mis", Product.MIS, Side.BUY),
        ("settle", Product.NRML, Side.SELL),
    ]
    assert (fills[-1].price, fills[-1].against) == (80_00, Against.SETTLEMENT)
    assert all(one.costs is not None and one.charges == one.costs.total for one in fills)


def test_the_valuation_ends_flat_with_no_margin_and_the_day_as_its_own(tmp_path: Path) -> None:
    desk = played(tmp_path)
    fills = [one for one in desk.said("executions") if isinstance(one, Fill)]

    last = [one for one in desk.said("pnl") if isinstance(one, DeskPnl)][-1]
    made = -sum(one.signed_qty * one.price + one.charges for one in fills)
    assert (last.net, last.day_net, last.unrealised, last.margin) == (made, made, 0, 0)
    assert last.peak_margin is not None
    assert last.peak_margin > 0


def test_the_feed_is_asked_for_prices_and_people_are_told(tmp_path: Path) -> None:
    desk = played(tmp_path)

    wishes = [one for one in desk.said("subscriptions") if isinstance(one, Subscribe)]
    told = [one for one in desk.said("alerts") if isinstance(one, Alert)]
    assert [(one.by, one.instruments) for one in wishes if one.by == "execution.paper"][:2] == [
        ("execution.paper", (CALL, INDEX)),
        ("execution.paper", (OPTION,)),
    ]
    assert [(one.source, one.code) for one in told] == [("execution.paper", "EXPIRED")]
    assert f"hand held 65 {CALL}: expired, settled at 80.00" in told[0].text
    assert told[0].event_ns == at("15:40", MONDAY)
