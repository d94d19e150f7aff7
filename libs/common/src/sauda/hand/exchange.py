"""A copy of the desk's exchange as it is committed, to be asked: what it would say, nothing of it is sent.

The exchange alone knows its account and its rules; where its package is not installed there is no answer.
"""

import importlib
import importlib.util
from typing import Any, Final

from sauda.bundle.place import settings_for
from sauda.errors import ConfigError, SaudaError
from sauda.newest_opening import newest_opening
from sauda.record import Record
from sauda.rerun.made_of import MadeOf
from sauda.settings import Settings

UNIT: Final = "execution.paper"


class NoAccountError(SaudaError):
    """The desk's exchange has not begun, so there is no account yet."""


class NotHereError(ConfigError):
    """The exchange's package is not installed here."""


class Copies:
    """Makes copies of a desk's exchange; for as long as its holder stays the same its settings and rules are read once."""

    def __init__(self, settings: Settings, desk: str) -> None:
        self._made_of = MadeOf(UNIT, settings_for(settings, desk))

    def copy(self, record: Record) -> Any:
        """Return the exchange as it stands, made with the settings that it recorded: not with those of this process.

        Raises:
            NotHereError: nothing here can make one.
            NoAccountError: the desk has none yet.
        """
        insist_on_exchange()
        committed = record.committed(UNIT)
        if committed is None or not committed.state:
            raise NoAccountError(f"desk {record.desk} has no account yet: {UNIT} has not worked")
        processor: Any = self._made_of(newest_opening(record, UNIT)).build()
        processor.state.load(committed.state)
        processor.restored()
        return processor


def standing_exchange(record: Record, settings: Settings) -> Any:
    """Return one copy; see `Copies.copy`."""
    return Copies(settings, record.desk).copy(record)


def enquiry() -> Any:
    """Return what can be asked of a copy: `sauda_execution.account.enquiry`.

    Raises:
        NotHereError: nothing here can answer.
    """
    insist_on_exchange()
    return importlib.import_module("sauda_execution.account.enquiry")


def insist_on_exchange() -> None:
    """Insist that the exchange's package is installed.

    Raises:
        NotHereError: it is not.
    """
    if importlib.util.find_spec("sauda_execution") is None:
        raise NotHereError("the exchange is not installed here, and it alone can read its account")
