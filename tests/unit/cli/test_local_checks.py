"""What the doctor sees on this machine."""

import json
import os
from pathlib import Path

import pytest

from sauda.cli.checks import Finding, Verdict
from sauda.cli.local_checks import look_at_files
from sauda.clock import monotonic_s
from sauda.runtime.place import Place, Started, write_started
from sauda.settings import Settings, load_settings

CONFIG = Path(__file__).parents[3] / "config"


@pytest.fixture
def settings() -> Settings:
    """Settings of a desk whose configuration is the repository's own."""
    return load_settings(CONFIG.parent, environ={}).model_copy(update={"config": CONFIG})


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A desk that was started as processes."""
    made = Place(tmp_path)
    made.make()
    write_started(made, Started(runtime="local"))
    return made


def troubles(findings: list[Finding]) -> dict[str, Verdict]:
    return {finding.check: finding.verdict for finding in findings if finding.verdict is not Verdict.OK}


def report(place: Place, service: str, *, ready: bool, age_s: float = 0) -> None:
    facts = {
        "service": service,
        "pid": os.getpid(),
        "ready": ready,
        "written_ns": 1,
        "written_monotonic_s": monotonic_s() - age_s,
        "facts": {},
    }
    (place.health / f"{service}-1.json").write_text(json.dumps(facts))


def test_the_configuration_that_comes_with_the_desk_is_well(settings: Settings, place: Place) -> None:
    found = look_at_files(settings, place)

    assert not troubles(found)
    assert {"calendar", "rules", "disk"} <= {finding.check for finding in found}


def test_a_rules_file_that_cannot_be_used_is_named_with_its_key(
    settings: Settings, place: Place, tmp_path: Path
) -> None:
    strategies = tmp_path / "config" / "strategies"
    strategies.mkdir(parents=True)
    (strategies / "mine.yaml").write_text("kind: short_straddle\ntsymbol: NIFTY\nquantitee: 1\n")
    (tmp_path / "config" / "market").symlink_to(CONFIG / "market")

    found = look_at_files(settings.model_copy(update={"config": tmp_path / "config"}), place)

    (rules,) = [finding for finding in found if finding.check == "rules mine"]
    assert rules.verdict is Verdict.BAD
    assert "quantitee" in rules.text
    assert rules.advice == f"correct {strategies / 'mine.yaml'}"


def test_a_strategy_of_the_user_that_cannot_be_used_is_named_and_no_fault_until_it_is_asked_for(
    settings: Settings, place: Place, tmp_path: Path
) -> None:
    own = tmp_path / "strategies"
    own.mkdir()
    (own / "mine.py").write_text("1 / 0\n")
    config = tmp_path / "config"
    (config / "strategies").mkdir(parents=True)
    (config / "market").symlink_to(CONFIG / "market")
    here = settings.model_copy(update={"config": config, "strategies": own})

    (kind,) = [one for one in look_at_files(here, place) if one.check == "strategy mine"]
    assert kind.verdict is Verdict.WARN
    assert "mine.py, line 1: ZeroDivisionError" in kind.text

    (config / "strategies" / "one.yaml").write_text("kind: mine\n")
    (rules,) = [one for one in look_at_files(here, place) if one.check == "rules one"]
    assert rules.verdict is Verdict.BAD
    assert "mine.py, line 1: ZeroDivisionError" in rules.text


def test_limits_that_cannot_be_used_are_named_with_their_key_and_a_missing_file_is_told(
    settings: Settings, place: Place, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "market").symlink_to(CONFIG / "market")
    here = settings.model_copy(update={"config": config})

    (missing,) = [one for one in look_at_files(here, place) if one.check == "limits"]
    (config / "risk.yaml").write_text("max_open_ordrs: 5\n")
    (wrong,) = [one for one in look_at_files(here, place) if one.check == "limits"]

    assert (missing.verdict, wrong.verdict) == (Verdict.WARN, Verdict.BAD)
    assert "max_open_ordrs: unknown key: did you mean max_open_orders?" in wrong.text


def test_a_folder_without_market_data_is_bad(settings: Settings, place: Place, tmp_path: Path) -> None:
    (tmp_path / "config" / "strategies").mkdir(parents=True)

    found = look_at_files(settings.model_copy(update={"config": tmp_path / "config"}), place)

    assert troubles(found)["calendar"] is Verdict.BAD


def test_a_service_that_reports_is_well(settings: Settings, place: Place) -> None:
    report(place, "execution", ready=True)

    assert not troubles(look_at_files(settings, place))


@pytest.mark.parametrize(("ready", "age_s"), [(False, 0.0), (True, 60.0)], ids=["not ready", "silent"])
def test_a_service_that_is_not_well_is_named(
    settings: Settings, place: Place, ready: bool, age_s: float
) -> None:
    report(place, "execution", ready=ready, age_s=age_s)

    found = look_at_files(settings, place)

    (service,) = [finding for finding in found if finding.verdict is Verdict.BAD]
    assert service.check == "service execution-1"
    assert "make logs s=execution" in service.advice


def test_health_files_of_containers_are_not_looked_at(settings: Settings, place: Place) -> None:
    write_started(place, Started(runtime="docker"))
    report(place, "execution", ready=False)

    assert not troubles(look_at_files(settings, place))
