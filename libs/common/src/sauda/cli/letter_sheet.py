"""One dead letter on paper: its facts, its history, and the entry's fields as text or byte by byte."""

import base64
import binascii
import textwrap
from typing import TYPE_CHECKING

from sauda.cli import screen
from sauda.cli.hex_view import failed_at, hex_lines, is_text

if TYPE_CHECKING:
    from sauda.letters import Letter

_MOST_TEXT = 4000
"""Characters of a field's text shown; --json has all of it."""


def show(one: "Letter") -> None:
    """Print *one*."""
    letter = one.letter
    facts = [
        ("letter", one.id),
        ("stands", one.status.value),
        ("entry", f"{letter.stream} {letter.entry_id}"),
        ("parked by", letter.unit),
        ("reason", letter.reason),
    ]
    facts += [("history", _decision(number, one)) for number in range(len(one.settled))]
    if one.came_from:
        facts.append(("came from", f"letter {one.came_from}, requeued: the entry failed again"))
    facts += [("came back as", f"letter {again}: the entry failed again") for again in one.came_back_as]
    _print_facts(facts)
    for name, value in letter.fields.items():
        screen.blank()
        for line in field_lines(name, value, letter.reason):
            screen.line(line)


def field_lines(name: str, value: str, reason: str) -> list[str]:
    """Return one field of the entry: its text, and its bytes where they are no text or could not be read."""
    try:
        data = base64.b64decode(value, validate=True)
    except binascii.Error:
        return [f"field {name}: not base64, as it stands in the letter: {value}"]
    title = f"field {name}: {len(data):,} bytes"
    if not data:
        return [f"field {name}: empty"]
    mark = failed_at(data, reason) if name == "d" else None
    lines = [title if is_text(data) else f"{title}, no text"]
    if is_text(data):
        lines += textwrap.wrap(data.decode()[:_MOST_TEXT], 98, break_on_hyphens=False)
    if mark is not None or not is_text(data):
        lines += hex_lines(data, mark)
    return lines


def _decision(number: int, one: "Letter") -> str:
    decision = one.settled[number]
    why = f": {decision.reason}" if decision.reason else ""
    return f"{screen.instant(decision.event_ns)} {decision.settlement.value} by {decision.by}{why}"


def _print_facts(facts: list[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        first, *rest = textwrap.wrap(value, 98 - width, break_on_hyphens=False) or [""]
        screen.line(f"{name:<{width}}  {first}")
        for more in rest:
            screen.line(f"{'':<{width}}  {more}")
