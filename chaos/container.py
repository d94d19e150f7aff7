"""One container of a run: killed, paused, taken off the network, and started again."""

import json
from dataclasses import dataclass
from typing import Any

from sauda.runtime.engine import run


@dataclass
class Container:
    """See `chaos.desk.Victim` and `ServerVictim`."""

    name: str
    service: str
    where: str
    """Its name for Docker."""
    paused: bool = False

    @property
    def holder(self) -> str:
        """Return its host's name, which is the start of its id, with a colon."""
        return f"{str(self._inspected().get('Id', ''))[:12]}:"

    @property
    def ended(self) -> bool:
        """Whether it does not run."""
        return not self._inspected().get("State", {}).get("Running", False)

    @property
    def works(self) -> bool:
        """Whether it runs, and is not paused."""
        return not self.paused and not self.ended

    @property
    def runs(self) -> bool:
        """Whether it runs."""
        return not self.ended

    def start(self) -> None:
        """Start it."""
        self._docker("start")

    def kill(self) -> None:
        """End it as `kill -9` does; nothing happens if it does not run."""
        self.resume()
        self._docker("kill", "--signal=KILL")

    def pause(self) -> None:
        """Freeze all its processes."""
        self._docker("pause")
        self.paused = True

    def resume(self) -> None:
        """Let it go on."""
        if self.paused:
            self._docker("unpause")
            self.paused = False

    def terminate(self) -> None:
        """Tell it to end."""
        self.resume()
        self._docker("kill", "--signal=TERM")

    def stop(self) -> int:
        """End it as a shutdown does; return its exit code."""
        self.resume()
        self._docker("stop")
        return int(self._inspected().get("State", {}).get("ExitCode", 1))

    def disconnect(self, network: str) -> None:
        """Take it off *network*: what is on its way is lost, and nobody is told."""
        run(["docker", "network", "disconnect", network, self.where], check=False)

    def connect(self, network: str) -> None:
        """Bring it back; nothing happens if it is there."""
        if network not in self._inspected().get("NetworkSettings", {}).get("Networks", {}):
            run(["docker", "network", "connect", network, self.where], check=False)

    def _docker(self, *words: str) -> None:
        # What it says about a container that has just ended is no news: whoever asks looks at its state.
        run(["docker", *words, self.where], check=False)

    def _inspected(self) -> dict[str, Any]:
        found = json.loads(run(["docker", "inspect", self.where], check=False).stdout or "[]")
        return dict(found[0]) if found else {}
