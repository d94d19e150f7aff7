"""Where the market was fixed to the wall clock: one small file, so that a restart finds its market again."""

from datetime import date
from pathlib import Path

import msgspec

from sauda.clock import UnixNs
from sauda.errors import ConfigError

FILE_NAME = "simulator-market.json"


class AnchorRecord(msgspec.Struct, frozen=True):
    """What the file holds."""

    wall_ns: UnixNs
    market_ns: UnixNs
    """The market instant that belonged to `wall_ns`."""
    speed: float
    sim_date: date | None
    """The day that was asked for by name; another one asked for later begins another market."""
    seen_wall_ns: UnixNs
    """When the simulator was last known to run."""


class AnchorFile:
    """Reads and writes the anchor, whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME

    def read(self) -> AnchorRecord | None:
        """Return what was written last; None if nothing was.

        Raises:
            ConfigError: the file is there and cannot be read.
        """
        try:
            return msgspec.json.decode(self.path.read_bytes(), type=AnchorRecord)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.MsgspecError) as error:
            raise ConfigError(
                f"{self.path} cannot be read ({error}); delete it to begin a new market"
            ) from error

    def write(self, record: AnchorRecord) -> None:
        """Replace the file.

        Raises:
            ConfigError: the folder cannot be written.
        """
        half_written = self._half_written()
        try:
            half_written.write_bytes(msgspec.json.encode(record))
            half_written.replace(self.path)
        except OSError as error:
            raise self._unwritable(error) from error

    def check(self) -> None:
        """Make sure, before anybody logs in, that the file can be written.

        Raises:
            ConfigError: the folder cannot be written.
        """
        half_written = self._half_written()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            half_written.write_bytes(b"")
            half_written.unlink()
        except OSError as error:
            raise self._unwritable(error) from error

    def _half_written(self) -> Path:
        return self.path.with_name(f".{self.path.name}.new")

    def _unwritable(self, error: OSError) -> ConfigError:
        return ConfigError(f"SAUDA_SIM_DATA: {self.path} cannot be written: {error.strerror}")
