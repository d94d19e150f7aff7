"""Every message that was ever written can still be read: one recorded sample of each, byte for byte.

A sample is never edited; a changed message gets a further one beside it, such as `fill.2.json`.
"""

from pathlib import Path

import msgspec
import pytest

from sauda.codec import decode, encode
from sauda.contracts import STREAM_OF

SAMPLES = sorted((Path(__file__).parent / "samples").glob("*.json"))


def type_on_the_wire(kind: type) -> str:
    return str(kind.__struct_config__.tag)  # type: ignore[attr-defined]  # every contract is a struct


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_read_and_written_back_byte_for_byte(sample: Path) -> None:
    recorded = sample.read_bytes().removesuffix(b"\n")

    assert encode(decode(recorded)) == recorded


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_a_sample_is_named_after_its_type(sample: Path) -> None:
    assert msgspec.json.decode(sample.read_bytes())["type"] == sample.name.partition(".")[0]


def test_every_message_type_has_a_sample() -> None:
    assert {path.name.partition(".")[0] for path in SAMPLES} >= {type_on_the_wire(kind) for kind in STREAM_OF}
