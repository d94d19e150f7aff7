"""Names of topics: what is understood, and what is refused."""

import pytest

from sauda.contracts import Bar
from sauda.errors import ContractError
from sauda.testing.builders import OPTION, a_fill, an_order
from sauda_gateway.stream.positions import read_position, text_of
from sauda_gateway.stream.topics import UnknownTopicError, read_name


def test_an_instruments_name_may_have_blanks_and_colons_before_it() -> None:
    name = read_name("bars:NSE:Nifty 50:5m")
    assert (name.family, name.subject, name.detail, name.is_state) == ("bars", "NSE:Nifty 50", "5m", False)
    assert read_name("ticks:NSE:M&M-EQ").subject == "NSE:M&M-EQ"


def test_a_chain_may_say_how_wide_it_is() -> None:
    assert read_name("chain:NIFTY:2026-12-01").around == 10
    wide = read_name("chain:Nifty 50:2026-12-01:20")
    assert (wide.subject, wide.detail, wide.around, wide.is_state) == ("Nifty 50", "2026-12-01", 20, True)


@pytest.mark.parametrize(
    "text",
    [
        *("", "tick", "ticks", "ticks:", "ticks:NFO", "ticks:NFO:", "fills:x", "pnl:", "bars:NSE:Nifty 50"),
        *("bars:NSE:Nifty 50:7m", "chain:NIFTY", "chain::2026-12-01", "chain:NIFTY:2026-12-01:0"),
        *(
            "chain:NIFTY:2026-12-01:101",
            "chain:NIFTY:2026-13-01",
            "chain:NIFTY:20261201",
            "chain:NIFTY:2026-12-01:-1",
            "chain:NIFTY:2026-12-01:٣",
            "ticks:NFO:" + "X" * 300,
        ),
    ],
)
def test_what_is_no_topic_is_refused_by_name(text: str) -> None:
    with pytest.raises(UnknownTopicError) as refused:
        read_name(text)
    assert text[:80] in str(refused.value)
    assert len(str(refused.value)) < 400


def test_a_topic_holds_its_own_messages_alone() -> None:
    bar = Bar(OPTION, "1m", 1, 2, 1, 1, 1, 1)
    assert read_name(f"bars:{OPTION}:1m").holds(bar)
    assert not read_name(f"bars:{OPTION}:5m").holds(bar)
    assert read_name("fills").holds(a_fill())
    assert not read_name("orders").holds(a_fill())
    assert read_name("orders").holds(an_order())


def test_a_position_of_two_streams_has_two_parts() -> None:
    streams = read_name("orders").streams
    assert text_of(streams, {"executions": "7-1"}) == "0-0_7-1"
    assert read_position("5-0_7-1", streams) == {"orders": (5, 0), "executions": (7, 1)}


@pytest.mark.parametrize(
    "text", ["", "5", "5-0_", "5-0_6-0_7-0", "a-0_1-0", "-1-0_1-0", "٣-0_1-0", "9" * 30 + "-0_1-0"]
)
def test_what_is_no_position_is_refused(text: str) -> None:
    with pytest.raises(ContractError, match="no place to go on from"):
        read_position(text, ("orders", "executions"))
