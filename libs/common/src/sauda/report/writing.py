"""Writes a run into a folder: `result.json`, four Parquet files and `report.html`."""

from dataclasses import dataclass
from pathlib import Path

from sauda.backtest.outcome import Outcome
from sauda.errors import ConfigError
from sauda.report.document import document, text_of
from sauda.report.figures import Figures, figures
from sauda.report.round_trips import round_trips


@dataclass(frozen=True, slots=True)
class Written:
    """What was written."""

    folder: Path
    files: tuple[Path, ...]
    figures: dict[str, Figures]
    """Each strategy's, and the desk's as `ALL`."""


def write(outcome: Outcome, folder: Path) -> Written:
    """Write everything that can be said of *outcome* into *folder*, which is made; files of an earlier run are replaced.

    Raises:
        ConfigError: the folder cannot be written.
    """
    # Plotly's library and pyarrow are heavy: only who writes pays for them.
    from sauda.report import tables
    from sauda.report.page import page

    found = figures(outcome)
    trips = round_trips(outcome.fills)
    content = document(outcome, found)
    names = (
        "result.json",
        "trades.parquet",
        "fills.parquet",
        "orders.parquet",
        "equity.parquet",
        "report.html",
    )
    result, trades, fills, orders, equity, html = files = tuple(folder / name for name in names)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        result.write_bytes(text_of(content))
        tables.write_trades(trades, trips)
        tables.write_fills(fills, outcome.fills)
        tables.write_orders(orders, outcome.orders)
        tables.write_equity(equity, outcome)
        html.write_text(page(outcome, found, trips), encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"{folder}: the report cannot be written there: {error.strerror or error}"
        ) from error
    return Written(folder, files, found)
