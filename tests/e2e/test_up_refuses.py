"""What cannot work is said before anything starts: exit code 2, and the thing is named."""

import pytest

from tests.e2e.conftest import Project

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    ("arguments", "environment", "named"),
    [
        pytest.param(["--source", "recording"], {}, "RECORDING=file", id="a recording without a file"),
        pytest.param(["--recording", "no.parquet"], {}, "no.parquet", id="a recording that is not there"),
        pytest.param(["--source", "moon"], {}, "moon", id="a source that nobody knows"),
        pytest.param(["--speed", "fast"], {}, "SAUDA_SPEED", id="a speed that is no number"),
        pytest.param(["--desk", "a:b"], {}, "a:b", id="a desk name that is not usable"),
        pytest.param([], {"SAUDA_SPED": "60"}, "SAUDA_SPED", id="a setting that nobody knows"),
        pytest.param(["--source", "noren"], {}, "SAUDA_NOREN_USER", id="a broker without an account"),
        pytest.param(["--runtime", "cloud"], {}, "docker or local", id="a runtime that nobody knows"),
    ],
)
def test_up_names_what_is_wrong(
    project: Project, arguments: list[str], environment: dict[str, str], named: str
) -> None:
    done = project.sauda("up", *arguments, **environment)

    assert done.returncode == 2, done.stdout
    assert named in done.stderr
    assert project.sauda("ps").returncode == 1


def test_a_broken_rules_file_is_named(project: Project) -> None:
    (project.root / "config/strategies/mine.yaml").write_text("kind: short_straddle\nquantty: 1\n")

    done = project.sauda("up")

    assert done.returncode == 2
    assert "mine" in done.stderr
    assert "quantty" in done.stderr


def test_commands_for_a_running_desk_say_that_there_is_none(project: Project) -> None:
    done = project.sauda("restart", "pnl")

    assert done.returncode == 1
    assert "no desk is up" in done.stderr


def test_logs_of_no_desk_are_not_followed(project: Project) -> None:
    done = project.sauda("logs")

    assert done.returncode == 1
    assert "no desk is up" in done.stderr
