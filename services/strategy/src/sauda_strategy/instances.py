"""Which strategies this replica carries: those of the rules files, and those that a `change_rules` names later.

The rules files are the truth. A message on `control` begins an instance without a restart; the next start of the service finds its
file. An instance whose file is gone is not started again, and what it holds is cried out.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from sauda.calendar import load_calendar
from sauda.codec import decode
from sauda.contracts import ChangeRules, Message
from sauda.errors import ConfigError, ContractError, TransientError
from sauda.log import BEGINNING, Entry, Log, Position
from sauda.logs import Channel, logger
from sauda.runner import Stop
from sauda.service import Role
from sauda.settings import Settings
from sauda.unit import Unit
from sauda_strategy import notices
from sauda_strategy.access import PREFIX
from sauda_strategy.kinds import Kinds
from sauda_strategy.loading import load_kinds, where_it_broke
from sauda_strategy.rule_files import RuleBook, check_instance, load_rules
from sauda_strategy.rule_values import rules_from
from sauda_strategy.rules import Rules
from sauda_strategy.units import unit_of

RETRY_S: Final = 1.0
_READ_MS: Final = 500
_AT_ONCE: Final = 100


class Instances:
    """The instances of one replica, each a role; the role `rules` looks after them."""

    def __init__(self, settings: Settings, log: Log, make_role: Callable[[Unit], Role]) -> None:
        """Take the settings' folders.

        Args:
            settings: Say where rules and the user's strategies lie.
            log: A connection of its own.
            make_role: Makes the role that carries a unit.
        """
        self.role = Role("rules", self._look_after, lambda: True, self._facts, self._joining)
        self._folder = settings.config / "strategies"
        self._settings = settings
        self._calendar = load_calendar(settings.config / "market")
        self._log = log
        self._make_role = make_role
        self._roles: dict[str, Role] = {}
        """instance -> the role that carries it, or has failed to"""
        self._broken: dict[str, ConfigError] = {}
        self._new: deque[Role] = deque()
        self._heeds = False
        """Whether messages are waited for: the files have been read behind the newest."""

    def begin(self) -> list[Role]:
        """Return a role for each rules file that can be used."""
        self._read()
        records = logger(Channel.APP)
        if not self._roles:
            records.warning(
                "no_strategies",
                folder=str(self._folder),
                hint="add a rules file, then `sauda strategies reload`",
            )
        for instance, error in self._broken.items():
            records.error("broken_rules", strategy=instance, why=str(error))
        return list(self._roles.values())

    def _read(self) -> RuleBook:
        """Read all files; make a role of each instance that has none yet."""
        kinds = load_kinds(self._settings.strategies)
        book = load_rules(self._folder, kinds)
        self._broken = dict(book.broken)
        for instance, rules in sorted(book.rules.items()):
            if instance not in self._roles:
                try:
                    self._take_up(instance, rules, kinds)
                except ConfigError as error:
                    self._broken[instance] = error
        return book

    def _take_up(self, instance: str, rules: Rules, kinds: Kinds) -> Role:
        """Make the role of an instance.

        Raises:
            ConfigError: its strategy cannot be built by these rules.
        """
        unit = unit_of(instance, rules, self._calendar, kinds, self._settings)
        try:
            unit.build()
        except Exception as error:  # whatever a user's `setup` does wrong stops this instance alone
            raise ConfigError(where_it_broke(kinds.kind(rules.kind).file, error)) from error
        self._roles[instance] = role = self._make_role(unit)
        return role

    def _look_after(self, stop: Stop) -> None:
        """Tell what cannot be used, as soon as Redis is there; then take up what `change_rules` names, until *stop*."""
        at: Position | None = None
        while not stop.is_set():
            try:
                if at is None:
                    at, self._heeds = self._first_look(), True
                entries = self._log.read({"control": at}, _AT_ONCE, _READ_MS)
                for entry in entries:
                    self._heed(entry)
                    at = Position(entry.id, 0)
            except TransientError:
                entries = []
            if not entries:
                stop.wait(RETRY_S if at is None else 0.01)

    def _first_look(self) -> Position:
        """Return behind which entry of `control` new instances are waited for.

        The files are read once more behind it: what was asked for while we started has its file by now.
        """
        past = self._log.entries("control")
        known = set(self._roles)
        book = self._read()
        self._new += [role for instance, role in self._roles.items() if instance not in known]
        there = [*book.rules, *book.broken]
        notices.tell_once_a_day(
            self._log, [*notices.broken_rules(self._broken), *notices.gone_files(self._log, there)]
        )
        return Position(past[-1].id if past else BEGINNING, 0)

    def _heed(self, entry: Entry) -> None:
        try:
            message = decode(entry.data)
        except ContractError:
            return  # The units park it, each for itself.
        if isinstance(message, ChangeRules) and not self._is_carried(message.strategy):
            notices.answer_once(self._log, b"control " + entry.id, self._start(message))

    def _start(self, message: ChangeRules) -> list[Message]:
        """Let an instance begin by the rules of *message*; return what is to be said of it."""
        name, where = message.strategy, f"rules of {PREFIX}{message.strategy}"
        try:
            check_instance(name, where)
            kinds = load_kinds(self._settings.strategies)
            role = self._take_up(name, rules_from(where, message.rules, kinds), kinds)
        except ConfigError as error:
            self._broken[name] = error
            return notices.broken_rules({name: error})
        self._broken.pop(name, None)
        logger(Channel.APP).info("strategy_begins", strategy=name, by=message.by)
        self._new.append(role)
        if any((self._folder / f"{name}{suffix}").is_file() for suffix in (".yaml", ".yml")):
            return []
        return notices.started_without_file(name, str(self._folder))

    def _is_carried(self, instance: str) -> bool:
        role = self._roles.get(instance)
        return role is not None and role.failure is None

    def _joining(self) -> Sequence[Role]:
        """Return the roles that have come up since the last call."""
        return [self._new.popleft() for _ in range(len(self._new))]

    def _facts(self) -> dict[str, object]:
        return {
            "strategies": sorted(self._roles),
            "broken": sorted(self._broken),
            "heeds_control": self._heeds,
        }
