"""What comes to a desk from outside: a person's commands, and entries that nobody can work."""

from datetime import time
from typing import Final

from sauda.clock import NS_PER_S, UnixNs, from_ist
from sauda.codec import encode
from sauda.contracts import STREAM_OF, Halt, Message, Resume, SquareOff, Start, Stop, Tick
from sauda.log import Output
from sauda.testing.counting import POISON_LTP
from simulation.tape import DAY

_MORNING_NS: Final[UnixNs] = from_ist(DAY, time(9, 15))

_POISON: Final = {
    "ticks: not JSON": b"{oops",
    "ticks: unlucky": encode(Tick("NSE:UNLUCKY", _MORNING_NS, _MORNING_NS, POISON_LTP)),
    "orders: not JSON": b"not a message",
    "control: unknown type": b'{"type":"abracadabra"}',
    "instruments: field missing": b'{"type":"instrument"}',
    "executions: not JSON": b"",
}


def poison(what: str) -> Output:
    """Return the entry that a fault's words mean."""
    return Output(what.partition(":")[0], _POISON[what])


def command(what: str, number: int) -> Output:
    """Return a person's command; *number* tells equal ones apart."""
    word, _, name = what.partition(" ")
    message = _command(word, name or None, _MORNING_NS + number * NS_PER_S)
    return Output(STREAM_OF[type(message)], encode(message))


def _command(word: str, strategy: str | None, at_ns: UnixNs) -> Message:
    match word:
        case "halt":
            return Halt("a person", "because", at_ns)
        case "resume":
            return Resume("a person", at_ns)
        case "square_off":
            return SquareOff(strategy, "a person", at_ns)
        case "stop":
            return Stop(strategy, "a person", at_ns)
        case _:
            return Start(strategy, "a person", at_ns)
