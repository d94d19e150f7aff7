"""Every message can be told in one line."""

from pathlib import Path

import pytest

from sauda.cli.telling import tell
from sauda.codec import decode
from sauda.contracts import Message

SAMPLES = Path(__file__).parents[2] / "contract" / "samples"


def sample(name: str) -> Message:
    return decode((SAMPLES / f"{name}.json").read_bytes())


@pytest.mark.parametrize("path", sorted(SAMPLES.glob("*.json")), ids=lambda path: path.stem)
def test_every_message_is_one_line(path: Path) -> None:
    assert "\n" not in tell(decode(path.read_bytes()))


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("tick", "NFO:NIFTY01DEC26C24500  112.35  [112.30 / 112.45]  volume 8212750  oi 4533100"),
        ("fill", "nifty_straddle-20261123-CE-entry  NFO:NIFTY01DEC26C24500  SELL 65 at 112.30"),
        (
            "place_order",
            "nifty_straddle-20261123-CE-stop  BUY 65 NFO:NIFTY01DEC26C24500 SL-M  trigger 140.40"
            "  parent nifty_straddle-20261123-CE-entry",
        ),
        (
            "order_rejected",
            "nifty_straddle-20261123-CE-entry  NFO:NIFTY01DEC26C24500"
            "  NOT_A_LOT_MULTIPLE: qty 70 is not a multiple of the lot 65",
        ),
        ("desk_pnl", "desk  net 120.25: realised 0.00, unrealised 120.25, charges 0.00, roi 0.06 %"),
        ("halt", "by risk: loss limit reached"),
        ("stop", "every strategy, by cli"),
        ("audited", "POST /api/v1/orders web-4f1c  by asha (trade) from 192.0.2.7: 202 accepted"),
    ],
)
def test_a_line_says_what_a_trader_looks_for(name: str, line: str) -> None:
    assert tell(sample(name)) == line
