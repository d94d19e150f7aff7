"""Bytes for people: what is shown, and where the byte that broke the message is marked."""

import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.cli.hex_view import MOST_ROWS, ROW, failed_at, hex_lines, is_text
from sauda.codec import decode
from sauda.errors import ContractError


@given(data=st.binary(max_size=600))
def test_every_byte_is_shown_once_and_in_order(data: bytes) -> None:
    lines = hex_lines(data)

    assert bytes.fromhex("".join(line[10:58] for line in lines)) == data
    assert [int(line[:8], 16) for line in lines] == list(range(0, len(data), ROW))


@given(data=st.binary(min_size=1, max_size=5000), share=st.floats(0, 0.999))
def test_the_mark_stands_under_its_byte(data: bytes, share: float) -> None:
    mark = int(share * len(data))

    lines = hex_lines(data, mark)

    at = next(number for number, line in enumerate(lines) if "^^" in line)
    column = lines[at].index("^^")
    assert int(lines[at - 1][column : column + 2], 16) == data[mark]
    assert len(lines) <= MOST_ROWS + 3


def test_what_is_left_out_is_counted() -> None:
    lines = hex_lines(bytes(10_000), mark=5_000, most=4)

    before, after = (int(re.sub(r"\D", "", line)) for line in (lines[0], lines[-1]))
    assert before + 4 * ROW + after == 10_000


@pytest.mark.parametrize(
    ("data", "at"),
    [
        (b'{"type":"tick",\xff', 15),
        (b'{"type":"tick"', 14),
        (b"rubbish", 0),
        (b'{"type":"nobody"}', None),
    ],
)
def test_the_place_is_where_reading_failed(data: bytes, at: int | None) -> None:
    with pytest.raises(ContractError) as failed:
        decode(data)

    assert failed_at(data, str(failed.value)) == at


def test_only_what_prints_is_text() -> None:
    assert is_text("{“क”}\n".encode())
    assert not is_text(b"\x00")
    assert not is_text(b"\xff")
    assert is_text(msgspec.json.encode({"a": 1}))
