"""What `sauda backtest` found, as tables, as JSON, and as files."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from sauda.backtest.outcome import Outcome
from sauda.backtest.raced import Difference
from sauda.backtest.told import DESK
from sauda.cli import screen
from sauda.clock import clock_text
from sauda.contracts import Level
from sauda.errors import ConfigError
from sauda.money import Paise, to_indian

_GRAVITY = (Level.INFO, Level.WARNING, Level.CRITICAL)


def tell(outcome: Outcome, found: Sequence[Difference] | None) -> None:
    """Print the outcome in short as JSON, with what a recorded desk had otherwise."""
    whole = document(outcome)
    if found is not None:
        whole["differences"] = [asdict(one) for one in found]
    screen.json_document(whole)


def tell_outcome(outcome: Outcome, found: Sequence[Difference] | None = None) -> None:
    """Print what was played, what was assumed, what each strategy made, and what a recorded desk had otherwise."""
    data = outcome.data
    screen.line(
        f"{data.name}: {clock_text(data.first_ns)[:16]} to {clock_text(data.last_ns)[:16]} IST, "
        f"{counted(len(data.sessions), 'day')}, {counted(data.ticks, 'tick')}{' made of bars' if data.bars else ''}"
    )
    screen.table(
        ("strategy", ">orders", ">fills", ">gross", ">charges", ">net", ">peak margin"),
        [
            _row(outcome, name)
            for name in (*outcome.strategies, *((DESK,) if len(outcome.strategies) > 1 else ()))
        ],
    )
    if found is not None:
        from sauda.cli.backtest_desk import tell_differences

        tell_differences(list(found))
    for line in (*outcome.assumptions, *_troubles(outcome)):
        screen.note(line)


def failures(outcome: Outcome) -> list[str]:
    """Return why the run did not go through, a few words for each reason; empty: it did."""
    stopped = sorted({*outcome.gave_up, *outcome.stopped})
    found = [f"{', '.join(stopped)} stopped"] if stopped else []
    if outcome.parked:
        found.append(f"{counted(len(outcome.parked), 'message')} could not be worked")
    return found


def counted(number: int, thing: str) -> str:
    """Return `1 day`, `2 days`."""
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def document(outcome: Outcome) -> dict[str, Any]:
    """Return the outcome in short for a program; the whole of it is what `-o` writes."""
    data = outcome.data
    return {
        "data": {
            "name": data.name,
            "fingerprint": data.fingerprint,
            "first_ns": data.first_ns,
            "last_ns": data.last_ns,
            "days": len(data.sessions),
            "ticks": data.ticks,
            "bars": data.bars,
        },
        "capital": outcome.capital,
        "rules": {name: dict(rules) for name, rules in outcome.rules.items()},
        "settings": dict(outcome.settings),
        "assumptions": list(outcome.assumptions),
        "strategies": {name: made(outcome, name) for name in (*outcome.strategies, DESK)},
        "alerts": [f"{one.code}: {one.text}" for one in outcome.alerts],
        "parked": list(outcome.parked),
        "stopped": dict(outcome.stopped),
        "gave_up": dict(outcome.gave_up),
    }


def made(outcome: Outcome, strategy: str) -> dict[str, int]:
    """Return what *strategy* did, or the desk (`ALL`)."""
    points = [point for point in outcome.equity if point.strategy == strategy]
    last = points[-1] if points else None
    return {
        "signals": _count(outcome.signals, strategy),
        "orders": _count(outcome.orders, strategy),
        "fills": _count(outcome.fills, strategy),
        "gross": last.realised + last.unrealised if last else 0,
        "charges": last.charges if last else 0,
        "net": last.net if last else 0,
        "peak_margin": max((point.margin for point in points), default=0),
    }


def write(outcome: Outcome, folder: Path) -> None:
    """Write figures, tables and the page into *folder*, and the whole outcome as `outcome.json`.

    Raises:
        ConfigError: nothing can be written there.
    """
    from sauda.report import write as write_report

    write_report(outcome, folder)
    try:
        (folder / "outcome.json").write_bytes(bytes_of(outcome))
    except OSError as error:
        raise ConfigError(f"-o {folder}: cannot be written: {error.strerror or error}") from error


def bytes_of(outcome: Outcome) -> bytes:
    """Return all of *outcome* as JSON: the same run gives the same bytes."""
    import msgspec

    return msgspec.json.encode(outcome, order="deterministic") + b"\n"


def _row(outcome: Outcome, strategy: str) -> Sequence[str]:
    figures = made(outcome, strategy)
    money: Sequence[Paise] = [figures[name] for name in ("gross", "charges", "net", "peak_margin")]
    return [strategy, str(figures["orders"]), str(figures["fills"]), *map(to_indian, money)]


def _count(messages: Sequence[Any], strategy: str) -> int:
    return sum(1 for one in messages if strategy in (DESK, one.strategy))


def _troubles(outcome: Outcome) -> list[str]:
    # The worst first, and what was said again and again once: five lines must not hide that a strategy was stopped.
    worst = sorted(outcome.alerts, key=lambda one: -_GRAVITY.index(one.level))
    said = Counter(f"{one.source} says {one.code}: {one.text}" for one in worst)
    first = list(said.items())[:5]
    first_words = [words if times == 1 else f"{words} ({times:,} times)" for words, times in first]
    more = len(outcome.alerts) - sum(times for _, times in first)
    return [
        *first_words,
        *([f"... and {more:,} more alerts (-o, --json)"] if more > 0 else []),
        *outcome.parked[:5],
        *(
            [f"... {len(outcome.parked):,} messages could not be worked in all"]
            if len(outcome.parked) > 5
            else []
        ),
        *(f"{unit} stopped: {why}" for unit, why in outcome.stopped.items()),
    ]
