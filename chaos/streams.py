"""What the streams must be, whatever was done to the desk: ticks the market's, steps without gap or overlap, nobody in arrears."""

from collections.abc import Callable, Iterable, Iterator
from itertools import count

from chaos.finding import Finding
from sauda.clock import monotonic_s
from sauda.codec import decode, encode
from sauda.contracts import Commit, Message
from sauda.errors import SaudaError
from sauda.log import Entry
from sauda.record import Record
from sauda.redis_view import RedisView, StreamLag


def check_ticks(market: Iterable[Message], heard: Iterable[Entry]) -> Finding:
    """The stream `ticks` is the recording: none lost, none doubled, none wrong, none out of place."""
    finding = Finding("ticks")
    wanted, found = map(encode, market), (entry.data for entry in heard)
    for place in count():
        expected, came = next(wanted, None), next(found, None)
        if expected != came:
            finding.violations.append(
                f"message {place} of the market is {_text(expected)}, `ticks` has {_text(came)}"
            )
        if expected is None or came is None or finding.violations:
            finding.facts = f"{place} messages, byte for byte those of the recording"
            return finding
    return finding


def check_steps(journal: Iterable[Entry]) -> Finding:
    """By the journal alone: each step begins where the unit's last one ended, and no earlier holder comes after a later one."""
    finding = Finding("steps")
    positions: dict[tuple[str, str], str] = {}
    epochs: dict[str, int] = {}
    steps = 0
    for entry in journal:
        record = decode(entry.data)
        if not isinstance(record, Commit):
            continue
        steps += 1
        unit, last = record.unit, epochs.get(record.unit, 0)
        finding.require(
            record.epoch >= last,
            f"{unit}: epoch {record.epoch} committed after epoch {last} (journal {_text(entry.id)})",
        )
        epochs[unit] = max(last, record.epoch)
        for stream, before in record.before.items():
            stood = positions.get((unit, stream), before)
            finding.require(
                before == stood,
                f"{unit}: {stream} stood at {stood}, the next step begins at {before} (journal {_text(entry.id)})",
            )
            positions[unit, stream] = record.after[stream]
    holders = sum(epochs.values())
    finding.facts = (
        f"{steps} steps of {len(epochs)} units in {holders} holdings, each where the last one ended"
    )
    return finding


def check_consumers(streams: Iterable[StreamLag]) -> Finding:
    """No group has anything before it, no consumer holds an entry."""
    finding = Finding("consumers")
    groups = 0
    for stream in streams:
        for group in stream.groups:
            groups += 1
            finding.require(group.lag == 0, f"{group.group} is {group.lag} entries behind in {stream.stream}")
            finding.require(
                group.pending == 0, f"{group.group} holds {group.pending} entries of {stream.stream}"
            )
    finding.facts = f"{groups} groups, lag 0, pending 0"
    return finding


def check_archive(record: Record, view: RedisView, streams: Iterable[str]) -> Finding:
    """Most of the run has left Redis, and nothing with it: the other checks read both as one."""
    finding = Finding("archive")
    archived = record.archived
    kept = {name: archived.length(name) for name in streams} if archived is not None else {}
    on_redis = view.length("ticks")
    finding.facts = f"{sum(kept.values())} entries in files, of the ticks {on_redis} are still on Redis"
    finding.require(kept.get("ticks"), "nothing was archived")
    finding.require(on_redis <= kept.get("ticks", 0), f"Redis was hardly trimmed: {on_redis} ticks are there")
    return finding


def check_letters(letters: Iterable[Entry]) -> Finding:
    """Nothing was beyond handling: the market was a clean one."""
    found = [_text(entry.data) for entry in letters]
    return Finding(
        "dead letters", "none" if not found else f"{len(found)}", [f"dead letter {one}" for one in found]
    )


def digest(view: RedisView, streams: Iterable[str]) -> dict[str, tuple[int, str]]:
    """Return how many entries each stream holds, and its last id."""
    return {name: (view.length(name), _last(view, name)) for name in streams}


def quiet(view: RedisView, closed: Callable[[], bool]) -> Iterator[str]:
    """Yield, each time it is asked, what the desk is not finished with; an empty text when it is quiet."""
    while True:
        try:
            behind = [
                f"{group.group} in {stream.stream} (lag {group.lag}, pending {group.pending})"
                for stream in view.lag()
                for group in stream.groups
                if group.lag or group.pending
            ]
            yield ", ".join(behind[:3]) if behind else "" if closed() else "the market is not over"
        except SaudaError as error:
            yield str(error)


def wait_for_quiet(
    view: RedisView, closed: Callable[[], bool], seconds: float, pause: Callable[[float], None]
) -> str:
    """Wait until the desk was quiet twice in a row; return what it is not finished with after *seconds*, or nothing."""
    deadline_s, in_a_row = monotonic_s() + seconds, 0
    for rest in quiet(view, closed):
        in_a_row = 0 if rest else in_a_row + 1
        if in_a_row == 2 or monotonic_s() > deadline_s:
            return rest if in_a_row < 2 else ""
        pause(1.5)
    return ""


def _last(view: RedisView, stream: str) -> str:
    newest = view.newest(stream)
    return _text(newest.id) if newest else ""


def _text(data: bytes | None) -> str:
    return "nothing" if data is None else data.decode(errors="replace")
