"""One backtest by the library's own loop, timed; prints one line of JSON.

    python -m benchmarks.timed_backtest KIND FILE [RULE=VALUE...]      # rules of the strategy, settings of the house

The whole house: charges, account, margin, order rules; without the limits that would end a losing day. `run_s` and `cpu_s` begin with
the plan made and the file's ends and contracts looked up (`load_s`, Python's start-up apart), and end with the outcome in memory:
reading the file, strategy, exchange, valuation and all that they said; no report is written.
"""

import json
import platform
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Final

from benchmarks.made_up_days import CONFIG, SYMBOL
from sauda.backtest.assumed import fitted
from sauda.backtest.data import MarketData
from sauda.backtest.plan import planned
from sauda.backtest.run import run
from sauda.calendar import load_calendar
from sauda.garbage import collect_rarely
from sauda.settings import Settings

KINDS: Final = Path(__file__).parent / "kinds"
NO_LIMITS: Final = dict.fromkeys(
    (f"execution.paper.{name}" for name in ("max_daily_loss", "max_order_value", "max_position_value")),
    "null",
)


def main() -> None:
    """Run and print."""
    kind, path = sys.argv[1], Path(sys.argv[2])
    collect_rarely()
    began = time.perf_counter()
    settings = Settings(
        config=CONFIG,
        strategies=KINDS,
        order_latency_ms=0,
        capital=Decimal(100_000_000),
        underlyings=("NIFTY",),
    )
    changes = dict(one.split("=", 1) for one in sys.argv[3:])
    plan = planned(settings, {"cross": {"kind": kind, "instrument": f"NFO:{SYMBOL}"}}, NO_LIMITS | changes)
    data = MarketData([path], load_calendar(CONFIG / "market"))
    plan, _ = fitted(plan, data)
    ready, ready_cpu = time.perf_counter(), time.process_time()
    outcome = run(plan, data)
    done, used = time.perf_counter(), time.process_time() - ready_cpu
    if outcome.parked or outcome.stopped:
        sys.exit(f"the backtest did not go through: {outcome.parked[:3]} {dict(outcome.stopped)}")
    found = {
        "name": f"sauda, Python {platform.python_version()}",
        "ticks": outcome.data.ticks,
        "load_s": ready - began,
        "run_s": done - ready,
        "cpu_s": used,
        "fills": [(one.event_ns, one.side.value, one.qty, one.price) for one in outcome.fills],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
