"""The limits are read from one file, and what is wrong in it is named by file and key."""

from pathlib import Path
from typing import Any

import pytest

from sauda.contracts import Plain
from sauda.errors import ConfigError
from sauda_execution.risk.rules import RiskRules
from sauda_execution.risk.rules_file import FILE, load_risk

SHIPPED = Path(__file__).parents[4] / "config"


def written(folder: Path, text: str) -> Path:
    """Write *text* as the limits of a configuration in *folder*."""
    (folder / FILE).write_text(text, encoding="utf-8")
    return folder


def test_the_shipped_file_says_every_limit_of_the_desk_and_says_what_holds_without_it(tmp_path: Path) -> None:
    shipped, without = load_risk(SHIPPED).plain(), load_risk(tmp_path).plain()
    text = (SHIPPED / FILE).read_text(encoding="utf-8")

    assert {key: value for key, value in shipped.items() if not key.startswith("instruments.")} == without
    assert [key for key in without if "." not in key and f"\n{key}:" not in text] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("max_order_quantty: 5", "max_order_quantty: unknown key: did you mean max_order_quantity?"),
        ("max_orders_per_second: ten", "max_orders_per_second: Input should be a valid integer"),
        ("max_orders_per_second: 2.5", "max_orders_per_second: Input should be a valid integer"),
        ("max_open_orders: -1", "max_open_orders: Input should be greater than or equal to 0"),
        ("max_price_away_percent: nan", "max_price_away_percent: Input should be a finite number"),
        ("entries_until: 1520", 'entries_until: write a time of day as "HH:MM"'),
        ("entries_until: 25:00", "entries_until: hour must be in 0..23"),
        ("loss_halt_ends_with_day: perhaps", "loss_halt_ends_with_day: Input should be a valid boolean"),
        (
            "strategies: {s: {max_dayly_loss: 5}}",
            "strategies.s.max_dayly_loss: unknown key: did you mean max_daily_loss?",
        ),
        ("instruments: {NFO: {max_daily_loss: 5}}", "instruments.NFO.max_daily_loss: unknown key"),
        ("instruments: {NIFY: {max_order_value: 5}}", "unknown underlying 'NIFY'"),
        ("instruments: {Nifty 50: {max_order_value: 5}}", "'Nifty 50' is called 'NIFTY' here"),
        ("profit_lock_at: 5000", "profit_lock_at and profit_lock_keep belong together"),
        (
            "profit_lock_at: 5000\nprofit_lock_keep: 5000",
            "profit_lock_keep 5000 must lie below profit_lock_at 5000",
        ),
        ("max_open_orders: 1\nmax_open_orders: 2", "max_open_orders stands twice"),
        ("- max_open_orders", "expected lines such as"),
        ("max_open_orders: [", "not readable as YAML"),
    ],
)
def test_what_is_wrong_is_named_by_file_and_key(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_risk(written(tmp_path, text))

    assert said in str(refused.value)
    assert str(tmp_path / FILE) in str(refused.value)


def test_null_means_no_limit_and_an_empty_section_says_nothing(tmp_path: Path) -> None:
    rules = load_risk(
        written(tmp_path, "max_orders_per_second: null\neach_strategy:\nstrategies:\ninstruments: {}")
    )

    assert (rules.max_orders_per_second, rules.strategies, rules.instruments) == (None, {}, {})


FULL: dict[str, Any] = {
    "max_orders_per_second": 4,
    "entries_until": "15:10",
    "each_strategy": {"max_daily_loss": 5_000},
    "strategies": {
        "nifty_straddle": {"max_daily_loss": None, "profit_lock_at": 9_000, "profit_lock_keep": 4_000}
    },
    "instruments": {"NFO:NIFTY01DEC26C24500": {"max_order_quantity": 65}, "MCX": {"entries_until": "23:00"}},
}


def test_rules_that_a_record_keeps_as_plain_keys_come_back_whole_whatever_the_file_says(
    tmp_path: Path,
) -> None:
    rules = RiskRules.model_validate(FULL)

    kept = rules.plain()

    assert kept["strategies.nifty_straddle.max_daily_loss"] is None
    assert all(isinstance(value, str | int | float | bool | None) for value in kept.values())
    folder = written(tmp_path, "max_open_orders: 7\nstrategies: {later: {max_open_orders: 1}}")
    assert load_risk(folder, kept) == rules


@pytest.mark.parametrize(
    ("key", "value", "limit"),
    [
        ("max_orders_per_second", "3", lambda rules: rules.max_orders_per_second == 3),
        ("max_daily_loss", "null", lambda rules: rules.max_daily_loss is None),
        ("each_strategy.max_open_orders", 2, lambda rules: rules.of_strategy("s").max_open_orders == 2),
        ("strategies.s.max_open_orders", "2", lambda rules: rules.of_strategy("s").max_open_orders == 2),
        ("instruments.MCX.entries_until", "23:00", lambda rules: "MCX" in rules.instruments),
    ],
)
def test_a_what_if_changes_one_key_and_leaves_the_file_else(key: str, value: Plain, limit: Any) -> None:
    rules = load_risk(SHIPPED, {key: value})

    assert limit(rules)
    assert not limit(load_risk(SHIPPED))
    assert rules.max_order_quantity == load_risk(SHIPPED).max_order_quantity


@pytest.mark.parametrize("key", ["max_open_ordrs", "max_open_orders.deeper", "strategies.s.max_open_ordrs"])
def test_a_what_if_about_nothing_is_refused(key: str) -> None:
    with pytest.raises(ConfigError, match="unknown key"):
        load_risk(SHIPPED, {key: 1})


def test_a_feed_is_mute_after_seconds_of_the_desk_so_that_its_own_lag_counts_alike_at_every_speed() -> None:
    rules = RiskRules(feed_mute_s=15)

    assert [rules.at_speed(speed).feed_mute_s for speed in (0.5, 1, 60)] == [8, 15, 900]
    assert rules.at_speed(60).max_orders_per_second == rules.max_orders_per_second
