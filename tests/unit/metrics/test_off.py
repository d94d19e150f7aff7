"""Without a port nothing is measured: no wrapper, no page, not even the library is loaded."""

import subprocess
import sys

import pytest

from sauda.health import Health
from sauda.redis_line import Line
from sauda.redis_log import RedisLog
from sauda.said import Said
from sauda.service import _surroundings, watched
from sauda.settings import Settings


def test_a_unit_that_is_not_measured_works_with_the_log_itself() -> None:
    log, said, figures = _surroundings("execution.paper", Settings())

    assert type(log) is RedisLog
    assert type(log.line) is Line
    assert type(said) is Said
    assert figures is None
    with watched(Settings(), Health(None, "test")) as page:
        assert page is None


def test_one_that_is_measured_works_with_wrappers() -> None:
    log, said, figures = _surroundings("execution.paper", Settings(metrics_port=0))

    assert type(log) is not RedisLog
    assert type(said) is not Said
    assert figures is not None


@pytest.mark.parametrize("service", ["execution", "pnl", "archive", "feed", "strategy", "bars"])
def test_a_service_that_is_not_measured_loads_nothing_of_it(service: str) -> None:
    look = (
        f"import sauda_{service}.__main__, sys;"
        "print([m for m in sys.modules if m.startswith(('sauda.metrics', 'prometheus_client', 'opentelemetry.sdk', 'opentelemetry.proto'))])"
    )

    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"
