"""Services with other rests than their own: `REST_MS` for a unit between small steps, 0 for none, as a process of `benchmarks.rests`."""

import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sauda.service import Role, run, unit_role
from sauda.settings import Settings
from sauda.units import available

UNIT: Final = os.environ.get("REST_UNIT", "execution.paper")
REST_MS: Final = int(os.environ.get("REST_MS", "0"))


def wire(settings: Settings) -> Sequence[Role]:
    """Return the unit's one role."""
    unit = available(settings)[UNIT]
    return [unit_role(replace(unit, rest_ms=REST_MS, urgent=unit.urgent if REST_MS else ()), settings)]


if __name__ == "__main__":
    run("rested", wire)
