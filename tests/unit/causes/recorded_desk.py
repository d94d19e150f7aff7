"""Whole desks in memory, as they were recorded: several straddles, tight stops, an exit, a person's square-off."""

from collections.abc import Sequence
from datetime import time
from itertools import islice

from sauda.clock import NS_PER_S, ManualClock
from sauda.codec import encode
from sauda.contracts import STREAM_OF, Message, SquareOff
from sauda.log import Output
from sauda.memory_log import MemoryLog
from sauda.runner import Carrier
from sauda.testing.builders import Weekdays
from sauda.testing.market import MadeUpMarket
from sauda.testing.recorded import Recorded
from sauda.unit import Unit
from sauda_execution.exchange import paper_unit
from sauda_execution.house import House
from sauda_execution.settings import Limits
from sauda_pnl.valuation import valuation_unit
from sauda_strategy.kinds import strategy_unit
from sauda_strategy.option_kinds import ShortStraddleRules

TTL_MS = 10**9


def units() -> list[Unit]:
    """Three straddles, the exchange and the valuation."""
    straddles = [
        strategy_unit(
            f"s{lots}",
            ShortStraddleRules(
                kind="short_straddle",
                tsymbol="NIFTY",
                quantity=lots,
                stop_loss_percentage=2 + lots,
                entry_time=time(9, 15 + lots),
                exit_time=time(9, 20 + lots),
            ),
        )
        for lots in (1, 2, 3)
    ]
    limits = Limits.at_speed(1.0, max_order_age_s=30, stale_quote_s=30)
    return [*straddles, paper_unit(House(Weekdays(), limits)), valuation_unit()]


class Desk:
    """All units on one log; entries of different streams may share an id, as on a server."""

    def __init__(self, made_of: Sequence[Unit] | None = None) -> None:
        self.clock = ManualClock(now_ns=1_700_000_000 * NS_PER_S)
        self.log = MemoryLog("memory", self.clock, one_count=False)
        self.carriers: list[Carrier] = []
        for unit in made_of or units():
            lease = self.log.acquire(unit.name, "test", TTL_MS)
            assert lease is not None
            self.carriers.append(Carrier(unit, self.log, lease))

    @property
    def record(self) -> Recorded:
        return Recorded(self.log)

    def write(self, message: Message) -> None:
        self.log.append([Output(STREAM_OF[type(message)], encode(message))])

    def work(self, number: int) -> int:
        """Let one unit do a step, some of the time a millisecond later than the one before."""
        return self.carriers[number % len(self.carriers)].step()

    def settle(self) -> None:
        while sum(carrier.step() for carrier in self.carriers):
            pass


def played(
    seed: int, turns: Sequence[int], square_off_at: int, *, made_of: Sequence[Unit] | None = None
) -> Desk:
    """Play some minutes of a day.

    Args:
        seed: Of the market.
        turns: Which unit does a step after each message, over and over, (an odd number: a millisecond later);
            a message that is given no turn waits, so batches grow and units overtake one another.
        square_off_at: Second at which a person squares everything off; 0: never.
        made_of: The units; by default `units()`.
    """
    desk, turn = Desk(made_of), 0
    market = MadeUpMarket(strikes=4, volatility=6_00, seed=seed)
    for definition in market.instruments():
        desk.write(definition)
    for second, heard in enumerate(market.seconds(1600, "09:15:30"), start=1):
        desk.clock.sleep(0.001)
        for message in heard:
            desk.write(message)
            steps = turns[turn % len(turns)]
            turn += 1
            if steps % 2:
                desk.clock.sleep(0.001)
            for number in islice(range(turn, turn + steps), steps):
                desk.work(number)
        if second == square_off_at:
            desk.write(SquareOff(None, "asha@desk", desk.clock.now_ns()))
    desk.settle()
    return desk
