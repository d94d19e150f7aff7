"""What a unit said is found among what others said, under each name by which it goes there."""

from sauda.codec import encode
from sauda.contracts import HistoryRequest, Message, Subscribe
from sauda.log import Entry, Position
from sauda.memory_log import MemoryLog
from sauda.rerun.recorded import Recorded
from tests.unit.rerun.recording import Recording

NIFTY = "NSE:Nifty 50"


def asked(by: str) -> HistoryRequest:
    return HistoryRequest(f"{by}-{NIFTY}-1m-60", by, NIFTY, "1m", to_ns=60, event_ns=60, count=300)


def test_a_strategy_subscribes_by_its_name_and_asks_for_the_past_by_its_unit() -> None:
    own: list[Message] = [Subscribe("trend", (NIFTY,), 60), asked("strategy.trend")]
    others: list[Message] = [
        Subscribe("trend_2", (NIFTY,), 60),
        asked("strategy.trend_2"),
        asked("bars.trend"),
    ]
    entries = [
        Entry("subscriptions", b"%d-0" % at, encode(message), b"ticks 1-0")
        for at, message in enumerate([*own, *others], 1)
    ]
    record = Recording(MemoryLog("tests"), subscriptions=entries)

    said = Recorded(record, "strategy.trend", {"ticks"}).through({"ticks": Position(b"1-0", 0)})

    assert said["subscriptions"] == entries[: len(own)]
