"""A sweep as one page: what it means, the heat map, the table of all combinations."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sauda.report.sheet import bullets, cards, chart, folded, section, sheet, table
from sauda.report.words import NOTHING, number, percent
from sauda.sweep import words
from sauda.sweep.findings import Findings, sentences
from sauda.sweep.grid import key_of
from sauda.sweep.heat import drawn_metric, heat

MOST: Final = 2000
"""Combinations that the page lists; all are in sweep.parquet."""


def page(found: Findings, facts: Mapping[str, Any], keys: Sequence[str]) -> str:
    """Return the page.

    Args:
        found: The sweep.
        facts: What it was made of: `strategies`, `data`, and whatever else is worth showing.
        keys: Those of the heat map.
    """
    drawn = heat(found, keys)
    title = f"Sweep {', '.join(facts['strategies'])}"
    subtitle = f"{facts['data']['name']} · {found.planned:,} combinations, the best by {found.metric} first"
    return sheet(title, subtitle, _body(found, facts, has_map=drawn is not None), [drawn] if drawn else [])


def _body(found: Findings, facts: Mapping[str, Any], *, has_map: bool) -> Iterable[str]:
    yield section("What it is worth", bullets(sentences(found)))
    yield cards(_headline(found))
    if has_map:
        drawn = drawn_metric(found)
        instead = f'<p class="note">No combination has the figure {found.metric}: the map shows {drawn}.</p>'
        shown = "" if drawn == found.metric else instead
        yield section(f"{drawn} over two keys", chart("heat", choice=True), shown)
    chosen = 0 if found.chosen else -1
    titles, rows = words.table(found, found.trials[:MOST], words.WHOLE, remarks=True)
    shown = table(titles, rows, sortable=True, chosen=chosen)
    if len(found.trials) > MOST:
        shown += f'<p class="note">The best {MOST:,} of {len(found.trials):,}; all are in sweep.parquet.</p>'
    yield section("Combinations", shown)
    yield section("What was swept", folded("Data, rules and settings", _facts(facts)))


def _headline(found: Findings) -> list[tuple[str, str]]:
    luck = found.luck
    return [
        ("Chosen", key_of(found.chosen.values) if found.chosen else NOTHING),
        ("Its Sharpe", number(luck.sharpe)),
        ("Best expected of luck", number(luck.expected_best)),
        ("Deflated Sharpe ratio", percent(luck.deflated)),
        ("Trials", f"{luck.trials:,}"),
    ]


def _facts(facts: Mapping[str, Any], prefix: str = "") -> str:
    return table(("Key", "Value"), list(_flat(facts, prefix)))


def _flat(facts: Mapping[str, Any], prefix: str) -> Iterable[tuple[str, str]]:
    for key, value in facts.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            told = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            yield f"{prefix}{key}", NOTHING if value is None else told
