"""What is used of each limit now, by the exchange's own rows and the newest points of P&L."""

from collections.abc import Iterator, Mapping
from typing import Final

import msgspec

from sauda.clock import UnixNs
from sauda.codec import decode
from sauda.contracts import DeskPnl, Plain, StrategyPnl
from sauda.errors import ContractError
from sauda.hand.desk import EXCHANGE
from sauda.hand.flat import halted_by
from sauda.money import Paise, to_indian
from sauda.newest_opening import newest_opening
from sauda.record import Record
from sauda.risk.book import DESK, RiskBook, rows_of

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
    uses = list(_uses(limits, RiskBook(rows), _money(record, rows)))
    used = {one.limit for one in uses}
    return Picture(
        uses=uses,
        others={key: value for key, value in rest.items() if key not in used and value is not None},
        limits=limits,
        kill_switch=halted_by(rows),
        halted=halts_of(rows),
        closing=[row["why"] for _, row in rows_of(rows, "flatten")],
        recorded=recorded,
    )


def _uses(
    limits: Mapping[str, Plain], book: RiskBook, money: Mapping[str, tuple[Paise, Paise]]
) -> Iterator[Use]:
    named = {key.split(".")[1] for key in limits if key.startswith("strategies.")}
    for scope in (DESK, *sorted(named | book.strategies | (set(money) - {DESK}))):
        own = _of_scope(limits, scope)
        for limit, used, where in _used(scope, book, money):
            most = own.get(limit)
            if isinstance(most, int):
                yield Use(
                    "desk" if scope == DESK else scope,
                    limit,
                    used,
                    most * 100 if limit in _RUPEES else most,
                    where,
                )


def _used(
    scope: str, book: RiskBook, money: Mapping[str, tuple[Paise, Paise]]
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
    if scope == DESK:
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
    days = dict(rows_of(rows, "watched"))
    newest: dict[str, Paise] = {}
    for number, entry in enumerate(record.backwards("pnl")):
        if number >= _POINTS or days.keys() <= newest.keys():
            break
        try:
            point = decode(entry.data)
        except ContractError:
            continue
        if isinstance(point, StrategyPnl | DeskPnl):
            newest.setdefault(DESK if isinstance(point, DeskPnl) else point.strategy, point.net)
    return {
        scope: (newest[scope] - row["start"], row["best"] - row["start"])
        for scope, row in days.items()
        if scope in newest
    }


def _limits(record: Record) -> tuple[dict[str, Plain], bool]:
    opened = newest_opening(record, EXCHANGE)
    if opened is not None and opened.rules:
        return opened.rules, True
    from sauda.settings import load_settings
    from sauda.units import available

    return dict(available(load_settings())[EXCHANGE].rules), False
