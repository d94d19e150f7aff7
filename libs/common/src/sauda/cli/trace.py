"""`sauda trace`: from the tick to the point of P&L as one trace, printed, or sent to whatever collects traces."""

from typing import TYPE_CHECKING, Annotated

import typer

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption, opened
from sauda.clock import NS_PER_MS

if TYPE_CHECKING:
    from sauda.causes.spans import Span, Trace


def trace(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="ID", help="What `sauda why` takes: an order id, a fill id, STREAM ID, ALL@10:31 …"
        ),
    ],
    *,
    to: Annotated[
        str | None,
        typer.Option("--to", metavar="URL", help="Send it by OTLP over HTTP, such as http://127.0.0.1:4318."),
    ] = None,
    depth: Annotated[int, typer.Option("--depth", min=0, help="Steps forward from the entry.")] = 6,
    most: Annotated[int, typer.Option("--count", "-n", min=0, help="Entries taken of what it led to.")] = 200,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one trace from tick to P&L point, by the causes.

    Exit code 1: nothing has that ID, or nobody took the trace.
    """
    from sauda.causes.spans import trace_of
    from sauda.causes.walk import Limits
    from sauda.causes.walk import trace as walked
    from sauda.cli.asked_entry import asked_for

    if to is not None:
        _check(to)
    with opened(desk) as view:
        found = trace_of(walked(view, asked_for(view, words, "trace"), Limits(depth, most)))
    if to is not None:
        from sauda.otlp import send

        send(found, to)
    if as_json:
        screen.json_document(_document(found))
        return
    screen.table(("SPAN", ">AFTER MS", ">TOOK MS", "SERVICE", "ENTRY"), _rows(found))
    screen.line(f"trace {found.trace_id}" + (f", {len(found.spans)} spans sent" if to else ""))


def _check(url: str) -> None:
    """Refuse what is no address, or what cannot be sent for want of the library, before the record is read."""
    from sauda.errors import ConfigError

    try:
        from sauda.otlp import endpoint_of
    except ImportError as error:
        raise ConfigError(
            f"--to needs OpenTelemetry's library: pip install 'sauda-common[traces]' ({error.name})"
        ) from error
    try:
        endpoint_of(url)
    except ConfigError as error:
        raise typer.BadParameter(str(error), param_hint="--to") from error


def _rows(found: "Trace") -> list[screen.Row]:
    depths = _depths(found.spans)
    begun_ns = found.spans[0].start_ns
    return [
        (
            "  " * depths[span.span_id] + span.name + ("  failed" if span.failure else ""),
            str((span.start_ns - begun_ns) // NS_PER_MS),
            str((span.end_ns - span.start_ns) // NS_PER_MS),
            span.service,
            f"{span.facts['sauda.stream']}/{span.facts['sauda.id']}",
        )
        for span in found.spans
    ]


def _depths(spans: "list[Span]") -> dict[str, int]:
    depths: dict[str, int] = {}
    for span in spans:
        depths[span.span_id] = depths.get(span.parent_id or "", -1) + 1
    return depths


def _document(found: "Trace") -> dict[str, object]:
    return {
        "trace_id": found.trace_id,
        "desk": found.desk,
        "asked": str(found.asked),
        "spans": [
            {
                **span._asdict(),
                "links": [
                    {**link._asdict(), "at": str(link.at), "why": link.why.value} for link in span.links
                ],
            }
            for span in found.spans
        ],
    }
