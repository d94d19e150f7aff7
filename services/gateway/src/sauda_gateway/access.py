"""What this service may do on the desk's Redis, and nothing more: its user is made from this (`sauda.access`)."""

from typing import Final

from sauda.access.declared import Access, Duty

ACCESS: Final = Access(
    "gateway", writes=("orders", "signals", "control", "subscriptions", "audit"), duty=Duty.SERVE
)
