"""Where alerts are delivered in tests: a real web server and a real mail server on ports of their own."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller

TOKEN = "T0KENthatNobodyMaySee"


class Hook:
    """A webhook: keeps what it was sent, and answers as it is told."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self.took: list[dict[str, Any]] = []
        """What it answered 200 to."""
        self.asked = 0
        self.status = 200
        self.before: Callable[[], None] = lambda: None
        """Called when a message was taken and before that is said."""
        self.answers = threading.Event()
        """Unless it is set, whoever asks hangs."""
        self.answers.set()
        self._server = server

    @property
    def address(self) -> str:
        """Return it as apprise takes it, with a token in its path."""
        return f"json://127.0.0.1:{self._server.server_address[1]}/{TOKEN}"

    @property
    def url(self) -> str:
        """Return it as a browser takes it."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/{TOKEN}"

    @property
    def text(self) -> str:
        """Return all that it was told."""
        return "\n".join(f"{one['title']}\n{one['message']}" for one in self.took)


@contextmanager
def a_hook() -> Iterator[Hook]:
    """Serve a webhook."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.asked += 1
            hook.answers.wait(30)
            if hook.status == 200:
                hook.took.append(json.loads(body))
                hook.before()
            self.send_response(hook.status)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    hook = Hook(server)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield hook
    finally:
        hook.answers.set()
        server.shutdown()
        server.server_close()


class Mailbox:
    """What a mail server took."""

    def __init__(self) -> None:
        self.mails: list[tuple[str, str]] = []
        """(subject, text)"""
        self.address = ""

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  (aiosmtpd's name)
        """Take a mail."""
        mail = message_from_bytes(envelope.content, policy=policy.default)
        body = mail.get_body(("plain", "html"))
        self.mails.append((str(mail["Subject"]), body.get_content() if body else ""))
        return "250 taken"

    @property
    def text(self) -> str:
        """Return all that it was told."""
        return "\n".join(f"{subject}\n{text}" for subject, text in self.mails)


@contextmanager
def a_mailbox() -> Iterator[Mailbox]:
    """Serve SMTP."""
    box = Mailbox()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        box.address = f"mailto://localhost:{port}?from=desk@example.com&to=trader@example.com"
        yield box
    finally:
        controller.stop()
