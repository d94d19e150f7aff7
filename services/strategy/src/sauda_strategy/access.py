"""What this service may do on the desk's Redis, and nothing more: its user is made from this (`sauda.access`)."""

from typing import Final

from sauda.access.declared import Access
from sauda_strategy.kinds import HOSTED_INPUTS, OUTPUTS, PREFIX

ACCESS: Final = Access(
    "strategy",
    units=(f"{PREFIX}*",),
    reads=HOSTED_INPUTS,
    writes=OUTPUTS,
    # What has been told already, and whether an instance that has no file any more holds something.
    looks_at=("alerts", "unit:execution.paper"),
)
