"""The command: `python -m simulation seeds=20000 [from=0] [jobs=2]`, or `seed=17` to see one run again, line by line."""

import sys
from collections.abc import Sequence
from typing import Final

from sauda.clock import monotonic_s
from simulation.coverage import Coverage
from simulation.life import Life, Outcome
from simulation.seeds import outcomes
from simulation.shrink import Shrinker, told

USAGE: Final = "usage: python -m simulation [seeds=2000] [from=0] [jobs=2] | seed=17"
_DEFAULTS: Final = {"seeds": 2_000, "from": 0, "jobs": 2}
_ENOUGH: Final = 3
"""Failing seeds after which no more are looked for."""


class UsageError(Exception):
    """The command line cannot be understood."""


def parsed(words: Sequence[str]) -> dict[str, int]:
    """Read `name=number` words.

    Raises:
        UsageError: a word is none of ours.
    """
    known = dict(_DEFAULTS)
    for word in words:
        name, _, value = word.partition("=")
        if name not in (*_DEFAULTS, "seed") or not value.isdecimal():
            raise UsageError(f"cannot read {word!r}: {USAGE}")
        known[name] = int(value)
    if known["jobs"] < 1 or known["seeds"] < 1:
        raise UsageError(f"seeds and jobs begin at 1: {USAGE}")
    return known


def main(words: Sequence[str]) -> int:
    """Run what *words* ask for; return 0 if every promise held, 1 if not, 2 for a wrong command line."""
    try:
        wanted = parsed(words)
    except UsageError as error:
        print(error, file=sys.stderr)
        return 2
    if "seed" in wanted:
        return _one(wanted["seed"])
    return _many(range(wanted["from"], wanted["from"] + wanted["seeds"]), wanted["jobs"])


def _one(seed: int) -> int:
    outcome = Life(seed, tracing=True).run()
    print("\n".join(outcome.trace))
    if not outcome.violations:
        print(f"seed {seed}: every promise held under {len(outcome.faults)} faults, trace {outcome.digest}")
        return 0
    _tell(outcome)
    return 1


def _many(seeds: range, jobs: int) -> int:
    coverage, failures, began_s = Coverage(), [], monotonic_s()
    for outcome in outcomes(seeds, jobs):
        coverage.add(outcome.seen)
        if outcome.violations:
            failures.append(outcome)
            print(f"seed {outcome.seed} FAILS: {outcome.violations[0]}", flush=True)
            if len(failures) >= _ENOUGH:
                break
        if coverage.runs % 1_000 == 0:
            print(f"{coverage.runs:,} seeds, {len(failures)} failures", flush=True)
    _summary(coverage, monotonic_s() - began_s)
    for outcome in failures:
        _tell(outcome)
    for what in coverage.missing():
        print(f"NOT COVERED: no run had {what!r}")
    return 1 if failures or coverage.missing() else 0


def _summary(coverage: Coverage, seconds: float) -> None:
    print(
        f"{coverage.runs:,} seeds in {seconds:.0f} s: {coverage.runs / seconds * 60:,.0f} a minute; runs that had"
    )
    print("\n".join(coverage.told()))


def _tell(outcome: Outcome) -> None:
    print("\n".join(told(outcome)))
    shrinker = Shrinker(outcome)
    shrinker.run()
    print(f"the smallest that still fails, after {shrinker.tries} tries:")
    print("\n".join(told(shrinker.best, shrinker.steps)))
    print(f"see it again: python -m simulation seed={outcome.seed}", flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
