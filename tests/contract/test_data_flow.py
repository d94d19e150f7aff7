"""`docs/data-flow.md` says of every stream which messages travel on it, as the code does."""

import re
from pathlib import Path

from sauda.contracts import STREAM_OF, STREAMS

PAGE = Path(__file__).parents[2] / "docs" / "data-flow.md"
_ROW = re.compile(r"^\| `(?P<stream>\w+)` \| (?P<messages>[^|]*) \|", re.MULTILINE)


def documented() -> dict[str, list[str]]:
    rows = _ROW.finditer(PAGE.read_text(encoding="utf-8"))
    return {row["stream"]: re.findall(r"`(\w+)`", row["messages"]) for row in rows}


def in_code() -> dict[str, list[str]]:
    names: dict[str, list[str]] = {stream: [] for stream in STREAMS}
    for kind, stream in STREAM_OF.items():
        names[stream].append(str(kind.__struct_config__.tag))  # type: ignore[attr-defined]  # all are structs
    return names


def test_the_table_lists_every_stream_in_order() -> None:
    assert list(documented()) == list(STREAMS)


def test_the_table_lists_every_message_on_its_stream() -> None:
    assert documented() == in_code()
