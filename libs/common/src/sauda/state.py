"""A unit's state: named tables of frozen values that know what changed since the last commit.

Because the values are frozen, a change can only be a `put` or a `drop`, so what the tables report as
changed is complete. Because tables iterate in the order of their keys, a unit that was loaded from the log
walks them exactly as the one that was never stopped.
"""

from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, Generic, TypeVar

import msgspec

from sauda.errors import InvariantError

V = TypeVar("V")
_encode = msgspec.json.encode


class Table(Generic[V]):
    """Rows of one kind by key. Values must be immutable: structs with `frozen=True`, ints, strings."""

    __slots__ = ("_changed", "_decode", "_name", "_rows", "_sorted")

    def __init__(self, name: str, kind: Any) -> None:
        self._name = name
        self._decode: msgspec.json.Decoder[V] = msgspec.json.Decoder(kind)
        self._rows: dict[str, V] = {}
        self._changed: dict[str, None] = {}
        """Keys in the order in which they changed first."""
        self._sorted = True
        """Whether `_rows` stands in key order now; a new key may break that."""

    def put(self, key: str, value: V) -> None:
        """Set the row *key*."""
        if key not in self._rows:
            self._sorted = False
        self._rows[key] = value
        self._changed[key] = None

    def drop(self, key: str) -> None:
        """Remove the row *key* if there is one."""
        if self._rows.pop(key, None) is not None:
            self._changed[key] = None

    def get(self, key: str) -> V | None:
        """Return the row, or None."""
        return self._rows.get(key)

    def get_all(self, keys: Iterable[str]) -> list[V | None]:
        """Return the rows of *keys*, None for one that is not there: as `get` each of them, without a step of Python between two."""
        return list(map(self._rows.get, keys))

    def __getitem__(self, key: str) -> V:
        return self._rows[key]

    def __contains__(self, key: object) -> bool:
        return key in self._rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[str]:
        return iter(list(self._in_order()))

    def keys(self) -> KeysView[str]:
        """Return the keys, in order."""
        return self._in_order().keys()

    def values(self) -> ValuesView[V]:
        """Return the rows, in the order of their keys."""
        return self._in_order().values()

    def items(self) -> ItemsView[str, V]:
        """Return keys and rows, in the order of the keys."""
        return self._in_order().items()

    def _in_order(self) -> dict[str, V]:
        if not self._sorted:
            self._rows = dict(sorted(self._rows.items()))
            self._sorted = True
        return self._rows

    def _take_changes(self, into: dict[bytes, bytes | None]) -> None:
        rows, name = self._rows, self._name
        for key in self._changed:
            into[f"{name}/{key}".encode()] = _encode(rows[key]) if key in rows else None
        self._changed.clear()

    def _load(self, rows: Mapping[str, bytes]) -> None:
        self._rows = {key: self._decode.decode(rows[key]) for key in sorted(rows)}
        self._changed.clear()
        self._sorted = True


class State:
    """All tables of one unit."""

    def __init__(self) -> None:
        self._tables: dict[str, Table[Any]] = {}
        self._writers: list[Callable[[], None]] = []

    def table(self, name: str, kind: type[V]) -> Table[V]:
        """Add a table of *kind*; *name* has no `/` and is part of the stored format."""
        if name in self._tables or "/" in name:
            raise InvariantError(f"table {name!r} exists already or has a '/' in its name")
        table: Table[V] = Table(name, kind)
        self._tables[name] = table
        return table

    def before_commit(self, write: Callable[[], None]) -> None:
        """Call *write* before changes are taken: for what changes with every tick and is put into its row once a step.

        What such a row stands for must be read back from it in `restored`, to the bit.
        """
        self._writers.append(write)

    def take_changes(self) -> dict[bytes, bytes | None]:
        """Return `table/key` -> JSON, or None for a row that went, since the last call; forget them."""
        for write in self._writers:
            write()
        changes: dict[bytes, bytes | None] = {}
        for table in self._tables.values():
            # Asked first: of the exchange's forty tables a step of ticks alone changes one.
            if table._changed:  # noqa: SLF001  (state and its tables are one thing)
                table._take_changes(changes)  # noqa: SLF001
        return changes

    def load(self, fields: Mapping[bytes, bytes]) -> None:
        """Replace everything by what a log holds.

        Raises:
            InvariantError: the log holds a row that this version of the unit cannot read.
        """
        rows: dict[str, dict[str, bytes]] = {name: {} for name in self._tables}
        for field, value in fields.items():
            name, _, key = field.decode().partition("/")
            if name not in rows:
                raise InvariantError(f"state holds {field!r}, which this version does not know")
            rows[name][key] = value
        for name, table in self._tables.items():
            try:
                table._load(rows[name])  # noqa: SLF001
            except msgspec.DecodeError as error:
                raise InvariantError(f"state table {name!r} cannot be read: {error}") from error
