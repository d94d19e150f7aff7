"""What this service may do on the desk's Redis, and nothing more: its user is made from this (`sauda.access`)."""

from typing import Final

from sauda.access.declared import Access

INPUTS: Final = ("instruments", "control", "ticks", "executions")
"""Instruments before ticks, so that a contract is known when its first price comes; control before
executions, so that a square-off is known when the exchange acts on it."""

HOSTED_INPUTS: Final = ("instruments", "control", "replies", "ticks", "executions")
"""Of a hosted kind: bars of the past come as replies, before the tick that follows them."""

OUTPUTS: Final = ("signals", "orders", "subscriptions", "alerts")

PREFIX: Final = "strategy."
"""What the name of every strategy's unit begins with."""

ACCESS: Final = Access(
    "strategy",
    units=(f"{PREFIX}*",),
    reads=HOSTED_INPUTS,
    writes=OUTPUTS,
    # What has been told already, and whether an instance that has no file any more holds something.
    looks_at=("alerts", "unit:execution.paper"),
)
