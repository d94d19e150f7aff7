"""Mistakes of a unit: it asks a clock, or its order of rows depends on what happened."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import msgspec

from sauda.contracts import Message, PlaceOrder
from sauda.state import State, Table
from sauda.unit import Processor, Unit
from simulation.world import World

# ruff: noqa: SLF001  (a bug sits inside what it is a bug of)


class _Clocked:
    """A processor whose ids come from the clock."""

    def __init__(self, processor: Processor, world: World) -> None:
        self.state: State = processor.state
        self.restored = processor.restored
        self._processor = processor
        self._world = world

    def handle(self, message: Message) -> Sequence[Message]:
        return [
            msgspec.structs.replace(said, order_id=f"{said.order_id}-{self._world.now_ns}")
            if isinstance(said, PlaceOrder)
            else said
            for said in self._processor.handle(message)
        ]


def ids_from_the_clock(unit: Unit, world: World) -> Unit:
    """Order ids carry the time of day."""
    if not unit.name.startswith("strategy"):
        return unit
    return replace(unit, build=lambda: _Clocked(unit.build(), world))


class _AsTheyCame(Table[Any]):
    """A table that is walked in the order in which its rows came, which a restart does not keep."""

    __slots__ = ()

    def _in_order(self) -> dict[str, Any]:
        return self._rows


def order_of_history(unit: Unit, _world: World) -> Unit:
    """Tables are walked in an order that depends on what happened since the last start."""

    def build() -> Processor:
        processor = unit.build()
        for table in processor.state._tables.values():
            table.__class__ = _AsTheyCame
        return processor

    return replace(unit, build=build)


def derived_forgotten(unit: Unit, _world: World) -> Unit:
    """After a restart nobody works out again what is derived from the state."""
    if unit.name != "execution.paper":
        return unit

    def build() -> Processor:
        processor = unit.build()
        processor.restored = lambda: None  # type: ignore[method-assign]
        return processor

    return replace(unit, build=build)
