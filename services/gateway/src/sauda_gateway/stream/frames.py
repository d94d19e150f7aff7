"""What clients are sent, as text; each is made once, however many clients get it. Pure."""

from typing import Any

import msgspec

from sauda.clock import UnixNs

_encode = msgspec.json.encode


def told(topic: str, position: str, data: Any) -> str:
    """Return the message that brings *data* of a topic."""
    return _encode({"topic": topic, "id": position, "data": data}).decode()


def begun(topic: str, position: str) -> str:
    """Return the word that a topic of events is followed from *position* on."""
    return _encode({"topic": topic, "id": position, "subscribed": True}).decode()


def ended(topic: str) -> str:
    """Return the word that a topic is not followed any more."""
    return _encode({"topic": topic, "subscribed": False}).decode()


def gap(topic: str, after: str, position: str) -> str:
    """Return the word that events between *after* and *position* were not sent: they are to be read over REST."""
    return _encode({"topic": topic, "gap": True, "after": after, "id": position}).decode()


def hello(desk: str, market_ns: UnixNs, away: str | None) -> str:
    """Return the first message of all; it comes again when the desk begins a new book."""
    return _encode({"hello": {"desk": desk, "market_ns": market_ns, "away": away}}).decode()


def heartbeat(market_ns: UnixNs, away: str | None) -> str:
    """Return the sign of life; *away* says why nothing new can come."""
    return _encode({"heartbeat": {"market_ns": market_ns, "away": away}}).decode()


def refused(detail: str, topic: str | None = None) -> str:
    """Return why a client's message, or a part of it, was not followed."""
    named = {"topic": topic[:200]} if topic is not None else {}
    return _encode({"error": {"title": "Not acceptable as it is", "detail": detail, **named}}).decode()
