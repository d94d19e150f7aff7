"""What is written down for strategies, read by the strategy service's own reader; the library knows no kind of strategy."""

import importlib
import importlib.util
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Any, Protocol

from sauda.contracts import Plain
from sauda.errors import ConfigError
from sauda.settings import Settings


class Written(Protocol):
    """See `sauda_strategy.written`."""

    rules: dict[str, dict[str, Plain]]
    broken: dict[str, str]
    broken_kinds: dict[str, str]
    versions: dict[str, str]


def written(settings: Settings) -> Written:
    """Return the rules files and the user's strategies.

    Raises:
        ConfigError: the strategy service is not installed here.
    """
    found: Written = _reader().written(settings)
    return found


def with_changes(
    settings: Settings, instance: str, before: Mapping[str, Plain], changes: Mapping[str, str]
) -> dict[str, Plain]:
    """Return the rules *before* with *changes*, checked.

    Raises:
        ConfigError: they cannot be used; the text names the key.
    """
    rules: dict[str, Plain] = _reader().with_changes(settings, instance, before, changes)
    return rules


def insist_on(name: str, known: Iterable[str], where: str) -> str:
    """Return *name*.

    Raises:
        ConfigError: nobody of *known* is named so; names near ones.
    """
    there = sorted(set(known))
    if name in there:
        return name
    near = get_close_matches(name, there, n=1)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ConfigError(f"no strategy {name!r} in {where}; {hint}there are: {', '.join(there) or 'none'}")


def _reader() -> Any:
    if importlib.util.find_spec("sauda_strategy") is None:
        raise ConfigError("the strategy service is not installed here: use the program in .venv/bin")
    return importlib.import_module("sauda_strategy.written")
