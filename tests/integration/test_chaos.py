"""The crash proof in short: one minute of a whole desk that is killed, paused, doubled and cut off, and nothing is lost or doubled."""

import signal
import subprocess

import pytest

from chaos.waiting import wait_until
from tests.integration.chaos_runs import COMMAND, ROOT, environ, leftovers, place, ran

CHECKS = (
    "trial",
    "append-only file",
    "ticks",
    "steps",
    "replay",
    "orders",
    "positions and cash",
    "database",
    "consumers",
    "archive",
    "dead letters",
)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_a_minute_of_kills_and_pauses_loses_nothing_and_doubles_nothing() -> None:
    with place() as folder:
        run = ran(folder, "minutes=1", "seed=7")

        assert run.code == 0, run.text
        assert {one["name"]: one["violations"] for one in run.document["checks"]} == {
            name: [] for name in CHECKS
        }
        assert run.document["done"]["kill"] >= 20
        assert run.document["done"]["pause"] >= 8
        assert run.document["recovery"]["kills"] >= 8
        assert [one.name for one in folder.iterdir()] == ["chaos.json"], "what passed leaves nothing behind"
        assert leftovers(folder) == []


@pytest.mark.timeout(120)
def test_a_run_that_is_stopped_by_hand_takes_everything_with_it() -> None:
    with place() as folder:
        command = [*COMMAND, "minutes=1", f"report={folder / 'chaos.json'}"]
        with subprocess.Popen(
            command,
            cwd=ROOT,
            env=environ(folder),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as run:
            assert run.stdout is not None
            assert any("kill -9" in line for line in run.stdout)
            assert len(leftovers(folder)) > 10

            run.send_signal(signal.SIGINT)
            rest = run.stdout.read()

        assert run.returncode == 130, rest
        assert "stopped" in rest.splitlines()[-1]
        wait_until(lambda: leftovers(folder) == [], 10, "every process of the run has ended")
        assert list(folder.iterdir()) == []
