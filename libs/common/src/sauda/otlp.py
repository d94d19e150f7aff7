"""Sends a trace to whatever collects traces, by OpenTelemetry's protocol over HTTP: Jaeger, Tempo, a collector.

Nothing of the desk sends by itself: a trace is made from the record when somebody asks for it, so the hot path knows nothing of it.
The messages are OpenTelemetry's own (`opentelemetry-proto`); its SDK is left out on purpose: where it is installed, the Redis client
loads it in every process (ADR 38).
"""

import urllib.error
import urllib.request
from itertools import groupby
from typing import Final
from urllib.parse import urlsplit

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2

from sauda.causes.spans import Link, Plain, Span, Trace
from sauda.errors import ConfigError, SaudaError
from sauda.masking import masked_url

PATIENCE_S: Final = 5.0
"""For the collector's answer; one who wants a trace sends it again."""
_PATH: Final = "/v1/traces"
_SCOPE: Final = InstrumentationScope(name="sauda")


class NotSentError(SaudaError):
    """Nobody took the trace."""


def endpoint_of(url: str) -> str:
    """Return where traces go at *url*: `http://127.0.0.1:4318` becomes `http://127.0.0.1:4318/v1/traces`.

    Raises:
        ConfigError: that is no address.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ConfigError(f"{masked_url(url)!r} is no address: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname or port == 0:
        raise ConfigError(f"{masked_url(url)!r} is no address such as http://127.0.0.1:4318")
    if parts.username or parts.password:
        raise ConfigError(f"{masked_url(url)!r}: a trace is sent without a user and a password")
    return url if parts.path not in ("", "/") else f"{parts.scheme}://{parts.netloc}{_PATH}"


def send(trace: Trace, url: str) -> None:
    """Send *trace* to *url*, see `endpoint_of`.

    Raises:
        ConfigError: *url* is no address.
        NotSentError: nobody took it; says why.
    """
    request = urllib.request.Request(  # noqa: S310  (http or https: `endpoint_of` takes no other)
        endpoint_of(url),
        data=request_of(trace).SerializeToString(),
        headers={"Content-Type": "application/x-protobuf", "User-Agent": "sauda"},
        method="POST",
    )
    try:
        # No proxy of the environment: a collector is in one's own network.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=PATIENCE_S):
            return
    except urllib.error.HTTPError as error:
        raise NotSentError(
            f"{masked_url(url)} did not take the trace: {error.code} {error.reason}"
        ) from error
    except urllib.error.URLError as error:
        raise NotSentError(f"{masked_url(url)} did not take the trace: {error.reason}") from error
    except OSError as error:
        raise NotSentError(f"{masked_url(url)} did not take the trace: {error}") from error


def request_of(trace: Trace) -> ExportTraceServiceRequest:
    """Return *trace* as the protocol has it: spans by the service that they are of."""
    by_service = groupby(sorted(trace.spans, key=lambda span: span.service), key=lambda span: span.service)
    return ExportTraceServiceRequest(
        resource_spans=[
            trace_pb2.ResourceSpans(
                resource=Resource(
                    attributes=_attributes({"service.name": service, "service.namespace": "sauda"})
                ),
                scope_spans=[
                    trace_pb2.ScopeSpans(scope=_SCOPE, spans=[_message(trace.trace_id, one) for one in spans])
                ],
            )
            for service, spans in by_service
        ]
    )


def _message(trace_id: str, span: Span) -> trace_pb2.Span:
    failed = trace_pb2.Status(code=trace_pb2.Status.STATUS_CODE_ERROR, message=span.failure or "")
    return trace_pb2.Span(
        trace_id=bytes.fromhex(trace_id),
        span_id=bytes.fromhex(span.span_id),
        parent_span_id=bytes.fromhex(span.parent_id or ""),
        name=span.name,
        kind=trace_pb2.Span.SPAN_KIND_INTERNAL,
        start_time_unix_nano=span.start_ns,
        end_time_unix_nano=span.end_ns,
        attributes=_attributes(span.facts),
        links=[_link(link) for link in span.links],
        status=failed if span.failure is not None else None,
    )


def _link(link: Link) -> trace_pb2.Span.Link:
    return trace_pb2.Span.Link(
        trace_id=bytes.fromhex(link.trace_id),
        span_id=bytes.fromhex(link.span_id),
        attributes=_attributes({"sauda.why": link.why.value, "sauda.at": str(link.at)}),
    )


def _attributes(facts: dict[str, Plain] | dict[str, str]) -> list[KeyValue]:
    return [KeyValue(key=name, value=_value(fact)) for name, fact in facts.items()]


def _value(fact: Plain) -> AnyValue:
    match fact:
        case bool():
            return AnyValue(bool_value=fact)
        case int():
            return AnyValue(int_value=fact)
        case float():
            return AnyValue(double_value=fact)
    return AnyValue(string_value=fact)
