"""The page's sessions: each begins with a token, and is 256 bits of chance of its own, of which only the hash is kept.

One file a session, in a folder beside the tokens: so it outlives the gateway's `kill -9`, and one that was ended is ended for every
gateway of this folder, now and later. Where the folder cannot be written, as in a container that may only read its secrets, sessions are
kept in memory: after a restart one logs in again, and nothing that was ended comes back either.
"""

import hashlib
import secrets
from pathlib import Path
from typing import Final

import msgspec

from sauda.clock import NS_PER_S, UnixNs
from sauda.errors import TransientError
from sauda.logs import Channel, logger
from sauda.runtime.place import write_private

LASTS_NS: Final = 12 * 3600 * NS_PER_S
"""A trading day; after it one logs in again."""
MOST: Final = 20
"""Sessions of one token at a time; its oldest ends where one more begins, and nobody else's does."""


class Session(msgspec.Struct, frozen=True):
    """What is kept of a session."""

    token: str
    """SHA-256 of the token that it was begun with, without which it is nothing."""
    began_ns: UnixNs
    """Wall time."""


class Sessions:
    """All sessions of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._in_memory: dict[str, Session] = {}

    def begin(self, token: str, now_ns: UnixNs) -> str:
        """Begin a session of the token with the SHA-256 *token*; return its id: the only time that anybody sees it."""
        self._make_room(token, now_ns)
        session_id = secrets.token_urlsafe(32)
        name, session = _name(session_id), Session(token, now_ns)
        try:
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_private(self._folder / name, msgspec.json.encode(session).decode())
        except OSError as error:
            logger(Channel.APP).warning("session_in_memory_only", folder=str(self._folder), why=str(error))
            self._in_memory[name] = session
        return session_id

    def token_of(self, session_id: str, now_ns: UnixNs) -> str | None:
        """Return the SHA-256 of the token of a session; None if there is no such session, or it is over."""
        session = self._session(_name(session_id))
        return None if session is None or _is_over(session, now_ns) else session.token

    def end(self, session_id: str) -> None:
        """End a session, if it is one.

        Raises:
            TransientError: its file cannot be deleted.
        """
        self._end(_name(session_id))

    def _session(self, name: str) -> Session | None:
        if (known := self._in_memory.get(name)) is not None:
            return known
        try:
            return msgspec.json.decode((self._folder / name).read_bytes(), type=Session)
        except (OSError, msgspec.MsgspecError):
            return None

    def _end(self, name: str) -> None:
        path = self._folder / name
        if self._in_memory.pop(name, None) is not None or not path.exists():
            return
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise TransientError(f"the session cannot be ended: {path} stays, {error.strerror}") from error

    def _make_room(self, token: str, now_ns: UnixNs) -> None:
        names = [*self._in_memory, *(path.name for path in self._folder.glob("*.json"))]
        found = {name: self._session(name) or Session("", 0) for name in names}
        over = [name for name, session in found.items() if _is_over(session, now_ns)]
        own = [name for name, session in found.items() if session.token == token and name not in over]
        own.sort(key=lambda name: found[name].began_ns)
        for name in [*over, *own[: max(0, len(own) - MOST + 1)]]:
            self._end(name)


def _is_over(session: Session, now_ns: UnixNs) -> bool:
    return now_ns >= session.began_ns + LASTS_NS


def _name(session_id: str) -> str:
    return f"{hashlib.sha256(session_id.encode()).hexdigest()}.json"
