"""The database is asked for tokens that can do one thing; a server of our own answers as InfluxDB 2 documents."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sauda.runtime.influx_tokens import ADMIN, READS, WRITES, Database, NoTokensError, is_own, make, missing

BUCKET = {"id": "b0b0", "orgID": "0a0a", "name": "points"}


class Answers(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.seen.append((self.path, self.headers["Authorization"]))  # type: ignore[attr-defined]
        self._say(200, {"buckets": [BUCKET] if "name=points" in self.path else []})

    def do_POST(self) -> None:
        wish = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.wishes.append(wish)  # type: ignore[attr-defined]
        self._say(201, {"id": "1", "token": f"may-{wish['permissions'][0]['action']}"})

    def _say(self, status: int, body: dict[str, Any]) -> None:
        status = self.server.status or status  # type: ignore[attr-defined]
        data = b"no JSON" if self.server.speaks_otherwise else json.dumps(body).encode()  # type: ignore[attr-defined]
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


class Influx(ThreadingHTTPServer):
    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answers)
        self.seen: list[tuple[str, str]] = []
        self.wishes: list[dict[str, Any]] = []
        self.status = 0
        self.speaks_otherwise = False

    def database(self, bucket: str = "points") -> Database:
        return Database(f"http://127.0.0.1:{self.server_address[1]}", "of the administrator", "desks", bucket)


@pytest.fixture
def influx() -> Iterator[Influx]:
    with Influx() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_each_token_may_do_one_thing_to_one_bucket(influx: Influx) -> None:
    made = make(influx.database(), [WRITES, READS])

    assert made == {WRITES: "may-write", READS: "may-read"}
    resource = {"type": "buckets", "id": "b0b0", "orgID": "0a0a"}
    assert [one["permissions"] for one in influx.wishes] == [
        [{"action": "write", "resource": resource}],
        [{"action": "read", "resource": resource}],
    ]
    assert influx.seen == [("/api/v2/buckets?name=points&org=desks", "Token of the administrator")]


def test_a_database_that_makes_none_is_not_waited_for(influx: Influx) -> None:
    with pytest.raises(NoTokensError, match="no bucket 'other'"):
        make(influx.database("other"), [WRITES])
    influx.status = 404
    with pytest.raises(NoTokensError, match=r"answers 404 when asked for the bucket: .*b0b0"):
        make(influx.database(), [WRITES])
    influx.status, influx.speaks_otherwise = 0, True
    with pytest.raises(NoTokensError, match="as InfluxDB does"):
        make(influx.database(), [WRITES])


def test_one_that_is_away_is_said_to_be() -> None:
    with pytest.raises(NoTokensError, match="does not answer"):
        make(Database("http://127.0.0.1:1", "a", "desks", "points"), [WRITES], patience_s=0)


@pytest.mark.parametrize(
    ("known", "names"),
    [
        ({ADMIN: "a"}, [WRITES, READS]),
        ({ADMIN: "a", WRITES: "a"}, [WRITES, READS]),
        ({ADMIN: "a", WRITES: "w", READS: "r"}, []),
        ({ADMIN: "a", WRITES: "w"}, [READS]),
    ],
)
def test_the_administrators_token_is_nobody_elses(known: dict[str, str], names: list[str]) -> None:
    assert missing(known) == names


def test_another_ones_database_is_left_alone() -> None:
    assert is_own({})
    assert is_own({"SAUDA_INFLUX_URL": "http://influxdb:8086"})
    assert not is_own({"SAUDA_INFLUX_URL": "https://influx.example.com"})
