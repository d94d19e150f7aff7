"""An hour with a warm-up, a gap in the feed, changed rules, a roll-over and a dry run: restarts change nothing that any kind says."""

from functools import cache

import pytest

from sauda.contracts import Instrument, Tick
from sauda.testing.restart import play, play_with_restarts
from sauda_strategy.kinds import BUILTIN
from sauda_strategy.rule_values import rules_from
from tests.integration.strategies_desk import RULES, steps
from tests.unit.strategy.test_odd_markets import MARKET, MINUTES, Played


@cache
def eventful() -> Played:
    return Played(steps(MINUTES))


@pytest.mark.parametrize("name", RULES)
def test_a_restart_behind_everything_but_ticks_changes_nothing(name: str) -> None:
    unit = BUILTIN.unit(name, rules_from(name, {"kind": name, **RULES[name]}, BUILTIN), MARKET)
    heard = eventful().heard(unit.inputs)
    rare = {number + 1 for number, one in enumerate(heard) if not isinstance(one, Tick | Instrument)}
    after_a_tick = set(range(40, len(heard), 211))

    assert len(rare) > 150
    assert play_with_restarts(unit.build, heard, rare | after_a_tick) == play(unit.build(), heard)
