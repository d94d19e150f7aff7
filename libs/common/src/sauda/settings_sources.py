"""Where settings come from, and how a wrong one is reported: by its name, its value and the place it stands."""

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import NamedTuple

import yaml
from dotenv import dotenv_values

PREFIX = "SAUDA_"
NOT_SETTINGS = frozenset({"SAUDA_TEST_DATA"})
"""Variables of ours that steer tests, not services."""

_FILE = "_file"
_UNSET = frozenset({"", "~", "null"})


class Given(NamedTuple):
    """A value as somebody wrote it."""

    value: object
    name: str
    """As written: `SAUDA_SPEED`, or `speed` in the YAML file."""
    origin: str
    """`environment`, or the file."""


class Gathered(NamedTuple):
    """All values, the strongest source's of each, and what is wrong already."""

    values: dict[str, Given]
    problems: list[str]


def find_root(start: Path) -> Path:
    """Return the project's folder: *start* or the nearest parent with config/market, else *start*."""
    for folder in (start, *start.parents):
        if (folder / "config" / "market").is_dir():
            return folder
    return start


def gather(known: Iterable[str], root: Path, environ: Mapping[str, str]) -> Gathered:
    """Read all sources below *root*; only values that are not empty count."""
    known = frozenset(known)
    found = Gathered({}, [])
    run_env = _variables(_dotenv(root / "var" / "run.env"), "var/run.env")
    strong = [
        *_variables(environ, "environment"),
        *_variables(_dotenv(root / ".env"), ".env"),
    ]
    config = next((one.value for one in [*strong, *run_env] if one.name == f"{PREFIX}CONFIG"), "config")
    for given in [*strong, *_yaml(root / str(config) / "sauda.yaml", root, found.problems), *run_env]:
        _take(given, known, root, found)
    return found


def _variables(variables: Mapping[str, str | None], origin: str) -> list[Given]:
    return [
        Given(value, name, origin)
        for name, value in sorted(variables.items())
        if name.startswith(PREFIX) and name not in NOT_SETTINGS and value
    ]


def _dotenv(path: Path) -> Mapping[str, str | None]:
    # No interpolation: a password may contain a dollar sign.
    return dotenv_values(path, interpolate=False) if path.is_file() else {}


def _yaml(path: Path, root: Path, problems: list[str]) -> list[Given]:
    if not path.is_file():
        return []
    origin = str(path.relative_to(root)) if path.is_relative_to(root) else str(path)
    try:
        # The base loader keeps every scalar as text: a user id 00123 is not the octal number 83.
        text = path.read_text(encoding="utf-8")
        document = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506
        problems += (f"{origin}: {problem}" for problem in _repeated_keys(text))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        problems.append(f"{origin}: not readable as YAML: {' '.join(str(error).split())}")
        return []
    if document in (None, ""):
        return []
    if not isinstance(document, dict):
        problems.append(f"{origin}: expected lines `key: value`, found {type(document).__name__}")
        return []
    return [
        Given(value, str(key), origin)
        for key, value in document.items()
        if not (isinstance(value, str) and value in _UNSET)
    ]


def _repeated_keys(text: str) -> list[str]:
    """Name each key that stands there twice: YAML itself lets the last one win without a word."""
    node = yaml.compose(text, Loader=yaml.BaseLoader)
    first: dict[str, int] = {}
    problems = []
    for key, _ in node.value if isinstance(node, yaml.MappingNode) else ():
        line = key.start_mark.line + 1
        if first.setdefault(str(key.value), line) != line:
            problems.append(f"{key.value} stands in lines {first[str(key.value)]} and {line}; keep one")
    return problems


def _take(given: Given, known: frozenset[str], root: Path, found: Gathered) -> None:
    """Put *given* among the values unless a stronger source was first."""
    field = given.name.removeprefix(PREFIX).lower()
    in_yaml = given.origin.endswith(".yaml")
    if in_yaml and field in known and given.name != field:
        found.problems.append(f"{given.name} ({given.origin}): here it is written {field}")
        return
    if field in known:
        rival = found.values.setdefault(field, given)
        if rival is not given and rival.origin == given.origin:
            found.problems.append(f"{given.name} and {rival.name} ({given.origin}): both set; keep one")
        return
    if field.endswith(_FILE) and field.removesuffix(_FILE) in known:
        read = _read_named(given, root, found.problems)
        if read is not None:
            _take(read._replace(name=given.name.removesuffix(given.name[-len(_FILE) :])), known, root, found)
        return
    found.problems.append(f"{given.name} ({given.origin}): unknown setting; {_suggestion(given.name, known)}")


def _read_named(given: Given, root: Path, problems: list[str]) -> Given | None:
    path = root / str(given.value)
    try:
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        problems.append(f"{given.name}={given.value!r} ({given.origin}): cannot be read: {reason}")
        return None
    return given._replace(value=text) if text else None


def _suggestion(name: str, known: frozenset[str]) -> str:
    as_written = {one: f"{PREFIX}{one.upper()}" if name.startswith(PREFIX) else one for one in known}
    close = difflib.get_close_matches(name.removeprefix(PREFIX).lower(), sorted(known), n=1)
    return f"did you mean {as_written[close[0]]}?" if close else "config/sauda.yaml lists them all"
