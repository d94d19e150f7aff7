"""Orders, positions and P&L, read off what was ordered, traded and valued."""
