"""Writes lines to InfluxDB 2 (or what speaks its write API), and sorts its answers by what has to be done next."""

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS
from influxdb_client.domain.write_precision import WritePrecision
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from sauda.batch import Record, Refusal
from sauda.errors import ConfigError, ContractError
from sauda.outage import SinkAwayError
from sauda_pnl.writers.isolate import NeverError, write_the_rest
from sauda_pnl.writers.lines import Lines

TIMEOUT_MS: Final = 10_000
"""For a whole request; a batch of 3,000 lines takes a healthy server some 50 ms."""

_REFUSED_CONTENT: Final = frozenset({400, 413, 422})
"""Something in the batch is at fault, or there is too much of it: smaller batches find out."""

_SETTINGS_AT_FAULT: Final = {
    401: "does not know the token: set SAUDA_INFLUX_TOKEN",
    403: "does not let this token write: give it write access to SAUDA_INFLUX_BUCKET, or set SAUDA_INFLUX_TOKEN",
    404: "has no such organisation or bucket: set SAUDA_INFLUX_ORG and SAUDA_INFLUX_BUCKET",
}
_SETTINGS_PAUSE_S: Final = 15.0
"""A wrong token does not mend itself in seconds, but a database that is still being set up does in a minute."""


class InfluxSink:
    """See `sauda.writer.Sink`."""

    def __init__(
        self, url: str, *, token: str, org: str, bucket: str, desk: str, timeout_ms: int = TIMEOUT_MS
    ) -> None:
        """Connect on first use.

        Raises:
            ConfigError: the address is not one.
        """
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError("SAUDA_INFLUX_URL is not an address such as http://127.0.0.1:8086")
        self.where = f"InfluxDB at {parts.scheme}://{parts.hostname}" + (
            f":{parts.port}" if parts.port else ""
        )
        self._org = org
        self._bucket = bucket
        self._lines = Lines(desk)
        # Compressing costs 4 µs a line, more than making it: only for a long way, which is always https.
        # No retries below us: the runner owns them, and it must know that the database is away.
        self._client: Any = InfluxDBClient(
            url=url,
            token=token,
            org=org,
            timeout=timeout_ms,
            enable_gzip=parts.scheme == "https",
            retries=False,
        )
        self._api: Any = self._client.write_api(write_options=SYNCHRONOUS)

    def open(self) -> None:
        """See `sauda.writer.Sink`. Whether the token is right shows at the first write."""
        if not self._client.ping():
            raise SinkAwayError(f"{self.where} does not answer")

    def write(self, records: Sequence[Record]) -> Sequence[Refusal]:
        """See `sauda.writer.Sink`."""
        refused: list[Refusal] = []
        lines: list[str] = []
        places: list[int] = []
        for place, record in enumerate(records):
            try:
                line = self._lines.line(record.message)
            except ContractError as error:
                refused.append(Refusal(place, str(error)))
                continue
            if line is not None:
                lines.append(line)
                places.append(place)
        if lines:
            found = write_the_rest(lines, self._send)
            refused += [Refusal(places[index], reason) for index, reason in found]
        return refused

    def close(self) -> None:
        """See `sauda.writer.Sink`."""
        self._api.close()
        self._client.close()

    def _send(self, lines: Sequence[str]) -> None:
        body = "\n".join(lines).encode()
        try:
            self._api.write(self._bucket, self._org, body, WritePrecision.NS)
        except ApiException as error:
            raise self._sorted(error) from error
        except (HTTPError, OSError) as error:
            raise SinkAwayError(f"{self.where} does not answer: {_first_line(error)}") from error

    def _sorted(self, error: Any) -> Exception:
        status = error.status or 0
        if status in _REFUSED_CONTENT:
            return NeverError(f"{self.where} refused the line ({status}): {_first_line(error.message)}")
        if status in _SETTINGS_AT_FAULT:
            text = f"{self.where} {_SETTINGS_AT_FAULT[status]} ({status}: {_first_line(error.message)})"
            return SinkAwayError(text, _SETTINGS_PAUSE_S)
        text = f"{self.where} cannot write now ({status}): {_first_line(error.message or error.reason)}"
        return SinkAwayError(text, _seconds(error.retry_after))


def _seconds(retry_after: str | None) -> float | None:
    """Return the header's delay in seconds; its other form, a date, gives None: our own pause serves."""
    try:
        return max(0.0, float(retry_after)) if retry_after else None
    except ValueError:
        return None


def _first_line(error: object) -> str:
    text = error.decode(errors="replace") if isinstance(error, bytes) else str(error)
    return next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")[:300]
