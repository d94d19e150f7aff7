"""`sauda diff --set`: the desk in lock step, as it was made and with a change, beside the record."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from sauda.cli.asked_units import Ends, shared_out
from sauda.cli.what_if_words import tell_outcome
from sauda.codec import decode
from sauda.contracts import Message, Plain
from sauda.errors import ConfigError, ContractError
from sauda.log import Entry
from sauda.rerun.made_of import MadeOf, settings_with
from sauda.units import available
from sauda.whatif.desk import LockStepDesk
from sauda.whatif.market import Beginning, beginnings, outside
from sauda.whatif.outcome import Outcome
from sauda.whatif.told import Told, told_of

if TYPE_CHECKING:
    from sauda.record import Record
    from sauda.settings import Settings
    from sauda.unit import Unit


def what_if(
    record: "Record",
    settings: "Settings",
    names: Sequence[str],
    texts: Mapping[str, str],
    ends: Ends,
    *,
    limit: int,
    as_json: bool,
) -> bool:
    """Run the desk with the change *texts* to the units *names*, tell what differs, and return whether nothing does.

    Raises:
        ConfigError: nothing has such a setting or rule, or the value cannot be used.
    """
    began = beginnings(record)
    made = made_as_recorded(began, settings)
    changed = {**made, **with_changes(made, settings, began, names, texts)}
    since = {name: how.ticks for name, how in began.items()}
    states = {name: start.state for name in began if (start := record.start_of(name)) is not None}
    outcome = Outcome(
        _recorded(record, ends),
        LockStepDesk(list(made.values()), since, states),
        LockStepDesk(list(changed.values()), since, states),
    )
    for entry, message in _market(record, ends):
        instrument = getattr(message, "instrument", None)
        if instrument is not None and entry.stream == "ticks":
            outcome.heard.add(instrument)
        outcome.as_made.take(entry, message)
        outcome.changed.take(entry, message)
    return tell_outcome(outcome, ends, limit=limit, as_json=as_json)


def made_as_recorded(began: Mapping[str, Beginning], settings: "Settings") -> dict[str, "Unit"]:
    """Return the units of the record, each with the settings and rules that it was made of last."""
    return {name: MadeOf(name, settings, as_recorded=True)(how.opened) for name, how in began.items()}


def with_changes(
    made: Mapping[str, "Unit"],
    settings: "Settings",
    began: Mapping[str, Beginning],
    names: Sequence[str],
    texts: Mapping[str, str],
) -> dict[str, "Unit"]:
    """Return the units that the change concerns, made with it."""
    values, rules = shared_out(texts, made, names)
    found: dict[str, Unit] = {}
    for name in names:
        opened = began[name].opened
        recorded: dict[str, Plain] = dict(opened.settings) if opened else {}
        own = {key: value for key, value in values.items() if key in made[name].settings}
        if not own and name not in rules:
            continue
        whole: dict[str, Plain] = {**(dict(opened.rules) if opened else {}), **rules.get(name, {})}
        units = available(settings_with(settings, {**recorded, **own}), {name: whole} if whole else None)
        if name not in units:
            raise ConfigError(f"{name} cannot be made here: its rules file or its service is gone")
        found[name] = units[name]
    return found


def _market(record: "Record", ends: Ends) -> Iterator[tuple[Entry, Message | None]]:
    cut = ends.cut()
    for entry in outside(record):
        if cut is not None and cut([entry]) == 0:
            return
        try:
            yield entry, decode(entry.data)
        except ContractError:
            yield entry, None


def _recorded(record: "Record", ends: Ends) -> Told:
    cut = ends.cut()
    return told_of(record, lambda entry: cut is None or cut([entry]) == 1)
