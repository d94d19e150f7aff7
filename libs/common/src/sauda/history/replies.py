"""An answer about bars of the past as messages, in parts that a stream can carry. Pure."""

from collections.abc import Sequence
from typing import Final

from sauda.clock import UnixNs
from sauda.contracts import HistoryReply, HistoryRequest, PastBar
from sauda.history.finding import Answer

MOST_IN_A_PART: Final = 1_500
"""Bars in one message: some 75 KB."""


def replies_of(
    request: HistoryRequest, answer: Answer, now_ns: UnixNs, market: str = ""
) -> list[HistoryReply]:
    """Return *answer* as messages: one at least, in parts of `MOST_IN_A_PART` bars."""
    pieces: Sequence[Sequence[PastBar]] = [
        answer.bars[at : at + MOST_IN_A_PART] for at in range(0, len(answer.bars), MOST_IN_A_PART)
    ] or [()]
    error = "; ".join(answer.problems)[:2_000] or None
    return [
        HistoryReply(
            request_id=request.request_id,
            by=request.by,
            instrument=request.instrument,
            timeframe=request.timeframe,
            event_ns=now_ns,
            bars=tuple(piece),
            part=number,
            parts=len(pieces),
            source="+".join(answer.sources),
            error=error,
            market=market,
        )
        for number, piece in enumerate(pieces, 1)
    ]
