"""Sends one message beside, in a thread of its own, and keeps the lease meanwhile: an answer may take as long as four leases."""

import threading
from concurrent.futures import Future
from contextlib import suppress
from typing import Final

from sauda.errors import TransientError
from sauda.outage import SinkAwayError
from sauda_alerts.keeping import Keeping
from sauda_alerts.sending import Sender
from sauda_alerts.wording import Wording

_SLICE_S: Final = 0.25


class Post:
    """Where one courier hands in its messages."""

    def __init__(self, courier: str, sender: Sender, keeping: Keeping) -> None:
        self._courier = courier
        self._sender = sender
        self._keeping = keeping

    def send(self, wording: Wording) -> None:
        """Send it and wait for the answer.

        Raises:
            SinkAwayError: it was not delivered, or nobody knows.
            LeaseLostError: somebody else works by now; it may be delivered all the same.
        """
        outcome: Future[None] = Future()
        # Not a pool's thread: at its end Python waits for those.
        name = f"{self._courier} sends"
        threading.Thread(target=self._do, args=(wording, outcome), name=name, daemon=True).start()
        while not outcome.done():
            with suppress(TimeoutError, SinkAwayError):
                outcome.result(timeout=_SLICE_S)
            # Redis may be away just now: what was delivered is settled when it is back.
            with suppress(TransientError):
                self._keeping.keep()
        outcome.result()

    def _do(self, wording: Wording, outcome: "Future[None]") -> None:
        try:
            self._sender.send(wording)
            outcome.set_result(None)
        except SinkAwayError as error:
            outcome.set_exception(error)
        except Exception as error:  # noqa: BLE001  (a library's service: whatever it is, nothing was delivered)
            outcome.set_exception(SinkAwayError(f"{self._courier}: {type(error).__name__}"))
