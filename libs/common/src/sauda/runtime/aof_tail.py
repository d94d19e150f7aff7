"""What has to be done to Redis' append-only file before the server is started on it again. Pure but for looking at files.

A host that dies can leave half a transaction at the file's end. Redis 7 drops it from memory, but when the cut went through a
command it keeps `MULTI` and what follows in the file: the next `EXEC` closes it, and a second restart does the lost half as well.
Valkey mends this by itself (valkey-io/valkey#4342); for all others their own `redis-check-aof` takes the unfinished end out.
The tool would cut at any damage. Where a finished transaction stands behind it, it is no unfinished end: nothing is cut, and the
server refuses to start and says why.
"""

from pathlib import Path
from typing import Final

FOLDER: Final = "appendonlydir"
MANIFEST: Final = f"{FOLDER}/appendonly.aof.manifest"

LARGEST_TAIL: Final = 64 * 1024 * 1024
"""More than that at the end is no unfinished transaction but a broken disk: nothing is cut, and the server says why it refuses."""


def check_tool(server: str) -> str | None:
    """Return the tool that came with the *server* program, `/usr/bin/redis-check-aof`; None if there is none."""
    tool = Path(server).with_name(Path(server).name.replace("-server", "-check-aof"))
    return str(tool) if tool.exists() and tool != Path(server) else None


def mending(tool: str) -> str:
    """Return the shell line that takes an unfinished transaction off the end of the file in the working folder."""
    return (
        f"if [ -f {MANIFEST} ]; then "
        f"found=$({tool} {MANIFEST} | sed -n 's/.*filename=\\([^,]*\\),.*diff=/\\1 /p' | tail -n 1); tail=${{found#* }}; "
        f'if [ "${{tail:-0}}" -gt 0 ] && [ "$tail" -le {LARGEST_TAIL} ] '
        f'&& ! tail -c "$tail" "{FOLDER}/${{found%% *}}" | grep -q "^EXEC"; then '
        f"echo y | {tool} --fix {MANIFEST}; fi; fi"
    )
