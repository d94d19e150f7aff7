"""Readings as the text that Prometheus reads. The only module here that loads its library."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)
from prometheus_client.registry import Collector, CollectorRegistry

from sauda.metrics.measures import Kind, Measure, Reading
from sauda.metrics.tally import Distribution

_LABELS: Final = ("desk",)


class _Readings(Collector):
    """Asks for the readings anew each time that it is asked."""

    def __init__(self, desk: str, read: Callable[[], Iterable[Reading]]) -> None:
        self._desk = desk
        self._read = read

    def collect(self) -> Iterator[Metric]:
        """Return one family a measure, in the order in which they come first."""
        families: dict[Measure, Metric] = {}
        for reading in self._read():
            if reading.measure not in families:
                families[reading.measure] = _family(reading.measure)
            _add(families[reading.measure], (self._desk, *reading.labels), reading.value)
        return iter(families.values())


def registry_of(desk: str, read: Callable[[], Iterable[Reading]]) -> CollectorRegistry:
    """Return what is exposed: this process (memory, processor time, files), and what *read* returns, each of it once.

    Args:
        desk: The label `desk` of all our own metrics.
        read: Called in the server's thread, once for each time that somebody asks.
    """
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(_Readings(desk, read))
    return registry


def _family(measure: Measure) -> Metric:
    labels = (*_LABELS, *measure.labels)
    match measure.kind:
        case Kind.COUNTER:
            return CounterMetricFamily(measure.name.removesuffix("_total"), measure.meaning, labels=labels)
        case Kind.GAUGE:
            return GaugeMetricFamily(measure.name, measure.meaning, labels=labels)
        case Kind.HISTOGRAM:
            return HistogramMetricFamily(measure.name, measure.meaning, labels=labels)


def _add(family: Metric, labels: tuple[str, ...], value: float | Distribution) -> None:
    match family:
        case HistogramMetricFamily() if isinstance(value, Distribution):
            total = value.total
            buckets = [(_bound(bound), float(count)) for bound, count in value.at_most()]
            family.add_metric(labels, buckets, total)
        case CounterMetricFamily() | GaugeMetricFamily() if not isinstance(value, Distribution):
            family.add_metric(labels, value)
        case _:
            raise TypeError(f"{family.name} is a {family.type}: it cannot hold {value!r}")


def _bound(bound: float) -> str:
    return "+Inf" if bound == float("inf") else repr(bound)
