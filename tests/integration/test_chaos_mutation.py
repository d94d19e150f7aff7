"""The proof can fail: with a check taken out of the commit script, chaos finds what that check has kept away.

The services of these runs read another commit script, by a `sitecustomize` that only a test can put on their path: no setting
of the desk reaches it.
"""

from pathlib import Path

import pytest

import sauda
from tests.integration.chaos_runs import Ran, place, ran

COMMIT = (Path(sauda.__file__).with_name("commit.lua")).read_text()
LEASE = "if redis.call('GET', KEYS[1]) ~= ARGV[1] then"
POSITION = "if committed ~= move.before then"
FOLLOWING = "if not following[1] or following[1][1] ~= move.first then"
NEVER = "if false then"
ZOMBIES = ("minutes=0.7", "seed=1", "straddles=6", "services=feed,execution")
"""Pauses past the lease, and commits that arrive after it, of the two services that show most."""
READ_INSTEAD = """
from pathlib import Path
import sauda.redis_log

class Mutated(sauda.redis_log.Script):
    def __init__(self, name):
        super().__init__(name)
        other = Path(__file__).with_name(f"{name}.lua")
        if other.exists():
            import hashlib
            self.text = other.read_bytes()
            self.digest = hashlib.sha1(self.text, usedforsecurity=False).hexdigest()

sauda.redis_log.Script = Mutated
"""


def without(*checks: str) -> str:
    """Return the commit script with *checks* never true."""
    script = COMMIT
    for check in checks:
        assert script.count(check) == 1, f"commit.lua no longer has the line: {check}"
        script = script.replace(check, NEVER)
    return script


def chaos_with(script: str) -> Ran:
    """Run chaos with *script* in the place of the commit."""
    with place() as folder:
        mutation = folder / "mutation"
        mutation.mkdir()
        (mutation / "sitecustomize.py").write_text(READ_INSTEAD)
        (mutation / "commit.lua").write_text(script)
        return ran(folder, *ZOMBIES, more={"PYTHONPATH": str(mutation)})


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_without_the_lease_check_zombies_write() -> None:
    run = chaos_with(without(LEASE))

    assert run.code == 1, run.text
    # The feed's steps read no stream, so the lease is all that keeps a paused feed from saying the market again.
    assert run.violations("ticks"), run.text
    assert "FAILED" in run.text
    assert "Again: python -m chaos minutes=0.7 seed=1" in run.text


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_without_lease_and_position_checks_units_do_things_twice() -> None:
    run = chaos_with(without(LEASE, POSITION, FOLLOWING))

    assert run.code == 1, run.text
    assert any("the next step begins at" in one for one in run.violations("steps")), run.text


@pytest.mark.slow
@pytest.mark.timeout(420)
def test_with_another_script_that_has_all_checks_the_same_run_passes() -> None:
    run = chaos_with(without() + "-- the same\n")

    assert run.code == 0, run.text
