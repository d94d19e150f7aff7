"""Who asked the gateway to change something, and what came of it: written for people, read by no unit."""

from enum import Enum

import msgspec

from sauda.contracts.instants import UnixNs


class Scope(Enum):
    """What a token lets its owner do; each may do what those before it may."""

    READ = "read"
    TRADE = "trade"
    ADMIN = "admin"


class Audited(msgspec.Struct, frozen=True, tag="audited"):
    """One attempt from outside to change something, whether it was let through or not."""

    who: str | None
    """The token's name, never the token; None: none was shown, or one that nobody knows."""
    scope: Scope | None
    """What that token may do; None without a known one."""
    action: str
    """What was tried: `POST /api/v1/orders`."""
    target: str
    """What it was about: an order's id, a strategy's name; empty: the desk."""
    outcome: str
    """What came of it, the answer's status first: `202 accepted`, `403 this token may only read`."""
    address: str
    """Where it came from, as far as the gateway can tell: `192.0.2.7`."""
    wall_ns: UnixNs
    """Wall time: people act outside the market, too."""
