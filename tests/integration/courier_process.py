"""One courier as a process of its own, for tests that kill it: redis address, desk, address of a webhook."""

import json
import signal
import sys
import threading
from collections.abc import Callable
from urllib.error import URLError
from urllib.request import Request, urlopen

from sauda.outage import SinkAwayError
from sauda.redis_consumer import RedisConsumer
from sauda.redis_log import RedisLog
from sauda.service import holder_name
from sauda.unit import REQUEUED
from sauda_alerts.courier import Courier
from sauda_alerts.destinations import Delivery, Handling, Policy
from sauda_alerts.rules import Rules
from sauda_alerts.wording import Wording

OnEvent = Callable[[str, dict[str, object]], None]
HANDLING = Handling(rules=Rules(), delivery=Delivery(), policy=Policy())


class PlainSender:
    """Posts to a webhook without the library, which takes seconds to load."""

    def __init__(self, url: str) -> None:
        self._url = url

    def open(self) -> None:
        """Nothing to get ready."""

    def send(self, wording: Wording) -> None:
        """Post it."""
        body = json.dumps({"title": wording.title, "message": wording.body}).encode()
        try:
            with urlopen(Request(self._url, body), timeout=5):
                return
        except (URLError, OSError) as error:
            raise SinkAwayError(type(error).__name__) from error


def a_courier(
    url: str,
    desk: str,
    hook: str,
    lease_ms: int = 1_000,
    *,
    handling: Handling = HANDLING,
    on_event: OnEvent = lambda _event, _facts: None,
) -> Courier:
    """Return a courier to *hook*."""
    reader = RedisConsumer(url, desk, "alerts.to.hook", "courier", ("alerts", REQUEUED))
    sender = PlainSender(hook)
    log, me = RedisLog(url, desk), holder_name()
    return Courier("hook", log, reader, sender, handling, holder=me, lease_ms=lease_ms, on_event=on_event)


def main() -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    url, desk, hook = sys.argv[1:]
    a_courier(url, desk, hook).run(stop)


if __name__ == "__main__":
    main()
