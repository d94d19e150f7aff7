"""What every indicator is made from, yours too: all that it sets on itself survives a restart, to the bit.

    class Gap(Study):
        '''How far the open stands above the close before it, paise.'''

        def __init__(self) -> None:
            self.value: int | None = None
            self._close: int | None = None

        def update(self, bar: Bar) -> None:
            if self._close is not None:
                self.value = bar.open - self._close
            self._close = bar.close

Attributes are numbers, text, None, lists, tuples, dicts and deques of these, or other studies. A deque with a `maxlen` keeps
memory bounded.
"""

from collections.abc import Mapping
from typing import Any, Self, TypeAlias, TypeGuard

from sauda.contracts import Bar
from sauda.errors import ConfigError
from sauda_strategy.plain_values import UnkeepableError, from_plain, to_plain

Number: TypeAlias = float
"""An int or a float; prices are paise, and whole unless they are a mean."""

_SETTINGS = "_settings"


class Study:
    """Derive from it and write `add` (one value after the other) or `update` (bars); set `value`, None while it is too early."""

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Note what it is made with: a state that was frozen under other settings must not be taken back."""
        study = super().__new__(cls)
        noted = [_noted(one) for one in args], {name: _noted(one) for name, one in kwargs.items()}
        study.__dict__[_SETTINGS] = noted
        return study

    def update(self, bar: Bar) -> None:
        """Take the next bar: its close, unless the study overrides this."""
        self.add(bar.close)

    def add(self, value: Number | None) -> None:
        """Take the next value, for a study on ticks or on another study; what is no number changes nothing."""
        raise ConfigError(f"{type(self).__name__} is made of bars: give it to track(), or call update(bar)")

    def freeze(self) -> dict[str, Any]:
        """Return all that it remembers as plain JSON values.

        Raises:
            UnkeepableError: an attribute is of a type that cannot be kept; names it.
        """
        kept: dict[str, Any] = {}
        for name, value in vars(self).items():
            try:
                kept[name] = {"study": value.freeze()} if isinstance(value, Study) else to_plain(value)
            except UnkeepableError as error:
                raise UnkeepableError(
                    f"{type(self).__name__}.{name} cannot be kept: it is {error}"
                ) from error
        return kept

    def thaw(self, kept: Mapping[str, Any]) -> None:
        """Take back what `freeze` returned.

        Raises:
            ConfigError: it was frozen with other settings, or by another version of the class.
        """
        own = vars(self)
        here, before = to_plain(own[_SETTINGS]), kept.get(_SETTINGS)
        missing = sorted(own.keys() - kept.keys())
        if here != before or missing:
            why = (
                f"lacks {', '.join(missing)}" if missing else f"was made with {before}, this one with {here}"
            )
            raise ConfigError(f"{type(self).__name__}: what was kept {why}: start it afresh")
        for name, plain in kept.items():
            if isinstance(plain, dict) and "study" in plain:
                own[name].thaw(plain["study"])
            else:
                own[name] = from_plain(plain)


def _noted(setting: object) -> object:
    """Return *setting* as it is remembered: a study made of another one notes what that was made with."""
    return (type(setting).__name__, vars(setting)[_SETTINGS]) if isinstance(setting, Study) else setting


def is_number(value: Number | None) -> TypeGuard[Number]:
    """Return whether it is a finite number; None, NaN and the infinities are none."""
    return value is not None and value - value == 0


def length_of(study: str, length: int, least: int = 1, name: str = "length") -> int:
    """Return *length*.

    Raises:
        ConfigError: it is no whole number of at least *least*.
    """
    if type(length) is not int or length < least:
        raise ConfigError(f"{study}: {name} must be a whole number from {least} up, not {length!r}")
    return length
