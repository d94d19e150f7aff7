"""A message as one line of InfluxDB's line protocol. Pure, and fast: no library object is built per point.

A line's identity is its measurement, tags and time, all taken from the message: writing it twice is writing it once.
Fills need one tag more than their table shows, `fill_id`: two fills of one strategy, contract and side can carry the same
market instant, and would otherwise overwrite each other (ADR 11).
"""

from typing import Final

from sauda.contracts import DeskPnl, Fill, Message, PositionPnl, StrategyPnl
from sauda.errors import ContractError
from sauda.money import Paise

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

    def line(self, message: Message) -> str | None:
        """Return *message* as a line, or None if InfluxDB has no table for it.

        Raises:
            ContractError: a tag's value cannot be written in the line protocol.
        """
        match message:
            case PositionPnl():
                return self._position(message)
            case StrategyPnl():
                return self._total(message, named_strategy(message.strategy))
            case DeskPnl():
                return self._total(message, DESK_TOTAL)
            case Fill():
                return self._fill(message)
            case _:
                return None

    def _position(self, point: PositionPnl) -> str:
        key = ("positions", named_strategy(point.strategy), point.instrument)
        head = self._heads.get(key) or self._head(key, "symbol")
        # A flat position has no entry price; a field that is not there is not zero.
        entry = f"entry_price={point.cost / point.qty / 100}," if point.qty else ""
        profit = point.realised + point.unrealised - point.charges
        return (
            f"{head}quantity={point.qty}i,{entry}price={point.ltp / 100},realised={point.realised / 100},"
            f"unrealised={point.unrealised / 100},charges={point.charges / 100},pnl={profit / 100} {point.event_ns}"
        )

    def _total(self, point: StrategyPnl | DeskPnl, strategy: str) -> str:
        key = ("pnl", strategy)
        head = self._heads.get(key) or self._head(key)
        roi = "" if point.roi is None else f",roi={point.roi}"
        more = f"{_amount('margin', point.margin)}{roi}{_amount('peak_margin', point.peak_margin)}"
        more += f"{_amount('peak', point.peak)}{_amount('drawdown', point.drawdown)}"
        return (
            f"{head}realised={point.realised / 100},unrealised={point.unrealised / 100},"
            f"charges={point.charges / 100},total_pnl={point.net / 100}{more}{_amount('day_pnl', point.day_net)} {point.event_ns}"
        )

    def _fill(self, fill: Fill) -> str:
        key = ("fills", named_strategy(fill.strategy), fill.instrument, fill.side.value)
        head = self._heads.get(key) or self._head(key, "symbol", "side")
        return (
            f"{head[:-1]},fill_id={_tag('fill_id', fill.fill_id)} quantity={fill.qty}i,price={fill.price / 100},"
            f"charges={fill.charges / 100},order_id={_text(fill.order_id)} {fill.event_ns}"
        )

    def _head(self, key: tuple[str, ...], *more: str) -> str:
        if len(self._heads) >= _MOST_HEADS:
            self._heads.clear()
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


def _amount(name: str, amount: Paise | None) -> str:
    """A field that is not known is left out: it is not zero."""
    return "" if amount is None else f",{name}={amount / 100}"


def _text(value: str) -> str:
    return f'"{value.translate(_TEXT_ESCAPES)}"'
