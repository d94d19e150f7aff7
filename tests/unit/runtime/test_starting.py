"""What `up` says before it starts, and the folders that it needs."""

import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from sauda.errors import ConfigError
from sauda.runtime.desk import check_runs, check_scale
from sauda.runtime.local import LocalDesk
from sauda.runtime.place import Place
from sauda.runtime.starting import check_rules, say_what_to_know

REPOSITORY = Path(__file__).parents[3]


def told(root: Path, variables: Mapping[str, str], before: str | None) -> list[str]:
    said: list[str] = []
    say_what_to_know(Place(root), variables, before, said.append)
    return said


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "config/strategies").mkdir(parents=True)
    (tmp_path / "config/strategies/mine.yaml").touch()
    return tmp_path


def test_another_book_says_which_one_stops(root: Path) -> None:
    assert told(root, {"SAUDA_DESK": "other"}, "live") == [
        "desk 'live' is stopped; its book stays: make up DESK=live goes on"
    ]


@pytest.mark.parametrize("before", ["live", None])
def test_the_same_book_or_the_first_says_nothing(root: Path, before: str | None) -> None:
    assert told(root, {"SAUDA_DESK": "live"}, before) == []


def test_rules_for_a_strategy_of_the_user_are_checked_with_its_folder(root: Path) -> None:
    (root / "config/strategies/mine.yaml").write_text("kind: broken\n")
    (root / "own").mkdir()
    (root / "own/broken.py").write_text("1 / 0\n")

    with pytest.raises(ConfigError, match=r"mine.yaml: kind: .*own/broken.py, line 1: ZeroDivisionError"):
        check_rules(Place(root), {"SAUDA_STRATEGIES": "own"})


@pytest.mark.parametrize("there_is_a_folder", [True, False])
def test_a_desk_without_strategies_is_warned_about(tmp_path: Path, there_is_a_folder: bool) -> None:
    folder = tmp_path / "config/strategies"
    if there_is_a_folder:
        folder.mkdir(parents=True)

    (said,) = told(tmp_path, {"SAUDA_DESK": "live"}, None)

    assert f"no strategy in {folder}" in said


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").touch()

    with pytest.raises(ConfigError, match=str(tmp_path / "var")):
        Place(tmp_path).make()


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda path, _mode: Path(path).name != "log")  # root may write anywhere

    with pytest.raises(ConfigError, match="var/log cannot be written to"):
        Place(tmp_path).make()


def test_fewer_replicas_than_one_are_refused() -> None:
    with pytest.raises(ConfigError, match="n=-1: a desk needs at least one pnl"):
        check_scale(LocalDesk(Place(REPOSITORY)), "pnl", -1)


def test_what_does_not_run_is_not_restarted(tmp_path: Path) -> None:
    desk = LocalDesk(Place(tmp_path))
    shutil.copy(REPOSITORY / "docker-compose.yml", tmp_path)

    with pytest.raises(ConfigError, match="pnl does not run here: `make ps`"):
        check_runs(desk, "pnl")
    with pytest.raises(ConfigError, match=r"no service 'pln': there are .*, as in s=feed"):
        check_runs(desk, "pln")


@pytest.mark.parametrize("name", ["it's", "a b", "$HOME", '"'])
def test_make_hands_on_any_value_as_one_word(name: str) -> None:
    dry = ["make", "--dry-run", "up", f"DESK={name.replace('$', '$$')}", "DESK_RUN=printf %s\\\\n"]

    shown = subprocess.run(dry, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    printed = subprocess.run(
        ["sh", "-c", shown[shown.index("printf") :]], capture_output=True, text=True, check=True
    ).stdout

    assert printed.splitlines()[-2:] == ["--desk", name]
