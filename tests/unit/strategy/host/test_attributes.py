"""What a strategy sets on itself is looked at whenever it has other names than after `setup`, however many they are."""

import pytest

from sauda.state import State
from sauda_strategy.api import Strategy
from sauda_strategy.host.attributes import Attributes
from sauda_strategy.plain_values import UnkeepableError


class Bare(Strategy):
    """Keeps nothing that anybody looks at."""


def test_a_name_in_the_place_of_another_is_looked_at() -> None:
    strategy, attributes = Bare.__new__(Bare), Attributes(State())
    strategy._own = 1  # type: ignore[attr-defined]
    attributes.take(strategy, [])
    attributes.check()

    del strategy._own  # type: ignore[attr-defined]
    strategy.seen = {1}  # type: ignore[attr-defined]

    with pytest.raises(UnkeepableError, match="seen"):
        attributes.check()
