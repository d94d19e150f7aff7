"""Who may come in: one account, three secrets, one session at a time."""

import secrets
from dataclasses import dataclass, field
from hashlib import sha256
from hmac import compare_digest

import pyotp

from sauda.clock import Clock, to_ist
from sauda.errors import ConfigError


class BusinessError(Exception):
    """The broker's refusal: HTTP 200, `Not_Ok`, and this text."""


WRONG_PASSWORD = "Invalid Input : Wrong Password"  # noqa: S105  (what the broker says, not one)

SESSION_EXPIRED = "Session Expired :  Invalid Session Key"
"""With two spaces, as the real server writes it."""


@dataclass(frozen=True)
class Account:
    """The one account that the simulator knows; nothing of it but `user` is ever printed."""

    user: str
    password: str = field(repr=False)
    totp_secret: str = field(repr=False)
    vendor_code: str = field(repr=False)
    api_secret: str = field(repr=False)


class Logins:
    """Checks credentials and remembers the session that is valid."""

    def __init__(self, account: Account, wall: Clock) -> None:
        """Prepare for *account*.

        Raises:
            ConfigError: its TOTP secret is not base32 of at least 112 bits.
        """
        self.account = account
        self._otp = _totp(account.totp_secret)
        self._wall = wall
        self._token: str | None = None
        self.count = 0
        """Successful logins since the simulator started."""

    def log_in(self, asked: dict[str, object]) -> str:
        """Return a new session token; the earlier one is worthless from now on.

        Raises:
            BusinessError: a credential is wrong; the text says which, as the broker's does.
        """
        account = self.account
        if not _same(asked.get("uid"), account.user) or not _same(
            asked.get("pwd"), _digest(account.password)
        ):
            raise BusinessError(WRONG_PASSWORD)
        if not self._otp_is_valid(str(asked.get("factor2") or "")):
            raise BusinessError("Invalid Input : Invalid OTP")
        if not _same(asked.get("vc"), account.vendor_code):
            raise BusinessError("Invalid Input : Invalid Vendor code")
        if not _same(asked.get("appkey"), _digest(f"{account.user}|{account.api_secret}")):
            raise BusinessError("Invalid Input : Invalid App Key")
        self._token = secrets.token_hex(32)
        self.count += 1
        return self._token

    def is_valid(self, token: object, user: object) -> bool:
        """Does *token* belong to the present session of *user*?"""
        return self._token is not None and _same(token, self._token) and _same(user, self.account.user)

    def require(self, token: object, user: object) -> None:
        """Let only the present session pass.

        Raises:
            BusinessError: the token is unknown or has expired.
        """
        if not self.is_valid(token, user):
            raise BusinessError(SESSION_EXPIRED)

    def expire(self) -> None:
        """End the session, as happens every night."""
        self._token = None

    @property
    def logged_in(self) -> bool:
        """Is there a valid session?"""
        return self._token is not None

    def _otp_is_valid(self, code: str) -> bool:
        # One step of 30 s to either side: the two clocks need not agree to the second.
        return self._otp.verify(code, for_time=to_ist(self._wall.now_ns()), valid_window=1)


def _totp(secret: str) -> pyotp.TOTP:
    try:
        return pyotp.TOTP(secret)
    except ValueError:
        # Not chained: the library's error could show the secret.
        raise ConfigError(
            "SAUDA_NOREN_TOTP_SECRET is not a base32 secret of at least 112 bits (23 characters)"
        ) from None


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _same(given: object, expected: str) -> bool:
    return isinstance(given, str) and compare_digest(given.encode(), expected.encode())
