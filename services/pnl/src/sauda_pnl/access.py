"""What this service may do on the desk's Redis, and nothing more: its user is made from this (`sauda.access`)."""

from typing import Final

from sauda.access.declared import Access
from sauda.unit import REQUEUED
from sauda_pnl.valuation import INPUTS, OUTPUTS

STREAMS: Final = ("pnl", "executions", "orders", REQUEUED)
"""What goes into the databases, and the letters that come back."""

ACCESS: Final = Access("pnl", units=("pnl.valuation",), reads=INPUTS, writes=OUTPUTS, groups=STREAMS)
