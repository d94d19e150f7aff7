"""`sauda dead-letters` against a desk on a real server: what it lists, shows, sends back and lets go."""

import threading
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from sauda.codec import encode
from sauda.contracts import Settlement
from sauda.errors import SaudaError
from sauda.letters import SettledError, requeue
from sauda.log import Entry, Output
from sauda.parking import dead_letter
from sauda.redis_letters import LetterBox
from sauda.redis_log import RedisLog
from sauda.rerun.verify import verify
from sauda.runner import Carrier
from sauda.testing.builders import a_tick
from sauda.testing.counting import POISON_LTP, counter_unit

Sauda: TypeAlias = Callable[..., Any]

UNREADABLE = b'{"type":"tick",\xff\xfe}'


def park(log: RedisLog, unit: str, data: bytes = UNREADABLE, stream: str = "ticks") -> str:
    """Write an entry and the letter of *unit* about it; return the letter's id."""
    (entry_id,) = log.append([Output(stream, data)])
    letter = dead_letter(unit, Entry(stream, entry_id, data, b""), "invalid character (byte 15)")
    return log.append([letter])[0].decode()


def statuses(sauda: Sauda) -> dict[str, str]:
    return {one["id"]: one["status"] for one in sauda("dead-letters", "list", "--all", "--json").document}


def test_the_list_holds_what_is_open_and_all_on_request(sauda: Sauda, desk_log: RedisLog) -> None:
    first, second, third = (park(desk_log, unit) for unit in ("strategy.s1", "strategy.s1", "pnl.valuation"))
    assert sauda("dead-letters", "drop", second, "--reason", "bad row").code == 0

    listed = [one["id"] for one in sauda("dead-letters", "list", "--json").document]

    assert listed == [first, third]
    assert statuses(sauda) == {first: "open", second: "dropped", third: "open"}
    whole = sauda("dead-letters", "list", "--all").out
    assert "dropped by" in whole
    assert ": bad row" in whole


def test_the_list_can_be_narrowed(sauda: Sauda, desk_log: RedisLog) -> None:
    first = park(desk_log, "strategy.s1")
    second = park(desk_log, "execution.paper", b"rubbish", "orders")
    third = park(desk_log, "strategy.s1")

    def ids(*options: str) -> list[str]:
        return [one["id"] for one in sauda("dead-letters", "list", "--json", *options).document]

    assert ids("--unit", "strategy.s1") == [first, third]
    assert ids("--stream", "orders") == [second]
    assert ids("-n", "1") == [third]
    assert ids("--unit", "nobody") == []
    assert sauda("dead-letters", "list", "--unit", "nobody").code == 0


def test_the_sheet_shows_the_bytes_and_where_they_broke(sauda: Sauda, desk_log: RedisLog) -> None:
    letter_id = park(desk_log, "strategy.s1")

    sheet = sauda("dead-letters", "show", letter_id)

    assert sheet.code == 0
    lines = sheet.out.splitlines()
    at = next(number for number, line in enumerate(lines) if "^^ byte 15" in line)
    column = lines[at].index("^^")
    assert lines[at - 1][column : column + 2] == "ff"
    assert max(map(len, lines)) <= 100


def test_requeuing_writes_the_entry_and_the_decision_together(sauda: Sauda, desk_log: RedisLog) -> None:
    letter_id = park(desk_log, "strategy.s1")

    done = sauda("dead-letters", "requeue", letter_id, "--reason", "version 2 reads it")

    assert done.code == 0
    assert letter_id in done.out
    (back,) = sauda("tail", "requeued", "--json").objects
    assert (back["unit"], back["stream"], back["cause"]) == (
        "strategy.s1",
        "ticks",
        f"dead_letters {letter_id}",
    )
    (letter,) = sauda("dead-letters", "list", "--all", "--json").document
    (decision,) = letter["settled"]
    assert (decision["settlement"], decision["reason"]) == (Settlement.REQUEUED.value, "version 2 reads it")
    assert "@" in decision["by"]


def test_a_dry_run_tells_and_does_nothing(sauda: Sauda, desk_log: RedisLog) -> None:
    letter_id = park(desk_log, "strategy.s1")

    told = sauda("dead-letters", "requeue", "--all-of", "strategy.s1", "--dry-run")

    assert letter_id in told.out
    assert "would be requeued" in told.out
    assert statuses(sauda) == {letter_id: "open"}
    assert desk_log.entries("requeued") == []


def test_a_settled_letter_is_refused_and_the_open_one_beside_it_too(sauda: Sauda, desk_log: RedisLog) -> None:
    settled, unsettled = park(desk_log, "strategy.s1"), park(desk_log, "strategy.s1")
    assert sauda("dead-letters", "requeue", settled).code == 0

    refused = sauda("dead-letters", "requeue", settled, unsettled)

    assert refused.code == 1
    assert f"{settled} was requeued by" in refused.err
    assert statuses(sauda) == {settled: "requeued", unsettled: "open"}
    assert sauda("dead-letters", "drop", settled, "--reason", "no").code == 1
    assert sauda("dead-letters", "requeue", settled, "--again").code == 0
    assert len(desk_log.entries("requeued")) == 2


def test_a_letter_for_nobody_is_requeued_with_a_warning(sauda: Sauda, desk_log: RedisLog) -> None:
    letter_id = park(desk_log, "strategy.gone")

    done = sauda("dead-letters", "requeue", letter_id)

    assert done.code == 0
    assert "'strategy.gone'" in done.err


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("requeue",), 2),
        (("requeue", "rubbish"), 2),
        (("requeue", "1-1", "--all-of", "strategy.s1"), 2),
        (("drop", "1-1"), 2),
        (("drop", "1-1", "--reason", "  "), 2),
        (("drop", "--reason", "why"), 2),
        (("show", "rubbish"), 2),
        (("show", "1-1"), 1),
        (("requeue", "1-1"), 1),
        (("drop", "1-1", "--reason", "why"), 1),
        (("requeue", "--all-of", "strategy.s1"), 1),
        (("list",), 0),
        (("list", "--stream", "tick"), 2),
    ],
)
def test_wrong_usage_and_what_is_not_there_are_told_apart(
    sauda: Sauda, desk_log: RedisLog, arguments: tuple[str, ...], code: int
) -> None:
    desk_log.append([Output("ticks", encode(a_tick()))])

    said = sauda("dead-letters", *arguments)

    assert said.code == code
    assert said.err.strip()


def test_the_doctor_counts_the_open_ones(sauda: Sauda, desk_log: RedisLog) -> None:
    first, _ = park(desk_log, "strategy.s1"), park(desk_log, "strategy.s1")

    def finding() -> tuple[str, str]:
        findings = sauda("doctor", "--json").document
        return next((one["verdict"], one["text"]) for one in findings if one["check"] == "dead letters")

    assert finding()[1].startswith("2 open")
    sauda("dead-letters", "drop", first, "--reason", "seen")
    assert finding()[1].startswith("1 open")
    sauda("dead-letters", "requeue", "--all-of", "strategy.s1")
    assert finding() == ("ok", "none open, 2 settled")


def test_two_people_at_once_send_a_letter_back_once(redis_url: str, desk: str, desk_log: RedisLog) -> None:
    for _ in range(5):
        park(desk_log, "strategy.s1")
    both_have_read = threading.Barrier(2)
    refused: list[SaudaError] = []

    def person(name: str) -> None:
        box, log = LetterBox(redis_url, desk), RedisLog(redis_url, desk)
        waits = [both_have_read.wait, lambda: 0]

        def decide(letters: Any) -> list[Output]:
            outputs = requeue(list(letters.values()), name, "", 1, again=False)
            waits.pop(0)()  # the first time, only when the other one has read the same letters
            return outputs

        try:
            box.settle(log.entries, decide)
        except SettledError as error:
            refused.append(error)
        finally:
            box.close()
            log.close()

    people = [threading.Thread(target=person, args=(name,)) for name in ("asha", "ravi")]
    for one in people:
        one.start()
    for one in people:
        one.join(20)

    assert len(refused) == 1
    assert len(desk_log.entries("requeued")) == 5


def test_an_entry_that_fails_again_is_a_new_letter_and_a_rerun_is_the_same(
    sauda: Sauda, desk_log: RedisLog
) -> None:
    unit = counter_unit()
    lease = desk_log.acquire(unit.name, "test", 60_000)
    assert lease is not None
    carrier = Carrier(unit, desk_log, lease)
    for ltp in (10, POISON_LTP, 20):
        desk_log.append([Output("ticks", encode(a_tick(ltp)))])
    while carrier.step():
        pass
    (first,) = [one["id"] for one in sauda("dead-letters", "list", "--json").document]

    sauda("dead-letters", "requeue", first)
    while carrier.step():
        pass

    before, after = sauda("dead-letters", "list", "--all", "--json").document
    assert before["came_back_as"] == [after["id"]]
    assert after["came_from"] == first
    assert (after["status"], after["stream"], after["fields"]) == ("open", "ticks", before["fields"])
    assert f"letter {after['id']}" in sauda("dead-letters", "show", first).out
    assert f"letter {first}" in sauda("dead-letters", "show", after["id"]).out
    assert verify(desk_log, [unit]).differences == []
    why = sauda("why", "dead_letters", after["id"], "--json").document
    assert {node["stream"] for node in why["nodes"]} >= {"dead_letters", "requeued", "ticks"}


def test_a_book_that_was_put_aside_is_not_decided_about(redis_url: str) -> None:
    with pytest.raises(SaudaError, match="put aside"):
        LetterBox(redis_url, "live@1")
