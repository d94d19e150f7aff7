"""A unit that is run again does the same, or what it does otherwise is named with the input that led to it."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.codec import decode, encode
from sauda.contracts import Alert, Level, Message, Plain, Tick
from sauda.errors import InvariantError
from sauda.log import Entry, Loaded, Output
from sauda.memory_log import MemoryLog
from sauda.redelivery import requeued
from sauda.rerun.checking import NeverCarriedError, Window, check
from sauda.rerun.comparison import Kind
from sauda.rerun.rerun import Rerun
from sauda.rerun.source import RecordError
from sauda.runner import Carrier
from sauda.testing.counting import POISON_LTP, Counter, counter_unit
from sauda.unit import Unit
from tests.unit.rerun.recording import Recording, a_tick, always, carry, checked, counted, run_dry

PRICES = range(100, 120)


def alerts(log: MemoryLog) -> list[Entry]:
    return log.entries("alerts")


def price_of(entry: Entry | None) -> int:
    assert entry is not None
    message = decode(entry.data)
    assert isinstance(message, Tick)
    return message.ltp


def test_a_unit_that_is_run_again_does_the_same() -> None:
    finding = checked(counted(PRICES))

    assert finding.same
    assert finding.messages == len(PRICES)
    assert finding.steps == 7
    assert finding.outputs == {"alerts": len(PRICES)}


@given(
    prices=st.lists(st.sampled_from([1, 2, 5, POISON_LTP]), min_size=1, max_size=30),
    batch=st.integers(1, 7),
    at_once=st.integers(1, 40),
)
def test_how_many_steps_are_worked_at_once_changes_nothing(
    prices: list[int], batch: int, at_once: int
) -> None:
    log = counted(prices, batch)
    rerun = Rerun(Recording(log), "counter", always(counter_unit()), at_once=at_once)

    worked = list(rerun.worked())

    said = [(one.stream, one.data, one.cause) for batch_ in worked for one in batch_.outputs]
    recorded = [*log.entries("alerts"), *log.entries("dead_letters")]
    assert sorted(said) == sorted((one.stream, one.data, one.cause) for one in recorded)
    assert rerun.state == log.state_of("counter")
    assert sum(len(batch_.entries) for batch_ in worked) == len(prices)


def test_an_output_that_is_gone_from_the_record_is_noticed() -> None:
    log = counted(PRICES)
    said = alerts(log)

    finding = checked(Recording(log, alerts=said[:5] + said[6:]))

    assert finding.first is not None
    assert finding.first.difference.kind is Kind.ADDITIONAL
    assert price_of(finding.first.input) == PRICES[5]
    assert finding.differences == 1


def test_the_last_output_that_is_gone_is_noticed() -> None:
    log = counted(PRICES)

    finding = checked(Recording(log, alerts=alerts(log)[:-1]))

    assert finding.first is not None
    assert price_of(finding.first.input) == PRICES[-1]


def test_an_output_that_the_unit_never_said_is_noticed() -> None:
    log = counted(PRICES)
    said = alerts(log)
    more = said[5]._replace(data=encode(Alert("counter", Level.INFO, "SUM", "made up", 0)))

    finding = checked(Recording(log, alerts=[*said[:6], more, *said[6:]]))

    assert finding.first is not None
    assert finding.first.difference.kind is Kind.MISSING
    assert finding.first.difference.recorded == more
    assert price_of(finding.first.input) == PRICES[5]


def test_an_output_said_twice_is_noticed() -> None:
    log = counted(PRICES)
    said = alerts(log)

    finding = checked(Recording(log, alerts=[*said, said[-1]]))

    assert finding.first is not None
    assert finding.first.difference.kind is Kind.MISSING


def test_a_changed_output_is_noticed() -> None:
    log = counted(PRICES)
    said = alerts(log)
    said[7] = said[7]._replace(data=said[7].data.replace(b"=", b"!"))

    finding = checked(Recording(log, alerts=said))

    assert finding.first is not None
    assert finding.first.difference.kind is Kind.CHANGED
    assert price_of(finding.first.input) == PRICES[7]
    assert finding.first.rows[0].row == "sums/NSE:Nifty 50"
    assert finding.first.rows[0].now == sum(PRICES[:8])
    assert finding.states == []


def test_outputs_that_changed_places_are_noticed() -> None:
    log = counted(PRICES)
    said = alerts(log)
    said[4], said[5] = said[5], said[4]

    finding = checked(Recording(log, alerts=said))

    assert finding.first is not None
    assert finding.first.difference.kind is Kind.REORDERED
    assert price_of(finding.first.input) == PRICES[4]


def test_another_cause_for_the_same_words_is_noticed() -> None:
    log = counted(PRICES)
    said = alerts(log)
    said[4] = said[4]._replace(cause=said[5].cause)

    assert not checked(Recording(log, alerts=said)).same


def test_a_row_that_differs_at_the_end_is_noticed() -> None:
    log = counted(PRICES)
    recording = Recording(log)
    recording.stands = Loaded(log.positions_of("counter"), {b"sums/NSE:Nifty 50": b"2"})

    finding = checked(recording)

    assert not finding.same
    assert finding.differences == 0
    assert finding.states is not None
    assert (finding.states[0].before, finding.states[0].now) == (2, sum(PRICES))


class OneOff(Counter):
    """The same counter after somebody edited it: it is one off from a price on."""

    def handle(self, message: Message) -> list[Message]:
        said = list(super().handle(message))
        if isinstance(message, Tick) and message.ltp == PRICES[8]:
            self._sums.put("extra", 1)
            return [*said, Alert("counter", Level.INFO, "EXTRA", "edited", 0)]
        return said


def test_changed_code_is_named_with_the_input_and_the_rows() -> None:
    edited = Unit("counter", ("ticks", "orders"), OneOff)

    finding = checked(counted(PRICES), edited)

    assert finding.first is not None
    assert finding.first.difference.kind is Kind.ADDITIONAL
    assert price_of(finding.first.input) == PRICES[8]
    assert [row.row for row in finding.first.rows] == ["sums/NSE:Nifty 50", "sums/extra"]
    assert finding.states is not None
    assert [row.row for row in finding.states] == ["sums/extra"]


class Impossible(Counter):
    """A version that finds its state impossible at a price."""

    def handle(self, message: Message) -> list[Message]:
        if isinstance(message, Tick) and message.ltp == PRICES[8]:
            raise InvariantError("cannot be")
        return list(super().handle(message))


def test_code_that_stops_now_is_named_with_the_entry_that_stops_it() -> None:
    finding = checked(counted(PRICES), Unit("counter", ("ticks", "orders"), Impossible))

    assert not finding.same
    assert finding.stopped is not None
    assert price_of(finding.stopped.entry) == PRICES[8]
    assert finding.differences == 0


class Raising(Counter):
    """A version that raises in the middle of what was one step."""

    def handle(self, message: Message) -> list[Message]:
        if isinstance(message, Tick) and message.ltp == PRICES[7]:
            raise ValueError("new bug")
        return list(super().handle(message))


def test_code_that_raises_now_has_a_letter_that_was_not_there() -> None:
    finding = checked(counted(PRICES), Unit("counter", ("ticks", "orders"), Raising))

    assert finding.first is not None
    assert price_of(finding.first.input) == PRICES[7]
    assert finding.outputs["dead_letters"] == 1
    assert finding.messages == len(PRICES)


def test_what_another_unit_said_to_the_same_tick_is_nobody_elses() -> None:
    log = counted(PRICES)
    said = alerts(log)
    others = [
        entry._replace(data=entry.data.replace(b'"source":"counter"', b'"source":"strategy.other"'))
        for entry in said
    ]
    between = [entry for pair in zip(others, said, others, strict=True) for entry in pair]

    assert checked(Recording(log, alerts=between)).same


def test_letters_and_requeued_letters_are_worked_again_as_they_were() -> None:
    log = counted([1, POISON_LTP, 2])
    log.append([Output("ticks", b"no json"), a_tick(5)])
    carrier = _again(log)
    run_dry(carrier)
    for entry in log.entries("dead_letters"):
        letter = decode(entry.data)
        log.append([Output("requeued", encode(requeued(letter, "tests", 0)))])  # type: ignore[arg-type]
    run_dry(carrier)

    finding = checked(log)

    assert finding.same
    assert finding.outputs["dead_letters"] == 4
    assert finding.messages == 7


def _again(log: MemoryLog) -> Carrier:
    log._units["counter"].lease_epoch = 0
    return carry(log, counter_unit())


def test_a_take_over_changes_nothing() -> None:
    log = counted(PRICES)
    log.append([a_tick(1)])
    run_dry(_again(log))
    log.append([a_tick(2)])
    run_dry(_again(log))

    assert checked(log).same


class Doubled(Counter):
    """The counter as other settings make it."""

    def handle(self, message: Message) -> list[Message]:
        return [*super().handle(message), *super().handle(message)]


def test_a_unit_becomes_what_each_holder_was_made_of() -> None:
    plain = replace(counter_unit(), settings={"speed": 1.0})
    double = Unit("counter", ("ticks", "orders"), Doubled, settings={"speed": 2.0})
    log = counted(PRICES, unit=plain)
    log.append([a_tick(7), a_tick(8)])
    log._units["counter"].lease_epoch = 0
    run_dry(carry(log, double))
    made: dict[Plain, Unit] = {1.0: plain, 2.0: double}

    finding = check(
        Recording(log), "counter", lambda opened: made[opened.settings["speed"] if opened else 1.0]
    )

    assert finding.same
    assert finding.outputs["alerts"] == len(PRICES) + 4
    assert not checked(log).same


def test_a_desk_that_goes_on_meanwhile_is_compared_up_to_one_instant() -> None:
    log = counted(PRICES)
    recording = Recording(log)
    committed = recording.committed("counter")
    log.append([a_tick(1), a_tick(2)])
    run_dry(_again(log))
    recording.stands = committed

    finding = checked(recording)

    assert finding.same
    assert finding.messages == len(PRICES)


def test_a_window_hears_only_what_lies_in_it() -> None:
    edited = Unit("counter", ("ticks", "orders"), OneOff)
    log = counted(PRICES)

    later = checked(log, edited, Window(holds=lambda entry: price_of(entry) > PRICES[8]))
    earlier = checked(log, edited, Window(cut=lambda entries: sum(price_of(e) < PRICES[8] for e in entries)))

    assert later.differences == 0
    assert later.states
    assert earlier.same
    assert earlier.states is None
    assert earlier.messages == 8


def test_a_unit_that_never_moved_is_the_same() -> None:
    log = MemoryLog()
    carry(log, counter_unit())

    finding = checked(log)

    assert finding.same
    assert finding.messages == 0


def test_a_unit_that_was_never_carried_is_said_to_be_so() -> None:
    with pytest.raises(NeverCarriedError, match="counter"):
        checked(MemoryLog())


def test_a_stream_that_was_trimmed_is_said_to_be_so() -> None:
    log = counted(PRICES)

    with pytest.raises(RecordError, match=r"ticks.*trimmed"):
        checked(Recording(log, ticks=log.entries("ticks")[6:]))


def test_a_journal_with_a_hole_is_said_to_be_so() -> None:
    log = counted(PRICES)
    journal = log.entries("journal")

    with pytest.raises(RecordError, match="journal"):
        checked(Recording(log, journal=journal[:2] + journal[3:]))


def test_a_journal_without_its_end_is_said_to_be_so() -> None:
    log = counted(PRICES)

    with pytest.raises(RecordError, match="end is gone"):
        checked(Recording(log, journal=log.entries("journal")[:-1]))


def test_a_slice_begins_with_the_state_that_it_was_given() -> None:
    log = counted(PRICES[:10])
    start = Recording(log).committed("counter")
    assert start is not None
    log.append([a_tick(price) for price in PRICES[10:]])
    first_new = len(log.entries("journal"))
    run_dry(_again(log))
    slice_ = Recording(
        log,
        journal=log.entries("journal")[first_new:],
        ticks=log.entries("ticks")[10:],
        alerts=log.entries("alerts")[10:],
    )
    slice_.starts["counter"] = start

    finding = checked(slice_)

    assert finding.same
    assert finding.messages == 10
