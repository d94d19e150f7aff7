"""What the market shows: quotes, bars, option chains and what there is to trade, folded from the streams.

instruments ──► catalogue ─┐
ticks ──► quotes ──────────┼──► chain (with IV and Greeks)
pnl ──► worth (positions) ─┘
"""

from sauda_gateway.market.routes import router

__all__ = ["router"]
