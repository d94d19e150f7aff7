"""The way to InfluxDB: a server of our own that answers as InfluxDB documents, and a real time-series database."""

import json
import os
import re
import shutil
import socket
import subprocess
import threading
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from sauda.batch import Record
from sauda.clock import NS_PER_MS, SystemClock, monotonic_s
from sauda.codec import encode
from sauda.contracts import DeskPnl, Fill, PositionPnl, Side, StrategyPnl
from sauda.errors import ConfigError
from sauda.log import Output
from sauda.outage import SinkAwayError
from sauda.redis_consumer import RedisConsumer
from sauda.redis_log import RedisLog
from sauda.writer import WriterRunner
from sauda_pnl.writers.influx import InfluxSink

NS = 1_756_439_705_123_000_000
"""In the past: the database drops what is more than two days ahead of its own clock."""
OPTION = "NFO:NIFTY01DEC26C24500"


class FakeInflux(ThreadingHTTPServer):
    """Keeps the lines that it is sent, and answers what it is told to."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.lines: set[str] = set()
        self.requests: list[dict[str, str]] = []
        self.answers: list[tuple[int, dict[str, str], str]] = []
        """What to say to the next requests; then 204."""
        self.bad = re.compile("(?!)")
        """Lines that it refuses, writing the rest of the batch: InfluxDB's "partial write"."""
        self.refusal_status = 400
        self.hang_s = 0.0
        self.most_lines = 10**9
        """A batch with more is answered with 413."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: FakeInflux

    def do_GET(self) -> None:
        self._answer(204, {}, "")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.requests.append(dict(self.headers) | {"path": self.path})
        if self.server.hang_s:
            SystemClock().sleep(self.server.hang_s)
        if self.server.answers:
            self._answer(*self.server.answers.pop(0))
            return
        lines = body.split("\n")
        if len(lines) > self.server.most_lines:
            self._answer(413, {}, '{"code":"request too large","message":"cannot read data"}')
            return
        bad = [line for line in lines if self.server.bad.search(line)]
        self.server.lines.update(line for line in lines if line not in bad)
        if bad:
            text = f"partial write: field type conflict: {bad[0]!r} dropped={len(bad)}"
            self._answer(
                self.server.refusal_status, {}, json.dumps({"code": "unprocessable entity", "message": text})
            )
            return
        self._answer(204, {}, "")

    def _answer(self, status: int, headers: dict[str, str], body: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def influx() -> Iterator[FakeInflux]:
    with FakeInflux() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@contextmanager
def sink_on(url: str, timeout_ms: int = 2_000, desk: str = "live") -> Iterator[InfluxSink]:
    sink = InfluxSink(url, token="geheim", org="sauda", bucket="desk", desk=desk, timeout_ms=timeout_ms)
    try:
        yield sink
    finally:
        sink.close()


def points(count: int) -> list[Record]:
    return [
        Record("pnl", f"{n}-0".encode(), DeskPnl(n, 0, 0, n, None, None, NS + n * NS_PER_MS))
        for n in range(count)
    ]


def test_a_batch_is_one_plain_request_with_token_organisation_bucket_and_precision(
    influx: FakeInflux,
) -> None:
    with sink_on(influx.url) as sink:
        sink.open()
        assert sink.write(points(1000)) == []

    assert len(influx.lines) == 1000
    (request,) = influx.requests
    assert urllib.parse.parse_qs(urllib.parse.urlsplit(request["path"]).query) == {
        "org": ["sauda"],
        "bucket": ["desk"],
        "precision": ["ns"],
    }
    assert (request["Authorization"], request.get("Content-Encoding")) == ("Token geheim", None)


@pytest.mark.parametrize("status", [400, 422])
def test_lines_that_are_refused_are_found_and_all_the_others_are_written(
    influx: FakeInflux, status: int
) -> None:
    influx.bad = re.compile(r"total_pnl=(0\.13|7\.77) ")
    influx.refusal_status = status

    with sink_on(influx.url) as sink:
        refusals = sink.write(points(1000))

    assert [refusal.place for refusal in refusals] == [13, 777]
    assert len(influx.lines) == 998
    assert "field type conflict" in refusals[0].reason
    assert len(influx.requests) < 50


def test_a_batch_that_is_too_large_is_sent_in_parts(influx: FakeInflux) -> None:
    influx.most_lines = 100

    with sink_on(influx.url) as sink:
        assert sink.write(points(1000)) == []

    assert len(influx.lines) == 1000


@pytest.mark.parametrize(
    ("answer", "says", "pause_s"),
    [
        ((401, {}, '{"code":"unauthorized","message":"unauthorized access"}'), "SAUDA_INFLUX_TOKEN", 15),
        ((403, {}, '{"code":"forbidden","message":"no"}'), "SAUDA_INFLUX_BUCKET", 15),
        ((404, {}, '{"code":"not found","message":"bucket \\"desk\\" not found"}'), "SAUDA_INFLUX_ORG", 15),
        ((429, {"Retry-After": "7"}, '{"code":"too many requests","message":"slow down"}'), "slow down", 7),
        ((503, {"Retry-After": "2.5"}, '{"code":"unavailable","message":"busy"}'), "busy", 2.5),
        ((503, {"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, ""), "503", None),
        ((500, {}, '{"code":"internal error","message":"engine: oops"}'), "engine: oops", None),
        ((502, {}, "<html>Bad Gateway</html>"), "Bad Gateway", None),
    ],
)
def test_what_may_pass_is_said_clearly_and_waited_for(
    influx: FakeInflux, answer: tuple[int, dict[str, str], str], says: str, pause_s: float | None
) -> None:
    influx.answers = [answer]

    with sink_on(influx.url) as sink:
        with pytest.raises(SinkAwayError) as caught:
            sink.write(points(10))
        assert sink.write(points(10)) == []

    assert says in str(caught.value)
    assert influx.url in str(caught.value)
    assert "geheim" not in str(caught.value)
    assert caught.value.retry_after_s == pause_s
    assert len(influx.lines) == 10


def test_a_server_that_takes_the_request_and_says_nothing_is_given_up_after_the_timeout(
    influx: FakeInflux,
) -> None:
    influx.hang_s = 1.0
    began_s = monotonic_s()

    with sink_on(influx.url, timeout_ms=200) as sink, pytest.raises(SinkAwayError, match="does not answer"):
        sink.write(points(10))

    assert monotonic_s() - began_s < 0.9, "one attempt, and no retry below the runner"


def test_a_server_that_is_not_there_is_named(influx: FakeInflux) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
        with sink_on(url) as sink:
            for attempt in (sink.open, lambda: sink.write(points(1))):
                with pytest.raises(SinkAwayError, match=f"InfluxDB at {url} does not answer"):
                    attempt()


@pytest.mark.parametrize("url", ["127.0.0.1:8086", "influx", "redis://127.0.0.1:1"])
def test_an_address_that_is_none_is_refused_at_once(url: str) -> None:
    with pytest.raises(ConfigError, match="SAUDA_INFLUX_URL"):
        InfluxSink(url, token="", org="o", bucket="b", desk="live")


def test_an_outage_in_the_middle_of_a_stream_loses_and_repeats_nothing(
    influx: FakeInflux, redis_url: str, desk: str
) -> None:
    log = RedisLog(redis_url, desk)
    log.append([Output("pnl", encode(record.message)) for record in points(3_000)])
    log.close()
    influx.answers = [(500, {}, ""), (429, {"Retry-After": "1"}, "")]
    influx.bad = re.compile(r"total_pnl=5\.0 ")
    consumer = RedisConsumer(redis_url, desk, "writer.influx", "a", ("pnl",))
    events: list[str] = []
    with sink_on(influx.url, desk=desk) as sink:
        runner = WriterRunner(
            consumer, sink, block_ms=50, linger_ms=1, on_event=lambda name, _: events.append(name)
        )
        stop = threading.Event()
        thread = threading.Thread(target=runner.run, args=(stop,))
        thread.start()
        eventually(lambda: runner.written == 2_999)
        stop.set()
        thread.join(10)

    assert len(influx.lines) == 2_999
    assert (runner.refused, events) == (1, ["database_away", "database_away", "database_back", "dead_letter"])


def eventually(condition: Callable[[], bool], seconds: float = 30) -> None:
    end_s = monotonic_s() + seconds
    while not condition():
        assert monotonic_s() < end_s, "it did not come to pass"
        SystemClock().sleep(0.05)


@pytest.fixture(scope="module")
def victoria_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real time-series database that takes InfluxDB's write API."""
    program = shutil.which("victoria-metrics")
    if program is None:
        if os.environ.get("CI"):
            pytest.fail("no victoria-metrics on this machine: install it")
        pytest.skip("no victoria-metrics on this machine")
    folder: Path = tmp_path_factory.mktemp("victoria")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    options = [f"-storageDataPath={folder}", f"-httpListenAddr={address}", "-retentionPeriod=100y"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([program, *options], stdout=log, stderr=log)
        try:
            eventually(lambda: is_listening(address))
            yield f"http://{address}"
        finally:
            server.terminate()
            server.wait(20)


def is_listening(address: str) -> bool:
    host, port = address.split(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def series(url: str, desk: str) -> dict[str, dict[str, object]]:
    """Return what is stored for *desk*, series by series."""
    query = urllib.parse.urlencode({"match[]": f'{{desk="{desk}"}}'})
    with urllib.request.urlopen(f"{url}/api/v1/export?{query}", timeout=5) as answer:
        found = [json.loads(line) for line in answer.read().splitlines()]
    return {json.dumps(one["metric"], sort_keys=True): one for one in found}


def test_every_point_can_be_read_back_from_a_real_database(victoria_url: str, desk: str) -> None:
    fills = [Fill(f"o-{n}-0", f"o-{n}", "s", OPTION, Side.SELL, 75, 100_05 + n, 0, NS) for n in range(3)]
    position = PositionPnl("s", "NSE:Nifty 50", -75, -123_456, 12_345, 100, -2_345, 5, NS)
    total = StrategyPnl("s", 1, 2, 0, 3, 5_00, 0.6, NS)
    told = [*points(500), *(Record("executions", b"1-0", one) for one in fills)]
    told += [Record("pnl", b"1-0", position), Record("pnl", b"2-0", total)]
    with sink_on(victoria_url, desk=desk) as sink:
        assert sink.write(told) == []
        assert sink.write(told[:100]) == [], "a repeat adds nothing"

    eventually(lambda: len(series(victoria_url, desk)) >= 4 + 7 + 6 + 3 * 4)
    eventually(lambda: len(net_of_the_desk(victoria_url, desk)) == 500)

    found = series(victoria_url, desk)
    assert net_of_the_desk(victoria_url, desk) == {
        (NS // NS_PER_MS + number, number / 100) for number in range(500)
    }
    prices: set[tuple[str, tuple[float, ...]]] = {
        (metric["fill_id"], tuple(one["values"]))  # type: ignore[arg-type]
        for one in found.values()
        if isinstance(metric := one["metric"], dict) and metric["__name__"] == "fills_price"
    }
    assert prices == {("o-0-0", (100.05,)), ("o-1-0", (100.06,)), ("o-2-0", (100.07,))}
    names = {json.loads(key)["__name__"] for key in found}
    assert {
        "positions_quantity",
        "positions_entry_price",
        "pnl_total_pnl",
        "pnl_roi",
        "fills_quantity",
    } <= names
    symbols = {json.loads(key).get("symbol") for key in found if "positions_" in key}
    assert symbols == {"NSE:Nifty 50"}


def net_of_the_desk(url: str, desk: str) -> set[tuple[int, float]]:
    for key, one in series(url, desk).items():
        metric = json.loads(key)
        if metric["__name__"] == "pnl_total_pnl" and metric["strategy"] == "ALL":
            stamps, values = one["timestamps"], one["values"]
            assert isinstance(stamps, list)
            assert isinstance(values, list)
            return set(zip(stamps, values, strict=True))
    return set()
