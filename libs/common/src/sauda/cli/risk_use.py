"""What is used of each limit now, by the exchange's own rows and the newest points of P&L."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from sauda.cli.flat_course import EXCHANGE, halted_by
from sauda.clock import NS_PER_S, UnixNs
from sauda.codec import decode
from sauda.contracts import DeskPnl, Opened, Plain, StrategyPnl
from sauda.errors import ContractError
from sauda.money import Paise, to_indian
from sauda.record import Record

_DESK: Final = "*"
_LOOKED_THROUGH: Final = 50_000
"""Records of the journal read back in search of what the exchange was made of: a comparison of bytes each."""
_POINTS: Final = 5_000
"""Points of P&L read back in search of each strategy's newest."""
_RUPEES: Final = frozenset(
    {"max_daily_loss", "max_drawdown", "max_total_value", "max_position_value", "profit_lock_at"}
)


class Halt(msgspec.Struct, frozen=True):
    """Why a limit lets nobody in."""

    reason: str
    text: str
    since_ns: UnixNs


class Use(msgspec.Struct, frozen=True):
    """One limit; money in paise."""

    whose: str
    limit: str
    used: int | None
    most: int
    where: str = ""

    @property
    def used_text(self) -> str:
        """Return what is used, for people."""
        return "-" if self.used is None else self._text(self.used)

    @property
    def most_text(self) -> str:
        """Return the limit, for people."""
        return self._text(self.most)

    def _text(self, value: int) -> str:
        return to_indian(value) if self.limit in _RUPEES else str(value)


class Picture(msgspec.Struct, frozen=True):
    """Everything that `sauda risk` shows."""

    uses: list[Use]
    others: dict[str, Plain]
    """Limits of which nothing is used up: those of one order, and times."""
    limits: dict[str, Plain]
    """All of them as the exchange keeps them."""
    kill_switch: str | None
    halted: dict[str, Halt]
    closing: list[str]
    recorded: bool
    """Whether the exchange itself has said which limits it keeps."""


def halts_of(rows: Mapping[bytes, bytes]) -> dict[str, Halt]:
    """Return strategy, or `*` for the desk -> why a limit has halted it."""
    return {
        key.partition(b"/")[2].decode(): msgspec.json.decode(row, type=Halt)
        for key, row in sorted(rows.items())
        if key.startswith(b"halts/")
    }


def picture_of(record: Record) -> Picture:
    """Look at the exchange of *record* as it is committed."""
    rows = record.state_of(EXCHANGE)
    limits, recorded = _limits(record)
    rest = {key: value for key, value in limits.items() if "." not in key}
    uses = list(_uses(limits, _Book(rows), _money(record, rows)))
    used = {one.limit for one in uses}
    return Picture(
        uses=uses,
        others={key: value for key, value in rest.items() if key not in used and value is not None},
        limits=limits,
        kill_switch=halted_by(rows),
        halted=halts_of(rows),
        closing=[row["why"] for _, row in _table(rows, "flatten")],
        recorded=recorded,
    )


class _Book:
    """What waits and is held, summed as the gate sums it."""

    def __init__(self, rows: Mapping[bytes, bytes]) -> None:
        self.quotes = {key: int(row["ltp"]) for key, row in _table(rows, "quotes")}
        now_ns = max((int(row["recv_ns"]) for _, row in _table(rows, "quotes")), default=0)
        now_ns = max(now_ns, *(int(row) for _, row in _table(rows, "clock")), 0)
        self.sent = {
            key: sum(now_ns - at < NS_PER_S for at in row["at"]) for key, row in _table(rows, "pace")
        }
        self.held: dict[tuple[str, str, str], int] = {}
        self.waiting: dict[tuple[str, str, str], list[int]] = {}
        self.orders: dict[tuple[str, str], int] = {}
        for _, row in _table(rows, "held"):
            self.held[row["strategy"], row["instrument"], row.get("product", "NRML")] = row["qty"]
        for _, row in _table(rows, "working"):
            order = row["order"]
            spot = order["strategy"], order["instrument"], order.get("product", "NRML")
            both = self.waiting.setdefault(spot, [0, 0])
            both[order["side"] == "SELL"] += order["qty"] - row.get("filled", 0)
            self.orders[spot[:2]] = self.orders.get(spot[:2], 0) + 1

    @property
    def strategies(self) -> set[str]:
        return {spot[0] for spot in (*self.held, *self.waiting)}

    def worst(self, scope: str) -> dict[str, int]:
        """Return instrument -> units at the worst."""
        found: dict[str, int] = {}
        for spot in {**self.held, **self.waiting}:
            if scope in (_DESK, spot[0]):
                held, (buys, sells) = self.held.get(spot, 0), self.waiting.get(spot, [0, 0])
                found[spot[1]] = found.get(spot[1], 0) + max(abs(held + buys), abs(held - sells))
        return found

    def waits(self, scope: str) -> dict[str, int]:
        """Return instrument -> orders that wait."""
        found: dict[str, int] = {}
        for (strategy, instrument), count in self.orders.items():
            if scope in (_DESK, strategy):
                found[instrument] = found.get(instrument, 0) + count
        return found


def _uses(
    limits: Mapping[str, Plain], book: _Book, money: Mapping[str, tuple[Paise, Paise]]
) -> Iterator[Use]:
    named = {key.split(".")[1] for key in limits if key.startswith("strategies.")}
    for scope in (_DESK, *sorted(named | book.strategies | (set(money) - {_DESK}))):
        own = _of_scope(limits, scope)
        for limit, used, where in _used(scope, book, money):
            most = own.get(limit)
            if isinstance(most, int):
                yield Use(
                    "desk" if scope == _DESK else scope,
                    limit,
                    used,
                    most * 100 if limit in _RUPEES else most,
                    where,
                )


def _used(
    scope: str, book: _Book, money: Mapping[str, tuple[Paise, Paise]]
) -> Iterator[tuple[str, int | None, str]]:
    worst, waits = book.worst(scope), book.waits(scope)
    value = {name: units * book.quotes.get(name, 0) for name, units in worst.items()}
    for limit, by_name in (
        ("max_position_quantity", worst),
        ("max_position_value", value),
        ("max_open_orders_per_symbol", waits),
    ):
        name = max(by_name, key=lambda one: by_name[one], default="")
        yield limit, by_name.get(name, 0), name
    yield "max_total_quantity", sum(worst.values()), ""
    yield "max_total_value", sum(value.values()), ""
    yield "max_open_orders", sum(waits.values()), ""
    yield "max_orders_per_second", book.sent.get(scope, 0), ""
    made, best = money.get(scope, (None, None))
    yield "max_daily_loss", None if made is None else max(0, -made), ""
    yield "max_drawdown", None if made is None or best is None else best - made, ""
    yield "profit_lock_at", best, ""


def _of_scope(limits: Mapping[str, Plain], scope: str) -> dict[str, Plain]:
    if scope == _DESK:
        return {key: value for key, value in limits.items() if "." not in key}
    each = {
        key[len("each_strategy.") :]: value
        for key, value in limits.items()
        if key.startswith("each_strategy.")
    }
    prefix = f"strategies.{scope}."
    return each | {key[len(prefix) :]: value for key, value in limits.items() if key.startswith(prefix)}


def _money(record: Record, rows: Mapping[bytes, bytes]) -> dict[str, tuple[Paise, Paise]]:
    """Return strategy, or `*` -> what the day has made, and its best, as the exchange counts them."""
    days = dict(_table(rows, "watched"))
    newest: dict[str, Paise] = {}
    for number, entry in enumerate(record.backwards("pnl")):
        if number >= _POINTS or days.keys() <= newest.keys():
            break
        try:
            point = decode(entry.data)
        except ContractError:
            continue
        if isinstance(point, StrategyPnl | DeskPnl):
            newest.setdefault(_DESK if isinstance(point, DeskPnl) else point.strategy, point.net)
    return {
        scope: (newest[scope] - row["start"], row["best"] - row["start"])
        for scope, row in days.items()
        if scope in newest
    }


def _limits(record: Record) -> tuple[dict[str, Plain], bool]:
    for number, entry in enumerate(record.backwards("journal")):
        if b'"type":"opened"' in entry.data[:40] and b'"execution.' in entry.data:
            message = decode(entry.data)
            if isinstance(message, Opened) and message.unit == EXCHANGE and message.rules:
                return message.rules, True
        if number >= _LOOKED_THROUGH:
            break
    from sauda.settings import load_settings
    from sauda.units import available

    return dict(available(load_settings())[EXCHANGE].rules), False


def _table(rows: Mapping[bytes, bytes], name: str) -> Iterator[tuple[str, Any]]:
    prefix = name.encode() + b"/"
    for key in sorted(rows):
        if key.startswith(prefix):
            yield key[len(prefix) :].decode(), msgspec.json.decode(rows[key])
