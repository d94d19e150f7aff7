"""Reproducible chance: numbers that look random and depend on nothing but their key.

A counter run through a good mixer gives the same number for the same second however the second
is reached, so a restart in mid-day needs no history.
"""

from hashlib import blake2b
from random import Random

_MASK = (1 << 64) - 1
_PER_UNIT = 1.0 / (1 << 64)


def key_of(*parts: object) -> int:
    """Return a 64-bit key for *parts*; equal parts give equal keys in every process."""
    text = "|".join(str(part) for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def mixed(key: int, counter: int) -> int:
    """Return 64 well-mixed bits for the place *counter* in the sequence *key* (splitmix64)."""
    bits = (key + (counter + 1) * 0x9E3779B97F4A7C15) & _MASK
    bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & _MASK
    return bits ^ (bits >> 31)


def uniform(key: int, counter: int) -> float:
    """Return a number in [0, 1) for the place *counter* in the sequence *key*."""
    return mixed(key, counter) * _PER_UNIT


def chance(*parts: object) -> Random:
    """Return a generator of its own for *parts*, for sequences that are always drawn from their beginning."""
    return Random(key_of(*parts))  # noqa: S311 - a market, not a secret
