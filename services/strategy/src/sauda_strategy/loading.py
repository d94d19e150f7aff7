"""A user's own strategies: each `*.py` in the folder `strategies` is a kind, named like the file.

A file is read and run by itself, under a name of its own: no other import sees it, and it sees no other file of the folder.
One that cannot be used is said to be broken, with file and line; only rules files that ask for it are refused. A name that
begins with `_` is left aside.
"""

import ast
import hashlib
import re
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

from sauda.errors import ConfigError
from sauda_strategy.api import Rules, Strategy
from sauda_strategy.kinds import BUILTIN, Kind, Kinds, hosted

_KIND: Final = re.compile(r"[a-z][a-z0-9_]{0,47}")
_MODULE: Final = "sauda_strategies_of_the_user."
"""Before the name of a user's file in `sys.modules`: pydantic and dataclasses look a class's module up there."""
_NOT_FLAT: Final = frozenset({"array", "object"})


class Loaded(NamedTuple):
    """A user's strategy."""

    strategy: type[Strategy]
    digest: str
    """Names the source that was run, for the record."""


def load_kinds(folder: Path) -> Kinds:
    """Return our own kinds and those of *folder*; a folder that does not exist holds none."""
    known, broken = dict(BUILTIN.known), dict[str, ConfigError]()
    for path in sorted(folder.glob("[!_]*.py")):
        try:
            known[path.stem] = _user_kind(path)
        except ConfigError as error:
            known.pop(path.stem, None)
            broken[path.stem] = error
    return Kinds(known, broken)


def load_strategy(path: Path) -> Loaded:
    """Run the file at *path* and return the strategy in it.

    Raises:
        ConfigError: it is no strategy; the text names file and line.
    """
    if not _KIND.fullmatch(path.stem):
        raise ConfigError(f"{path}: a kind is named with small letters, digits and '_': rename the file")
    try:
        source = path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    module = _run(path, source)
    lines = {node.name: node.lineno for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)}
    strategy = _the_one(path, module, lines)
    _check_rules(f"{path}, line {lines.get(strategy.__name__, 1)}", strategy)
    return Loaded(strategy, hashlib.sha256(source).hexdigest()[:12])


def where_it_broke(file: str, error: BaseException) -> str:
    """Return file and line at which *file* raised *error* and what it says; of code that is not the user's (`""`) the latter alone."""
    if isinstance(error, SyntaxError) and error.filename == file:
        return f"{file}, line {error.lineno}: {type(error).__name__}: {error.msg}"
    lines = [at.lineno for at in traceback.extract_tb(error.__traceback__) if at.filename == file]
    where = f"{file}, line {lines[-1]}: " if lines else f"{file}: " if file else ""
    return f"{where}{type(error).__name__}: {' '.join(str(error).split())}"


def _user_kind(path: Path) -> Kind:
    if path.stem in BUILTIN.known:
        raise ConfigError(f"{path}: the kind {path.stem} is one of sauda's own: rename the file")
    strategy, digest = load_strategy(path)
    return hosted(path.stem, strategy, digest, str(path))


def _run(path: Path, source: bytes) -> ModuleType:
    """Return the module that *source* makes; compiled here, so that what runs is what the digest names."""
    module = ModuleType(_MODULE + path.stem)
    module.__file__ = str(path)
    before = sys.modules.get(module.__name__)
    sys.modules[module.__name__] = module
    try:
        exec(compile(source, str(path), "exec"), module.__dict__)  # noqa: S102  (this is what loading means)
    except (Exception, SystemExit) as error:
        if before is None:
            del sys.modules[module.__name__]
        else:
            sys.modules[module.__name__] = before
        raise ConfigError(where_it_broke(str(path), error)) from error
    return module


def _the_one(path: Path, module: ModuleType, lines: Mapping[str, int]) -> type[Strategy]:
    found = [
        one
        for one in vars(module).values()
        if isinstance(one, type) and issubclass(one, Strategy) and one.__module__ == module.__name__
    ]
    classes = list(dict.fromkeys(found))
    if not classes:
        raise ConfigError(
            f"{path}, line 1: no strategy in it: write one class that derives from Strategy,"
            " or begin the file's name with '_'"
        )
    if len(classes) > 1:
        at = [lines.get(one.__name__, 1) for one in classes]
        named = ", ".join(f"{one.__name__} (line {line})" for one, line in zip(classes, at, strict=True))
        raise ConfigError(f"{path}, line {at[1]}: one strategy a file, not {named}: split it")
    return classes[0]


def _check_rules(where: str, strategy: type[Strategy]) -> None:
    """Insist that the rules are flat: each value as one line of YAML, a message or `--set` can say it."""
    model: Any = strategy.Rules
    if not (isinstance(model, type) and issubclass(model, Rules)):
        raise ConfigError(
            f"{where}: {strategy.__name__}.Rules does not derive from Rules: write `class Rules(Rules):`"
        )
    try:
        schema = model.model_json_schema()
    except Exception as error:  # whatever pydantic has against a type of the user's
        raise ConfigError(f"{where}: rules: {' '.join(str(error).split())}") from error
    for key, said in schema["properties"].items():
        if _types(said, schema) & _NOT_FLAT:
            raise ConfigError(
                f"{where}: the rule {key} is a list or a table: rules are flat, one value a line"
            )


def _types(said: dict[str, Any], schema: dict[str, Any]) -> set[str]:
    """Return the JSON types that a value may have."""
    if "$ref" in said:
        return _types(schema["$defs"][said["$ref"].rpartition("/")[2]], schema)
    found = {said["type"]} if isinstance(said.get("type"), str) else set()
    for one in (*said.get("anyOf", ()), *said.get("allOf", ()), *said.get("oneOf", ())):
        found |= _types(one, schema)
    return found
