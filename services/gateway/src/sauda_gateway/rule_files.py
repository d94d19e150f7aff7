"""The rules files of strategies as they are written: the gateway knows no kind of strategy, and judges none.

Whether rules can be used only the strategy service says; it answers with `BROKEN_RULES` where they cannot.
"""

import re
from pathlib import Path
from typing import Final

import yaml

from sauda.contracts import Plain
from sauda.settings import Settings

_NAME: Final = re.compile(r"[A-Za-z0-9_]{1,100}")
_PLAIN: Final = (str, int, float, bool, type(None))


class PlainFiles:
    """What `sauda.instances.standing` wants to know of the files."""

    def __init__(self, folder: Path) -> None:
        self.rules: dict[str, dict[str, Plain]] = {}
        self.broken: dict[str, str] = {}
        self.broken_kinds: dict[str, str] = {}
        self.versions: dict[str, str] = {}
        for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
            try:
                self.rules[path.stem] = _read(path)
            except (OSError, ValueError, yaml.YAMLError) as error:
                self.broken[path.stem] = f"{path.name}: {' '.join(str(error).split())}"


def plain_files(settings: Settings) -> PlainFiles:
    """Return all rules files of *settings*."""
    return PlainFiles(settings.config / "strategies")


def rules_of(settings: Settings, name: str) -> dict[str, Plain] | None:
    """Return the rules file of one strategy; None if it has none that can be read."""
    return plain_files(settings).rules.get(name) if _NAME.fullmatch(name) else None


def _read(path: Path) -> dict[str, Plain]:
    found = yaml.safe_load(path.read_text(encoding="utf-8"))
    if not isinstance(found, dict):
        raise ValueError("expected lines `key: value`")  # noqa: TRY004  (one kind of error for a file)
    for key, value in found.items():
        if not isinstance(key, str) or not isinstance(value, _PLAIN):
            raise ValueError(f"{key}: a rule is text, a number, true or false")  # noqa: TRY004
    return found
