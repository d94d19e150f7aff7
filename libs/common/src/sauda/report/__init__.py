"""What a backtest came to, in figures, files and one page; drawn from a `sauda.backtest.outcome.Outcome` alone.

    Outcome  ->  figures, result.json, trades / fills / orders / equity .parquet, report.html

Read in this order: `round_trips` (what is a trade?), `days` (what is a day?), `curve` (worth and drawdown over time),
`ratios` (the formulas), `figures` (all of it for one name), `document`, `tables` and `page` (how it is written down).
`docs/report.md` defines every figure.
"""

from sauda.report.figures import Figures, figures
from sauda.report.writing import Written, write

__all__ = ["Figures", "Written", "figures", "write"]
