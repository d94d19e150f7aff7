"""What is measured is exposed under its own name, once, in the form that Prometheus reads."""

import re
from pathlib import Path

import pytest
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from sauda.metrics.exposition import registry_of
from sauda.metrics.measures import MEASURES, Kind, Measure, Reading
from sauda.metrics.tally import Counts, Distribution

PAGE = Path(__file__).parents[3] / "docs" / "metrics.md"


def exposed(*readings: Reading) -> dict[str, tuple[str, dict[tuple[str, ...], float]]]:
    """Return metric -> (kind, values by labels) as a scraper reads them."""
    text = generate_latest(registry_of("live", lambda: readings)).decode()
    return {
        family.name: (
            family.type,
            {(one.name, *sorted(one.labels.values())): one.value for one in family.samples},
        )
        for family in text_string_to_metric_families(text)
    }


def a_reading(kind: Kind) -> float | Distribution:
    if kind is not Kind.HISTOGRAM:
        return 3.0
    found = Distribution((0.1, 1.0))
    found.note(0.5)
    return found


@pytest.mark.parametrize("measure", MEASURES, ids=lambda one: one.name)
def test_each_measure_is_read_by_a_scraper_as_what_it_is(measure: Measure) -> None:
    labels = tuple(f"label {number}" for number, _ in enumerate(measure.labels))
    told = exposed(Reading(measure, labels, a_reading(measure.kind)))

    kind, samples = told[measure.name.removesuffix("_total")]

    assert kind == measure.kind.value
    assert measure.name.endswith("_total") == (measure.kind is Kind.COUNTER)
    assert all("live" in key for key in samples)
    assert set(labels) <= set(next(iter(samples)))


def test_buckets_add_up_and_what_is_above_all_bounds_is_in_the_last() -> None:
    found = Distribution((0.1, 1.0))
    for value in (0.05, 0.1, 0.5, 7.0):
        found.note(value)
    (histogram,) = [one for one in MEASURES if one.name == "sauda_commit_seconds"]

    _, samples = exposed(Reading(histogram, ("feed",), found))["sauda_commit_seconds"]

    by_bound = {key[1]: value for key, value in samples.items() if key[0].endswith("_bucket")}
    assert by_bound == {"0.1": 2, "1.0": 3, "+Inf": 4}
    assert samples["sauda_commit_seconds_count", "feed", "live"] == 4
    assert samples["sauda_commit_seconds_sum", "feed", "live"] == pytest.approx(7.65)


def test_sums_of_different_labels_stay_apart() -> None:
    counts = Counts()
    counts.add(("a",))
    counts.add(("b",), 2.5)
    counts.add(("a",))

    assert dict(counts.all()) == {("a",): 2, ("b",): 2.5}


def test_a_value_that_does_not_fit_its_measure_is_no_metric() -> None:
    (histogram,) = [one for one in MEASURES if one.name == "sauda_commit_seconds"]

    with pytest.raises(TypeError, match="sauda_commit_seconds is a histogram"):
        exposed(Reading(histogram, ("feed",), 1.0))


def test_the_page_tells_of_every_metric_and_of_no_other() -> None:
    rows = re.findall(r"^\| `(sauda_\w+)` \| (\w+) \| (.*?) \| (.*?) \|$", PAGE.read_text(), re.MULTILINE)

    told = {
        name: (kind, tuple(re.findall(r"`(\w+)`", labels)), meaning) for name, kind, labels, meaning in rows
    }

    assert told == {one.name: (one.kind.value, one.labels, one.meaning) for one in MEASURES}
