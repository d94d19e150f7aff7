"""Every metric of the desk: its name, what it means, its labels. `docs/metrics.md` is checked against this table."""

from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple, Protocol

from sauda.metrics.tally import Distribution


class Kind(Enum):
    """How a metric moves."""

    COUNTER = "counter"
    """Only upwards, from nothing when the process starts."""
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


@dataclass(frozen=True, slots=True)
class Measure:
    """One metric. Each has the label `desk` besides its own."""

    name: str
    kind: Kind
    meaning: str
    labels: tuple[str, ...] = ()


class Reading(NamedTuple):
    """What a metric says now, for one set of labels."""

    measure: Measure
    labels: tuple[str, ...]
    value: float | Distribution


class Figures(Protocol):
    """Whatever can be read. Called by another thread than the one that works."""

    def readings(self) -> list[Reading]:
        """Return what there is to say now."""


def _counter(name: str, meaning: str, *labels: str) -> Measure:
    return Measure(f"sauda_{name}", Kind.COUNTER, meaning, labels)


def _gauge(name: str, meaning: str, *labels: str) -> Measure:
    return Measure(f"sauda_{name}", Kind.GAUGE, meaning, labels)


def _histogram(name: str, meaning: str, *labels: str) -> Measure:
    return Measure(f"sauda_{name}", Kind.HISTOGRAM, meaning, labels)


# The pipeline: `unit` is a unit or a writer.
ENTRIES: Final = _counter("entries_total", "Entries worked and committed.", "unit", "stream")
OUTPUTS: Final = _counter("outputs_total", "Entries written.", "unit", "stream")
HOP: Final = _histogram(
    "hop_seconds",
    "From an entry's arrival on its stream until what follows from it was committed; of each step the oldest entry.",
    "unit",
    "stream",
)
BATCH: Final = _histogram(
    "batch_entries", "Entries worked in one step; of the feed and a new holder, entries written.", "unit"
)
COMMIT: Final = _histogram("commit_seconds", "One commit, until the server's answer.", "unit")
FAILURES: Final = _counter("redis_failures_total", "Requests that Redis did not answer or refused.", "unit")
WRITE: Final = _histogram(
    "write_seconds", "One batch into the database, or one message to a destination.", "unit"
)
WRITE_FAILURES: Final = _counter("write_failures_total", "Batches or messages that were not taken.", "unit")
REFUSED: Final = _counter("records_refused_total", "Records that the database will never take.", "unit")

# The process.
READY: Final = _gauge("ready", "1: the service can work.")
ROLE_READY: Final = _gauge("role_ready", "1: this loop of the service can work.", "role")
PHASE: Final = _gauge("role_phase", "1 for the phase that the role is in.", "role", "phase")
FACT: Final = _gauge("role_fact", "Each number that the health file tells of a role.", "role", "fact")
RECORDS: Final = _counter("log_events_total", "Log records by what happened.", "channel", "level", "event")
RECONNECTS: Final = _counter("reconnects_total", "Connections lost or made anew.", "to")

# The trading, told by whoever committed it.
MESSAGES: Final = _counter(
    "messages_total", "What units said, by kind; the feed's ticks aside.", "unit", "type"
)
ORDERS: Final = _counter("orders_total", "Orders placed.", "strategy", "kind")
FILLS: Final = _counter("fills_total", "Trades.", "strategy", "side")
TRADED: Final = _counter("traded_rupees_total", "Price times quantity of all fills.", "strategy")
CHARGES: Final = _counter("charges_rupees_total", "Charges of all fills.", "strategy")
REFUSALS: Final = _counter("refusals_total", "Orders or changes refused.", "strategy", "reason")
ALERTS: Final = _counter("alerts_total", "Alerts raised.", "level", "code")
LETTERS: Final = _counter("dead_letters_total", "Entries that could not be worked.", "unit", "stream")
NET: Final = _gauge("pnl_net_rupees", "Net P&L of the newest point; strategy ALL is the desk.", "strategy")
REALISED: Final = _gauge("pnl_realised_rupees", "Realised P&L of the newest point.", "strategy")
UNREALISED: Final = _gauge("pnl_unrealised_rupees", "Unrealised P&L of the newest point.", "strategy")
CHARGED: Final = _gauge("pnl_charges_rupees", "Charges counted in the newest point.", "strategy")
MARGIN: Final = _gauge("margin_rupees", "Margin blocked at the newest point.", "strategy")
DRAWDOWN: Final = _gauge("drawdown_rupees", "Given back since the highest net P&L.", "strategy")
OPEN: Final = _gauge("open_positions", "Instruments held.", "strategy")
MARKET_TIME: Final = _gauge("market_time_seconds", "Market time of the newest point, seconds since 1970.")

# The desk on Redis, told by the archive service alone.
LENGTH: Final = _gauge("stream_entries", "Entries that a stream holds.", "stream")
AGE: Final = _gauge("stream_age_seconds", "Since the newest entry of a stream arrived.", "stream")
LAG: Final = _gauge(
    "lag_entries", "Entries that a group has not seen, by the server's count.", "group", "stream"
)
WAITING: Final = _gauge(
    "lag_seconds",
    "Age of the oldest entry that a group has not seen; 0: it has seen all.",
    "group",
    "stream",
)
PENDING: Final = _gauge("pending_entries", "Delivered to a writer and not acknowledged.", "group", "stream")
HELD: Final = _gauge("unit_held", "1: a holder's lease runs.", "unit")
EPOCH: Final = _gauge("unit_epoch", "How often the unit was taken.", "unit")
REDIS_MEMORY: Final = _gauge("redis_memory_bytes", "Memory that the server uses.")
REDIS_LIMIT: Final = _gauge("redis_memory_limit_bytes", "Memory that the server may use; 0: no limit.")
DESK_SEEN: Final = _gauge("desk_seen", "1: Redis answered when it was asked for the figures of the desk.")

# The gateway.
REQUESTS: Final = _histogram(
    "request_seconds", "An HTTP request until its answer.", "method", "route", "status"
)

MEASURES: Final[tuple[Measure, ...]] = tuple(
    one for name, one in sorted(globals().items()) if name.isupper() and isinstance(one, Measure)
)
