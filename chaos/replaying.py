"""Every unit is run again over its recorded inputs, undisturbed, and must say the same to the byte. The one place that asks for it."""

from chaos.finding import Finding
from sauda.errors import SaudaError
from sauda.record import Record
from sauda.rerun import verify
from sauda.settings import Settings
from sauda.units import available


def check_replay(record: Record, settings: Settings) -> Finding:
    """Compare every recorded output and every final state with what an undisturbed run gives."""
    finding = Finding("replay")
    try:
        verdict = verify(record, available(settings).values())
    except SaudaError as error:
        # A record that cannot be run again, or brings a unit into an impossible state, is what is looked for.
        finding.violations.append(f"{type(error).__name__}: {error}")
        return finding
    finding.violations += verdict.differences
    for unit, steps in verdict.steps.items():
        finding.require(steps, f"{unit} never did anything")
    steps = sum(verdict.steps.values())
    finding.facts = (
        f"{len(verdict.steps)} units, {steps} steps, {verdict.outputs} outputs, byte for byte as recorded"
    )
    return finding
