"""A dead letter's way back, and what people decide about letters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.codec import decode, encode
from sauda.contracts import DeadLetter, LetterSettled, Requeued, Settlement
from sauda.errors import ContractError
from sauda.letters import Letter, SettledError, Status, drop, letters_of, requeue
from sauda.log import Entry, Output
from sauda.parking import dead_letter
from sauda.redelivery import meant_for, original, requeued
from sauda.testing.builders import a_tick

NAMES = st.binary(min_size=1, max_size=5).filter(lambda name: name.isascii())
FIELDS = st.dictionaries(NAMES, st.binary(max_size=30), max_size=3)


def parked(entry: Entry, unit: str = "strategy.s1") -> DeadLetter:
    letter = decode(dead_letter(unit, entry, "why").data)
    assert isinstance(letter, DeadLetter)
    return letter


@given(data=st.binary(max_size=50), cause=st.binary(max_size=20), raw=st.none() | FIELDS)
def test_an_entry_comes_back_byte_for_byte(data: bytes, cause: bytes, raw: dict[bytes, bytes] | None) -> None:
    entry = Entry("ticks", b"7-1", data, cause)
    if raw is not None:
        entry = Entry("ticks", b"7-1", raw.get(b"d", b""), raw.get(b"c", b""), raw)

    back = original(requeued(parked(entry), "asha@desk", 5))

    assert (back.stream, back.id, back.data, back.cause) == ("ticks", b"7-1", entry.data, entry.cause)
    assert back.raw == (None if raw is None or list(raw) == [b"d", b"c"] else raw)


def test_a_requeued_letter_is_meant_for_whoever_parked_it_and_for_nobody_else() -> None:
    tick = Entry("ticks", b"7-1", encode(a_tick()), b"")
    back = Entry("requeued", b"9-0", encode(requeued(parked(tick), "asha@desk", 5)), b"dead_letters 8-0")

    assert meant_for("strategy.s1", back) == tick
    assert meant_for("strategy.s2", back) is None
    assert meant_for("strategy.s2", tick) is tick


def test_what_is_no_letter_on_the_stream_of_letters_is_refused() -> None:
    with pytest.raises(ContractError, match="no requeued letter"):
        meant_for("strategy.s1", Entry("requeued", b"9-0", encode(a_tick()), b""))
    spoilt = Requeued("strategy.s1", "ticks", "7-1", {"d": "not base64!"}, "asha@desk", 5)
    with pytest.raises(ContractError, match="base64"):
        meant_for("strategy.s1", Entry("requeued", b"9-0", encode(spoilt), b""))


class Streams:
    """The two streams of letters, written as a desk writes them."""

    def __init__(self) -> None:
        self.dead_letters: list[Entry] = []
        self.requeued: list[Entry] = []

    def park(self, entry: Entry, unit: str = "strategy.s1") -> str:
        self.write([dead_letter(unit, entry, "why")])
        return self.dead_letters[-1].id.decode()

    def write(self, outputs: "list[Output]") -> None:
        for output in outputs:
            stream = self.dead_letters if output.stream == "dead_letters" else self.requeued
            stream.append(Entry(output.stream, b"%d-0" % (len(stream) + 1), output.data, output.cause))

    @property
    def letters(self) -> dict[str, Letter]:
        return letters_of(self.dead_letters, self.requeued)


TICK = Entry("ticks", b"7-1", b"\xff", b"")


def test_a_letter_is_open_until_somebody_decides() -> None:
    streams = Streams()
    first, second, third = (streams.park(TICK, unit) for unit in ("strategy.s1", "execution.paper", "pnl.x"))

    streams.write(requeue([streams.letters[first]], "asha", "mended", 5, again=False))
    streams.write(drop([streams.letters[second]], "asha", "bad row", 6))

    statuses = {letter_id: letter.status for letter_id, letter in streams.letters.items()}
    assert statuses == {first: Status.REQUEUED, second: Status.DROPPED, third: Status.OPEN}


def test_a_decision_names_the_letter_as_its_cause_and_goes_along_with_the_entry() -> None:
    streams = Streams()
    letter_id = streams.park(TICK)

    back, decision = requeue([streams.letters[letter_id]], "asha", "mended", 5, again=False)

    assert back.cause == decision.cause == f"dead_letters {letter_id}".encode()
    assert decode(decision.data) == LetterSettled(letter_id, Settlement.REQUEUED, "asha", "mended", 5)
    message = decode(back.data)
    assert isinstance(message, Requeued)
    assert (message.unit, message.stream, message.entry_id) == ("strategy.s1", "ticks", "7-1")


def test_a_settled_letter_is_not_settled_once_more_unless_that_is_meant() -> None:
    streams = Streams()
    letter_id, other = streams.park(TICK), streams.park(TICK)
    streams.write(requeue([streams.letters[letter_id]], "asha", "", 5, again=False))

    both = list(streams.letters.values())
    with pytest.raises(SettledError, match=f"{letter_id} was requeued by asha"):
        requeue(both, "ravi", "", 6, again=False)
    with pytest.raises(SettledError, match="nothing was done"):
        drop(both, "ravi", "why", 6)
    assert streams.letters[other].status is Status.OPEN
    assert len(requeue(both, "ravi", "", 6, again=True)) == 4


def test_a_letter_that_failed_again_leads_back_to_the_first() -> None:
    streams = Streams()
    first = streams.park(TICK)
    streams.write(requeue([streams.letters[first]], "asha", "", 5, again=False))
    back = streams.requeued[0]

    second = streams.park(back)

    letters = streams.letters
    assert letters[first].came_back_as == [second]
    assert letters[second].came_from == first
    assert letters[second].letter.entry_id == "7-1", "the entry itself, not the letter around it"
    assert letters[second].status is Status.OPEN


def test_what_is_no_letter_is_passed_over() -> None:
    streams = Streams()
    streams.dead_letters.append(Entry("dead_letters", b"1-0", b"rubbish", b""))
    streams.write(
        [Output("dead_letters", encode(LetterSettled("9-9", Settlement.DROPPED, "a", "b", 1)), b"")]
    )

    assert streams.letters == {}
