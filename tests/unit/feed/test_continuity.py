"""Which market may follow which on one desk."""

import pytest

from sauda.clock import NS_PER_S
from sauda.errors import ConfigError
from sauda.testing.builders import NOW
from sauda_feed.continuity import Continuity, continuity
from sauda_feed.progress import Progress

HOUR = 3600 * NS_PER_S


def after(source: str, next_source: str, step_ns: int) -> Continuity:
    return continuity("live", Progress(source=source, market_ns=NOW), next_source, NOW + step_ns)


def test_a_new_desk_takes_any_market() -> None:
    assert continuity("live", Progress(), "recording:1", NOW) is Continuity.GOES_ON


@pytest.mark.parametrize(
    ("source", "next_source", "step_ns", "expected"),
    [
        pytest.param("simulator", "simulator", HOUR, Continuity.GOES_ON, id="the simulator goes on"),
        pytest.param("recording:1", "recording:2", HOUR, Continuity.GOES_ON, id="the next day's recording"),
        pytest.param("noren", "noren", -NS_PER_S, Continuity.GOES_ON, id="a clock set back by a second"),
        pytest.param("recording:1", "recording:2", -HOUR, Continuity.NEW_BOOK, id="an earlier recording"),
        pytest.param("simulator", "simulator", -HOUR, Continuity.NEW_BOOK, id="a simulator started afresh"),
        pytest.param("simulator", "recording:1", HOUR, Continuity.NEW_BOOK, id="from simulator to recording"),
        pytest.param("simulator", "noren", HOUR, Continuity.NEW_BOOK, id="from simulator to a real broker"),
    ],
)
def test_another_market_begins_a_new_book(
    source: str, next_source: str, step_ns: int, expected: Continuity
) -> None:
    assert after(source, next_source, step_ns) is expected


def test_no_book_of_a_real_broker_is_closed_because_a_clock_is_wrong() -> None:
    with pytest.raises(ConfigError, match="set the clock"):
        after("noren", "noren", -HOUR)
