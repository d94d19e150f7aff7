"""The rules that a strategy follows now: those of its file, or those that a `change_rules` has put in their place.

What a message has changed is kept, so that a restart changes nothing. It lasts until the file itself is changed: the file is the
truth, and whoever edits it and starts the service again means it.
"""

from collections.abc import Mapping
from typing import Generic, TypeVar

import msgspec

from sauda.contracts import ChangeRules, Plain
from sauda.errors import ConfigError
from sauda.state import State
from sauda_strategy.rule_values import plain_rules, rules_by
from sauda_strategy.rules import Rules

R = TypeVar("R", bound=Rules)


class Changed(msgspec.Struct, frozen=True):
    """What a message has put in place of a file."""

    file: dict[str, Plain]
    """The rules that the unit was built with when the message came: while they are the same, the message stands."""
    rules: dict[str, Plain]


class InForce(Generic[R]):
    """The rules of one instance; look at `rules` anew after whatever changes them, and in `restored`."""

    def __init__(self, state: State, instance: str, built: R) -> None:
        """Begin with the rules that the unit is built with."""
        self._rows = state.table("rules", Changed)
        """`changed` -> what a message has said; no row: the file stands"""
        self._where = f"rules of strategy.{instance}"
        self._built = built
        self.rules: R = built

    def restored(self) -> None:
        """Take up what a message has said before, unless the file has been changed since."""
        self.rules = self._built
        changed = self._rows.get("changed")
        if changed is None:
            return
        if changed.file == plain_rules(self._built):
            try:
                self.rules = self.checked(changed.rules)
            except ConfigError:
                pass  # Another release knows other rules: the file was checked by it.
            else:
                return
        # For good: whoever puts the old file back means the old file.
        self._rows.drop("changed")

    def change(self, message: ChangeRules) -> dict[str, tuple[Plain, Plain]]:
        """Follow other rules; return key -> what it was and what it is now, of those that differ.

        Raises:
            ConfigError: see `checked`; those before stand.
        """
        before, new = plain_rules(self.rules), self.checked(message.rules)
        self.follow(new)
        after = plain_rules(new)
        return {key: (before[key], after[key]) for key in after if before[key] != after[key]}

    def follow(self, rules: R) -> None:
        """Follow *rules* from now on."""
        self.rules = rules
        plain, file = plain_rules(rules), plain_rules(self._built)
        if plain == file:
            self._rows.drop("changed")
        else:
            self._rows.put("changed", Changed(file, plain))

    def checked(self, values: Mapping[str, Plain]) -> R:
        """Return *values*, which are all of the rules, as rules.

        Raises:
            ConfigError: they cannot be used, or are of another kind; names the key.
        """
        kind = values.get("kind")
        if kind != self._built.kind:
            raise ConfigError(
                f"{self._where}: kind: {kind!r} is another strategy than {self._built.kind!r}: give it a file of its own"
            )
        return rules_by(self._where, values, type(self._built))
