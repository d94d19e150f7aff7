"""What can be set for the strategies on a direction; a contradiction is named with the rules that make it."""

from pathlib import Path
from typing import Any

import pytest

from sauda.errors import ConfigError
from sauda_strategy.kinds import BUILTIN, HOSTED
from sauda_strategy.rule_files import load_rules
from sauda_strategy.rule_values import rules_from
from sauda_strategy.strategies.directional_rules import DirectionalRules
from tests.unit.strategy.directional_days import EXAMPLES
from tests.unit.strategy.real_minutes import REPOSITORY

KINDS = ("ema_scalper", "momentum", "rsi_reversion", "sma_crossover")
INDEX = {"instrument": "NSE:Nifty 50"}


def rules(kind: str, **values: Any) -> DirectionalRules:
    made = rules_from("x.yaml", {"kind": kind, **INDEX, **values}, BUILTIN)
    assert isinstance(made, DirectionalRules)
    return made


def test_every_kind_is_registered_and_has_an_example_and_a_page() -> None:
    assert set(KINDS) <= set(HOSTED)
    made = load_rules(EXAMPLES)
    assert not made.broken
    for kind in KINDS:
        assert made.rules[kind].kind == kind
        page = (REPOSITORY / f"docs/strategies/{kind}.md").read_text()
        assert f"config/strategies/examples/{kind}.yaml" in page


@pytest.mark.parametrize("kind", KINDS)
def test_an_example_says_the_defaults(kind: str) -> None:
    """So that it shows what there is; the instrument has none."""
    example, bare = load_rules(EXAMPLES).rules[kind], rules(kind)
    differing = {name for name in type(bare).model_fields if getattr(example, name) != getattr(bare, name)}
    assert differing == ({"stop_percentage"} if kind == "rsi_reversion" else set())


@pytest.mark.parametrize("kind", KINDS)
def test_the_page_explains_every_rule_of_its_own(kind: str) -> None:
    page = (REPOSITORY / f"docs/strategies/{kind}.md").read_text()
    model = HOSTED[kind].Rules
    own = set(model.model_fields) - set(DirectionalRules.model_fields)
    assert own
    assert {name for name in own if f"| `{name}` |" not in page} == set()


def test_the_common_page_explains_every_common_rule() -> None:
    page = (REPOSITORY / "docs/strategies/directional.md").read_text()
    common = set(DirectionalRules.__annotations__) - {"_timeframe"}
    assert {name for name in common if f"| `{name}` |" not in page} == set()


def test_the_desk_does_not_trade_the_examples() -> None:
    assert not set(KINDS) & {
        one.kind for one in load_rules(Path(REPOSITORY / "config/strategies")).rules.values()
    }


@pytest.mark.parametrize(
    ("kind", "values", "says"),
    [
        ("ema_scalper", {"fast": 21, "slow": 21}, "fast 21 must be shorter than slow 21"),
        ("ema_scalper", {"confirm_timeframe": "1m"}, "confirm_timeframe 1m must be longer than timeframe 1m"),
        ("ema_scalper", {"timeframe": "2m"}, "timeframe '2m': take one of 1m, 3m, 5m"),
        ("ema_scalper", {"confirm_timeframe": "4h"}, "timeframe '4h': take one of"),
        ("ema_scalper", {"debounce_bars": 0}, "debounce_bars"),
        (
            "ema_scalper",
            {"trade": "instrument"},
            "trade: an index cannot be traded: trade the future or the option on NIFTY",
        ),
        ("ema_scalper", {"trade": "spot"}, "trade"),
        (
            "ema_scalper",
            {"instrument": "NSE:RELIANCE-EQ"},
            "underlying: NSE:RELIANCE-EQ is no index: say whose future is traded",
        ),
        (
            "ema_scalper",
            {"instrument": "Nifty 50"},
            "'Nifty 50' is no instrument: write EXCHANGE:TRADINGSYMBOL",
        ),
        ("ema_scalper", {"cooldown_bars": -1}, "cooldown_bars"),
        ("sma_crossover", {"fast": 50, "slow": 20}, "fast 50 must be shorter than slow 20"),
        ("sma_crossover", {"fastt": 5}, "fastt"),
        ("rsi_reversion", {"low": 55}, "low 55 < middle 50 < high 70 must hold"),
        ("rsi_reversion", {"high": 101}, "high"),
        ("momentum", {"stop_points": 30}, "stop_atr and stop_points say two things"),
        ("momentum", {"stop_percentage": 1}, "stop_atr and stop_percentage say two things"),
        ("momentum", {"threshold_percent": 0}, "threshold_percent"),
        ("momentum", {"stop_atr": float("nan")}, "stop_atr"),
    ],
)
def test_what_cannot_be_is_named(kind: str, values: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        rules(kind, **values)
    assert says in str(refused.value)
    assert "x.yaml" in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    ("values", "underlying"),
    [
        ({}, "NIFTY"),
        ({"instrument": "NSE:Nifty Bank"}, "BANKNIFTY"),
        ({"instrument": "NSE:RELIANCE-EQ", "trade": "instrument"}, ""),
        ({"instrument": "NSE:RELIANCE-EQ", "underlying": "nifty 50"}, "NIFTY"),
        ({"instrument": "MCX:CRUDEOIL15OCT26", "underlying": "CRUDEOIL"}, "CRUDEOIL"),
    ],
)
def test_it_knows_what_future_and_option_are_written_on(values: dict[str, Any], underlying: str) -> None:
    assert rules("rsi_reversion", **values).traded_underlying == underlying


def test_a_momentum_with_a_stop_in_points_says_that_it_has_none_in_ranges() -> None:
    made = rules("momentum", stop_atr=None, stop_points=30)
    assert made.stop_points == 30
