"""What earlier runs of the same sweep found out, so that an interrupted one goes on where it stood.

A file of JSON lines: the first names the sweep (data, rules, settings, code), each further one is a trial. A trial is found
again by its values, so a larger grid needs only what is new in it. What belongs to another sweep is forgotten.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec

from sauda.backtest.plan import Plan
from sauda.errors import ConfigError
from sauda.sweep.grid import key_of
from sauda.sweep.trial import Task, Trial, market_of

_FORMAT: Final = 1
"""Grows when a trial's figures change their meaning."""
NAME: Final = "trials.jsonl"


class Kept:
    """The trials in a folder; one that is opened without a folder keeps nothing."""

    def __init__(self, folder: Path | None, sweep: str) -> None:
        """Read what is there.

        Raises:
            ConfigError: the folder cannot be used.
        """
        self._path = None if folder is None else folder / NAME
        self._head = msgspec.json.encode({"sweep": sweep}) + b"\n"
        self._found: dict[str, Trial] = {}
        if self._path is None:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._read(self._path)
        except OSError as error:
            raise ConfigError(f"-o {folder}: cannot be used: {error.strerror or error}") from error

    def find(self, number: int, values: Mapping[str, str]) -> Trial | None:
        """Return the trial with *values*, if it was made; it gets the *number* that it has now."""
        found = self._found.get(key_of(values))
        return None if found is None else msgspec.structs.replace(found, number=number)

    def add(self, trial: Trial) -> None:
        """Keep *trial*."""
        self._found[key_of(trial.values)] = trial
        if self._path is not None:
            with self._path.open("ab") as file:
                file.write(msgspec.json.encode(trial) + b"\n")

    def tidy(self) -> None:
        """Put the trials in order: in which one they were done is nobody's business."""
        if self._path is not None:
            lines = [msgspec.json.encode(self._found[key]) + b"\n" for key in sorted(self._found)]
            self._path.write_bytes(self._head + b"".join(lines))

    def _read(self, path: Path) -> None:
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        if not lines or lines[0] != self._head:
            path.write_bytes(self._head)
            return
        for line in lines[1:]:
            try:
                trial = msgspec.json.decode(line, type=Trial)
            except msgspec.DecodeError:
                # Cut short by an interruption: it is run again.
                continue
            self._found[key_of(trial.values)] = trial
        self.tidy()


def sweep_id(task: Task, plan: Plan) -> str:
    """Return a text that is another one for other data, rules, settings or code.

    Args:
        task: The sweep.
        plan: Its units as the rules stand.
    """
    facts = (
        _FORMAT,
        *(market_of(task).fingerprint, task.rules, task.changes),
        *(task.from_day, task.to_day, task.split, task.trade_index),
        [(unit.name, unit.version, sorted(unit.settings.items())) for unit in plan.units],
    )
    return hashlib.sha256(repr(facts).encode()).hexdigest()
