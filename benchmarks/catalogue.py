"""The benches by name. `make bench` runs all of them in this order; together they take some ten minutes on two cores."""

from typing import Final, NamedTuple


class Bench(NamedTuple):
    """One line of the list."""

    module: str
    """Has `measured()`, see `benchmarks.figures`."""
    limit_s: int
    """A run that takes longer is ended: it hangs. Several times what it takes on a quiet machine."""
    about: str


BENCHES: Final = {
    "ceiling": Bench("benchmarks.ceiling", 120, "what the server alone takes, by redis-benchmark"),
    "pipeline": Bench("benchmarks.pipeline", 480, "the whole desk: ticks/s end to end, tick -> fill"),
    "feed": Bench("benchmarks.feed", 360, "a broker's frames to ticks on the stream"),
    "writers": Bench("benchmarks.writers", 480, "from streams into databases"),
    "orders": Bench("benchmarks.open_orders", 300, "the exchange alone: orders, and ticks among open orders"),
    "order": Bench(
        "benchmarks.orders", 180, "an order from its arrival to its fill, the whole house around it"
    ),
    "gateway": Bench(
        "benchmarks.gateway_clients", 360, "200 clients of the gateway's streams, one of them stalled"
    ),
    "cluster": Bench("benchmarks.cluster", 480, "several desks on a Redis Cluster"),
    "memory": Bench("benchmarks.memory", 300, "bytes in Redis for a tick and for an order"),
    "startup": Bench(
        "benchmarks.startup", 360, "each service from its start until it is ready, and `make up`"
    ),
    "encoding": Bench("benchmarks.encoding", 240, "JSON beside msgpack: bytes and time"),
    "instructions": Bench(
        "benchmarks.instructions", 480, "instructions of the hot path for a tick, by callgrind"
    ),
    "backtest": Bench("benchmarks.backtest", 600, "a backtest beside nautilus_trader"),
    "diff": Bench("benchmarks.diff", 300, "recorded units run again and compared"),
}
