"""The crash proof in containers, in short: killed, paused and taken off the network, nothing is lost or doubled."""

import subprocess

import pytest

from tests.integration.chaos_runs import place, ran

pytestmark = [pytest.mark.containers, pytest.mark.slow, pytest.mark.timeout(1200)]


def test_a_desk_of_containers_loses_nothing_and_leaves_nothing_behind() -> None:
    with place() as folder:
        run = ran(folder, "minutes=0.5", "seed=1", "straddles=6", "runtime=docker")

        assert run.code == 0, run.text
        assert run.document["runtime"] == "docker"
        assert run.document["done"]["kill"] >= 10
        assert [one.name for one in folder.iterdir()] == ["chaos.json"]
    listed = ["docker", "ps", "--all", "--filter", "name=sauda-chaos-", "--format", "{{.Names}}"]
    assert subprocess.run(listed, capture_output=True, text=True, check=True).stdout == ""
