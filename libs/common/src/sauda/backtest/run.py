"""One backtest from its plan and its data to its outcome."""

from collections.abc import Callable, Sequence

from sauda.backtest.data import MarketData
from sauda.backtest.desk import CHECKPOINT, Desk
from sauda.backtest.market import Market
from sauda.backtest.outcome import Data, Outcome
from sauda.backtest.past import Past
from sauda.backtest.plan import Plan
from sauda.backtest.told import Told
from sauda.clock import UnixNs
from sauda.contracts import Instrument
from sauda.errors import ConfigError
from sauda.money import to_paise


def run(
    plan: Plan,
    data: MarketData,
    tell: Callable[[UnixNs, int], None] = lambda _at_ns, _ticks: None,
    *,
    assumptions: Sequence[str] = (),
    every_second: bool = False,
    checkpoint: int = CHECKPOINT,
) -> Outcome:
    """Play *data* to the units of *plan*.

    Args:
        plan: Who trades.
        data: The market.
        tell: Hears how far it has come.
        assumptions: What was assumed so far.
        every_second: Whether the clock beats each second, as the feed's does, or only where a unit has something due: that is
            faster and gives the same outcome, to the byte.
        checkpoint: See `Desk`.

    Raises:
        ConfigError: the data has nothing in its interval, or a file is damaged.
    """
    past = Past(data, plan.settings, data.calendar)
    market = Market(data.instruments, data.close_ns, past.answer, every_second=every_second)
    told = Told(market.ask)
    desk = Desk(plan.units, told.take, checkpoint=checkpoint)
    market.play(data.steps(), desk, tell)
    if not market.ticks:
        raise ConfigError(f"{data.name} has no price in the interval asked for")
    return _outcome(plan, data, desk, market, told, assumptions=(*assumptions, *past.assumed))


def _outcome(
    plan: Plan, data: MarketData, desk: Desk, market: Market, told: Told, *, assumptions: Sequence[str]
) -> Outcome:
    traded = {order.instrument for order in told.orders}
    defined = {one.instrument: one for one in data.instruments}
    sessions = tuple(market.sessions)
    return Outcome(
        data=Data(
            data.name,
            data.fingerprint,
            sessions[0][0],
            sessions[-1][1],
            market.ticks,
            bars=data.bar_ns > 0,
            sessions=sessions,
        ),
        strategies=plan.strategies,
        settings={name: value for unit in plan.units for name, value in unit.settings.items()},
        rules={unit.name.removeprefix("strategy."): unit.rules for unit in plan.units if unit.rules},
        capital=to_paise(plan.settings.capital),
        assumptions=tuple(assumptions),
        signals=tuple(told.signals),
        orders=tuple(told.orders),
        executions=tuple(told.executions),
        fills=tuple(told.fills),
        alerts=tuple(told.alerts),
        equity=told.equity,
        instruments=_of(defined, traded),
        parked=tuple(line for player in desk.players for line in player.parked),
        stopped={player.unit.name: player.stopped for player in desk.players if player.stopped},
        prices={name: tuple(market.prices[name]) for name in sorted(traded & market.prices.keys())},
    )


def _of(defined: dict[str, Instrument], traded: set[str]) -> dict[str, Instrument]:
    return {name: defined[name] for name in sorted(traded & defined.keys())}
