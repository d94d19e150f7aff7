"""What `sauda doctor` looks at on this machine: settings, files of the configuration, health files, disk."""

import importlib
import importlib.util
import shutil
from pathlib import Path
from typing import Final

from sauda import health
from sauda.cli.checks import Finding, bad, ok, warn
from sauda.errors import ConfigError
from sauda.runtime.place import Place, read_started
from sauda.settings import Settings

_LITTLE_BYTES: Final = 1_000_000_000
_NONE_BYTES: Final = 100_000_000
"""Redis rewrites its append-only file beside the old one: without room it stops accepting writes."""


def look_at_files(settings: Settings, place: Place) -> list[Finding]:
    """Look at everything here that needs no Redis."""
    return [
        *_configuration(settings.config),
        *_rules(settings.config / "strategies", settings.strategies),
        *_limits(settings.config),
        *_health(place),
        _disk(place.var if place.var.exists() else place.root),
    ]


def _configuration(folder: Path) -> list[Finding]:
    if not folder.is_dir():
        advice = (
            "set SAUDA_CONFIG to the folder that holds market/ and strategies/, or work inside the project"
        )
        return [warn("configuration", f"no folder {folder}", advice)]
    market = folder / "market"
    if not market.is_dir():
        return [bad("calendar", f"no folder {market}", "restore it: sessions and holidays are dated data")]
    if importlib.util.find_spec("sauda.calendar") is None:
        return [ok("configuration", str(folder))]
    try:
        importlib.import_module("sauda.calendar").load_calendar(market)
    except ConfigError as error:
        return [bad("calendar", str(error), f"correct the file in {market}")]
    return [ok("calendar", str(market))]


def _rules(folder: Path, own_kinds: Path) -> list[Finding]:
    """Look at rules and the user's kinds with the strategy service's own reader, which only its image (and a checkout) has."""
    if importlib.util.find_spec("sauda_strategy") is None:
        return []
    kinds = importlib.import_module("sauda_strategy.loading").load_kinds(own_kinds)
    rules, broken = importlib.import_module("sauda_strategy.rule_files").load_rules(folder, kinds)
    found = [
        warn(f"strategy {name}", str(reason), "correct or remove it") for name, reason in kinds.broken.items()
    ]
    found += [
        bad(f"rules {name}", str(reason), f"correct {_rules_file(folder, name)}")
        for name, reason in broken.items()
    ]
    if rules:
        found.append(ok("rules", f"{len(rules)} usable: {', '.join(sorted(rules))}"))
    elif not broken:
        found.append(warn("rules", f"no strategy in {folder}", "add a file such as nifty_straddle.yaml"))
    return found


def _limits(folder: Path) -> list[Finding]:
    """Look at the limits of risk with the execution service's own reader, where it is installed."""
    if importlib.util.find_spec("sauda_execution") is None:
        return []
    path = folder / "risk.yaml"
    try:
        importlib.import_module("sauda_execution.risk.rules_file").load_risk(folder)
    except ConfigError as error:
        return [bad("limits", str(error), f"correct {path}; see docs/risk.md")]
    if not path.is_file():
        return [warn("limits", f"no {path}: the limits are the shipped ones", "restore it to set your own")]
    return [ok("limits", str(path))]


def _rules_file(folder: Path, name: str) -> Path:
    """Return the file of *name*, which is an instance or a file."""
    named = [folder / f"{name}{suffix}" for suffix in ("", ".yaml", ".yml")]
    return next((path for path in named if path.is_file()), folder / name)


def _health(place: Place) -> list[Finding]:
    """Look at the health files of a desk that runs as processes; containers keep theirs to themselves."""
    if read_started(place).runtime != "local" or not place.health.is_dir():
        return []
    verdicts = [(path.stem, health.check(path)) for path in sorted(place.health.glob("[!.]*"))]
    return [
        ok(f"service {name}", verdict.why)
        if verdict.healthy
        else bad(f"service {name}", verdict.why, f"see `make logs s={name.partition('-')[0]}`")
        for name, verdict in verdicts
    ]


def _disk(folder: Path) -> Finding:
    free = shutil.disk_usage(folder).free
    text = f"{free / 1e9:,.1f} GB free at {folder}"
    if free < _NONE_BYTES:
        return bad("disk", text, "make room now: Redis stops when it cannot write")
    return warn("disk", text, "make room") if free < _LITTLE_BYTES else ok("disk", text)
