"""Delivers one message to one address through apprise. What it says of a failure never holds the address."""

import logging
import threading
import warnings
from typing import TYPE_CHECKING, Any, Final, Protocol, cast
from urllib.parse import parse_qsl, unquote, urlsplit

from sauda.contracts import Level
from sauda.errors import ConfigError
from sauda.logs import hide
from sauda.masking import MASK, Mask
from sauda.outage import SinkAwayError
from sauda_alerts.wording import Wording

if TYPE_CHECKING:
    import apprise

TIMEOUT_S: Final = 20
_KINDS: Final = {Level.INFO: "info", Level.WARNING: "warning", Level.CRITICAL: "failure"}
_SHORTEST: Final = 4
_loading: Final = threading.Lock()


class Sender(Protocol):
    """Takes messages somewhere."""

    def open(self) -> None:
        """Get ready.

        Raises:
            ConfigError: the address cannot be right.
        """

    def send(self, wording: Wording) -> None:
        """Deliver it.

        Raises:
            SinkAwayError: it was not delivered, or nobody knows; the text holds no secret.
        """


class AppriseSender:
    """One address."""

    def __init__(self, name: str, address: str) -> None:
        """Connect nothing.

        Args:
            name: Of the destination, for people.
            address: An apprise URL; all of it is a secret, for many services hold the token in the place of the host.
        """
        self._name = name
        self._address = address
        self._service: apprise.NotifyBase | None = None
        self._mask = Mask(secret_parts(address))
        for secret in secret_parts(address):
            hide(secret)

    def open(self) -> None:
        """See `Sender`."""
        self._service = _service_at(self._address)
        if self._service is None:
            scheme = urlsplit(self._address).scheme
            raise ConfigError(
                f"the address of {self._name} (SAUDA_ALERTS_URLS) is none that apprise can use ({scheme}://{MASK}): "
                "docs/alerts.md has examples"
            )

    def send(self, wording: Wording) -> None:
        """See `Sender`."""
        import apprise

        if self._service is None:
            self.open()
        caller = apprise.Apprise()
        caller.add(cast("apprise.NotifyBase", self._service))
        result: Any = caller.notify(
            body=wording.body,
            title=wording.title,
            notify_type=_KINDS[wording.level],
            body_format="text",
            timeout=TIMEOUT_S,
        )
        if not result:
            raise SinkAwayError(f"{self._name} did not take it: {self._why(result)}")

    def _why(self, result: Any) -> str:
        said = [str(entry.message) for one in result.results for entry in one.logs()]
        text = said[-1] if said else f"no answer within {TIMEOUT_S} s"
        return self._mask.text(" ".join(text.split()))[:300]


def secret_parts(address: str) -> list[str]:
    """Return everything in *address* that must not be shown: all but the scheme."""
    try:
        parts = urlsplit(address)
        asked = [value for _, value in parse_qsl(parts.query)]
    except ValueError:
        return [address]
    _, _, behind = address.partition("://")
    authority = [one for one in parts.netloc.replace("@", ":").split(":") if not _is_machine(one)]
    found = [
        address,
        behind,
        *authority,
        *(one for one in (*parts.path.split("/"), *asked) if len(one) > _SHORTEST + 2),
    ]
    both = [one for text in found for one in (text, unquote(text))]
    return [one for one in dict.fromkeys(both) if len(one) >= _SHORTEST and not one.isdecimal()]


def _is_machine(host: str) -> bool:
    """Return whether *host* is this machine or a bare number of one: masking it would blot out half of every log."""
    return host == "localhost" or host.replace(".", "").isdecimal()


def load_services() -> None:
    """Load the library's services: it takes seconds of this process's time, in which no lease is renewed."""
    _service_at("json://localhost")


def _service_at(address: str) -> "apprise.NotifyBase | None":
    # One thread at a time: the library loads all its services on first use.
    with _loading, warnings.catch_warnings():
        # It imports modules that Python wants to be rid of.
        warnings.simplefilter("ignore", DeprecationWarning)
        import apprise

        _quieten()
        return apprise.Apprise.instantiate(address)


def _quieten() -> None:
    """Keep the library's own records out of the log: it shows the first and last letter of passwords."""
    records = logging.getLogger("apprise")
    records.propagate = False
    if not records.handlers:
        records.addHandler(logging.NullHandler())
