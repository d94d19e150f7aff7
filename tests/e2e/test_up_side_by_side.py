"""One desk a clone: its own ports, sockets and data, and never two of them on the same data."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.conftest import Project, eventually, is_alive, make_project

pytestmark = [pytest.mark.e2e, pytest.mark.slow]


@pytest.fixture
def second(tmp_path: Path) -> Iterator[Project]:
    made = make_project(tmp_path / "another desk")
    yield made
    made.sauda("down")


def test_two_desks_do_not_meet(project: Project, second: Project) -> None:
    project.up()
    second.up()

    first_at, second_at = project.run_env(), second.run_env()
    assert first_at["SAUDA_REDIS_URL"] != second_at["SAUDA_REDIS_URL"]
    assert first_at["SAUDA_SIM_PORT"] != second_at["SAUDA_SIM_PORT"]
    assert not set(project.processes().values()) & set(second.processes().values())

    assert second.sauda("down").returncode == 0
    eventually(lambda: len(project.processes()) == 8)


def test_a_desk_keeps_its_ports(project: Project) -> None:
    project.up()
    before = project.run_env()
    project.sauda("down")

    project.up()

    assert project.run_env() == before


def test_what_a_killed_supervisor_left_behind_is_stopped_first(project: Project) -> None:
    project.up()
    before = project.processes()
    os.kill(int((project.root / "var/run/supervisord.pid").read_text()), signal.SIGKILL)

    project.up()

    # Two servers on one folder would ruin the data.
    assert not [pid for pid in before.values() if is_alive(pid)]
    assert len(project.processes()) == 8
