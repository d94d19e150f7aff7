"""Where an opened bundle's rules and market data lie: in a folder of its own, so that a changed rule is a what-if."""

from pathlib import Path

from sauda.settings import Settings
from sauda.settings_sources import find_root

PACKED = ("market", "strategies", "risk.yaml", "alerts.yaml")
"""Folders and files of config/ that units are made of."""


def config_of(desk: str) -> Path:
    """Return the folder of the opened bundle *desk*."""
    return find_root(Path.cwd()) / "var" / "bundles" / desk / "config"


def config_files(config: Path) -> dict[str, bytes]:
    """Return the rules and the market's dated data below *config*, by their names there."""
    return {
        path.relative_to(config).as_posix(): path.read_bytes()
        for name in PACKED
        for path in (config / name, *sorted((config / name).rglob("*")))
        if path.suffix in (".yaml", ".yml") and path.is_file()
    }


def settings_for(settings: Settings, desk: str) -> Settings:
    """Return *settings* as units of *desk* are made of them: with its own config if it is an opened bundle."""
    folder = config_of(desk)
    return settings.model_copy(update={"config": folder}) if folder.is_dir() else settings
