"""The program starts quickly: nothing heavy is loaded before a command needs it."""

import subprocess
import sys

import pytest

HEAVY = (
    "redis",
    "pydantic",
    "pydantic_settings",
    "rich",
    "structlog",
    "pandas",
    "numpy",
    "pyarrow",
    "plotly",
    "yaml",
    "asyncio",
    "supervisor",
)


@pytest.mark.parametrize("module", HEAVY)
def test_the_commands_are_known_without_loading(module: str) -> None:
    script = f"import sys, sauda.cli.__main__; sys.exit({module!r} in sys.modules)"

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize("module", ["rich", "structlog", "pandas", "supervisor", "tenacity"])
def test_a_reading_command_does_without(module: str) -> None:
    script = (
        "import sys, sauda.redis_view, sauda.settings, sauda.book.valuation;"
        f"sys.exit({module!r} in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0
