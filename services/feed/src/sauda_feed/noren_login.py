"""Logging in at a Noren broker: the account, and what a refusal means."""

import json
import logging
import threading
from collections.abc import Callable
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

import pyotp
import requests

from sauda.errors import ConfigError, TransientError
from sauda.settings import Settings

LIBRARY_LOGGER: Final = "NorenRestApiPy.NorenApi"
_DEADLINE_S: Final = 20.0
INQUIRY: Final = "noren-inquiry"
"""Name of the threads in which the broker is asked things beside a login."""
CHARTS: Final = "noren-charts"
"""Name of the threads in which it is asked for bars of the past."""

T = TypeVar("T")


class RefusedError(TransientError):
    """The broker says no. Trying again rarely helps, and trying fast locks the account."""


class Account(NamedTuple):
    """Who we are at the broker, and where it is."""

    host: str
    websocket: str
    masters: str
    user: str
    password: str
    totp_secret: str
    vendor_code: str
    api_secret: str
    imei: str

    def __repr__(self) -> str:
        """Show nothing that is secret."""
        return f"Account({self.user!r} at {self.host!r})"


def account_from(settings: Settings) -> Account:
    """Return the account that *settings* describe.

    Raises:
        ConfigError: a setting is missing, or the TOTP secret is not base32; the message names it.
    """
    if settings.source != "simulator":
        settings.require("noren_host", "noren_websocket")
    settings.require(
        "noren_user",
        "noren_password",
        "noren_totp_secret",
        "noren_vendor_code",
        "noren_api_secret",
    )
    simulator = f"{_reachable(settings.sim_host)}:{settings.sim_port}"
    account = Account(
        host=settings.noren_host or f"http://{simulator}/NorenWClientTP/",
        websocket=settings.noren_websocket or f"ws://{simulator}/NorenWSTP/",
        masters=settings.noren_masters or f"http://{simulator}/",
        user=settings.noren_user or "",
        password=_shown(settings.noren_password),
        totp_secret=_shown(settings.noren_totp_secret),
        vendor_code=settings.noren_vendor_code or "",
        api_secret=_shown(settings.noren_api_secret),
        imei=settings.noren_imei or "sauda",
    )
    try:
        pyotp.TOTP(account.totp_secret).now()
    except (ValueError, TypeError) as error:
        short = "bits" in str(error)
        why = (
            "too short: 23 characters at least (112 bits)" if short else "no base32 (letters A-Z, digits 2-7)"
        )
        raise ConfigError(f"SAUDA_NOREN_TOTP_SECRET is {why}: copy it anew from the broker") from error
    for name, url, schemes in (
        ("SAUDA_NOREN_HOST", account.host, ("http", "https")),
        ("SAUDA_NOREN_WEBSOCKET", account.websocket, ("ws", "wss")),
    ):
        if urlsplit(url).scheme not in schemes:
            raise ConfigError(f"{name}={url!r} is no address: it begins with {' or '.join(schemes)}")
    return account


def _reachable(listens_on: str) -> str:
    """Return the address at which something on this machine can be reached that listens on *listens_on*."""
    return "127.0.0.1" if listens_on == "0.0.0.0" else listens_on  # noqa: S104  (compared, not bound)


def _shown(secret: Any) -> str:
    return "" if secret is None else str(secret.get_secret_value())


class ReplyTap(logging.Filter):
    """Reads why the broker refused, which the library drops, out of the library's own debug records.

    Those records hold secrets: none below WARNING gets past this filter.
    """

    def __init__(self) -> None:
        super().__init__()
        self.reason: str | None = None
        """`emsg` of the latest reply that was no inquiry's; None if it had none."""
        self.chart_reason: str | None = None
        """`emsg` of the latest refusal of a chart."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Take the reason out of a reply; let only warnings and worse pass."""
        if record.levelno >= logging.WARNING:
            return True
        if record.threadName == CHARTS:
            # These replies have no prefix, and that of EODChartData is recorded as the response itself.
            said = str(getattr(record.msg, "text", record.msg))
            self.chart_reason = _reason(said) or self.chart_reason
            return False
        text = record.getMessage()
        if text.startswith("Reply:") and record.threadName != INQUIRY:
            self.reason = _reason(text.removeprefix("Reply:"))
        return False

    def install(self) -> None:
        """Listen to the library's logger."""
        library = logging.getLogger(LIBRARY_LOGGER)
        for old in [one for one in library.filters if isinstance(one, ReplyTap)]:
            library.removeFilter(old)
        library.addFilter(self)
        library.setLevel(logging.DEBUG)
        # Each of its errors comes to our error callback as well, where ten a second become one line.
        logging.getLogger("websocket").setLevel(logging.CRITICAL)

    def remove(self) -> None:
        """Leave the library's logger as quiet as it was, unless a later tap listens by now."""
        library = logging.getLogger(LIBRARY_LOGGER)
        if self in library.filters:
            # In this order: a record between the two must not get out.
            library.setLevel(logging.WARNING)
            library.removeFilter(self)


def _reason(reply: str) -> str | None:
    try:
        said = json.loads(reply)
    except ValueError:
        return None
    return str(said["emsg"]) if isinstance(said, dict) and said.get("emsg") else None


def log_in(api: Any, account: Account, tap: ReplyTap) -> str:
    """Log in; return the session's token.

    Raises:
        RefusedError: the broker refused; the message names the setting that is likely wrong.
        TransientError: it did not answer, or not sensibly.
    """
    tap.reason = None
    code = pyotp.TOTP(account.totp_secret).now()
    reply = ask(
        lambda: api.login(
            account.user, account.password, code, account.vendor_code, account.api_secret, account.imei
        ),
        account.host,
    )
    if reply is None:
        said = tap.reason or "no reason given"
        raise RefusedError(f"the broker at {account.host} refuses the login: {said!r}. {hint(said)}")
    return str(reply["susertoken"])


def hint(reason: str) -> str:
    """Say which setting to look at when the broker refuses with *reason*."""
    text = reason.lower()
    if "otp" in text or "factor" in text:
        return "Look at SAUDA_NOREN_TOTP_SECRET, and at this machine's clock"
    if "vendor" in text:
        return "Look at SAUDA_NOREN_VENDOR_CODE"
    if "app key" in text or "appkey" in text or "api" in text:
        return "Look at SAUDA_NOREN_API_SECRET"
    if "password" in text:
        return "Look at SAUDA_NOREN_PASSWORD and SAUDA_NOREN_USER"
    return "Look at SAUDA_NOREN_USER, _PASSWORD, _TOTP_SECRET, _VENDOR_CODE and _API_SECRET"


def ask(call: Callable[[], T], host: str, deadline_s: float = _DEADLINE_S, thread: str = "noren-call") -> T:
    """Do a call of the library, which itself would wait for ever, in a thread of its own named *thread*.

    Raises:
        TransientError: no answer within *deadline_s*, or one that is not Noren's (a 502 page).
    """
    answers: list[T] = []
    errors: list[Exception] = []

    def work() -> None:
        try:
            answers.append(call())
        except Exception as error:  # noqa: BLE001  (the library lets anything out; sorted below)
            errors.append(error)

    caller = threading.Thread(target=work, name=thread, daemon=True)
    caller.start()
    caller.join(deadline_s)
    if answers:
        return answers[0]
    if not errors:
        raise TransientError(f"the broker at {host} has not answered for {deadline_s:.0f} s")
    error = errors[0]
    # JSON first: the JSON error of `requests` is one of its exceptions as well.
    if isinstance(error, ValueError | KeyError | TypeError):
        raise TransientError(
            f"the broker at {host} answers with something that is not Noren's (a 502 page, or a wrong SAUDA_NOREN_HOST)"
        ) from error
    if isinstance(error, requests.RequestException | OSError):
        raise TransientError(
            f"the broker at {host} (SAUDA_NOREN_HOST) cannot be reached: {type(error).__name__}"
        ) from error
    raise error
