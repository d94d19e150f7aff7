"""config/alerts.yaml, the limits of risk.yaml and the addresses: what is wrong is named, and no secret with it."""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from sauda.errors import ConfigError
from sauda.masking import Mask
from sauda.settings import load_settings
from sauda_alerts.desk import NAME
from sauda_alerts.destinations import RULE_OF, load_delivery, read_addresses
from sauda_alerts.rules import Rules
from sauda_alerts.rules_file import load_limits, load_rules
from sauda_alerts.sending import secret_parts
from sauda_alerts.units import units

CONFIG = Path(__file__).parents[3] / "config"
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write alerts.yaml; return its folder."""

    def file(text: str, name: str = "alerts.yaml") -> Path:
        (tmp_path / name).write_text(text)
        return tmp_path

    return file


def test_what_is_shipped_is_the_default() -> None:
    shipped = yaml.safe_load((CONFIG / "alerts.yaml").read_text())

    assert load_rules(CONFIG) == Rules() == load_rules(Path("nowhere"))
    assert load_delivery(CONFIG) == load_delivery(Path("nowhere"))
    assert shipped["rules"].keys() == Rules.model_fields.keys()
    assert load_limits(CONFIG) == load_limits(Path("nowhere"))


def test_every_rule_has_a_code_that_it_debounces() -> None:
    assert {*RULE_OF.values(), "daily_loss"} == Rules.model_fields.keys()


def test_one_figure_may_be_changed_alone(write: Write) -> None:
    rules = load_rules(write("rules:\n  feed_mute: {after_s: 30}\n  disk:\n"))

    assert rules.feed_mute == Rules().feed_mute.model_copy(update={"after_s": 30})
    assert rules.disk == Rules().disk


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("rules:\n  feed_mut: {}", "rules: feed_mut: unknown key: did you mean feed_mute?"),
        ("rules:\n  feed_mute: {after: 3}", "rules: feed_mute.after: unknown key: did you mean after_s?"),
        ("rules:\n  feed_mute: {after_s: soon}", "rules: feed_mute.after_s: "),
        ("rules:\n  daily_loss: {percents: '50;75'}", "rules: daily_loss.percents: write whole percents"),
        ("rules:\n  lag: {level: loud}", "rules: lag.level: "),
        ("rules: loud", "rules: expected keys below it"),
        ("- a", "expected lines `key: value`"),
        ("a: [", "not readable as YAML"),
    ],
)
def test_a_rule_that_cannot_be_used_is_named(write: Write, text: str, problem: str) -> None:
    folder = write(text)
    with pytest.raises(ConfigError) as refused:
        load_rules(folder)

    assert str(folder / "alerts.yaml") in str(refused.value)
    assert problem in str(refused.value)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("debounces: 3", "debounces: unknown key: did you mean debounce_s?"),
        ("destinations:\n  mail: {quiet: '7-9'}", "destinations.mail.quiet: write hours of India"),
        ("destinations:\n  mail: {level: shout}", "destinations.mail.level"),
        (
            "destinations:\n  mail: {url: 'mailto://me:secretword@x.y'}",
            "destinations.mail: an address holds a secret",
        ),
        ("codes:\n  LAG: {debounce_s: -1}", "codes.LAG.debounce_s"),
    ],
)
def test_a_delivery_that_cannot_be_used_is_named(write: Write, text: str, problem: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load_delivery(write(text))

    assert problem in str(refused.value)
    assert "secretword" not in str(refused.value)


def test_limits_are_those_of_risk_yaml(tmp_path: Path) -> None:
    text = "max_daily_loss: 5000\neach_strategy:\n  max_daily_loss: 700\nstrategies:\n  a: {max_daily_loss: null}\n  b: {max_orders_per_second: 3}\n"
    (tmp_path / "risk.yaml").write_text(text)
    limits = load_limits(tmp_path)

    assert [limits.of(name) for name in (None, "a", "b", "c")] == [5000, None, 700, 700]


def test_a_limit_that_is_no_amount_is_named(tmp_path: Path) -> None:
    (tmp_path / "risk.yaml").write_text("max_daily_loss: lots\n")
    with pytest.raises(ConfigError, match=r"risk\.max_daily_loss: write whole rupees or null"):
        load_limits(tmp_path)


def test_the_unit_is_made_again_from_its_record_whatever_the_files_say(tmp_path: Path) -> None:
    (unit,) = units(load_settings(CONFIG.parent, {}))
    changed = {**unit.rules, "feed_mute.after_s": 99, "risk.max_daily_loss": 7}
    (again,) = units(load_settings(CONFIG.parent, {}), {NAME: changed})
    (one,) = units(load_settings(CONFIG.parent, {}), {NAME: {"margin.percent": "60"}})

    assert again.rules == changed
    assert {**unit.rules, "margin.percent": 60} == one.rules
    with pytest.raises(ConfigError, match=r"lag\.after_s: unknown rule of alerts\.desk"):
        units(load_settings(CONFIG.parent, {}), {NAME: {"lag.after_s": 3}})


def test_addresses_are_read_line_by_line() -> None:
    text = "# mine\n mail = mailto://a:b@c.d \n\nhook=json://e/f?x=y\n"

    assert read_addresses(text) == {"mail": "mailto://a:b@c.d", "hook": "json://e/f?x=y"}


@pytest.mark.parametrize(
    "text", ["mail mailto://secretword@c.d", "Mail = a://secretword", "x = a://secretword\nx = b://c"]
)
def test_a_line_that_is_no_address_is_named_without_it(text: str) -> None:
    with pytest.raises(ConfigError, match=r"SAUDA_ALERTS_URLS, line \d") as refused:
        read_addresses(text)

    assert "secretword" not in str(refused.value)


@pytest.mark.parametrize(
    ("address", "secrets"),
    [
        ("tgram://123456:ABCdefGHI/987654321/", ["ABCdefGHI"]),
        ("slack://TokenAAA/TokenBBB/TokenCCC/#channel", ["TokenAAA", "TokenBBB", "TokenCCC"]),
        ("mailto://trader:p%40ssword@gmail.com", ["p@ssword", "p%40ssword"]),
        ("json://localhost:80/pathsecret?token=querysecret", ["pathsecret", "querysecret"]),
    ],
)
def test_every_part_of_an_address_is_masked(address: str, secrets: list[str]) -> None:
    mask = Mask(secret_parts(address))

    for text in (address, f"POST {address} failed", *(f"cannot send to {secret}." for secret in secrets)):
        assert not any(secret in mask.text(text) for secret in secrets)
    assert mask.text("connection to localhost refused") == "connection to localhost refused"


def test_the_setting_is_a_secret_and_may_come_from_a_file(tmp_path: Path) -> None:
    (tmp_path / "addresses").write_text("hook = json://localhost/secretword\n")
    settings = load_settings(tmp_path, {"SAUDA_ALERTS_URLS_FILE": "addresses"})

    assert settings.alerts_urls is not None
    assert "secretword" in settings.alerts_urls.get_secret_value()
    assert settings.public()["alerts_urls"] == "set"
    assert "secretword" not in repr(settings)
