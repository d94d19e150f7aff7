"""Whether a recording counts volume and open interest in units, as everybody else here does, or in lots.

No file says so, but its numbers do: a quantity in units is always a multiple of the contract's lot. Numbers that no lot divides
are lots. NSE's own option chains count so, while their bids and offers are in units.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import gcd
from typing import Any, Final

import numpy as np
import pandas as pd

COLUMNS: Final = ("volume", "oi")
LEAST: Final = 50
"""Numbers above zero that must have been seen: a few may have no common divisor by chance, or by one that is broken."""


@dataclass(slots=True)
class _Numbers:
    seen: int = 0
    whole: int = 0
    """Those that are multiples of their contract's lot."""
    divisor: int = 0
    """The greatest number that divides all of them."""


class Counted:
    """What the numbers of a file say, piece by piece."""

    def __init__(self) -> None:
        self._numbers = {name: _Numbers() for name in COLUMNS}

    def look(self, rows: pd.DataFrame, lots: Mapping[str, int]) -> None:
        """Look at *rows*; *lots* maps the trading symbols that matter to their lot size."""
        sizes = rows["trading_symbol"].map(lots).fillna(0).to_numpy(dtype=np.int64)
        for name in COLUMNS:
            if name in rows:
                self._count(self._numbers[name], rows[name], sizes)

    def in_lots(self) -> frozenset[str]:
        """Return the columns whose numbers are lots.

        Two signs are asked for: a broken number in a file of units leaves the others whole, and a lot size that we know
        wrongly leaves a divisor.
        """
        return frozenset(
            name
            for name, found in self._numbers.items()
            if found.seen >= LEAST and found.divisor == 1 and 2 * found.whole < found.seen
        )

    @staticmethod
    def _count(found: _Numbers, column: Any, sizes: "np.ndarray[Any, Any]") -> None:
        numbers = np.rint(np.nan_to_num(column.to_numpy(dtype=np.float64), posinf=0, neginf=0)).astype(
            np.int64
        )
        telling = (numbers > 0) & (sizes > 1)
        numbers, sizes = numbers[telling], sizes[telling]
        found.seen += len(numbers)
        found.whole += int((numbers % sizes == 0).sum())
        if len(numbers):
            found.divisor = gcd(found.divisor, int(np.gcd.reduce(numbers)))
