"""The rules by which what is open was opened: it is closed by the same, though the rules file was edited since."""

from sauda.contracts import Product
from sauda.state import State
from sauda_strategy.option_rules import OptionRules
from sauda_strategy.rules import Mode


class Terms:
    """Mode, product and underlying of one instance: those of its rules, as soon as nothing is open by others."""

    def __init__(self, state: State) -> None:
        self._mode = state.table("mode", bool)
        """`dry` -> True while it trades in a dry run"""
        self._others = state.table("terms", str)
        """`product`, `tsymbol` -> by what that was opened which is open; no row: nothing is"""

    @property
    def is_dry(self) -> bool:
        """Whether it trades in a dry run."""
        return "dry" in self._mode

    def product(self, rules: OptionRules) -> Product:
        """Return what its orders carry."""
        return Product(self._others.get("product") or rules.product)

    def tsymbol(self, rules: OptionRules) -> str:
        """Return whose options it trades."""
        return self._others.get("tsymbol") or rules.tsymbol

    def waiting(self, rules: OptionRules) -> list[tuple[str, str]]:
        """Return the rules that are not followed yet, and what they want."""
        found = [("mode", rules.mode.value)] if self.is_dry is not (rules.mode is Mode.DRY_RUN) else []
        if self.product(rules) is not rules.product:
            found.append(("product", rules.product.value))
        if self.tsymbol(rules) != rules.tsymbol:
            found.append(("tsymbol", rules.tsymbol))
        return found

    def opened(self, rules: OptionRules) -> None:
        """Something is open: if it was opened just now, *rules* said how."""
        for key, value in (("product", rules.product.value), ("tsymbol", str(rules.tsymbol))):
            if key not in self._others:
                self._others.put(key, value)

    def closed(self, rules: OptionRules) -> None:
        """Nothing is open: trade by *rules* from now on."""
        for key in self._others:
            self._others.drop(key)
        if rules.mode is not Mode.DRY_RUN:
            self._mode.drop("dry")
        elif not self.is_dry:
            self._mode.put("dry", True)
