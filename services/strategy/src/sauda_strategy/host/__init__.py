"""Carries one `Strategy`: messages become calls of its handlers, its intents become signals and orders."""

from sauda_strategy.host.host import Host

__all__ = ["Host"]
