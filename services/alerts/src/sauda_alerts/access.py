"""What this service may do on the desk's Redis, and nothing more: its user is made from this (`sauda.access`)."""

from typing import Final

from sauda.access.declared import Access, Duty
from sauda.unit import REQUEUED
from sauda_alerts.desk import INPUTS

ACCESS: Final = Access(
    "alerts",
    units=("alerts.*",),
    reads=(*INPUTS, "alerts"),
    writes=("alerts",),
    groups=("alerts", REQUEUED),
    duty=Duty.WATCH,
)
