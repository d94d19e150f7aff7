"""Which combinations of values are tried: all of a grid, or a sample of them that the grid itself determines."""

import hashlib
import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import prod
from typing import Final

from sauda.errors import ConfigError

MOST: Final = 100_000
"""Combinations of one sweep; each is a whole backtest."""
_MOST_VALUES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Grid:
    """Keys and the values that each takes, all as texts: they are read as rules are."""

    axes: tuple[tuple[str, tuple[str, ...]], ...]
    """(key, its values), in the order in which they were given."""

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the keys."""
        return tuple(key for key, _ in self.axes)

    def __len__(self) -> int:
        return prod(len(values) for _, values in self.axes)

    def at(self, number: int) -> dict[str, str]:
        """Return combination *number*, counted from 0; the last key changes fastest."""
        found: dict[str, str] = {}
        for key, values in reversed(self.axes):
            number, index = divmod(number, len(values))
            found[key] = values[index]
        return {key: found[key] for key in self.keys}

    def chosen(self, sample: int | None) -> Sequence[int]:
        """Return the numbers of the combinations to try, in order.

        Args:
            sample: How many; the same grid gives the same sample. None, or more than there are: all.

        Raises:
            ConfigError: they are too many for one sweep.
        """
        if sample is not None and sample < len(self):
            # The seed is the grid: who runs the sweep again tries the same combinations.
            seed = hashlib.sha256(repr(self.axes).encode()).digest()
            return sorted(random.Random(seed).sample(range(len(self)), sample))  # noqa: S311  (no secret)
        if len(self) > MOST:
            raise ConfigError(
                f"the grid has {len(self):,} combinations, more than {MOST:,}: use fewer values, or --sample"
            )
        return range(len(self))


def grid_of(texts: Sequence[str]) -> Grid:
    """Read `key=a,b,c` and `key=from..to..step`, inclusive; both kinds may be mixed.

    Raises:
        ConfigError: a text is neither, a key stands twice, or a value does.
    """
    axes: dict[str, tuple[str, ...]] = {}
    for text in texts:
        key, equals, values = text.partition("=")
        key = key.strip()
        if not equals or not key or not values.strip():
            raise ConfigError(f"--grid {text!r} is not key=a,b,c or key=from..to..step, such as lots=1..5")
        if key in axes:
            raise ConfigError(f"--grid {key}: is said twice; write all its values with commas")
        axes[key] = tuple(_values(text, values))
    if not axes:
        raise ConfigError("nothing to vary: name at least one --grid key=a,b,c")
    return Grid(tuple(axes.items()))


def key_of(values: Mapping[str, str]) -> str:
    """Return a text that names a combination."""
    return " ".join(f"{key}={value}" for key, value in values.items())


def _values(text: str, values: str) -> Iterator[str]:
    seen: set[str] = set()
    for part in values.split(","):
        for value in _range(text, part) if ".." in part else [part.strip()]:
            if not value:
                raise ConfigError(f"--grid {text!r}: there is an empty value")
            if value in seen:
                raise ConfigError(f"--grid {text!r}: {value} stands twice")
            seen.add(value)
            yield value


def _range(text: str, part: str) -> list[str]:
    """Return the values of `1..9..2`; decimals, so that 0.1 steps stay 0.1 steps."""
    try:
        first, last, *more = (Decimal(number.strip()) for number in part.split(".."))
    except (InvalidOperation, ValueError):
        raise ConfigError(f"--grid {text!r}: {part!r} is not from..to or from..to..step") from None
    step = more[0] if more else Decimal(1)
    if len(more) > 1 or not all(number.is_finite() for number in (first, last, step)):
        raise ConfigError(f"--grid {text!r}: {part!r} is not from..to or from..to..step")
    if step <= 0 or last < first:
        raise ConfigError(f"--grid {text!r}: {part!r} has no value; count upwards with a step above zero")
    count = int((last - first) / step) + 1
    if count > _MOST_VALUES:
        raise ConfigError(f"--grid {text!r}: {part!r} has {count:,} values, more than {_MOST_VALUES:,}")
    return [f"{first + at * step:f}" for at in range(count)]
