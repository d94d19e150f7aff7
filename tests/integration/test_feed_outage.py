"""Redis is killed under load: what the desk is told of the hole is exact, and then it has the newest price of everything.

The load, the client library in the feed service and Redis are real processes; see `benchmarks.feed_outage` for what is judged.
"""

from pathlib import Path

import pytest

from benchmarks.feed_outage import ran

pytestmark = pytest.mark.integration


def test_a_redis_that_is_killed_under_load_costs_a_gap_and_no_price(tmp_path: Path) -> None:
    found = ran(tmp_path, instruments=200, rate=2_000, seconds=2, steady_s=0.5)

    assert found.wrong == []
    assert found.gap is not None
    # More was left out than there are instruments, or the outage was none.
    assert int(found.gap.reason.split()[3]) > 200
