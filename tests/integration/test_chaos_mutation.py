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
SIGNS = {"ticks": "", "steps": "the next step begins at"}
"""check -> what it has to say when zombies write, and when units do things twice."""
ZOMBIES = ("straddles=6", "services=feed,execution")
"""Pauses past the lease, and commits that arrive after it, of the two services that show most."""
SEEDS = (98, 70, 303)
"""In which most pauses and delays befall a holder while nothing else does. Whether a zombie falls into the middle of a step is up to
the machine: the next seed is asked where the first has shown nothing."""
READ_INSTEAD = """
from pathlib import Path
import sauda.redis_log
import sauda.redis_transaction

sauda.redis_transaction.MANY = 1 << 60  # every step goes by the script

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


def chaos_with(script: str, seed: int, minutes: float) -> Ran:
    """Run chaos with *script* in the place of the commit."""
    with place() as folder:
        mutation = folder / "mutation"
        mutation.mkdir()
        (mutation / "sitecustomize.py").write_text(READ_INSTEAD)
        (mutation / "commit.lua").write_text(script)
        return ran(folder, *ZOMBIES, f"minutes={minutes}", f"seed={seed}", more={"PYTHONPATH": str(mutation)})


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_without_lease_and_position_checks_zombies_write_and_units_do_things_twice() -> None:
    # The feed's steps read no stream: the lease is all that keeps a paused feed from saying the market again. Other units' steps
    # are kept from happening twice by the position as well.
    script, missing, texts = without(LEASE, POSITION, FOLLOWING), dict(SIGNS), []
    for seed in SEEDS:
        run = chaos_with(script, seed, minutes=0.7)
        found = [
            check for check, sign in missing.items() if any(sign in one for one in run.violations(check))
        ]
        if found:
            assert run.code == 1, run.text
            assert "FAILED" in run.text
            assert "Again: python -m chaos minutes=0.7 seed=" in run.text
        missing = {check: sign for check, sign in missing.items() if check not in found}
        if not missing:
            return
        texts.append(run.text)
    raise AssertionError("\n".join([f"not found out: {[*missing]}", *texts]))


@pytest.mark.slow
def test_with_another_script_that_has_all_checks_a_run_passes() -> None:
    # Short: that a long one passes is what test_chaos.py shows. It is the reading of another script that must break nothing. But
    # not so short that most of it were still younger than what the archive leaves on Redis.
    run = chaos_with(without() + "-- the same\n", SEEDS[0], minutes=0.5)

    assert run.code == 0, run.text
