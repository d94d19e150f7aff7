"""The same strategy on the same ticks in nautilus_trader, run by a Python of its own; prints one line of JSON.

    python nautilus_cross.py TICKS.parquet FAST SLOW LOT

Written from its documentation; nothing of it is part of Sauda.
"""

import json
import sys
import time
import warnings

import nautilus_trader
import pandas as pd
from nautilus_trader.backtest.engine import BacktestEngine, BacktestEngineConfig
from nautilus_trader.config import LoggingConfig, StrategyConfig
from nautilus_trader.indicators import ExponentialMovingAverage
from nautilus_trader.model.currencies import INR
from nautilus_trader.model.enums import AccountType, AssetClass, OmsType, OrderSide
from nautilus_trader.model.identifiers import InstrumentId, Symbol, Venue
from nautilus_trader.model.instruments import FuturesContract
from nautilus_trader.model.objects import Money, Price, Quantity
from nautilus_trader.persistence.wranglers import QuoteTickDataWrangler
from nautilus_trader.trading.strategy import Strategy

warnings.simplefilter("ignore")
PATH, FAST, SLOW, LOT = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
VENUE = Venue("NFO")


class QuoteCross(Strategy):
    """Turns at each cross."""

    def __init__(self, instrument: FuturesContract) -> None:
        super().__init__(StrategyConfig(strategy_id="CROSS-1"))
        self.instrument = instrument
        self.fast = ExponentialMovingAverage(FAST)
        self.slow = ExponentialMovingAverage(SLOW)
        self.seen = 0
        self.is_long = None
        self.fills = []

    def on_start(self) -> None:
        """Listen to one instrument's quotes."""
        self.subscribe_quote_ticks(self.instrument.id)

    def on_quote_tick(self, tick) -> None:
        """Feed both means; turn when they have crossed."""
        middle = (tick.bid_price.as_double() + tick.ask_price.as_double()) / 2
        self.fast.update_raw(middle)
        self.slow.update_raw(middle)
        self.seen += 1
        if self.seen < SLOW:
            return
        is_long = self.fast.value > self.slow.value
        if is_long is self.is_long:
            return
        lots = 1 if self.is_long is None else 2
        self.is_long = is_long
        side = OrderSide.BUY if is_long else OrderSide.SELL
        self.submit_order(self.order_factory.market(self.instrument.id, side, Quantity.from_int(lots * LOT)))

    def on_order_filled(self, event) -> None:
        """Keep what was traded."""
        side = "BUY" if event.order_side == OrderSide.BUY else "SELL"
        self.fills.append((event.ts_event, side, int(event.last_qty), round(float(event.last_px) * 100)))


def future() -> FuturesContract:
    """Return the contract that is traded."""
    symbol = Symbol("NIFTY30DEC26F")
    return FuturesContract(
        InstrumentId(symbol, VENUE), symbol, AssetClass.INDEX, INR, 2, Price.from_str("0.05"),
        Quantity.from_int(1), Quantity.from_int(LOT), "NIFTY", 0, 4_000_000_000_000_000_000, 0, 0,
    )  # fmt: skip


def main() -> None:
    """Load, run, print."""
    began = time.perf_counter()
    frame = pd.read_parquet(PATH)
    frame.index = pd.to_datetime(frame["ts_utc_ns"], unit="ns", utc=True)
    frame.index.name = "timestamp"
    names = {"bid": "bid_price", "ask": "ask_price", "bid_qty": "bid_size", "ask_qty": "ask_size"}
    instrument = future()
    ticks = QuoteTickDataWrangler(instrument).process(frame[list(names)].rename(columns=names))
    engine = BacktestEngine(BacktestEngineConfig(logging=LoggingConfig(bypass_logging=True)))
    engine.add_venue(VENUE, OmsType.NETTING, AccountType.MARGIN, [Money(100_000_000, INR)], base_currency=INR)
    engine.add_instrument(instrument)
    engine.add_data(ticks)
    strategy = QuoteCross(instrument)
    engine.add_strategy(strategy)
    loaded = time.perf_counter()
    engine.run()
    done = time.perf_counter()
    found = {
        "name": f"nautilus_trader {nautilus_trader.__version__}, Python {sys.version.split()[0]}",
        "ticks": len(ticks),
        "load_s": loaded - began,
        "run_s": done - loaded,
        "fills": strategy.fills,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
