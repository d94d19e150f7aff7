"""Starting, stopping, reloading and changing strategies, step by step: which are meant, write it, wait for what comes of it."""

from collections.abc import Sequence

from sauda.cli import screen
from sauda.cli.asked_units import texts_of
from sauda.cli.options import opened
from sauda.errors import ConfigError
from sauda.instances.files import Written, insist_on, with_changes, written
from sauda.instances.outcome import Outcome, Wish, refused
from sauda.instances.standing import PREFIX, rules_in_force, units_of
from sauda.instances.wishes import Wishes
from sauda.record import Record
from sauda.settings import load_settings


def start_or_stop(
    what: str, names: Sequence[str], wait_s: float, desk: str | None, *, every: bool
) -> list[Outcome]:
    """Let strategies trade, or open nothing new.

    Raises:
        ConfigError: a name is none, a file that is needed is broken, or nobody is named.
    """
    if every == bool(names):
        raise ConfigError(f"name the strategies to {what}, or say --all: `sauda strategies list` shows them")
    files = written(load_settings())
    with opened(desk) as record:
        wishes = Wishes(record)
        meant = sorted(wishes.carried()) if every else _meant(names, files, record)
        if what == "stop":
            return wishes.ask([wishes.stop(name) for name in meant], wait_s)
        carried = wishes.carried()
        for name in meant:
            if name not in carried:
                _insist_on_file(name, files)
        return wishes.ask(
            [wish for name in meant for wish in wishes.start(name, files.rules.get(name))], wait_s
        )


def reload_files(names: Sequence[str], wait_s: float, desk: str | None) -> list[Outcome]:
    """Let strategies follow their files; without names all that can be used, and the others are told of.

    Raises:
        ConfigError: a name is none, or its file is broken; nothing is sent then.
    """
    files = written(load_settings())
    with opened(desk) as record:
        wishes = Wishes(record)
        meant = _meant(names, files, record) if names else sorted(files.rules)
        for name in meant:
            _insist_on_file(name, files)
        asked = [wishes.reload(name, files.rules[name]) for name in meant]
        _note_other_code(record, files, asked)
        broken = {} if names else files.broken
        told = [refused(name, "reload", why) for name, why in broken.items()]
        return [*wishes.ask(asked, wait_s), *told]


def change_some(name: str, assignments: Sequence[str], wait_s: float, desk: str | None) -> Outcome:
    """Change some rules of a strategy that runs.

    Raises:
        ConfigError: it does not run, or a rule cannot be used.
    """
    changes = texts_of(assignments, "")
    settings = load_settings()
    files = written(settings)
    with opened(desk) as record:
        wishes = Wishes(record)
        _meant([name], files, record)
        if name not in wishes.carried():
            raise ConfigError(f"nobody carries {name}: edit its file, then `sauda strategies reload {name}`")
        before, _ = rules_in_force(record, PREFIX + name)
        (outcome,) = wishes.ask(
            [wishes.change(name, before, with_changes(settings, name, before, changes))], wait_s
        )
        return outcome


def _meant(names: Sequence[str], files: Written, record: Record) -> list[str]:
    known = [*files.rules, *files.broken, *units_of(record)]
    return [insist_on(name, known, f"config/strategies or on desk {record.desk}") for name in names]


def _insist_on_file(name: str, files: Written) -> None:
    if name in files.broken:
        raise ConfigError(files.broken[name])
    if name not in files.rules:
        raise ConfigError(
            f"{name} has no rules file any more: put it back, or close what it holds (`sauda square-off`)"
        )


def _note_other_code(record: Record, files: Written, asked: Sequence[Wish]) -> None:
    """Say of which strategies the code has changed: rules are taken while they run, code is not."""
    for wish in asked:
        opened_by = None if wish.is_new else rules_in_force(record, PREFIX + wish.strategy)[1]
        if opened_by is not None and opened_by.version != files.versions[wish.strategy]:
            screen.note(
                f"{wish.strategy}: its code is another one here than where it runs: `sauda restart strategy` takes it"
            )
