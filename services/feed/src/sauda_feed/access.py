"""What this service may do on the desk's Redis, and nothing more: its user is made from this (`sauda.access`)."""

from typing import Final

from sauda.access.declared import Access, Duty
from sauda_feed.progress import UNIT

ACCESS: Final = Access(
    "feed",
    units=(UNIT,),
    writes=("ticks", "instruments", "replies", "broker_updates"),
    duty=Duty.PUT_ASIDE,
)
