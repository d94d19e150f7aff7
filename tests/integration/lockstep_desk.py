"""A desk on a real server in this process, in lock step: one message of the market at a time, until all units are quiet.

So orders and prices cannot race, and a desk that was interrupted anywhere must end exactly as one that was not.
"""

from collections.abc import Callable, Sequence
from datetime import time

from sauda.codec import decode, encode
from sauda.contracts import STREAM_OF, STREAMS, Commit, Message
from sauda.log import Lease, Output, Step
from sauda.redis_log import RedisLog, server_errors
from sauda.redis_view import RedisView
from sauda.rerun.verify import verify
from sauda.runner import Carrier
from sauda.testing.builders import Weekdays
from sauda.testing.market import MadeUpMarket
from sauda.unit import Unit
from sauda_execution.exchange import paper_unit
from sauda_execution.house import House
from sauda_execution.settings import Limits
from sauda_pnl.valuation import valuation_unit
from sauda_strategy.kinds import strategy_unit
from sauda_strategy.option_kinds import ShortStraddleRules

SOURCE = "market"
ROW = b"source/row"
LEASE_MS = 600_000
"""So long that none runs out however slow the machine is: `taken` ends the last holder's."""


def units() -> list[Unit]:
    """Build some straddles with stops so tight that they work, the exchange and the valuation."""
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


def market(ticks: int) -> list[Message]:
    """Return the definitions and some minutes of a day."""
    day = MadeUpMarket(strikes=4, volatility=4_00)
    return [*day.instruments(), *(message for second in day.seconds(ticks, "09:15:30") for message in second)]


class Desk:
    """All units of a desk, and the source of its market, from wherever its log stands."""

    def __init__(self, log: RedisLog, rows: Sequence[Message]) -> None:
        self.log = log
        self._rows = rows
        self._lease = taken(log, SOURCE)
        self.row = int(log.load(self._lease, ()).state.get(ROW, b"0"))
        self.carriers = [Carrier(unit, log, taken(log, unit.name)) for unit in units()]
        self.settle()

    def play(self, until: int, after_each: Callable[[], object] = lambda: None) -> None:
        """Write the market's rows before *until*; where the source stands is committed with each."""
        while self.row < until:
            message = self._rows[self.row]
            output = Output(STREAM_OF[type(message)], encode(message))
            self.log.commit(self._lease, Step(changes={ROW: b"%d" % (self.row + 1)}, outputs=[output]))
            self.row += 1
            self.settle()
            after_each()

    def settle(self) -> None:
        """Let the units work until none has anything left to read."""
        while sum(carrier.step() for carrier in self.carriers):
            pass


def taken(log: RedisLog, unit: str) -> Lease:
    """Take the unit; a last holder that died is as one whose lease has run out meanwhile."""
    if (lease := log.acquire(unit, "test", LEASE_MS)) is None:
        with server_errors("the test's Redis"):
            log._client.delete(log.keys.lease(unit))
        lease = log.acquire(unit, "test", LEASE_MS)
    assert lease is not None, unit
    return lease


def contradictions(url: str, desk: str) -> list[str]:
    """Return where states, positions, outputs and journal of a desk do not agree with one another.

    Each unit is run again over the journal that is there: that gives its state and its outputs, to the byte.
    """
    log = RedisLog(url, desk)
    try:
        verdict = verify(log, units())
        return [*verdict.differences, *_positions(log, url), *_source(log)]
    finally:
        log.close()


def _positions(log: RedisLog, url: str) -> list[str]:
    """Compare each unit's committed positions and its groups' cursors with its last journal records."""
    journal = [decode(entry.data) for entry in log.entries("journal")]
    last = {(m.unit, s): at for m in journal if isinstance(m, Commit) for s, at in m.after.items()}
    view = RedisView(url, log.desk)
    stand = {(u.unit, s): at for u in view.units() for s, at in u.positions.items()}
    cursors = {(g.group, lag.stream): g.position for lag in view.lag() for g in lag.groups}
    view.close()
    found = [
        f"{who}: the journal ends at {at}, the position is {stand.get(who)}"
        for who, at in last.items()
        if stand.get(who) != at
    ]
    found += [
        f"{who} stands at {at} without a record"
        for who, at in stand.items()
        if at != "0-0" and who not in last
    ]
    found += [
        f"{who}: cursor {cursors.get(who)}, position {at}"
        for who, at in stand.items()
        if cursors.get(who) != at
    ]
    return found


def _source(log: RedisLog) -> list[str]:
    """Compare the source's committed row with what it wrote."""
    row = int(log.state_of(SOURCE).get(ROW, b"0"))
    written = sum(len(log.entries(name)) for name in ("instruments", "ticks"))
    return [] if row == written else [f"the source stands at row {row}, and {written} are written"]


def ending(url: str, desk: str) -> dict[str, object]:
    """Return all messages of all streams, and all states: what two runs of a desk have in common."""
    log = RedisLog(url, desk)
    streams: dict[str, object] = {
        name: [entry.data for entry in log.entries(name)] for name in STREAMS if name != "journal"
    }
    states: dict[str, object] = {unit.name: log.state_of(unit.name) for unit in units()}
    log.close()
    return streams | states
