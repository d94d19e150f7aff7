"""A strategy that sells options goes on by other rules: what somebody changed by `change_rules` while it runs.

What stands in the market stays as it is; stops of later fills, targets, hours and all that is still to come follow the
new rules at once.
"""

from typing import Final

from sauda.contracts import ChangeRules, Level, Message
from sauda.errors import ConfigError
from sauda_strategy.in_force import InForce
from sauda_strategy.instance import Instance
from sauda_strategy.option_rules import OptionRules
from sauda_strategy.rule_values import plain_rules, rules_by

FLAT_ONLY: Final = ("mode", "product")
"""What can change only while nothing is open: orders of two sorts would close each other's positions."""


class NewRules:
    """The rules of one instance, as they were changed."""

    def __init__(self, instance: Instance) -> None:
        self._my = instance
        self._in_force: InForce[OptionRules] = InForce(instance.state, instance.name, instance.rules)

    def restored(self) -> None:
        """Read them back."""
        self._in_force.restored()
        self._my.follow(self._in_force.rules)

    def take(self, message: ChangeRules) -> list[Message]:
        """Go on by the rules in *message*, or say why not; an instance begun by it has nothing to change."""
        my = self._my
        now_ns = my.now_ns or message.event_ns  # Before the first market time.
        try:
            self._check(message)
            changes = self._in_force.change(message)
        except ConfigError as error:
            text = f"rules of {message.by} were not taken, those before stand: {error}"
            alert = my.voice.alert("RULES_REFUSED", text, now_ns, Level.WARNING)
            return [my.voice.signal(text, now_ns), alert]
        my.follow(self._in_force.rules)
        if not changes:
            return []
        told = ", ".join(f"{key} {before} -> {after}" for key, (before, after) in changes.items())
        text = f"rules changed by {message.by}: {told}"
        return [my.voice.signal(text, now_ns), my.voice.alert("RULES_CHANGED", text, now_ns, Level.INFO)]

    def _check(self, message: ChangeRules) -> None:
        my, where = self._my, f"rules of strategy.{self._my.name}"
        before = plain_rules(my.rules)
        if message.rules.get("kind") != before["kind"]:
            return  # The rules in force say so themselves.
        after = plain_rules(rules_by(where, message.rules, type(my.rules)))
        if before["tsymbol"] != after["tsymbol"]:
            raise ConfigError(
                f"{where}: tsymbol: another underlying is another strategy: give it a file of its own"
            )
        for key in FLAT_ONLY:
            if before[key] != after[key] and my.book.any_open():
                raise ConfigError(f"{where}: {key}: cannot change while something is open: square off first")
