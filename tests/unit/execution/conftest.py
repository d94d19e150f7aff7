"""A paper exchange in the middle of an ordinary session."""

import pytest

from sauda.testing.builders import Weekdays, a_tick, an_index, an_option
from sauda.testing.restart import play
from sauda_execution.exchange import PaperExchange
from sauda_execution.house import House


@pytest.fixture
def exchange() -> PaperExchange:
    """Return an exchange that knows one option, quoted 99.95 to 100.05 at 10:00, and the index."""
    exchange = PaperExchange(House(Weekdays()))
    play(exchange, [an_option(), an_index(), a_tick(100_00, bid=99_95, ask=100_05)])
    return exchange
