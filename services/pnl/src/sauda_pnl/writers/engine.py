"""The way to a SQL database: its address, its connection, its tables. SQLite and PostgreSQL, which both have upserts."""

from pathlib import Path
from typing import Any, Final

from sqlalchemy import Connection, Engine, Table, create_engine, event, inspect, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

from sauda.errors import ConfigError
from sauda_pnl.writers import tables

_KINDS: Final = ("sqlite", "postgresql")
_SCHEMA_LOCK: Final = 0x5A0DA
"""Any fixed number: replicas that start together make the tables one after another."""


def address_of(url: str) -> URL:
    """Read the address of a database.

    Raises:
        ConfigError: it cannot be read, or names a kind of database that we do not write to.
    """
    try:
        address = make_url(url)
        backend = address.get_backend_name()
    except (ArgumentError, ValueError) as error:
        # Not the error's own text: it may repeat the address with its password.
        raise ConfigError("SAUDA_SQL_URL cannot be read; such as sqlite:///var/sauda.db") from error
    if backend == "postgres" or address.drivername == "postgresql":
        address, backend = address.set(drivername="postgresql+psycopg"), "postgresql"
    if backend not in _KINDS:
        raise ConfigError(f"SAUDA_SQL_URL names {backend!r}; sqlite and postgresql are supported")
    return address


def engine_of(address: URL) -> Engine:
    """Return the way to the database; it connects on first use."""
    # One connection: a sink works for one thread. Parameters stay out of error texts.
    if address.get_backend_name() == "postgresql":
        options = "-c statement_timeout=30000 -c lock_timeout=10000"
        limits = {"connect_timeout": 5, "tcp_user_timeout": 15_000, "options": options}
        return create_engine(address, hide_parameters=True, pool_size=1, max_overflow=0, connect_args=limits)
    engine = create_engine(address, hide_parameters=True, connect_args={"timeout": 5})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # The driver's own BEGIN comes too late and takes no lock; ours is in `_begin_sqlite`.
    connection.isolation_level = None
    connection.execute("PRAGMA busy_timeout = 5000")
    connection.execute("PRAGMA journal_mode = WAL")
    # FULL: an entry is acknowledged after the commit, so the commit must survive a power cut.
    connection.execute("PRAGMA synchronous = FULL")


def _begin_sqlite(connection: Connection) -> None:
    # At once a writer: a reader that turns into one fails when another has written in between.
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def make_tables(engine: Engine) -> None:
    """Make the tables and columns that are missing, and for SQLite the folder of its file."""
    file = engine.url.database
    if engine.dialect.name == "sqlite" and file and file != ":memory:":
        Path(file).parent.mkdir(parents=True, exist_ok=True)
    with engine.begin() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _SCHEMA_LOCK})
        tables.metadata.create_all(connection)
        for table in tables.metadata.sorted_tables:
            _add_columns(connection, table)


def _add_columns(connection: Connection, table: Table) -> None:
    """Add to *table* the columns that an older version did not know; what it wrote has NULL in them."""
    known = {column["name"] for column in inspect(connection).get_columns(table.name)}
    quoted = connection.dialect.identifier_preparer.quote
    for column in table.columns:
        if column.name not in known:
            kind = column.type.compile(dialect=connection.dialect)
            # All names are our own: nothing of this text comes from a message or a setting.
            connection.execute(
                text(f"ALTER TABLE {quoted(table.name)} ADD COLUMN {quoted(column.name)} {kind}")
            )
