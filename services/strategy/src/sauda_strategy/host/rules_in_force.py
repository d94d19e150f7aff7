"""The rules that an instance follows: its file's, until somebody changes them while it runs.

A change is kept together with the file's rules that it replaced. Where the file says something else at the next start, the file
was edited since, and wins.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from pydantic import ValidationError

from sauda.errors import ConfigError
from sauda.state import State
from sauda_strategy.rules import Rules
from sauda_strategy.trading_rules import TradingRules, terms_of


class Changed(msgspec.Struct, frozen=True):
    """Rules that came by a message."""

    rules: dict[str, Any]
    file: dict[str, Any]
    """Those of the file that they replaced."""


class RulesInForce:
    """Those of one instance."""

    def __init__(self, state: State, model: type[Rules], of_file: Rules) -> None:
        self._rows = state.table("rules", Changed)
        """`changed` -> rules that replaced those of the file"""
        self._model = model
        self._file = of_file
        self.rules = of_file
        self.terms: TradingRules = terms_of(of_file)

    def in_force(self) -> TradingRules:
        """Return what the rules say of trading now."""
        return self.terms

    def restored(self) -> None:
        """Follow the changed rules, unless the file has been edited since or they mean nothing any more."""
        row = self._rows.get("changed")
        self._follow(self._file)
        if row is None:
            return
        try:
            if row.file == _plain(self._file):
                self._follow(self._read(row.rules))
                return
        except ConfigError:
            pass  # The class has other rules now: the file's, which it could read, are all that is left.
        self._rows.drop("changed")

    def change(self, values: Mapping[str, Any]) -> Rules:
        """Follow *values*, which are all of the rules, from now on; return those that were followed before.

        Raises:
            ConfigError: they cannot be used; names the key.
        """
        before, new = self.rules, self._read(values)
        self.go_back(new)
        return before

    def go_back(self, rules: Rules) -> None:
        """Follow *rules* from now on."""
        self._follow(rules)
        if rules == self._file:
            self._rows.drop("changed")
        else:
            self._rows.put("changed", Changed(_plain(rules), _plain(self._file)))

    def _follow(self, rules: Rules) -> None:
        self.rules, self.terms = rules, terms_of(rules)

    def _read(self, values: Mapping[str, Any]) -> Rules:
        if values.get("kind") != self._file.kind:
            raise ConfigError(
                f"kind: {values.get('kind')!r}: this instance is a {self._file.kind} and stays one"
            )
        try:
            return self._model.model_validate(values)
        except ValidationError as error:
            wrong = error.errors(include_url=False)
            said = (f"{'.'.join(map(str, one['loc'])) or 'rules'}: {one['msg']}" for one in wrong)
            raise ConfigError("; ".join(said)) from error


def _plain(rules: Rules) -> dict[str, Any]:
    return dict(rules.model_dump(mode="json"))
