"""`sauda trace` on a desk that traded on a real server, sent over HTTP to a receiver that reads OpenTelemetry's own messages."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any, TypeAlias

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)

from sauda.codec import decode, encode
from sauda.contracts import Fill
from sauda.log import Output
from sauda.redis_log import RedisLog
from sauda.testing.builders import an_order
from tests.integration.lockstep_desk import Desk, market
from tests.integration.noren_simulator import free_port

Sauda: TypeAlias = Callable[..., Any]


class Receiver:
    """A collector on a free port: keeps what it is sent."""

    def __init__(self) -> None:
        self.requests: list[ExportTraceServiceRequest] = []
        self.paths: list[str] = []
        self.status = 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.requests.append(ExportTraceServiceRequest.FromString(body))
                receiver.paths.append(self.path)
                self.send_response(receiver.status)
                self.end_headers()
                self.wfile.write(ExportTraceServiceResponse().SerializeToString())

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def spans(self) -> dict[str, tuple[str, Any]]:
        """Return every span by its id, with the service that it names."""
        return {
            span.span_id.hex(): (resource.resource.attributes[0].value.string_value, span)
            for request in self.requests
            for resource in request.resource_spans
            for scope in resource.scope_spans
            for span in scope.spans
        }

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


@pytest.fixture
def a_fill(desk_log: RedisLog) -> Fill:
    """The first fill of a desk on which straddles were sold."""
    rows = market(200)
    Desk(desk_log, rows).play(len(rows))
    messages = (decode(entry.data) for entry in desk_log.entries("executions"))
    return next(message for message in messages if isinstance(message, Fill))


@pytest.fixture
def an_order_id(desk_log: RedisLog) -> str:
    """The order of a desk on which nothing else happened."""
    order = an_order()
    desk_log.append([Output("orders", encode(order))])
    return order.order_id


def test_one_trace_from_tick_to_point_arrives_at_a_collector(
    sauda: Sauda, a_fill: Fill, receiver: Receiver
) -> None:
    shown = sauda("trace", a_fill.fill_id, "--json").document

    sent = sauda("trace", a_fill.fill_id, "--to", receiver.url)

    assert sent.code == 0
    assert receiver.paths == ["/v1/traces"]
    spans = receiver.spans()
    assert set(spans) == {span["span_id"] for span in shown["spans"]}
    assert {span.trace_id.hex() for _, span in spans.values()} == {shown["trace_id"]}
    service, point = next(one for one in spans.values() if one[1].name == "desk_pnl")
    assert service == "pnl"
    way = [point.name]
    while point.parent_span_id:
        service, point = spans[point.parent_span_id.hex()]
        way.append(point.name)
    assert way[1:3] == ["fill", "place_order"]
    assert (service, way[-1]) in (("feed", "tick"), ("feed", "clock"))
    facts = {fact.key: fact.value.string_value for fact in spans[shown["spans"][1]["span_id"]][1].attributes}
    assert facts["sauda.strategy"] == a_fill.strategy


def test_a_trace_that_nobody_takes_is_one_line_and_no_traceback(
    sauda: Sauda, an_order_id: str, receiver: Receiver
) -> None:
    receiver.status = 400

    refused = sauda("trace", an_order_id, "--to", receiver.url)
    unknown = sauda("trace", "no-such-order")

    assert (refused.code, unknown.code) == (1, 1)
    assert refused.err.count("\n") == 1
    assert "did not take the trace" in refused.err


def test_a_collector_that_is_not_there_is_named(sauda: Sauda, an_order_id: str) -> None:
    alone = sauda("trace", an_order_id, "--to", f"http://127.0.0.1:{free_port()}")

    assert alone.code == 1
    assert "refused" in alone.err


@pytest.mark.parametrize(
    "url", ["127.0.0.1:4318", "ftp://x", "http://x:99999", "http://user:pass-word@x:4318"]
)
def test_what_is_no_address_is_refused_before_the_record_is_read(sauda: Sauda, url: str) -> None:
    refused = sauda("trace", "anything", "--to", url)

    assert refused.code == 2
    assert "--to" in refused.err
    assert "pass-word" not in refused.err
