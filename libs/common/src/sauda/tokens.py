"""Tokens for the gateway: who may ask what, until when. Only hashes are kept.

A token has 256 bits of chance, so that its SHA-256 alone gives nobody a way back; a slow hash, made for
passwords that people think up, would only slow down every request.
"""

import hashlib
import secrets
from pathlib import Path
from typing import Final

import msgspec

from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import Scope
from sauda.errors import ConfigError
from sauda.runtime.place import write_private

DAY_NS: Final = 24 * 3600 * NS_PER_S
_PREFIX: Final = "sauda_"
"""So that a token which leaked into a log or a repository can be found by looking for it."""
_NAME_LIMIT: Final = 60


class Token(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is kept of a token."""

    name: str
    scope: Scope
    sha256: str
    made_ns: UnixNs
    expires_ns: UnixNs | None = None
    """Wall time; None: never."""

    def is_valid(self, now_ns: UnixNs) -> bool:
        """Return whether it may still be used."""
        return self.expires_ns is None or now_ns < self.expires_ns


class TokenFile:
    """The tokens of one desk in one file, read again whenever it has changed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._stamp: tuple[int, int, int] | None = None
        self._by_hash: dict[str, Token] = {}

    def tokens(self) -> list[Token]:
        """Return all of them, oldest first.

        Raises:
            ConfigError: the file cannot be read.
        """
        self._refresh()
        return list(self._by_hash.values())

    def owner_of(self, secret: str, now_ns: UnixNs) -> Token | None:
        """Return the token that *secret* is, if it is one and has not expired."""
        return self.with_hash(_hash(secret), now_ns)

    def with_hash(self, sha256: str, now_ns: UnixNs) -> Token | None:
        """Return the token whose hash is *sha256*, if there is one and it has not expired."""
        self._refresh()
        found = self._by_hash.get(sha256)
        return found if found is not None and found.is_valid(now_ns) else None

    def issue(self, name: str, scope: Scope, now_ns: UnixNs, days: int | None = None) -> str:
        """Make a token and return it: the only time that anybody sees it.

        Raises:
            ConfigError: the name is empty, too long or taken.
        """
        if not name.strip() or len(name) > _NAME_LIMIT or not name.isprintable():
            raise ConfigError(f"{name!r} cannot name a token: 1 to {_NAME_LIMIT} printable characters")
        if any(one.name == name for one in self.tokens()):
            raise ConfigError(f"there is a token {name!r} already; `sauda token revoke {name}` takes it back")
        secret = _PREFIX + secrets.token_urlsafe(32)
        expires_ns = None if days is None else now_ns + days * DAY_NS
        self._write([*self.tokens(), Token(name, scope, _hash(secret), now_ns, expires_ns)])
        return secret

    def revoke(self, name: str) -> None:
        """Take a token back: it counts for nothing from the next request on.

        Raises:
            ConfigError: there is none of that name.
        """
        left = [one for one in self.tokens() if one.name != name]
        if len(left) == len(self.tokens()):
            names = ", ".join(one.name for one in left) or "none"
            raise ConfigError(f"there is no token {name!r}; there are: {names}")
        self._write(left)

    def _write(self, tokens: list[Token]) -> None:
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        text = msgspec.json.format(msgspec.json.encode(tokens), indent=1)
        write_private(self.path, text.decode() + "\n")

    def _refresh(self) -> None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._stamp, self._by_hash = None, {}
            return
        except OSError as error:
            raise ConfigError(f"the tokens in {self.path} cannot be read: {error.strerror}") from error
        stamp = (found.st_mtime_ns, found.st_size, found.st_ino)
        if stamp == self._stamp:
            return
        try:
            tokens = msgspec.json.decode(self.path.read_bytes(), type=list[Token])
        except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"the tokens in {self.path} cannot be read: {error}") from error
        self._by_hash = {one.sha256: one for one in tokens}
        self._stamp = stamp


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
