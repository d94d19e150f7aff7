"""A message as one line of InfluxDB's line protocol. Pure, and fast: no library object is built per point.

A line's identity is its measurement, tags and time, all taken from the message: writing it twice is writing it once.
Fills need one tag more than their table shows, `fill_id`: two fills of one strategy, contract and side can carry the same
market instant, and would otherwise overwrite each other (ADR 11).
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from sauda.contracts import DeskPnl, Fill, Message, PositionPnl, StrategyPnl
from sauda.errors import ContractError
from sauda.money import Paise, Units
from sauda_pnl.writers.rupees import number, rupees, seldom_new

DESK_TOTAL: Final = "ALL"
"""The strategy tag of the whole desk's P&L; no strategy may be called so."""

_TAG_ESCAPES = str.maketrans({",": r"\,", "=": r"\=", " ": r"\ "})
_TEXT_ESCAPES = str.maketrans({'"': r"\"", "\\": r"\\"})
_MOST_HEADS: Final = 50_000
"""Series whose first half of a line is kept ready; more than a desk has on a day, and bounded all the same."""


class Lines:
    """Prints the lines of one desk."""

    def __init__(self, desk: str) -> None:
        self._desk = _tag("desk", desk)
        self._heads: dict[tuple[str, ...], str] = {}
        """(measurement, tag values) -> the line's first half."""
        self._printers: dict[type, Callable[[Any], str]] = {
            PositionPnl: self._position,
            StrategyPnl: self._strategy,
            DeskPnl: self._of_the_desk,
            Fill: self._fill,
        }

    def line(self, message: Message) -> str | None:
        """Return *message* as a line, or None if InfluxDB has no table for it.

        Raises:
            ContractError: a tag's value cannot be written in the line protocol.
        """
        printer = self._printers.get(type(message))
        return printer(message) if printer else None

    def _position(self, point: PositionPnl) -> str:
        key = ("positions", point.strategy, point.instrument)
        head = self._heads.get(key) or self._head(key, "symbol")
        realised, unrealised, charges = point.realised, point.unrealised, point.charges
        return (
            f"{head}quantity={point.qty}i,{_entry(point.cost, point.qty)}price={seldom_new(point.ltp)},"
            f"realised={seldom_new(realised)},unrealised={rupees(unrealised)},charges={seldom_new(charges)},"
            f"pnl={rupees(realised + unrealised - charges)} {point.event_ns}"
        )

    def _strategy(self, point: StrategyPnl) -> str:
        return self._total(point, named_strategy(point.strategy))

    def _of_the_desk(self, point: DeskPnl) -> str:
        return self._total(point, DESK_TOTAL)

    def _total(self, point: StrategyPnl | DeskPnl, strategy: str) -> str:
        key = ("pnl", strategy)
        head = self._heads.get(key) or self._head(key)
        # A field that is not known is left out: it is not zero.
        margin = "" if point.margin is None else f",margin={seldom_new(point.margin)}"
        roi = "" if point.roi is None else f",roi={number(point.roi)}"
        most = "" if point.peak_margin is None else f",peak_margin={seldom_new(point.peak_margin)}"
        peak = "" if point.peak is None else f",peak={seldom_new(point.peak)}"
        drawdown = "" if point.drawdown is None else f",drawdown={rupees(point.drawdown)}"
        day = "" if point.day_net is None else f",day_pnl={rupees(point.day_net)}"
        return (
            f"{head}realised={seldom_new(point.realised)},unrealised={rupees(point.unrealised)},"
            f"charges={seldom_new(point.charges)},total_pnl={rupees(point.net)}"
            f"{margin}{roi}{most}{peak}{drawdown}{day} {point.event_ns}"
        )

    def _fill(self, fill: Fill) -> str:
        key = ("fills", fill.strategy, fill.instrument, fill.side.value)
        head = self._heads.get(key) or self._head(key, "symbol", "side")
        return (
            f"{head[:-1]},fill_id={_tag('fill_id', fill.fill_id)} quantity={fill.qty}i,price={rupees(fill.price)},"
            f"charges={rupees(fill.charges)},order_id={_text(fill.order_id)} {fill.event_ns}"
        )

    def _head(self, key: tuple[str, ...], *more: str) -> str:
        if len(self._heads) >= _MOST_HEADS:
            self._heads.clear()
        if more:
            # A table of single things has none of the whole desk.
            named_strategy(key[1])
        names = ("strategy", *more)
        tags = [f"{name}={_tag(name, value)}" for name, value in zip(names, key[1:], strict=True)]
        head = self._heads[key] = f"{','.join((key[0], f'desk={self._desk}', *tags))} "
        return head


def named_strategy(name: str) -> str:
    """Return *name*, unless it would be taken for the whole desk.

    Raises:
        ContractError: the strategy bears the name that stands for the desk's total.
    """
    if name == DESK_TOTAL:
        raise ContractError(f"a strategy may not be called {DESK_TOTAL!r}: that names the desk's total")
    return name


def _tag(name: str, value: str) -> str:
    # The protocol has no way to write these: no empty value, no line break, and a backslash at the end eats the comma.
    if not value or value.endswith("\\") or "\n" in value or "\r" in value:
        raise ContractError(
            f"{name} {value!r} cannot be a tag: it is empty, broken over lines, or ends in a backslash"
        )
    return value.translate(_TAG_ESCAPES)


@lru_cache(4096)
def _entry(cost: Paise, qty: Units) -> str:
    """Return the entry price as a field; a flat position has none."""
    return f"entry_price={cost / qty / 100}," if qty else ""


def _text(value: str) -> str:
    return f'"{value.translate(_TEXT_ESCAPES)}"'
