"""What JSON costs against msgpack: `python -m benchmarks encoding`; ADR 33 decides by it.

Real messages (a made-up morning through the real units) in three forms: JSON as they are, msgpack with the names of fields, msgpack as
arrays without names. Bytes of the message, in Redis, in the archive (zstd); processor time to encode, to decode, and to read from Redis and
decode as a unit does. Times are the best of several turns, the forms in turn, so that a slow minute falls on all of them.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from time import process_time
from typing import Any, Final, get_args

import msgspec
import redis

from benchmarks import archive, yardstick
from benchmarks.figures import Figure
from benchmarks.hot_path import a_morning
from benchmarks.server import private_server
from sauda import codec
from sauda.archive.segment import pack
from sauda.contracts import Fill, Message, OrderAccepted, PlaceOrder, PositionPnl, Tick
from sauda.log import BEGINNING, Position
from sauda.redis_log import RedisLog

TICKS: Final = 20_000
TURNS: Final = 5
_STEP: Final = 100
JSON, NAMED, ARRAYS = "JSON", "msgpack with names", "msgpack as arrays"
KINDS: Final = (Tick, PlaceOrder, OrderAccepted, Fill, PositionPnl)


@dataclass(frozen=True, slots=True)
class Form:
    """One way to write a message."""

    name: str
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes], Any]
    made: Callable[[Message], Any]
    """What is encoded in the place of the message."""


@dataclass(frozen=True, slots=True)
class Encoding:
    """All forms; each mapping is form -> value."""

    stick_us: float
    bytes_of: Mapping[str, Mapping[str, float]]
    """kind -> form -> bytes of a message."""
    in_redis: Mapping[str, float]
    in_archive: Mapping[str, float]
    encode_us: Mapping[str, float]
    decode_us: Mapping[str, float]
    read_us: Mapping[str, float]
    server_us: Mapping[str, float]
    """Of the server: a tick written once and read by five readers."""

    @property
    def figures(self) -> list[Figure]:
        """Return what the bench hands over: each form of msgpack beside JSON, JSON's times beside a fixed piece of Python."""
        found: list[Figure] = []
        for kind, forms in self.bytes_of.items():
            found += _row(f"{kind}, bytes", forms, "bytes")
        found += _row("a tick in Redis", self.in_redis, "bytes", "a stream's entry")
        found += _row("a tick in the archive", self.in_archive, "bytes", "Parquet, zstd 3")
        stick = Figure(yardstick.NAME, self.stick_us, "µs", "processor time", less_is_better=True)
        found.append(stick)
        times = {"encode a tick": self.encode_us, "decode a tick": self.decode_us}
        for what, forms in (times | {"read a tick from Redis and decode it": self.read_us}).items():
            first, *others = _row(what, forms, "µs", "processor time")
            found += [first.beside(stick), *others]
        found += _row(
            "the server, a tick written and read five times", self.server_us, "µs", "processor time"
        )
        return found


def _row(what: str, forms: Mapping[str, float], unit: str, condition: str = "") -> list[Figure]:
    first, *others = (
        Figure(f"{what}, {form}", value, unit, condition, less_is_better=True)
        for form, value in forms.items()
    )
    return [first, *(one.beside(first) for one in others)]


def measured(count: int = TICKS) -> Encoding:
    """Measure all forms on a server of our own."""
    messages = a_morning(count)
    forms = _forms()
    # Prices and quantities of the morning hardly move; the archive's proof has ticks whose every digit is alive.
    ticks = [msgspec.json.decode(one, type=Tick) for one in archive.ticks(count)]
    data = {form.name: [form.encode(form.made(tick)) for tick in ticks] for form in forms}
    sizes = {kind.__name__: _sizes([one for one in messages if type(one) is kind], forms) for kind in KINDS}
    archived = {name: len(pack("ticks", _rows(all_of))) / len(ticks) for name, all_of in data.items()}
    encode, decode = _in_process(forms, ticks, data)
    with private_server() as (port, _):
        in_redis, read, server = _through_redis(port, forms, data)
    return Encoding(yardstick.us_a_round(), sizes, in_redis, archived, encode, decode, read, server)


def _forms() -> list[Form]:
    packer = msgspec.msgpack.Encoder()
    arrays = {kind: _as_array(kind) for kind in get_args(Message)}
    union: Any = msgspec.msgpack.Decoder(_union(arrays.values()))

    def array_of(message: Message) -> Any:
        return arrays[type(message)](*(getattr(message, name) for name in message.__struct_fields__))

    return [
        Form(JSON, codec.encode, codec.decode, lambda message: message),
        Form(NAMED, packer.encode, msgspec.msgpack.Decoder(Message).decode, lambda message: message),
        Form(ARRAYS, packer.encode, union.decode, array_of),
    ]


def _as_array(kind: Any) -> Any:
    """Return a struct like *kind* that is written without the names of its fields."""
    fields = [
        (one.name, one.type)
        if one.required
        else (one.name, one.type, msgspec.field(default=one.default))
        if one.default is not msgspec.NODEFAULT
        else (one.name, one.type, msgspec.field(default_factory=one.default_factory))
        for one in msgspec.structs.fields(kind)
    ]
    tag = kind.__struct_config__.tag
    return msgspec.defstruct(
        kind.__name__, fields, tag=tag, array_like=True, frozen=True, gc=False, kw_only=False
    )


def _union(kinds: Any) -> Any:
    first, *others = kinds
    for one in others:
        first |= one
    return first


def _sizes(messages: Sequence[Message], forms: Sequence[Form]) -> dict[str, float]:
    if not messages:
        raise RuntimeError("the morning lacks a kind of message that is to be measured")
    return {
        form.name: sum(len(form.encode(form.made(one))) for one in messages) / len(messages) for form in forms
    }


def _rows(data: Sequence[bytes]) -> list[tuple[bytes, Sequence[bytes]]]:
    """Return entries as the archive takes them, with ids as a server gives them at 5,000 ticks/s."""
    return [
        (b"%d-%d" % (1_795_580_105_123 + at // 5, at % 5), (b"d", one, b"c", b""))
        for at, one in enumerate(data)
    ]


def _in_process(
    forms: Sequence[Form], ticks: Sequence[Tick], data: Mapping[str, Sequence[bytes]]
) -> tuple[dict[str, float], dict[str, float]]:
    """Return the processor time to encode and to decode a tick, µs."""
    made = {form.name: [form.made(tick) for tick in ticks] for form in forms}
    encode = dict.fromkeys(made, float("inf"))
    decode = dict(encode)
    for _ in range(TURNS):
        for form in forms:
            for times, work, over in ((encode, form.encode, made), (decode, form.decode, data)):
                times[form.name] = min(times[form.name], _us_each(work, over[form.name]))
    return encode, decode


def _us_each(work: Callable[[Any], Any], over: Sequence[Any]) -> float:
    began = process_time()
    for one in over:
        work(one)
    return (process_time() - began) / len(over) * 1e6


def _through_redis(
    port: int, forms: Sequence[Form], data: Mapping[str, Sequence[bytes]]
) -> tuple[dict[str, float], dict[str, float], dict[str, float]]:
    """Return of a tick: the bytes of its entry; the time to read and decode it in steps of a hundred; the server's time; all µs."""
    size, read, server = {}, dict.fromkeys(data, float("inf")), dict.fromkeys(data, 0.0)
    logs = {form.name: RedisLog(f"redis://127.0.0.1:{port}/0", f"form-{at}") for at, form in enumerate(forms)}
    with redis.Redis(port=port) as client:
        for name, log in logs.items():
            pipeline, key = client.pipeline(transaction=False), log.keys.stream("ticks")
            for one in data[name]:
                pipeline.xadd(key, {"d": one, "c": b""})
            began_s = _server_s(client)
            pipeline.execute()
            server[name] += _server_s(client) - began_s
            size[name] = int(client.memory_usage(key, samples=0) or 0) / len(data[name])
        for _ in range(TURNS):
            for form in forms:
                began_s = _server_s(client)
                one_us = _us_to_read(logs[form.name], form, len(data[form.name]))
                server[form.name] += _server_s(client) - began_s
                read[form.name] = min(read[form.name], one_us)
    for log in logs.values():
        log.close()
    return size, read, {name: used / len(data[name]) * 1e6 for name, used in server.items()}


def _server_s(client: "redis.Redis") -> float:
    facts = client.info("cpu")
    return float(facts["used_cpu_user"]) + float(facts["used_cpu_sys"])


def _us_to_read(log: RedisLog, form: Form, count: int) -> float:
    at, seen = Position(BEGINNING, 0), 0
    began = process_time()
    while entries := log.read({"ticks": at}, _STEP, 0):
        for entry in entries:
            form.decode(entry.data)
        seen += len(entries)
        at = Position(entries[-1].id, seen)
    if seen != count:
        raise RuntimeError(f"{form.name}: {seen} of {count} ticks came back")
    return (process_time() - began) / seen * 1e6
