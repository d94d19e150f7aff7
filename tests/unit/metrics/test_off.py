"""Without a port nothing is measured: no wrapper, no page, not even the library is loaded."""

import subprocess
import sys
from pathlib import Path

from sauda.contracts import DeskPnl
from sauda.health import Health
from sauda.metrics import measures
from sauda.metrics.tally import Distribution
from sauda.metrics.units import measured_unit
from sauda.redis_line import Line
from sauda.redis_log import RedisLog
from sauda.said import Said
from sauda.service import surroundings, watched
from sauda.settings import Settings
from sauda.testing.builders import NOW


def test_a_unit_that_is_not_measured_works_with_the_log_itself() -> None:
    log, said, figures = surroundings("execution.paper", Settings())

    assert type(log) is RedisLog
    assert type(log.line) is Line
    assert type(said) is Said
    assert figures is None
    with watched(Settings(), Health(None, "test")) as page:
        assert page is None


def test_one_that_is_measured_works_with_wrappers() -> None:
    log, said, figures = surroundings("execution.paper", Settings(metrics_port=0))

    assert type(log) is not RedisLog
    assert type(said) is not Said
    assert figures is not None


def test_services_that_are_not_measured_load_nothing_of_it() -> None:
    services = sorted(path.name for path in (Path(__file__).parents[3] / "services").glob("*/src/sauda_*"))
    look = (
        "import importlib, sys\n"
        f"for name in {services}: importlib.import_module(name + '.__main__')\n"
        "print([m for m in sys.modules if m.startswith(('sauda.metrics', 'prometheus_client', 'opentelemetry.sdk', 'opentelemetry.proto'))])"
    )

    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_one_that_no_longer_carries_the_unit_does_not_tell_its_old_points() -> None:
    measured = measured_unit("pnl.valuation", Settings(metrics_port=0))
    measured.trading.note(DeskPnl(0, 0, 0, 500_00, None, None, NOW))

    def told() -> list[float | Distribution]:
        return [one.value for one in measured.readings() if one.measure is measures.NET]

    before = told()
    measured.is_held = lambda: False
    lost = told()
    measured.is_held = lambda: True

    assert (before, lost, told()) == ([500.0], [], [])
    assert measures.MESSAGES in {one.measure for one in measured.readings()}
