"""How the machinery is measured: one look at Redis and the disks. Decides nothing."""

import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from sauda.codec import decode
from sauda.connection import connect, without_password
from sauda.contracts import ClockTick, FeedGap, Tick
from sauda.errors import ContractError
from sauda.letters import Status, letters_of
from sauda.log import Entry
from sauda.market_time import arrival_ns
from sauda.redis_log import server_errors
from sauda.redis_view import RedisView, StreamLag
from sauda.settings import Settings
from sauda_alerts.facts import Disk, Facts, Newest, Server


class Measuring:
    """Looks at one desk."""

    def __init__(self, settings: Settings) -> None:
        """Connect nothing yet."""
        self.view = RedisView(settings.redis_url, settings.desk)
        self._where = without_password(settings.redis_url)
        self._client: Any = connect(settings.redis_url, settings.desk)
        self._keys = self.view.keys
        self._folders = folders_of(settings)
        self._letters = 0
        self._letters_at = ""
        """Up to which entry the dead letters are counted."""

    def look(self) -> Facts:
        """Measure everything.

        Raises:
            TransientError: Redis does not answer.
        """
        with server_errors(self._where):
            info: Any = self._client.info()
            seconds, micros = self._client.time()
        streams = self.view.lag()
        return Facts(
            now_ns=(seconds * 1_000_000 + micros) * 1000,
            streams=streams,
            units=self.view.units(),
            pending=self._pending(streams),
            letters=self._open_letters(streams),
            newest=newest_of(self.view.newest("ticks")),
            server=server_of(info),
            disks=disks_of(self._folders),
        )

    def close(self) -> None:
        """Let the connections go."""
        self.view.close()
        self._client.close()

    def _pending(self, streams: Iterable[StreamLag]) -> dict[tuple[str, str], str]:
        found = {}
        for stream in streams:
            for group in stream.groups:
                if group.pending:
                    with server_errors(self._where):
                        summary = self._client.xpending(self._keys.stream(stream.stream), group.group)
                    if summary["min"]:
                        found[stream.stream, group.group] = summary["min"].decode()
        return found

    def _open_letters(self, streams: Iterable[StreamLag]) -> int:
        """Count them anew when one has come, or a decision."""
        last_id = next((one.last_id for one in streams if one.stream == "dead_letters"), "")
        if last_id != self._letters_at:
            letters = letters_of(self.view.forwards("dead_letters"), ())
            self._letters = sum(one.status is Status.OPEN for one in letters.values())
            self._letters_at = last_id
        return self._letters


def newest_of(entry: Entry | None) -> Newest | None:
    """Return when an entry of `ticks` came, and what time the market had."""
    if entry is None:
        return None
    try:
        message = decode(entry.data)
    except ContractError:
        return None
    match message:
        case Tick():
            return Newest(arrival_ns(entry.id), message.recv_ns)
        case ClockTick():
            return Newest(arrival_ns(entry.id), message.event_ns)
        case FeedGap():
            return Newest(arrival_ns(entry.id), message.to_ns)
    return None


def server_of(info: Mapping[str, Any]) -> Server:
    """Return what a server says of itself."""
    # Without an append-only file nothing is written, and nothing can fail: `sauda doctor` speaks of that.
    writes = (
        info.get("aof_last_write_status", "ok") == "ok"
        and info.get("aof_last_bgrewrite_status", "ok") == "ok"
    )
    return Server(int(info.get("used_memory", 0)), int(info.get("maxmemory", 0)), writes)


def folders_of(settings: Settings) -> list[Path]:
    """Return where the desk writes, as far as it can be seen from here."""
    archive = [] if "://" in settings.archive else [Path(settings.archive)]
    return [*archive, settings.history]


def disks_of(folders: Iterable[Path]) -> list[Disk]:
    """Return the file systems of *folders*, each once; a folder that is not there is looked for further up."""
    found: dict[int, Disk] = {}
    for folder in folders:
        there = next((one for one in (folder, *folder.parents) if one.exists()), None)
        if there is None:
            continue
        usage, device = shutil.disk_usage(there), there.stat().st_dev
        found.setdefault(device, Disk(str(there), usage.total, usage.free))
    return list(found.values())
