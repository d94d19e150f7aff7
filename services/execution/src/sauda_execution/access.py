"""What this service may do on the desk's Redis, and nothing more: its user is made from this (`sauda.access`)."""

from typing import Final

from sauda.access.declared import Access
from sauda_execution.exchange import INPUTS, OUTPUTS

ACCESS: Final = Access("execution", units=("execution.*",), reads=INPUTS, writes=OUTPUTS)
