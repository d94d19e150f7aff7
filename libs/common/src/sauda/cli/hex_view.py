"""Bytes for people: offset, hexadecimal, text; the byte where reading them failed is marked. Pure."""

import re
from typing import Final

ROW: Final = 16
MOST_ROWS: Final = 64
"""A kilobyte: enough to see what it is."""

_POSITION: Final = re.compile(r"\(byte (\d+)\)|in position (\d+)")


def hex_lines(data: bytes, mark: int | None = None, most: int = MOST_ROWS) -> list[str]:
    """Return *data* as `hexdump -C` shows it; the row that holds the byte *mark* is always among at most *most*."""
    rows = range(0, len(data), ROW)
    first = 0 if mark is None else max(0, min(mark // ROW - most // 2, len(rows) - most))
    lines = [f"... {first * ROW:,} bytes before"] if first else []
    for start in rows[first : first + most]:
        lines.append(_row(data, start))
        if mark is not None and start <= mark < start + ROW:
            lines.append(_pointer(mark - start, mark))
    rest = len(data) - (first + most) * ROW
    if rest > 0:
        lines.append(f"... {rest:,} bytes more")
    if mark is not None and mark >= len(data):
        lines.append(f"          it ends too early, at byte {len(data)}")
    return lines


def failed_at(data: bytes, reason: str) -> int | None:
    """Return the byte at which *data* stops being a message, as far as the *reason* or the bytes tell."""
    if found := _POSITION.search(reason):
        return int(found[1] or found[2])
    if "truncated" in reason:
        return len(data)
    try:
        data.decode()
    except UnicodeDecodeError as error:
        return error.start
    return None


def is_text(data: bytes) -> bool:
    """Return whether *data* can be shown as it is."""
    try:
        return all(char.isprintable() or char in "\n\t" for char in data.decode())
    except UnicodeDecodeError:
        return False


def _row(data: bytes, start: int) -> str:
    row = data[start : start + ROW]
    codes = [f"{byte:02x}" for byte in row]
    left, right = " ".join(codes[:8]), " ".join(codes[8:])
    text = "".join(chr(byte) if 32 <= byte < 127 else "." for byte in row)
    return f"{start:08x}  {left:<23}  {right:<23}  |{text}|"


def _pointer(column: int, mark: int) -> str:
    return " " * (10 + 3 * column + (column >= 8)) + f"^^ byte {mark}"
