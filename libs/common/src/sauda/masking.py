"""Secrets are never seen: one mask for everything that leaves the program as text.

Three nets, because each alone has holes: names that look secret, the configured values wherever they turn
up (also inside a traceback), and passwords inside URLs and query strings.
"""

import re
from collections.abc import Iterable, Mapping

MASK = "***"

_NAME = r"password|passwd|pwd|secret|susertoken|token|totp|jkey|appkey|app_key|api_key|apikey|authorization"
_SECRET_NAME = re.compile(rf"(?:.*[_.-])?(?:{_NAME})(?:_file)?|.*(?:password|secret|token)", re.IGNORECASE)
_ASSIGNMENT = re.compile(
    rf"""(?P<head>(?<![a-z])(?:{_NAME})["']?\s*[=:]\s*["']?(?:(?:bearer|basic)\s+)?)(?P<value>[^\s"'&,;}}\])]+)""",
    re.IGNORECASE,
)
_URL_PASSWORD = re.compile(r"(?P<head>[a-z][a-z0-9+.-]*://[^\s/@:]*:)[^\s/]+(?=@)", re.IGNORECASE)
"""Up to the last `@`: clients take one in a password as it is."""
_URL_QUERY = re.compile(r"(?<=://)[^\s?]*\?\S*")
_QUERY_SECRET = re.compile(rf"(?P<head>[?&][a-z_]*(?:{_NAME}|username)=)[^\s&#\"']+", re.IGNORECASE)
_REDIS_LOGIN = re.compile(r"(?P<head>rediss?(?:\+[a-z]+)?://)[^\s/?#]*(?=@)", re.IGNORECASE)
"""Users of Redis are shown no more than their passwords: its ACL knows few, and each may do a lot."""
_SHORTEST = 4
"""A shorter secret is masked only where it stands alone: `1` is part of every number."""


def masked_url(text: str) -> str:
    """Return *text* with the password of any URL in it replaced, also one in a query (`?password=`); Redis' users, too."""
    text = _REDIS_LOGIN.sub(rf"\g<head>{MASK}", text)
    text = _URL_PASSWORD.sub(rf"\g<head>{MASK}", text)
    return _URL_QUERY.sub(lambda url: _QUERY_SECRET.sub(rf"\g<head>{MASK}", url[0]), text)


def looks_secret(name: str) -> bool:
    """Does a value called *name* belong to nobody but its owner? `token` does, `tokens` (a count) does not."""
    return _SECRET_NAME.fullmatch(name) is not None


class Mask:
    """Replaces what is secret in any value; new secrets (a session's token) may be added at any time."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._short: frozenset[str] = frozenset()
        self._long: tuple[str, ...] = ()
        """Longest first: a secret may contain another."""
        for secret in secrets:
            self.add(secret)

    def add(self, secret: str) -> None:
        """Mask *secret* from now on."""
        if len(secret) >= _SHORTEST:
            self._long = tuple(sorted({*self._long, secret}, key=len, reverse=True))
        elif secret:
            self._short |= {secret}

    def text(self, text: str) -> str:
        """Return *text* without any secret."""
        if text in self._short:
            return MASK
        for secret in self._long:
            if secret in text:
                text = text.replace(secret, MASK)
        return _ASSIGNMENT.sub(rf"\g<head>{MASK}", masked_url(text))

    def value(self, value: object, name: str = "") -> object:
        """Return *value*, which is called *name*, without any secret; what is not plain data becomes text."""
        if value is None or isinstance(value, bool):
            return value
        if name and looks_secret(name):
            return MASK
        match value:
            case int() | float():
                return MASK if str(value) in self._short or str(value) in self._long else value
            case str():
                return self.text(value)
            case bytes():
                return self.text(value.decode(errors="replace"))
            case Mapping():
                return {self.text(str(key)): self.value(item, str(key)) for key, item in value.items()}
            case list() | tuple() | set() | frozenset():
                return [self.value(item) for item in value]
            case _:
                return self.text(str(value))
