"""A bundle files entries by the same rule as the archive: no foreign time carries the rest away, or stops the packing."""

import pytest

from sauda.archive.days import by_day
from sauda.bundle.packing import _segments
from sauda.codec import encode
from sauda.log import Entry
from sauda.testing.builders import DAY, a_tick


@pytest.mark.parametrize("foreign_ns", [10**30, 9_000_000_000_000_000_000, -(10**18)])
def test_a_time_that_cannot_be_stops_no_packing_and_names_no_day(foreign_ns: int) -> None:
    data = [encode(a_tick()), b'{"event_ns":%d}' % foreign_ns, encode(a_tick())]
    entries = [Entry("ticks", b"%d-0" % (place + 1), one, b"") for place, one in enumerate(data)]

    found = list(_segments("ticks", entries))

    assert [(segment.day, len(rows)) for segment, rows, _ in found] == [(DAY, 3)]
    rows = [row for _, rows, _ in found for row in rows]
    assert [part.day for part in by_day("ticks", rows, None)] == [DAY]
