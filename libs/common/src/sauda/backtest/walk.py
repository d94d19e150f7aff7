"""A walk: bars of one instrument that only one unit acts on; it takes one after the other, and the others wait.

    open ──► the clock ──► the rest          of each bar, by that unit alone (`walk`)
    the last price                           by each of the others (`glide`), before it hears of anything else

A year of minutes has 92,200 bars, of which a strategy that follows the market answers a hundred or a thousand. What is left is
what each tick and beat would have left; a law has it so (tests/unit/backtest/test_walk.py).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, NamedTuple

from sauda.backtest.player import Player
from sauda.clock import UnixNs
from sauda.contracts import ClockTick, InstrumentId, Message
from sauda.recordings.bar_path import WholeBar
from sauda.stretch import Calm, Stretch

_NEVER: Final = 2**63

_Walk = Callable[[InstrumentId, Iterable[WholeBar], Calm, list[Any]], Sequence[Message] | None]


class Walker(NamedTuple):
    """One that hears ticks, and can say where they are only prices to it."""

    player: Player
    calm: Callable[[InstrumentId], Calm | None]
    glide: Callable[[Stretch], None]
    walk: _Walk | None
    """Takes whole bars of what it acts on, if it can."""


class Walked(NamedTuple):
    """How far it went."""

    bars: int
    """So many were taken whole."""
    said: Sequence[Message] | None = None
    """What the actor says at the beginning of the next, of which it has taken the first tick and the clock; None: nothing."""
    actor: Player | None = None
    failed: bool = False
    """Whether the actor raised and went back to before the next bar: played tick by tick that one will raise again, and be told."""


NOWHERE: Final = Walked(0)


def walkers(players: Iterable[Player]) -> list[Walker]:
    """Return *players*, all that hear ticks; nothing, if one of them cannot say where it is calm."""
    processors: list[tuple[Player, Any]] = [(player, player.processor) for player in players]
    if not all(hasattr(one, "calm") for _, one in processors):
        return []
    return [Walker(player, one.calm, one.glide, getattr(one, "walk", None)) for player, one in processors]


def walk(every: Sequence[Walker], bars: Sequence[WholeBar], at: int, until_ns: UnixNs, most: int) -> Walked:
    """Let the only one of *every* that acts on the bars from number *at* on take some, *most* at the most, before *until_ns*."""
    instrument, low, high = bars[at].first.instrument, -_NEVER, _NEVER
    actor: Walker | None = None
    for one in every:
        calm = one.calm(instrument)
        if calm is not None:
            low, high, until_ns = max(low, calm.low), min(high, calm.high), min(until_ns, calm.until_ns)
        elif actor is not None or one.walk is None:
            return NOWHERE
        else:
            actor = one
    if actor is None or actor.walk is None or bars[at].first.recv_ns >= until_ns:
        return NOWHERE
    walked = _walked(
        actor.player,
        actor.walk,
        (bars[number] for number in range(at, min(at + most, len(bars)))),
        instrument,
        Calm(low, high, until_ns),
    )
    last = None if not walked.bars else bars[at + walked.bars - 1].rest
    if walked.said is not None:
        first = bars[at + walked.bars].first
        actor.player.worked += (first, ClockTick(first.recv_ns))
        last = Stretch(first, first.ltp, first.ltp, 1)
    for one in every:
        if one is not actor and last is not None:
            one.glide(last)
            one.player.worked.append(last)
    return walked


def _walked(
    player: Player, take: _Walk, bars: Iterable[WholeBar], instrument: InstrumentId, calm: Calm
) -> Walked:
    before = len(player.worked)
    try:
        said = take(instrument, bars, calm, player.worked)
    except Exception:  # noqa: BLE001  (see `Walked.failed`)
        player.go_back()
        return Walked(len(player.worked) - before, failed=True)
    return Walked(len(player.worked) - before, said, player)
