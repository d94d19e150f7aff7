"""What a strategy wants stands on the stream `signals`: which side, why, and how sure it is."""

from typing import Any

import pytest

from sauda.codec import decode, encode
from sauda.contracts import Signal
from sauda.testing.builders import OPTION, a_clock, an_option, at
from sauda_strategy.api import Buy, Intent, Intents, Opinion, Sell, Side, Strategy, Target, Tick, TradingRules
from tests.unit.strategy.host.host_desk import Desk, quoted

OPEN = at("09:30:00")


def wanting(intent: Intent) -> list[Any]:
    """Return the signals of a strategy that wants this once, as they come off the stream."""

    class Wanting(Strategy):
        """Wants it on its second tick."""

        Rules = TradingRules

        def setup(self) -> None:
            self.watch(OPTION)
            self.ticks = 0

        def on_tick(self, tick: Tick) -> Intents:
            self.ticks += 1
            return intent if self.ticks == 2 else None

    on = Desk(TradingRules(kind="told", warmup_bars=0), Wanting)
    on.play([an_option(), a_clock(at("09:15:00")), quoted(100_00, OPEN - 10**9), quoted(100_00, OPEN)])
    return [decode(encode(one)) for one in on.heard(Signal)]


@pytest.mark.parametrize(
    ("intent", "side"),
    [
        (Buy(OPTION, "it rises", confidence=0.7), Side.BUY),
        (Sell(OPTION, "it falls", confidence=0.7), Side.SELL),
        (Target(OPTION, Side.SELL, "it falls", confidence=0.7), Side.SELL),
        (Opinion(OPTION, Side.BUY, "it may rise", confidence=0.7), Side.BUY),
        (Opinion(OPTION, None, "who knows", confidence=0.7), None),
    ],
)
def test_a_signal_says_the_side_the_reason_and_the_confidence(intent: Any, side: Side | None) -> None:
    assert wanting(intent) == [Signal("told", OPTION, side, intent.reason, OPEN, 0.7)]


def test_who_names_no_confidence_has_none() -> None:
    (signal,) = wanting(Buy(OPTION, "it rises"))

    assert signal.confidence is None
