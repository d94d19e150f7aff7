"""The parts of the exchange that keep the desk out of trouble, in the order in which they are asked."""

from sauda.state import State
from sauda_execution.known import Known
from sauda_execution.parts import Part
from sauda_execution.risk.flatten import Flattener
from sauda_execution.risk.gate import RiskGate
from sauda_execution.risk.halts import Halts
from sauda_execution.risk.rules import RiskRules
from sauda_execution.risk.switch import Switch
from sauda_execution.risk.watch import LossWatch


def risk_parts(state: State, known: Known, rules: RiskRules | None, source: str) -> list[Part]:
    """Return what obeys people always, and what keeps *rules* if there are any.

    Args:
        state: The exchange's.
        known: What it knows.
        rules: None: nothing is limited.
        source: The unit, for alerts.
    """
    halts, flattener = Halts(state), Flattener(state, known, source)
    switch = Switch(state, known, halts, flattener, source)
    if rules is None:
        return [switch]
    watch = LossWatch(state, known, rules, halts=halts, flattener=flattener, source=source)
    return [switch, RiskGate(state, known, rules), watch]
