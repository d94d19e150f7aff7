"""What this service may do on the desk's Redis, and nothing more: its user is made from this (`sauda.access`)."""

from typing import Final

from sauda.access.declared import Access
from sauda_bars.desk import INPUTS, NAME, OUTPUTS

ACCESS: Final = Access("bars", units=(NAME,), reads=INPUTS, writes=OUTPUTS)
