"""The same points into the same database by the client library alone: no stream, no acknowledgement."""

from collections.abc import Sequence
from typing import Any

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write.point import Point as LibraryPoint
from influxdb_client.client.write_api import SYNCHRONOUS, WriteOptions

from benchmarks.databases import VictoriaMetrics, check
from benchmarks.made_up_points import Point
from sauda.clock import monotonic_s
from sauda.contracts import PositionPnl, StrategyPnl
from sauda_pnl.writers.lines import DESK_TOTAL, Lines

_BATCH = 5_000


def batching(database: VictoriaMetrics, made: Sequence[Point]) -> float:
    """Return points/s of the library's batching writer, fed with its own Points, which are made on the way."""
    return _timed(database, "client-points", made)


def batching_lines(database: VictoriaMetrics, made: Sequence[Point]) -> float:
    """Return points/s of the library's batching writer, fed with ready-made lines one by one."""
    lines = Lines("client-lines")
    return _timed(database, "client-lines", [str(lines.line(point)) for point in made])


def _timed(database: VictoriaMetrics, desk: str, told: Sequence[Any]) -> float:
    client: Any = InfluxDBClient(url=database.url, token="none", org="sauda")
    began_s = monotonic_s()
    api = client.write_api(write_options=WriteOptions(batch_size=_BATCH, flush_interval=1_000))
    for one in told:
        api.write("sauda", "sauda", one if isinstance(one, str) else _library_point(desk, one))
    api.close()
    seconds = monotonic_s() - began_s
    client.close()
    check(database, desk, len(told))
    return len(told) / seconds


def ready_made(database: VictoriaMetrics, made: Sequence[Point]) -> float:
    """Return points/s of lines that were made before the clock starts, 5,000 a request, one request after another."""
    lines = Lines("client-ready")
    told = [str(lines.line(point)) for point in made]
    client: Any = InfluxDBClient(url=database.url, token="none", org="sauda", retries=False)
    api = client.write_api(write_options=SYNCHRONOUS)
    began_s = monotonic_s()
    for start in range(0, len(told), _BATCH):
        api.write("sauda", "sauda", "\n".join(told[start : start + _BATCH]).encode())
    seconds = monotonic_s() - began_s
    client.close()
    check(database, "client-ready", len(told))
    return len(told) / seconds


def _library_point(desk: str, point: Point) -> Any:
    """Return *point* as the library's, with the tags and fields that the writer gives it."""
    if isinstance(point, PositionPnl):
        fields = {
            "quantity": point.qty,
            "entry_price": point.cost / point.qty / 100,
            "price": point.ltp / 100,
            "pnl": (point.realised + point.unrealised - point.charges) / 100,
        }
        tags = {"strategy": point.strategy, "symbol": point.instrument}
        return _made("positions", desk, tags, _common(point) | fields, point.event_ns)
    fields = {
        "total_pnl": point.net / 100,
        "roi": point.roi or 0.0,
        "margin": (point.margin or 0) / 100,
        "peak_margin": (point.peak_margin or 0) / 100,
        "peak": (point.peak or 0) / 100,
        "drawdown": (point.drawdown or 0) / 100,
        "day_pnl": (point.day_net or 0) / 100,
    }
    strategy = point.strategy if isinstance(point, StrategyPnl) else DESK_TOTAL
    return _made("pnl", desk, {"strategy": strategy}, _common(point) | fields, point.event_ns)


def _common(point: Point) -> dict[str, float]:
    return {
        "realised": point.realised / 100,
        "unrealised": point.unrealised / 100,
        "charges": point.charges / 100,
    }


def _made(table: str, desk: str, tags: dict[str, str], fields: dict[str, float], at_ns: int) -> Any:
    untyped: Any = LibraryPoint
    made = untyped(table).time(at_ns).tag("desk", desk)
    for name, tag in tags.items():
        made.tag(name, tag)
    for name, value in fields.items():
        made.field(name, value)
    return made
