"""The alerts service in this process, on a real Redis, for tests: all its roles in threads, with patience of a second."""

import shutil
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from sauda.clock import SystemClock, monotonic_s
from sauda.service import Role
from sauda.settings import Settings, load_settings
from sauda_alerts.__main__ import wire

CONFIG = Path(__file__).parents[2] / "config"

IMPATIENT: dict[str, Any] = {
    "feed_down": {"after_s": 1},
    "unit_without_holder": {"after_s": 1},
    "lag": {"after_s": 1},
    "writer_behind": {"after_s": 1},
    "disk": {"percent": 1},
    "redis_memory": {"percent": 1},
}


def eventually(condition: Callable[[], object], seconds: float = 40) -> None:
    """Wait until *condition* is true."""
    end_s = monotonic_s() + seconds
    while not condition():
        assert monotonic_s() < end_s, "it did not come to pass"
        SystemClock().sleep(0.02)


def settings_of(
    folder: Path, url: str, desk: str, addresses: Mapping[str, str], document: Mapping[str, Any]
) -> Settings:
    """Write a configuration into *folder*, the addresses into a secret file, and read it as the service does."""
    shutil.copytree(CONFIG / "market", folder / "config" / "market")
    (folder / "config" / "risk.yaml").write_text("max_daily_loss: 1000\n")
    (folder / "config" / "alerts.yaml").write_text(yaml.safe_dump(dict(document)))
    (folder / "addresses").write_text(
        "# who\n" + "".join(f"{name} = {one}\n" for name, one in addresses.items())
    )
    return load_settings(
        folder, {"SAUDA_REDIS_URL": url, "SAUDA_DESK": desk, "SAUDA_ALERTS_URLS_FILE": "addresses"}
    )


@contextmanager
def running(settings: Settings) -> Iterator[dict[str, Role]]:
    """Run the service until the end of the block, from when all its roles are ready."""
    stop = threading.Event()
    roles = {role.name: role for role in wire(settings)}
    threads = [threading.Thread(target=role.run, args=(stop,), daemon=True) for role in roles.values()]
    for thread in threads:
        thread.start()
    try:
        eventually(lambda: all(role.ready() for role in roles.values()), 60)
        yield roles
    finally:
        stop.set()
        for thread in threads:
            thread.join(15)
        assert not any(thread.is_alive() for thread in threads)
