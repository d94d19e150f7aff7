"""Groups in the desk's own house: behind the limits of risk, the account, the latency and the broker's closing times."""

from pathlib import Path

import pytest

from sauda.contracts import Alert, Halt, Message, OrderRejected, Side, SquareOff
from sauda.settings import load_settings
from sauda.testing.builders import LOT, NOW, OPTION, a_cancel, a_clock, a_tick, after, an_index, an_order
from sauda.testing.restart import play, play_with_restarts
from sauda.unit import Processor
from sauda_execution.units import units
from tests.unit.execution.groups.grouped import (
    MORNING,
    PUT,
    a_basket,
    a_bracket,
    a_limit,
    a_quote,
    held,
    of,
)

CONFIG = Path(__file__).parents[4] / "config"
INDEX = an_index()


@pytest.fixture
def house(tmp_path: Path) -> Processor:
    """Return the desk's exchange as its service builds it, at 10:00."""
    return desks_house(tmp_path)


def desks_house(tmp_path: Path) -> Processor:
    (unit,) = units(load_settings(tmp_path, {"SAUDA_CONFIG": str(CONFIG)}))
    exchange = unit.build()
    play(exchange, [INDEX, a_tick(24_500_00, instrument=INDEX.instrument), *MORNING])
    return exchange


def ticking(ltp: int, second: float, *, instrument: str = OPTION) -> list[Message]:
    """Return two ticks a second apart: what has travelled to the market meets the second."""
    return [a_quote(ltp, after(second + step), instrument=instrument) for step in (0, 1)]


def test_a_bracket_goes_in_and_out(house: Processor) -> None:
    said = play(
        house,
        [a_bracket(stop=95_00, target=110_00), *ticking(100_00, 1), *ticking(111_00, 3), a_clock(after(5))],
    )

    assert of(said, "in-target")[0] == "accepted"
    assert of(said, "in-stop")[-1] == f"cancelled {LOT}"
    assert held(said) == {}


@pytest.mark.parametrize(
    "leave",
    [
        SquareOff(None, "me", after(5)),
        Halt(by="me", reason="test", event_ns=after(5), flatten=True),
    ],
    ids=["square-off", "kill switch"],
)
def test_whoever_leads_out_ends_flat_beside_brackets_groups_and_baskets(
    house: Processor, leave: Message
) -> None:
    orders: list[Message] = [
        a_bracket(stop=95_00, target=110_00, at_ns=after(1)),
        a_basket(
            an_order(order_id="hedge", instrument=PUT, event_ns=after(1)),
            a_limit("wait", Side.BUY, 90_00, instrument=PUT, at_ns=after(1)),
            at_ns=after(1),
        ),
        a_limit("one", Side.BUY, 90_00, oco="g", at_ns=after(1)),
        a_limit("other", Side.BUY, 89_00, oco="g", at_ns=after(1)),
    ]
    quotes = [
        tick
        for second in (2, 4)
        for name in (OPTION, PUT)
        for tick in ticking(100_00, second, instrument=name)
    ]
    opened = play(house, [a_quote(100_00, after(1)), *orders, *sorted(quotes, key=_stamp)])
    assert held(opened) == {OPTION: LOT, PUT: LOT}

    later = [
        tick
        for second in (6, 8)
        for name in (OPTION, PUT)
        for tick in ticking(99_00, second, instrument=name)
    ]
    said = play(house, [leave, *sorted(later, key=_stamp)])

    assert held([*opened, *said]) == {}
    assert of(said, "in-stop") == of(said, "in-target") == [f"cancelled {LOT}"]
    assert of(said, "hedge-undo") == []


def test_a_basket_that_cannot_be_carried_places_nothing(house: Processor) -> None:
    legs = [
        an_order(Side.SELL, order_id=f"s{n}", instrument=name, qty=27 * LOT)
        for n, name in enumerate((OPTION, PUT))
    ]

    said = play(house, [a_basket(*legs)])

    rejections = [message for message in said if isinstance(message, OrderRejected)]
    assert {message.order_id for message in rejections} == {"s0", "s1"}
    assert held(said) == {}


def test_a_restart_anywhere_changes_nothing(tmp_path: Path) -> None:
    history: list[Message] = [
        INDEX,
        a_tick(24_500_00, instrument=INDEX.instrument),
        *MORNING,
        a_bracket(stop=95_00, target=110_00, points=5_00),
        a_basket(
            an_order(order_id="hedge", instrument=PUT, event_ns=NOW),
            a_limit("wait", Side.BUY, 90_00, instrument=PUT),
        ),
        *sorted([*ticking(101_00, 1), *ticking(101_00, 1, instrument=PUT)], key=_stamp),
        a_cancel("wait", event_ns=after(3)),
        *sorted([*ticking(103_00, 4), *ticking(103_00, 4, instrument=PUT)], key=_stamp),
        *sorted([*ticking(96_00, 6), *ticking(96_00, 6, instrument=PUT)], key=_stamp),
    ]

    def build() -> Processor:
        (unit,) = units(load_settings(tmp_path, {"SAUDA_CONFIG": str(CONFIG)}))
        return unit.build()

    said = play(build(), history)

    assert play_with_restarts(build, history, range(len(history))) == said
    assert held(said) == {}
    assert any(isinstance(message, Alert) and message.code == "BASKET_LEG_FAILED" for message in said)


def _stamp(message: Message) -> int:
    return getattr(message, "recv_ns", 0)
