"""The rows of `sauda ps`."""

from collections.abc import Iterable

from sauda.runtime.desk import Replica

COLUMNS = ("SERVICE", "REPLICA", "STATE", "HEALTH", "PROCESS", ">UP", "SAYS")


def rows_of(replicas: Iterable[Replica]) -> list[list[str]]:
    """Return one row a replica, as people read it."""
    return [
        [
            one.service,
            one.name,
            one.state.lower(),
            "ok" if one.healthy else "BAD",
            one.where,
            duration(one.uptime_s),
            _facts_alone(one.detail),
        ]
        for one in replicas
    ]


def duration(seconds: int) -> str:
    """Print `3d 4h`, `2h 5m`, `7m 3s`."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, seconds = divmod(rest, 60)
    parts = [(days, "d"), (hours, "h"), (minutes, "m"), (seconds, "s")]
    shown = [f"{number}{unit}" for number, unit in parts if number]
    return " ".join(shown[:2]) or "0s"


def _facts_alone(detail: str) -> str:
    """Drop what stands in other columns: `pnl (pid 17): ready held=1` becomes `held=1`."""
    _, found, rest = detail.partition("): ")
    return (rest if found else detail).removeprefix("ready").strip()
