"""What this service may do on the desk's Redis, and nothing more: its user is made from this (`sauda.access`)."""

from typing import Final

from sauda.access.declared import Access

INPUTS: Final = ("instruments", "control", "replies", "pnl", "ticks", "orders")
"""Ticks before orders: an order of the same instant sees the newest price. Before both what may halt the desk."""
OUTPUTS: Final = ("executions", "subscriptions", "alerts")

ACCESS: Final = Access("execution", units=("execution.*",), reads=INPUTS, writes=OUTPUTS)
