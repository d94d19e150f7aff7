"""A service that refuses its settings ends the wait at once, with its own words, and is left alone."""

import time

import pytest

from sauda.runtime.starting import PATIENCE_S
from tests.e2e.conftest import Project

pytestmark = pytest.mark.e2e


def test_a_recording_that_is_none_is_said_at_once(project: Project) -> None:
    (project.root / "day.csv").write_text("dear diary\nnothing happened\n")
    began = time.monotonic()

    done = project.sauda("up", "--recording", "day.csv")

    assert done.returncode == 1
    assert time.monotonic() - began < PATIENCE_S, "it waited for what cannot come"
    assert "feed-1 refuses its settings" in done.stdout
    assert "day.csv" in done.stdout.partition("refuses its settings")[2]
    feed = next(one for one in project.replicas() if one["service"] == "feed")
    assert feed["state"] in {"STOPPED", "EXITED"}
    assert "day.csv" in feed["detail"]
    assert "day.csv" in project.sauda("ps").stdout

    assert "is up" in project.up("--source", "simulator").stdout
