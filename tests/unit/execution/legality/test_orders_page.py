"""docs/orders.md says of every reason what it means, in the order of the contract."""

import re
from pathlib import Path

from sauda.contracts import RejectReason

PAGE = Path(__file__).parents[4] / "docs/orders.md"


def test_the_page_lists_every_reason_once_and_no_other() -> None:
    listed = re.findall(r"^\| `([A-Z_]+)` \| .", PAGE.read_text(encoding="utf-8"), re.MULTILINE)

    assert listed[-len(RejectReason) :] == [reason.value for reason in RejectReason]
    assert set(listed) - {reason.value for reason in RejectReason} <= {"MARKET", "LIMIT", "SL"}
