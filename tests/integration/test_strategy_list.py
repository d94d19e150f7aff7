"""What `sauda strategies list` takes for a strategy's newest thought, on a real server."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sauda.codec import encode
from sauda.contracts import OrderKind, PlaceOrder, Plain, Product, Side, Signal
from sauda.instances.standing import standings
from tests.integration.archive_desk import ArchiveDesk


@dataclass
class Files:
    """Rules files, none of them broken."""

    rules: dict[str, dict[str, Plain]]
    broken: dict[str, str] = field(default_factory=dict)
    broken_kinds: dict[str, str] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def at(redis_url: str, desk: str, tmp_path: Path) -> Iterator[ArchiveDesk]:
    made = ArchiveDesk(redis_url, desk, tmp_path / "archive")
    yield made
    made.close()


def decided(strategy: str, reason: str) -> Signal:
    return Signal(strategy, "NFO:X", Side.BUY, reason, 1)


def would(strategy: str, reason: str) -> Signal:
    order = PlaceOrder(
        order_id=reason,
        strategy=strategy,
        instrument="NFO:X",
        side=Side.BUY,
        qty=75,
        kind=OrderKind.MARKET,
        event_ns=1,
        product=Product.NRML,
    )
    return Signal(strategy, "NFO:X", Side.BUY, reason, 1, would_place=order)


def test_of_a_dry_run_the_decision_is_shown_and_not_the_order_that_follows_from_it(at: ArchiveDesk) -> None:
    said = [
        decided("dry", "an older one"),
        decided("dry", "the means crossed"),
        would("dry", "would buy 75"),
        would("mute", "would buy 1"),
        would("mute", "would buy 2"),
        decided("paper", "because"),
    ]
    at.write("signals", [encode(one) for one in said])
    rules: dict[str, dict[str, Plain]] = {
        name: {"kind": "trend"} for name in ("dry", "mute", "paper", "silent")
    }

    record = at.record()
    found = standings(record, Files(rules))
    record.close()

    assert {one.strategy: one.last_signal and one.last_signal.reason for one in found} == {
        "dry": "the means crossed",
        "mute": "would buy 2",
        "paper": "because",
        "silent": None,
    }
