"""The rules that a hosted instance follows, and what they say of trading."""

from collections.abc import Mapping

from sauda.contracts import Plain
from sauda.state import State
from sauda_strategy.in_force import InForce
from sauda_strategy.rules import Rules
from sauda_strategy.trading_rules import TradingRules, terms_of


class RulesInForce(InForce[Rules]):
    """Those of one instance; see `InForce`."""

    def __init__(self, state: State, instance: str, of_file: Rules) -> None:
        super().__init__(state, instance, of_file)
        self.terms: TradingRules = terms_of(of_file)

    def in_force(self) -> TradingRules:
        """Return what the rules say of trading now."""
        return self.terms

    def restored(self) -> None:
        """Follow the changed rules, unless the file has been edited since or they mean nothing any more."""
        super().restored()
        self.terms = terms_of(self.rules)

    def replace(self, values: Mapping[str, Plain]) -> Rules:
        """Follow *values*, which are all of the rules, from now on; return those that were followed before.

        Raises:
            ConfigError: they cannot be used; names the key.
        """
        before = self.rules
        self.follow(self.checked(values))
        return before

    def follow(self, rules: Rules) -> None:
        """Follow *rules* from now on."""
        super().follow(rules)
        self.terms = terms_of(rules)
