"""Dead letters of a desk, and what a program wants to know of one."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sauda.letters import Letter
    from sauda.record import Record


def read_letters(view: "Record") -> "dict[str, Letter]":
    """Return all letters of a desk, oldest first."""
    from sauda.letters import letters_of

    return letters_of(view.forwards("dead_letters"), view.forwards("requeued"))


def facts_of(one: "Letter") -> dict[str, Any]:
    """Return a letter and its history for programs."""
    letter = one.letter
    return {
        "id": one.id,
        "status": one.status.value,
        "stream": letter.stream,
        "entry_id": letter.entry_id,
        "unit": letter.unit,
        "reason": letter.reason,
        "fields": letter.fields,
        "settled": [
            {
                "settlement": decision.settlement.value,
                "by": decision.by,
                "reason": decision.reason,
                "event_ns": decision.event_ns,
            }
            for decision in one.settled
        ],
        "came_from": one.came_from,
        "came_back_as": one.came_back_as,
    }
