"""Since how many bars a fast mean stands on its side of a slow one."""

from typing import Any

from sauda_strategy.api import Study


class Crossing(Study):
    """`value` counts bars since the two crossed: +1 on the bar where *fast* rose above *slow*, -1 where it fell below.

    0 while they have not crossed yet, None while one of them is not known. Where both are equal nothing has crossed.
    """

    def __init__(self, fast: Any, slow: Any) -> None:
        self.value: int | None = None
        self.side = 0
        """+1 while fast stands above slow, -1 below, 0 while nobody knows."""
        self._fast = fast
        self._slow = slow

    def add(self, value: float | None) -> None:
        """Take the next close."""
        self._fast.add(value)
        self._slow.add(value)
        fast, slow = self._fast.value, self._slow.value
        if fast is None or slow is None:
            return
        side = (fast > slow) - (fast < slow) or self.side
        if side != self.side:
            # The side on which they are first seen is no crossing.
            self.value = side if self.side else 0
        elif self.value:
            self.value += side
        self.side = side
