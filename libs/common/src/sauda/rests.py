"""How large a unit's steps may be, and how long it rests between two: for units whose answer nobody waits for. Pure.

What a unit remembers of an instrument is a row of its state, written once a step. Where ticks of 2,000 instruments storm in, small
steps write a row for each tick; large ones write one for many.
"""

from typing import Final

from sauda.unit import Unit

SMALL_STEP: Final = 100
"""Entries in a step below which a unit that may rest does so."""

STORM: Final = 4
"""Batches in a step from which on a unit that may rests for long: 2,000 entries in 50 ms are 40,000 a second, more than any broker sends."""

LARGEST: Final = 20
"""Batches in a step at the most, of a unit that may rest for long. 2,000 instruments, processor time of unit and server for a tick, in
steps of 1,000, 5,000 and 20,000: bars 10.2, 6.7 and 5.3 µs, execution 5.3, 3.8 and 2.7, valuation 3.4, 2.4 and 2.1."""


def room_after(unit: Unit, batch: int, room: int, done: int) -> int:
    """Return how many entries the next step of *unit* has at the most, after one of *done* that had room for *room*.

    Others have *batch*. Who begins has the same, and twice as many after each full step: the first sight of 2,000 instruments makes
    thousands of rows, and ten thousand entries of them at once took longer than a lease lasts.
    """
    most = batch * LARGEST if unit.long_rest_ms else batch
    return min(2 * room, most) if done >= room else room


def rest_ms(unit: Unit, batch: int, room: int, done: int) -> int:
    """Return how long *unit* rests after a step of *done* entries that had room for *room*."""
    if 0 < done < SMALL_STEP:
        return unit.rest_ms
    # One that was full has more to do already.
    return unit.long_rest_ms if STORM * batch <= done < room else 0
