"""The process supervisor: restarts what dies, with growing pauses; keeps and rotates one log a program.

It runs in `var/` and is given relative paths: a folder's name may hold what its configuration would misread.
"""

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import time
import xmlrpc.client
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from sauda.clock import monotonic_s
from sauda.runtime.desk import WRONG_SETTINGS, DeskError
from sauda.runtime.following import tail_of
from sauda.runtime.place import Place, write_private
from sauda.runtime.programs import Program
from sauda.runtime.strays import MARK

_LONGEST = 90
_EVENT = re.compile(
    r" (?:spawned: '(?P<born>[^']+)'|(?:exited|stopped): (?P<gone>\S+) \(exit status (?P<code>\d+))"
)
_LOOKED_AT = 500
_HEAD = """\
; Written by `sauda up`; changes made here are lost.
[supervisord]
logfile=log/supervisord.log
logfile_maxbytes=2MB
logfile_backups=1
pidfile=run/supervisord.pid
identifier=sauda
childlogdir=log
[unix_http_server]
file={socket}
chmod=0700
[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface
"""


@dataclass(frozen=True, slots=True)
class Process:
    """A program as the supervisor sees it."""

    name: str
    state: str
    """`RUNNING`, `STARTING`, `BACKOFF` (died young, waits to be tried again), `STOPPED`, `FATAL` (given up)."""
    pid: int
    uptime_s: int
    refuses: bool = False
    """It has ended because its settings are wrong: starting it again does not help."""


def config_of(programs: Iterable[Program], socket: Path) -> str:
    """Return the supervisor's configuration."""
    # A percent sign begins a variable there.
    return "\n".join([_HEAD.format(socket=str(socket).replace("%", "%%")), *map(_section, programs)])


def socket_of(place: Place) -> Path:
    """Return where the supervisor listens: in `var/run`, unless that path is too long or odd for a Unix socket."""
    usual = place.run / "supervisor.sock"
    # 104 bytes on macOS, 108 on Linux, and the supervisor adds its process number while it starts.
    if len(os.fsencode(usual)) <= _LONGEST and not set(str(usual)) & set("#;%"):
        return usual
    digest = hashlib.sha256(os.fsencode(place.root)).hexdigest()[:12]
    return Path(tempfile.gettempdir(), f"sauda-{os.getuid()}-{digest}", "supervisor.sock")


def refusing(log: Iterable[str]) -> set[str]:
    """Return the programs whose last end was a refusal of their settings, from the lines of the supervisor's log.

    Asked for the exit code itself, the supervisor does not know it of a program that died young.
    """
    found: set[str] = set()
    for event in filter(None, map(_EVENT.search, log)):
        if event["gone"] and int(event["code"]) == WRONG_SETTINGS:
            found.add(event["gone"])
        else:
            found.discard(event["born"] or event["gone"])
    return found


def _section(program: Program) -> str:
    # The digest tells the supervisor that the script behind the same command has changed.
    digest = hashlib.sha256(program.script.encode()).hexdigest()[:16]
    return f"""\
[program:{program.name}]
command=/bin/sh run/{program.name}.sh
environment=PROGRAM_DIGEST="{digest}"
autostart=false
; One that ends because its settings are wrong is not started again.
autorestart=unexpected
exitcodes={WRONG_SETTINGS}
; One that lives for less than this long is tried again after 1 s, 2 s, 3 s and so on, for over an hour.
startsecs=3
startretries=100
stopsignal=TERM
stopwaitsecs={program.stop_grace_s}
killasgroup=true
redirect_stderr=true
stdout_logfile=log/{program.name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=5
"""


class Supervisor:
    """The supervisor of the desk in *place*, running or not."""

    def __init__(self, place: Place) -> None:
        self._place = place
        self._socket = socket_of(place)

    def is_up(self) -> bool:
        """Does it answer?"""
        if not self._socket.exists():
            return False
        try:
            self._call("getPID")
        except (OSError, DeskError):
            return False
        return True

    def processes(self) -> dict[str, Process]:
        """Return all programs by name."""
        found = cast(list[dict[str, Any]], self._call("getAllProcessInfo"))
        asleep = any(not one["pid"] for one in found)
        refused = refusing(tail_of(self._place.log / "supervisord.log", _LOOKED_AT)) if asleep else set()
        return {
            one["name"]: Process(
                one["name"],
                one["statename"],
                one["pid"],
                one["now"] - one["start"] if one["pid"] else 0,
                refuses=not one["pid"] and one["name"] in refused,
            )
            for one in found
        }

    def start(self, name: str) -> None:
        """Start a program; do not wait for it."""
        self._call("startProcess", name, False)

    def stop(self, names: Iterable[str]) -> None:
        """Stop programs, all at once, and wait until they are gone (killed after their grace)."""
        names = list(names)
        for name in names:
            if self.processes()[name].state in {"RUNNING", "STARTING", "BACKOFF"}:
                self._call("stopProcess", name, False)
        while any(one.pid for name, one in self.processes().items() if name in names):
            time.sleep(0.1)

    def launch(self, programs: Iterable[Program]) -> None:
        """Start the supervisor itself; it starts no program by itself.

        Raises:
            DeskError: it did not come up.
        """
        self._write(programs)
        self._make_socket_folder()
        clean = {key: value for key, value in os.environ.items() if not key.startswith("SAUDA_")}
        clean[MARK] = str(self._place.var)
        command = [sys.executable, "-m", "supervisor.supervisord", "-c", "run/supervisord.conf"]
        done = subprocess.run(
            command, cwd=self._place.var, env=clean, capture_output=True, text=True, check=False
        )
        deadline = monotonic_s() + 20
        while not self.is_up():
            if done.returncode or monotonic_s() > deadline:
                raise DeskError(
                    f"the process supervisor did not start: {(done.stdout + done.stderr).strip()}"
                )
            time.sleep(0.05)

    def changes(self, programs: Iterable[Program]) -> tuple[list[str], list[str], list[str]]:
        """Write the configuration; return the names of programs added, changed and removed by it."""
        self._write(programs)
        ((added, changed, removed),) = cast(list[list[list[str]]], self._call("reloadConfig"))
        return added, changed, removed

    def adopt(self, added: Iterable[str], removed: Iterable[str]) -> None:
        """Drop and take up programs; those dropped must have been stopped."""
        for name in removed:
            self._call("removeProcessGroup", name)
        for name in added:
            self._call("addProcessGroup", name)

    def shut_down(self) -> None:
        """End the supervisor and whatever it still runs."""
        pid = cast(int, self._call("getPID"))
        self._call("shutdown")
        while _lives(pid):
            time.sleep(0.05)
        if self._socket.parent != self._place.run:
            self._socket.parent.rmdir()

    def _write(self, programs: Iterable[Program]) -> None:
        programs = list(programs)
        for program in programs:
            write_private(self._place.run / f"{program.name}.sh", program.script)
        write_private(self._place.run / "supervisord.conf", config_of(programs, self._socket))

    def _make_socket_folder(self) -> None:
        """Make it ours alone: whoever can reach the socket can run programs as us."""
        folder = self._socket.parent
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid != os.getuid() or folder.is_symlink():
            raise DeskError(f"{folder} belongs to somebody else: the supervisor's socket cannot be put there")

    def _call(self, method: str, *arguments: object) -> object:
        from supervisor.xmlrpc import SupervisorTransport

        transport = SupervisorTransport("", "", f"unix://{self._socket}")
        server = xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)
        try:
            return getattr(server.supervisor, method)(*arguments)
        except xmlrpc.client.Fault as fault:
            raise DeskError(
                f"the process supervisor refused {method}{arguments}: {fault.faultString}"
            ) from fault
        finally:
            transport.close()


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
