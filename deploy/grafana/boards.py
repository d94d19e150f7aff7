"""Writes the boards of Grafana; `python -m deploy.grafana.boards` after a change here. `desk.json` is older and kept by hand.

Three of the machinery, from Prometheus, and with `desk.json` three of what is in the database, from InfluxDB. In Prometheus time is
the wall's; in InfluxDB it is the market's, so what is asked there is asked over days.
"""

import json
from pathlib import Path
from typing import Final

from deploy.grafana.panels import INFLUXDB, PROMETHEUS, Board, Panel, document

FOLDER: Final = Path(__file__).parent / "dashboards"
D: Final = 'desk="$desk"'
R: Final = "[$__rate_interval]"
LOUD: Final = ', level=~"warning|error|critical"'
WRITERS: Final = ', unit=~"writer[.].*"'
WRITER_GROUPS: Final = ', group=~"writer[.].*"'


def quantile(share: float, histogram: str, by: str, more: str = "") -> str:
    """Return PromQL for the value that *share* of the observations did not exceed."""
    return f"histogram_quantile({share}, sum by (le, {by}) (rate(sauda_{histogram}_bucket{{{D}{more}}}{R})))"


def pace(counter: str, by: str, more: str = "") -> str:
    """Return PromQL for how much a second."""
    return f"sum by ({by}) (rate(sauda_{counter}{{{D}{more}}}{R}))"


def newest(gauge: str, by: str, more: str = "") -> str:
    """Return PromQL for a gauge that several replicas may tell."""
    return f"max by ({by}) (sauda_{gauge}{{{D}{more}}})"


def rupees(title: str, gauge: str, *, width: int = 6) -> Panel:
    """Return the panel of one sum of the whole desk."""
    asked = [("", newest(gauge, "desk", ', strategy="ALL"'))]
    return Panel(title, asked, "currencyINR", "stat", width, 4)


TRADING: Final = Board(
    "sauda-trading",
    "Trading (Prometheus)",
    "What the desk trades and is worth, on the wall's time.",
    PROMETHEUS,
    [
        rupees("Net P&L", "pnl_net_rupees"),
        rupees("Realised", "pnl_realised_rupees"),
        rupees("Unrealised", "pnl_unrealised_rupees"),
        rupees("Charges", "pnl_charges_rupees"),
        Panel("Net P&L by strategy", [("{{strategy}}", newest("pnl_net_rupees", "strategy"))], "currencyINR"),
        Panel(
            "Drawdown by strategy", [("{{strategy}}", newest("drawdown_rupees", "strategy"))], "currencyINR"
        ),
        Panel("Margin blocked", [("{{strategy}}", newest("margin_rupees", "strategy"))], "currencyINR"),
        Panel("Instruments held", [("{{strategy}}", newest("open_positions", "strategy"))]),
        Panel(
            "Orders and fills a minute",
            [
                ("orders {{strategy}}", f"60 * {pace('orders_total', 'strategy')}"),
                ("fills {{strategy}}", f"60 * {pace('fills_total', 'strategy')}"),
            ],
        ),
        Panel(
            "Refusals by reason, a minute",
            [("{{strategy}} {{reason}}", f"60 * {pace('refusals_total', 'strategy, reason')}")],
        ),
        Panel(
            "Traded and charged, rupees a minute",
            [
                ("traded {{strategy}}", f"60 * {pace('traded_rupees_total', 'strategy')}"),
                ("charges {{strategy}}", f"60 * {pace('charges_rupees_total', 'strategy')}"),
            ],
            "currencyINR",
        ),
        Panel("Alerts a minute", [("{{level}} {{code}}", f"60 * {pace('alerts_total', 'level, code')}")]),
    ],
)

PIPELINE: Final = Board(
    "sauda-pipeline",
    "Pipeline (Prometheus)",
    "How fast, how late and how well the services work.",
    PROMETHEUS,
    [
        Panel("Services that can work", [("", f"sum(sauda_ready{{{D}}})")], kind="stat", width=6, height=4),
        Panel(
            "Units without a holder",
            [("", f"count(max by (unit) (sauda_unit_held{{{D}}}) == 0) or vector(0)")],
            kind="stat",
            width=6,
            height=4,
        ),
        Panel("Furthest behind", [("", f"max(sauda_lag_seconds{{{D}}})")], "s", "stat", 6, 4),
        Panel(
            "Age of the last tick",
            [("", newest("stream_age_seconds", "desk", ', stream="ticks"'))],
            "s",
            "stat",
            6,
            4,
        ),
        Panel(
            "Entries worked a second", [("{{unit}} {{stream}}", pace("entries_total", "unit, stream"))], "ops"
        ),
        Panel(
            "Entries written a second",
            [("{{unit}} {{stream}}", pace("outputs_total", "unit, stream"))],
            "ops",
        ),
        Panel(
            "Arrival to commit, half of the entries",
            [("{{unit}} {{stream}}", quantile(0.5, "hop_seconds", "unit, stream"))],
            "s",
            meaning="Of each step the oldest entry: it errs on the slow side.",
        ),
        Panel(
            "Arrival to commit, 99 of 100",
            [("{{unit}} {{stream}}", quantile(0.99, "hop_seconds", "unit, stream"))],
            "s",
        ),
        Panel(
            "Oldest entry not seen", [("{{group}} {{stream}}", newest("lag_seconds", "group, stream"))], "s"
        ),
        Panel("Entries not seen", [("{{group}} {{stream}}", newest("lag_entries", "group, stream"))]),
        Panel(
            "Entries in a step",
            [
                (
                    "{{unit}} mean",
                    f"{pace('batch_entries_sum', 'unit')} / {pace('batch_entries_count', 'unit')}",
                ),
                ("{{unit}} 99 of 100", quantile(0.99, "batch_entries", "unit")),
            ],
        ),
        Panel(
            "Commit",
            [
                ("{{unit}} half", quantile(0.5, "commit_seconds", "unit")),
                ("{{unit}} 99 of 100", quantile(0.99, "commit_seconds", "unit")),
            ],
            "s",
        ),
        Panel(
            "Redis: no answer; connections anew",
            [
                ("{{unit}} no answer", f"sum by (unit) (increase(sauda_redis_failures_total{{{D}}}{R}))"),
                (
                    "{{service}} to {{to}}",
                    f"sum by (service, to) (increase(sauda_reconnects_total{{{D}}}{R}))",
                ),
            ],
        ),
        Panel(
            "Holders: epoch of each unit",
            [("{{unit}}", newest("unit_epoch", "unit"))],
            meaning="A step upwards is a new holder.",
        ),
        Panel(
            "Warnings and errors in the logs, a minute",
            [
                (
                    "{{service}} {{event}}",
                    f"60 * {pace('log_events_total', 'service, event', LOUD)}",
                )
            ],
        ),
        Panel(
            "Dead letters",
            [
                (
                    "{{unit}} {{stream}}",
                    f"sum by (unit, stream) (increase(sauda_dead_letters_total{{{D}}}{R}))",
                )
            ],
        ),
        Panel(
            "Processor time",
            [
                (
                    "{{service}}",
                    'sum by (service) (rate(process_cpu_seconds_total{job="sauda"}[$__rate_interval]))',
                )
            ],
            "percentunit",
        ),
        Panel("Memory", [("{{service}} {{replica}}", 'process_resident_memory_bytes{job="sauda"}')], "bytes"),
    ],
)

DATABASE: Final = Board(
    "sauda-database",
    "Databases (Prometheus)",
    "Redis, the writers, and the servers behind them.",
    PROMETHEUS,
    [
        Panel(
            "Redis memory",
            [
                ("used", newest("redis_memory_bytes", "desk")),
                ("limit", newest("redis_memory_limit_bytes", "desk")),
            ],
            "bytes",
        ),
        Panel("Entries in Redis", [("{{stream}}", newest("stream_entries", "stream"))]),
        Panel(
            "Written a second",
            [("{{unit}} {{stream}}", pace("entries_total", "unit, stream", WRITERS))],
            "ops",
        ),
        Panel(
            "One batch into the database",
            [
                ("{{unit}} half", quantile(0.5, "write_seconds", "unit")),
                ("{{unit}} 99 of 100", quantile(0.99, "write_seconds", "unit")),
            ],
            "s",
        ),
        Panel(
            "Writers: not written, in hand",
            [
                (
                    "{{group}} {{stream}} not seen",
                    newest("lag_entries", "group, stream", WRITER_GROUPS),
                ),
                (
                    "{{group}} {{stream}} in hand",
                    newest("pending_entries", "group, stream", WRITER_GROUPS),
                ),
            ],
        ),
        Panel(
            "Arrival to database, 99 of 100",
            [
                (
                    "{{unit}} {{stream}}",
                    quantile(0.99, "hop_seconds", "unit, stream", WRITERS),
                )
            ],
            "s",
        ),
        Panel(
            "Batches not taken, records refused",
            [
                ("{{unit}} not taken", f"sum by (unit) (increase(sauda_write_failures_total{{{D}}}{R}))"),
                ("{{unit}} refused", f"sum by (unit) (increase(sauda_records_refused_total{{{D}}}{R}))"),
            ],
        ),
        Panel(
            "Archive: entries stored",
            [("{{fact}}", newest("role_fact", "fact", ', role="archive", fact=~"handled|trimmed"'))],
        ),
        Panel(
            "InfluxDB: writes and queries, 99 of 100",
            [
                (
                    "{{path}}",
                    'histogram_quantile(0.99, sum by (le, path) (rate(http_api_request_duration_seconds_bucket{job="influxdb", path=~"/api/v2/(write|query)"}[$__rate_interval])))',
                )
            ],
            "s",
        ),
        Panel(
            "InfluxDB: series and disk",
            [
                ("series", 'sum(storage_bucket_series_num{job="influxdb"})'),
                ("bytes on disk", 'sum(storage_shard_disk_size{job="influxdb"})'),
            ],
        ),
        Panel("Prometheus: series", [("in memory", 'prometheus_tsdb_head_series{job="prometheus"}')]),
        Panel(
            "Prometheus: one scrape",
            [("{{service}} {{replica}}", 'scrape_duration_seconds{job="sauda"}')],
            "s",
        ),
    ],
)


def flux(measurement: str, rest: str, more: str = "") -> str:
    """Return Flux over one table of the desk."""
    return (
        "from(bucket: v.defaultBucket)\n  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)\n"
        f'  |> filter(fn: (r) => r._measurement == "{measurement}" and r.desk == "${{desk}}"{more})\n{rest}'
    )


def counted(measurement: str, field: str, by: str) -> str:
    """Return Flux for how many rows there are in each window."""
    return flux(
        measurement,
        f"  |> group(columns: [{by}])\n  |> aggregateWindow(every: v.windowPeriod, fn: count, createEmpty: false)\n",
        f' and r._field == "{field}"',
    )


FLOW: Final = Board(
    "sauda-influx-pipeline",
    "Pipeline (InfluxDB)",
    "What arrived in the database, on the market's time: how many points, fills and positions, and at what cost.",
    INFLUXDB,
    [
        Panel("Points of P&L", [("", counted("pnl", "total_pnl", '"strategy"'))]),
        Panel("Fills", [("", counted("fills", "quantity", '"strategy", "side"'))]),
        Panel("Positions valued", [("", counted("positions", "pnl", '"strategy"'))]),
        Panel(
            "Charges of fills",
            [
                (
                    "",
                    flux(
                        "fills",
                        '  |> group(columns: ["strategy"])\n  |> aggregateWindow(every: v.windowPeriod, fn: sum, createEmpty: false)\n',
                        ' and r._field == "charges"',
                    ),
                )
            ],
            "currencyINR",
        ),
        Panel(
            "Last fills",
            [
                (
                    "",
                    flux(
                        "fills",
                        '  |> pivot(rowKey: ["_time", "fill_id"], columnKey: ["_field"], valueColumn: "_value")\n  |> group()\n  |> sort(columns: ["_time"], desc: true)\n  |> limit(n: 50)\n  |> keep(columns: ["_time", "strategy", "symbol", "side", "quantity", "price", "charges"])\n',
                    ),
                )
            ],
            kind="table",
            width=24,
            height=10,
        ),
    ],
    since="now-30d",
)

ONE_FIELD_EACH: Final = """from(bucket: v.defaultBucket)
  |> range(start: v.timeRangeStart, stop: v.timeRangeStop)
  |> filter(fn: (r) => r.desk == "${desk}")
  |> filter(fn: (r) => (r._measurement == "pnl" and r._field == "total_pnl")
    or (r._measurement == "positions" and r._field == "pnl")
    or (r._measurement == "fills" and r._field == "price"))
  |> group(columns: ["_measurement"])
  |> aggregateWindow(every: 1d, fn: count, createEmpty: false)
"""
"""Of each table one field that every row has, all of them floats: tables of different kinds cannot be grouped."""

ROWS: Final = Board(
    "sauda-influx-database",
    "Database (InfluxDB)",
    "How full the database is: series, and points of each table a day.",
    INFLUXDB,
    [
        Panel(
            "Series in the bucket",
            [
                (
                    "",
                    'import "influxdata/influxdb"\ninfluxdb.cardinality(bucket: v.defaultBucket, start: v.timeRangeStart, stop: v.timeRangeStop)\n',
                )
            ],
            kind="stat",
            width=6,
            height=8,
        ),
        Panel(
            "Points a day by table",
            [
                (
                    "",
                    ONE_FIELD_EACH,
                )
            ],
            width=18,
        ),
        Panel(
            "Newest row of each strategy",
            [
                (
                    "",
                    flux(
                        "pnl",
                        '  |> group(columns: ["strategy"])\n  |> last()\n  |> keep(columns: ["_time", "strategy", "_value"])\n',
                        ' and r._field == "total_pnl"',
                    ),
                )
            ],
            kind="table",
            width=24,
        ),
    ],
    since="now-30d",
)

BOARDS: Final = {
    "prometheus-trading": TRADING,
    "prometheus-pipeline": PIPELINE,
    "prometheus-database": DATABASE,
    "influxdb-pipeline": FLOW,
    "influxdb-database": ROWS,
}


def main() -> None:
    """Write them."""
    for name, board in BOARDS.items():
        (FOLDER / f"{name}.json").write_text(json.dumps(document(board), indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
