"""Writes rows to SQLite or PostgreSQL: every batch is one transaction, every row an upsert by its natural key.

An order's row is worked out from what the table holds and what the batch brings, so two replicas must not do that for one
order at the same time. On SQLite a writing transaction is alone. On PostgreSQL the order's row is locked before its fills
are written and counted, always in the order of the keys, so that nobody waits in a circle.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy import Connection, Table, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import (
    DataError,
    DBAPIError,
    IntegrityError,
    SQLAlchemyError,
    StatementError,
)

from sauda.batch import Record, Refusal
from sauda.contracts import (
    DeskPnl,
    Fill,
    Message,
    OrderRejected,
    PlaceBasket,
    PositionPnl,
    RejectReason,
    StrategyPnl,
)
from sauda.errors import ContractError
from sauda.outage import SinkAwayError
from sauda_pnl.writers import tables
from sauda_pnl.writers.engine import address_of, engine_of, make_tables
from sauda_pnl.writers.isolate import NeverError, write_the_rest
from sauda_pnl.writers.order_row import ORDER_FACTS, OrderRow, with_fact
from sauda_pnl.writers.point_rows import (
    FORMS,
    STATEMENTS,
    Values,
    in_order,
    parameters,
    position_values,
    total_values,
)
from sauda_pnl.writers.rows import (
    POSTGRESQL,
    SQLITE,
    Forms,
    Row,
    fill_row,
    order_of_row,
    row_of_order,
    traded,
)

_FORMS: Final = {"sqlite": SQLITE, "postgresql": POSTGRESQL}
_UPSERT: Final[dict[str, Any]] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


class SqlSink:
    """See `sauda.writer.Sink`."""

    def __init__(self, url: str, *, desk: str) -> None:
        """Connect on first use.

        Raises:
            ConfigError: the address cannot be read, or names a database that has no upserts we know.
        """
        address = address_of(url)
        self.where = f"database {address.render_as_string(hide_password=True)}"
        self._secret = address.password
        self._desk = desk
        self._dialect = address.get_backend_name()
        self._forms: Forms = _FORMS[self._dialect]
        self._engine = engine_of(address)
        self._upserts = {table.name: _upsert(table) for table in tables.metadata.sorted_tables}
        self._ready = False

    def open(self) -> None:
        """See `sauda.writer.Sink`."""
        with self._sorted_errors():
            self._prepare()

    def write(self, records: Sequence[Record]) -> Sequence[Refusal]:
        """See `sauda.writer.Sink`."""
        return write_the_rest(records, self._write)

    def close(self) -> None:
        """See `sauda.writer.Sink`."""
        self._engine.dispose()

    def _write(self, records: Sequence[Record]) -> None:
        with self._sorted_errors():
            positions, totals, others = self._sorted(records)
            fills = [
                fill_row(self._desk, record.message, self._forms)
                for record in others
                if isinstance(record.message, Fill)
            ]
            self._prepare()
            with self._engine.begin() as connection:
                self._put_points(connection, tables.positions, positions)
                self._put_points(connection, tables.pnl, totals)
                if facts := _order_facts(others):
                    self._put_orders(connection, facts, fills)

    @contextmanager
    def _sorted_errors(self) -> Iterator[None]:
        """Sort what the driver raises by what has to be done next: never take the row, or try again."""
        try:
            yield
        except ContractError as error:
            raise NeverError(str(error)) from error
        except (DataError, IntegrityError, OverflowError, UnicodeError) as error:
            raise NeverError(f"{self.where} refused the row: {self._reason(error)}") from error
        except DBAPIError as error:
            # The table may be gone, or the connection: begin with both again.
            self._ready = False
            self._engine.dispose()
            raise SinkAwayError(f"{self.where} cannot write now: {self._reason(error)}") from error
        except StatementError as error:
            raise NeverError(f"{self.where} has no form for the row: {self._reason(error)}") from error
        except (SQLAlchemyError, OSError) as error:
            raise SinkAwayError(f"{self.where} cannot write now: {self._reason(error)}") from error

    def _prepare(self) -> None:
        if self._ready:
            return
        make_tables(self._engine)
        self._ready = True

    def _sorted(self, records: Sequence[Record]) -> tuple[list[Values], list[Values], list[Record]]:
        """Return the rows of positions, those of totals, and what is about orders."""
        desk, forms = self._desk, FORMS[self._dialect]
        positions: list[Values] = []
        totals: list[Values] = []
        others: list[Record] = []
        for record in records:
            point = record.message
            if isinstance(point, PositionPnl):
                positions.append(position_values(desk, point, forms))
            elif isinstance(point, StrategyPnl | DeskPnl):
                totals.append(total_values(desk, point, forms))
            else:
                others.append(record)
        return positions, totals, others

    def _put_points(self, connection: Connection, table: Table, rows: list[Values]) -> None:
        if rows:
            told = parameters(table, in_order(table, rows), self._dialect)
            connection.exec_driver_sql(STATEMENTS[table.name, self._dialect], told)

    def _put(self, connection: Connection, table: Table, rows: list[Row]) -> None:
        if rows:
            key = [column.name for column in table.primary_key]
            # In one order everywhere, so that two replicas with the same rows do not wait for each other in a circle.
            rows.sort(key=lambda row: [row[name] for name in key])
            connection.execute(self._upserts[table.name][connection.dialect.name], rows)

    def _put_orders(self, connection: Connection, facts: Sequence[Record], fills: list[Row]) -> None:
        ids = sorted({record.message.order_id for record in facts if isinstance(record.message, ORDER_FACTS)})
        known = self._locked(connection, ids)
        self._put(connection, tables.fills, fills)
        for record in facts:
            if isinstance(record.message, ORDER_FACTS):
                order_id = record.message.order_id
                known[order_id] = with_fact(known[order_id], record)
        traded_by_order = self._fills_of(connection, ids)
        rows = [
            row_of_order(self._desk, known[order_id], traded_by_order[order_id], self._forms)
            for order_id in ids
        ]
        self._put(connection, tables.orders, rows)

    def _locked(self, connection: Connection, ids: Sequence[str]) -> dict[str, OrderRow]:
        """Make the rows that are missing, lock all of them until the transaction ends, and read them."""
        empty = [row_of_order(self._desk, OrderRow(order_id=order_id), (), self._forms) for order_id in ids]
        add = _UPSERT[connection.dialect.name](tables.orders).on_conflict_do_nothing()
        connection.execute(add, empty)
        table = tables.orders
        query = select(table).where(table.c.desk == self._desk, table.c.order_id.in_(ids))
        found = connection.execute(query.order_by(table.c.order_id).with_for_update()).mappings()
        return {row["order_id"]: order_of_row(dict(row), self._forms) for row in found}

    def _fills_of(self, connection: Connection, ids: Sequence[str]) -> dict[str, list[Any]]:
        table = tables.fills
        query = select(table).where(table.c.desk == self._desk, table.c.order_id.in_(ids))
        found: dict[str, list[Any]] = {order_id: [] for order_id in ids}
        for row in connection.execute(query).mappings():
            found[row["order_id"]].append(traded(dict(row), self._forms))
        return found

    def _reason(self, error: BaseException) -> str:
        said = str(getattr(error, "orig", None) or error)
        line = next((line.strip() for line in said.splitlines() if line.strip()), type(error).__name__)
        return line.replace(str(self._secret), "***") if self._secret else line


def _order_facts(records: Sequence[Record]) -> list[Record]:
    """Return what *records* say of orders; a basket's legs are orders that were placed where it stands."""
    facts: list[Record] = []
    for record in records:
        if isinstance(record.message, PlaceBasket):
            facts += [record._replace(message=leg) for leg in record.message.legs]
        elif isinstance(record.message, ORDER_FACTS) and not _is_of_no_order(record.message):
            facts.append(record)
    return facts


def _is_of_no_order(message: Message) -> bool:
    """Does it refuse to change or cancel what was never placed? That makes no order: a strategy may even ask so, see `stand_aside`."""
    return isinstance(message, OrderRejected) and message.reason is RejectReason.UNKNOWN_ORDER


def _upsert(table: Table) -> dict[str, Any]:
    return {name: _upsert_on(table, kind) for name, kind in _UPSERT.items()}


def _upsert_on(table: Table, kind: Callable[[Table], Any]) -> Any:
    statement = kind(table)
    rest: Iterable[Any] = [column for column in table.columns if not column.primary_key]
    return statement.on_conflict_do_update(
        index_elements=list(table.primary_key),
        set_={column.name: statement.excluded[column.name] for column in rest},
    )
