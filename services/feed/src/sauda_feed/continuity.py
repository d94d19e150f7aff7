"""A desk's market time never goes back: whether a source may serve a desk is decided here, and only here."""

from sauda.clock import UnixNs, clock_text
from sauda.errors import ConfigError


def require_continuity(desk: str, seen_ns: UnixNs | None, source: str, market_ns: UnixNs) -> None:
    """Let *source*, whose market stands at *market_ns*, serve *desk*, which has seen *seen_ns*.

    Args:
        desk: Name of the desk.
        seen_ns: Greatest market time on the desk; None for a new one.
        source: The source's name, for the message.
        market_ns: The first market time that the source would write.

    Raises:
        ConfigError: the market would go back. Timers would fire twice and P&L points would be overwritten.
    """
    if seen_ns is None or market_ns >= seen_ns:
        return
    raise ConfigError(
        f"desk {desk!r} has seen the market of {clock_text(seen_ns)}, and {source} stands at "
        f"{clock_text(market_ns)}: market time cannot go back. Give the run a desk of its own "
        f"(DESK=another) or remove the old one's data (make clean)"
    )
