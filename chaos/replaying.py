"""Every unit is run again over its recorded inputs, undisturbed, and must say the same to the byte. The one place that asks for it."""

from pathlib import Path

from chaos.finding import Finding
from sauda.redis_view import RedisView
from sauda.settings import load_settings
from sauda.testing.rerun import verify
from sauda.units import available


def check_replay(view: RedisView, config: Path, speed: float) -> Finding:
    """Compare every recorded output and every final state with what an undisturbed run gives."""
    finding = Finding("replay")
    settings = load_settings(config.parent, {"SAUDA_CONFIG": str(config), "SAUDA_SPEED": str(speed)})
    verdict = verify(view, available(settings).values())
    finding.violations += verdict.differences
    for unit, steps in verdict.steps.items():
        finding.require(steps, f"{unit} never did anything")
    steps = sum(verdict.steps.values())
    finding.facts = (
        f"{len(verdict.steps)} units, {steps} steps, {verdict.outputs} outputs, byte for byte as recorded"
    )
    return finding
