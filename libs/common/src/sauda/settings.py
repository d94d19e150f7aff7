"""What can be set, and to what: read once, checked whole, never changed afterwards.

A value comes from the first of these that has it:

1. the environment: `SAUDA_DESK=test`
2. `.env` in the project's folder (lines that do not begin with SAUDA_ are compose's own and ignored)
3. `config/sauda.yaml`: `desk: test`
4. `var/run.env`: what the runtime found out when it started the desk (ports, addresses)

An empty value counts as not set. `SAUDA_X_FILE` names a file that holds the value of `SAUDA_X`: for Docker
secrets. A name that nobody knows is an error: a typing mistake must not be silent.
"""

import os
import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal, TypeAlias
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError, model_validator
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from sauda.errors import ConfigError
from sauda.instruments import canonical
from sauda.keys import Keys
from sauda.masking import masked_url
from sauda.settings_sources import PREFIX, Given, find_root, gather

Port: TypeAlias = Annotated[int, Field(ge=0, le=65535)]


_LOGIN: Final = re.compile("//[^@/]*@")
"""Who logs in, in an address."""


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _checked_desk(desk: str) -> str:
    try:
        Keys(desk)
    except ConfigError as error:
        raise ValueError(str(error)) from error
    return desk


def _checked_underlyings(names: tuple[str, ...]) -> tuple[str, ...]:
    try:
        return tuple(dict.fromkeys(canonical(name) for name in names))
    except ConfigError as error:
        raise ValueError(str(error)) from error


class Settings(BaseSettings):
    """All settings of all services; each reads the few that concern it."""

    model_config = SettingsConfigDict(frozen=True, extra="forbid")

    redis_url: str = Field(
        default="redis://127.0.0.1:6379/0",
        description="URL of the Redis or Valkey server, cluster (redis+cluster://) or sentinels (redis+sentinel://)",
        repr=False,
    )
    own_redis_url: SecretStr | None = Field(
        default=None,
        description="the desk's own Redis with this service's user; where redis_url is that server and names no user",
    )
    desk: Annotated[str, AfterValidator(_checked_desk)] = Field(
        default="live", description="name of the trading book"
    )
    source: Literal["simulator", "recording", "noren"] = Field(
        default="simulator", description="where prices come from"
    )
    recording: Path | None = Field(
        default=None, description="a Parquet or CSV file to play, for source=recording"
    )
    speed: float = Field(default=1.0, gt=0, le=100_000, description="seconds of market time in one second")
    underlyings: Annotated[tuple[str, ...], BeforeValidator(_split), AfterValidator(_checked_underlyings)] = (
        Field(default=("NIFTY", "BANKNIFTY"), min_length=1, description="underlyings, separated by commas")
    )

    log_level: Annotated[Literal["DEBUG", "INFO", "WARNING", "ERROR"], BeforeValidator(_upper)] = Field(
        default="INFO", description="the least important records that are written"
    )
    log_format: Literal["console", "json"] = Field(
        default="console", description="console for people, json for machines"
    )
    log_errors_file: Path | None = Field(
        default=None, description="a file that gets errors alone, rotated at 10 MB"
    )

    noren_host: str | None = Field(
        default=None, description="the broker's REST address, up to /NorenWClientTP/"
    )
    noren_websocket: str | None = Field(
        default=None, description="the broker's WebSocket address, ws:// or wss://"
    )
    noren_masters: str | None = Field(
        default=None, description="where NFO_symbols.txt.zip lies; from noren_host if unset"
    )
    noren_user: str | None = Field(default=None, description="user id at the broker")
    noren_password: SecretStr | None = Field(default=None, description="password at the broker")
    noren_totp_secret: SecretStr | None = Field(
        default=None, description="base32 secret of the one-time passwords"
    )
    noren_vendor_code: str | None = Field(default=None, description="vendor code given by the broker")
    noren_api_secret: SecretStr | None = Field(default=None, description="API secret given by the broker")
    noren_imei: str | None = Field(default=None, description="name of this machine, for the broker")

    influx_url: str | None = Field(
        default=None, description="InfluxDB's address; unset: nothing is written there", repr=False
    )
    influx_token: SecretStr | None = Field(default=None, description="InfluxDB's token")
    influx_org: str = Field(default="sauda", description="InfluxDB's organisation")
    influx_bucket: str = Field(default="sauda", description="InfluxDB's bucket")
    sql_url: str | None = Field(
        default=None, description="SQLAlchemy URL; unset: nothing is written there", repr=False
    )

    archive: str = Field(
        default="var/archive",
        description="folder or URL (s3://bucket/prefix) for what leaves Redis",
        repr=False,
    )
    archive_endpoint: str | None = Field(
        default=None, description="address of an S3 store that is not Amazon's", repr=False
    )
    archive_key: SecretStr | None = Field(default=None, description="access key of the S3 store")
    archive_secret: SecretStr | None = Field(default=None, description="secret key of the S3 store")
    archive_every_s: float = Field(
        default=300.0, gt=0, description="seconds after which the archive gets what there is, however little"
    )
    archive_keep_s: float = Field(
        default=3600.0, ge=0, description="seconds that archived entries stay in Redis"
    )
    archive_budget_mb: float = Field(
        default=1024.0, gt=0, description="megabytes of Redis that the desk's streams may fill"
    )

    config: Path = Field(default=Path("config"), description="folder of sauda.yaml, market/ and strategies/")
    strategies: Path = Field(
        default=Path("strategies"), description="folder of your own strategies, one Python file a kind"
    )
    history: Path = Field(
        default=Path("var/history"), description="folder of bars of the past, filled by `sauda backfill`"
    )
    health_file: Path | None = Field(default=None, description="where the service says how it is")
    service_name: str | None = Field(default=None, description="name of this process in logs and leases")

    gateway_host: str = Field(
        default="127.0.0.1", description="address the gateway listens on; elsewhere only with tokens"
    )
    gateway_port: Port = Field(default=8000, description="port the gateway listens on; 0: any free one")
    gateway_tokens: Path = Field(
        default=Path("var/secrets/gateway/tokens.json"),
        description="the gateway's tokens, hashed: `sauda token add` writes them",
    )
    gateway_rate: float = Field(
        default=50.0, gt=0, le=100_000, description="requests a second that one token may make"
    )
    gateway_proxies: Annotated[tuple[str, ...], BeforeValidator(_split)] = Field(
        default=(), description="addresses of reverse proxies whose X-Forwarded-For is believed"
    )

    alerts_urls: SecretStr | None = Field(
        default=None,
        description="where alerts are delivered: a line `name = address` each, an apprise address (docs/alerts.md)",
    )

    metrics_port: Port | None = Field(
        default=None,
        description="port of /metrics, /health and /ready, 0: any free one; unset: nothing is measured",
    )
    metrics_host: str = Field(default="127.0.0.1", description="address on which they are served")

    lease_ms: int = Field(
        default=1000, ge=100, le=600_000, description="milliseconds until a silent holder loses its unit"
    )
    batch: int = Field(
        default=500,
        ge=1,
        le=100_000,
        description="most entries in one step; of bars, execution and valuation up to 20 times as many, in a storm",
    )
    max_order_age_s: float = Field(
        default=30.0, gt=0, description="desk seconds after which an entry order is too old"
    )
    stale_quote_s: float = Field(
        default=30.0, gt=0, description="desk seconds after which a quote is too old to fill on"
    )
    pnl_grid_ms: int = Field(
        default=1000, ge=10, le=3_600_000, description="milliseconds of market time between points"
    )

    capital: Decimal = Field(
        default=Decimal(1_000_000),
        gt=0,
        max_digits=18,
        decimal_places=2,
        description="rupees the paper account begins with",
    )
    brokerage: str = Field(
        default="flat_20", description="brokerage plan, one of those in config/market/brokerage.yaml"
    )
    margin_source: Literal["span", "broker"] = Field(
        default="span", description="who says what a position blocks: our own scenarios, or the broker"
    )
    fills: Literal["depth", "ltp"] = Field(
        default="depth",
        description="depth: what the order book gives; ltp: all at the last price, to compare",
    )
    order_latency_ms: int = Field(
        default=20, ge=0, le=60_000, description="milliseconds of market time an order needs to the exchange"
    )
    slippage_ticks: int = Field(
        default=0, ge=0, le=1000, description="ticks by which an order that takes pays worse than the quote"
    )
    feed_depth: bool = Field(
        default=False, description="whether the broker is asked for five levels of each order book"
    )

    sim_host: str = Field(default="127.0.0.1", description="address the simulator listens on")
    sim_port: Port = Field(default=9200, description="port the simulator listens on")
    sim_seed: int = Field(default=11, ge=0, description="the simulated market follows from seed and date")
    sim_date: date | None = Field(
        default=None, description="first trading day of the simulated market, YYYY-MM-DD"
    )
    sim_data: Path = Field(default=Path("var"), description="folder where the simulator remembers its market")

    @model_validator(mode="before")
    @classmethod
    def _derive_masters(cls, values: Any) -> Any:
        if isinstance(values, dict) and values.get("noren_host") and not values.get("noren_masters"):
            host = urlsplit(str(values["noren_host"]))
            return {**values, "noren_masters": f"{host.scheme}://{host.netloc}/"}
        return values

    @model_validator(mode="before")
    @classmethod
    def _log_in(cls, values: Any) -> Any:
        """Take the address with this service's user, unless somebody gave another server, or another user."""
        own = str(values.get("own_redis_url") or "") if isinstance(values, dict) else ""
        given = str(values.get("redis_url") or "") if own else ""
        is_own = not given or _LOGIN.sub("//", own) == given
        return {**values, "redis_url": own} if own and is_own else values

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003  (the signature is pydantic's)
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Take nothing from anywhere but `load_settings`, which can say where each value came from."""
        return (init_settings,)

    def require(self, *names: str) -> None:
        """Insist that settings which may be unset are set.

        Raises:
            ConfigError: one line for each that is not.
        """
        missing = [name for name in names if getattr(self, name) is None]
        if missing:
            fields = type(self).model_fields
            lines = (f"{PREFIX}{name.upper()} is not set: {fields[name].description}" for name in missing)
            raise ConfigError("\n".join(lines))

    def public(self) -> dict[str, str | int | float | None]:
        """Return every setting as it may be shown: secrets as `set` or `not set`, no password in a URL."""
        return {name: self._shown(name) for name in type(self).model_fields}

    def secrets(self) -> tuple[str, ...]:
        """Return the values that must never be seen, for the log's mask."""
        values = [getattr(self, name) for name in type(self).model_fields]
        hidden = [value.get_secret_value() for value in values if isinstance(value, SecretStr)]
        in_urls = [secret for value in values if isinstance(value, str) for secret in _passwords(value)]
        return tuple(secret for secret in (*hidden, *in_urls) if secret)

    def _shown(self, name: str) -> str | int | float | None:
        value = getattr(self, name)
        if is_secret(name):
            return "not set" if value is None else "set"
        if isinstance(value, tuple):
            return ",".join(value)
        if isinstance(value, str):
            return masked_url(value)
        if isinstance(value, bool):
            return str(value).lower()  # A record keeps plain values: a bool would come back as a number.
        return str(value) if isinstance(value, Path | date | Decimal) else value


def is_secret(name: str) -> bool:
    """Does the setting *name* hold a value that must not be shown?"""
    field = Settings.model_fields.get(name)
    return field is not None and "SecretStr" in str(field.annotation)


def _passwords(url: str) -> list[str]:
    """Return what is secret in *url*, if it is one: the password, and those of a key file or of sentinels behind the `?`."""
    try:
        parts = urlsplit(url)
        asked = parse_qsl(parts.query) if parts.scheme else []
        return [unquote(parts.password or ""), *(value for name, value in asked if "password" in name)]
    except ValueError:
        return []


def load_settings(root: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Read all sources.

    Args:
        root: The project's folder, where `.env`, `config/` and `var/` lie and from which relative paths count;
            None: the working directory, or the nearest folder above it that has config/market.
        environ: The environment; None: this process's own.

    Raises:
        ConfigError: one line for each thing that is wrong, naming the variable or key and where it stands.
    """
    root = (root or find_root(Path.cwd())).resolve()
    found = gather(Settings.model_fields, root, os.environ if environ is None else environ)
    problems = found.problems
    try:
        settings = Settings.model_validate({name: given.value for name, given in found.values.items()})
    except ValidationError as error:
        problems += [_line(detail, found.values) for detail in error.errors()]
    else:
        if not problems:
            return _anchored(settings, root)
    raise ConfigError("\n".join(dict.fromkeys(problems)))


def _anchored(settings: Settings, root: Path) -> Settings:
    """Make every path absolute, so that it means the same after a change of the working directory."""
    values = ((name, getattr(settings, name)) for name in Settings.model_fields)
    paths: dict[str, object] = {name: root / value for name, value in values if isinstance(value, Path)}
    if "://" not in settings.archive:
        paths["archive"] = str(root / settings.archive)
    return settings.model_copy(update=paths)


def _line(detail: ErrorDetails, values: Mapping[str, Given]) -> str:
    """Say in one line which setting is wrong, where, and what it should be."""
    field = str(detail["loc"][0])
    given = values[field]
    shown = "" if is_secret(field) else f"={masked_url(str(given.value))!r}"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Input ")
    meaning = Settings.model_fields[field].description
    return f"{given.name}{shown} ({given.origin}): {message}; meaning: {meaning}"
