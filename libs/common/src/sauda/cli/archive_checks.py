"""What `sauda doctor` looks at in the archive: can it be reached, does it go on, who keeps entries on Redis."""

from itertools import islice
from typing import TYPE_CHECKING

from sauda.archive.looking import StreamStatus, status_of
from sauda.archive.store import ArchiveAwayError
from sauda.cli.checks import Finding, bad, ok, warn
from sauda.codec import decode
from sauda.contracts import Alert
from sauda.errors import ContractError
from sauda.log import Entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sauda.record import Record

_LOOKED_AT = 500
"""Alerts among which the archive's last word is looked for."""


def look_at_archive(record: "Record", budget_bytes: float) -> list[Finding]:
    """Look at the archive of an opened desk."""
    try:
        found = status_of(record)
    except ArchiveAwayError as error:
        return [
            bad(
                "archive",
                str(error),
                "make it reachable, or correct SAUDA_ARCHIVE: until then nothing leaves Redis",
            )
        ]
    where = record.archived.where if record.archived else None
    away = last_word(islice(record.backwards("alerts"), _LOOKED_AT))
    return [judge_archive(found, where, away), judge_memory(found, budget_bytes)]


def last_word(newest_first: "Iterable[Entry]") -> str:
    """Return why the archive is away by its own last alert; empty if it is not."""
    for entry in newest_first:
        try:
            alert = decode(entry.data)
        except ContractError:
            continue
        if isinstance(alert, Alert) and alert.code in ("ARCHIVE_AWAY", "ARCHIVE_BACK"):
            return alert.text if alert.code == "ARCHIVE_AWAY" else ""
    return ""


def judge_archive(streams: "Sequence[StreamStatus]", where: str | None, away: str) -> Finding:
    """Judge whether the archive goes on."""
    if away:
        return bad("archive", away, "see `make logs s=archive`; it goes on by itself")
    if where is None:
        return warn("archive", "nothing was archived yet", "is the service `archive` up? `make ps`")
    files = sum(one.files for one in streams)
    return ok("archive", f"{files} files at {where}")


def judge_memory(streams: "Sequence[StreamStatus]", budget_bytes: float) -> Finding:
    """Judge whether the streams fit into the memory they may take."""
    used = sum(one.bytes_on_redis for one in streams)
    text = f"{used / 1e6:,.1f} MB of {budget_bytes / 1e6:,.0f} MB on Redis"
    if used <= budget_bytes:
        return ok("archive budget", text)
    holders = sorted({one.held_by for one in streams if one.held_by})
    if not holders:
        return warn(
            "archive budget", text, "the archive does not keep up, or is not running: `make logs s=archive`"
        )
    who = ", ".join(holders)
    return warn(
        "archive budget", f"{text}, kept there for {who}", f"start it, or `sauda archive forget {holders[0]}`"
    )
