"""What was asked for: the settings of `sauda up`, checked before anything starts."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sauda.errors import ConfigError
from sauda.runtime.place import Place
from sauda.settings import Settings, load_settings
from sauda.settings_sources import PREFIX, Given, gather

USUAL_SPEED = "60"
"""A newcomer sees a trading day in six minutes."""

_LOGIN = (
    "noren_host",
    "noren_websocket",
    "noren_user",
    "noren_password",
    "noren_totp_secret",
    "noren_vendor_code",
    "noren_api_secret",
    "noren_imei",
)


@dataclass(frozen=True, slots=True)
class Options:
    """What stood on the command line; None where nothing did."""

    source: str | None = None
    recording: Path | None = None
    speed: str | None = None
    desk: str | None = None


def read_request(place: Place, options: Options, environ: Mapping[str, str]) -> dict[str, str]:
    """Return what the compose file's `SAUDA_` variables stand for, from all settings, *options* first.

    Raises:
        ConfigError: a setting is wrong, or they do not fit together.
    """
    asked = {**environ, **_as_variables(options)}
    from sauda.redis_address import read_address

    settings = load_settings(place.root, asked)
    read_address(settings.redis_url)
    given = gather(Settings.model_fields, place.root, asked).values
    # What the last `up` wrote must not decide what this one does.
    given = {name: one for name, one in given.items() if one.origin != "var/run.env"}
    variables = {f"{PREFIX}{name.upper()}": _text(one.value) for name, one in given.items()}
    source = variables.setdefault("SAUDA_SOURCE", "simulator")
    variables.setdefault("SAUDA_DESK", "live")
    variables.setdefault("SAUDA_SPEED", "1" if source == "noren" else USUAL_SPEED)
    if source == "simulator":
        variables |= _paper_login(given)
    if source == "noren":
        _check_broker(settings, variables["SAUDA_SPEED"])
        variables["SAUDA_NOREN_MASTERS"] = settings.noren_masters or ""
    variables.pop("SAUDA_RECORDING", None)
    if recording := _recording(source, settings, options):
        variables["SAUDA_RECORDING"] = str(recording.resolve())
    return variables


def _as_variables(options: Options) -> dict[str, str]:
    source = options.source or ("recording" if options.recording else None)
    found = {
        "SAUDA_SOURCE": source,
        "SAUDA_RECORDING": str(options.recording.resolve()) if options.recording else None,
        "SAUDA_SPEED": options.speed,
        "SAUDA_DESK": options.desk,
    }
    return {name: value for name, value in found.items() if value}


def _text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _paper_login(given: Mapping[str, Given]) -> dict[str, str]:
    """Hide a real broker's account, kept in a file for another day, from the simulator: empty means the default."""
    kept = {name for name, one in given.items() if one.origin == "environment"}
    return {f"{PREFIX}{name.upper()}": "" for name in (*_LOGIN, "noren_masters") if name not in kept}


def _check_broker(settings: Settings, speed: str) -> None:
    settings.require(*_LOGIN)
    if float(speed) != 1:
        raise ConfigError(f"SPEED={speed}: a real market runs at 1; leave SPEED out with SOURCE=noren")


def _recording(source: str, settings: Settings, options: Options) -> Path | None:
    """Return the file to play, None if the prices come from elsewhere."""
    if source != "recording":
        if options.recording:
            raise ConfigError(f"RECORDING is played with SOURCE=recording; SOURCE is {source}")
        return None
    if settings.recording is None:
        raise ConfigError("SOURCE=recording needs RECORDING=file, a Parquet or CSV file")
    if settings.recording.is_dir():
        raise ConfigError(f"RECORDING: {settings.recording} is a folder; name a Parquet or CSV file in it")
    if not settings.recording.is_file():
        raise ConfigError(f"RECORDING: there is no file {settings.recording}")
    return settings.recording
