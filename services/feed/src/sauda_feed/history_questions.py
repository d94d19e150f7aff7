"""A desk's questions about bars of the past: each gets one answer, in the order in which they were asked.

An answer may have several parts. They are written in the commit that moves `Progress.told` past the question, so a feed that is killed
in between asks again and the desk still reads one answer, whole.
"""

from collections import deque

from sauda.merge import id_parts
from sauda_feed.historian import HistoryQuestion


class HistoryQuestions:
    """What still needs an answer, oldest first."""

    def __init__(self, told: str) -> None:
        """*told* is the entry up to which all have had theirs."""
        self._told = id_parts(told.encode())
        self._open: deque[HistoryQuestion] = deque()

    def add(self, question: HistoryQuestion) -> None:
        """Take a question as it is read, unless it has had its answer."""
        if id_parts(question.entry) > self._told:
            self._open.append(question)

    @property
    def first(self) -> HistoryQuestion | None:
        """Return the oldest one that is open."""
        return self._open[0] if self._open else None

    def told(self, question: HistoryQuestion) -> None:
        """Drop *question*: its answer is committed."""
        self._told = id_parts(question.entry)
        self._open.popleft()
