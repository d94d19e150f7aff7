"""Instants on the wire: bounded, so that one absurd clock cannot take a desk's market time where it never comes back from."""

from typing import Annotated, TypeAlias

from msgspec import Meta

UnixNs: TypeAlias = Annotated[int, Meta(ge=0, le=7_258_118_400_000_000_000)]
"""Nanoseconds since 1970-01-01 UTC, up to the year 2200; a message from beyond is unreadable."""
