"""The proxy does to a connection what it is told, and to no other one."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from chaos.proxy import LOOPBACK, Loop, Proxy
from sauda.clock import monotonic_s


@dataclass
class Echo:
    """A server that answers each line with the same line, and remembers what it heard."""

    listener: socket.socket = field(default_factory=lambda: socket.create_server((LOOPBACK, 0)))
    heard: list[bytes] = field(default_factory=list)

    @property
    def port(self) -> int:
        return int(self.listener.getsockname()[1])

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                self.listener.close()
                return
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def close(self) -> None:
        # Wakes the thread that accepts, which closes the socket.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)

    def _talk(self, connection: socket.socket) -> None:
        with connection:
            try:
                while data := connection.recv(65536):
                    self.heard.append(data)
                    connection.sendall(data)
            except OSError:
                return


@pytest.fixture
def echo() -> Iterator[Echo]:
    server = Echo()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    yield server
    server.close()
    thread.join(5)


@pytest.fixture
def proxy(echo: Echo) -> Iterator[Proxy]:
    loop = Loop()
    loop.start()
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port = int(probe.getsockname()[1])
    opened = Proxy(loop, port, echo.port, b"COMMIT", "seed")
    opened.listen()
    yield opened
    opened.close()
    loop.close()


@pytest.fixture
def client(proxy: Proxy) -> Iterator[socket.socket]:
    with opened(proxy) as connection:
        yield connection


def opened(proxy: Proxy) -> socket.socket:
    return socket.create_connection((LOOPBACK, proxy.port), timeout=5)


def asked(connection: socket.socket, words: bytes) -> bytes:
    connection.sendall(words)
    answer = b""
    while len(answer) < len(words):
        answer += connection.recv(65536)
    return answer


def test_without_a_fault_it_carries_everything_as_it_is(client: socket.socket) -> None:
    words = bytes(range(256)) * 4096

    threading.Thread(target=client.sendall, args=(words,), daemon=True).start()
    answer = b""
    while len(answer) < len(words):
        answer += client.recv(65536)

    assert answer == words


def test_a_cut_connection_is_reset_and_a_new_one_works(proxy: Proxy, client: socket.socket) -> None:
    asked(client, b"hello")

    proxy.cut()

    with pytest.raises(ConnectionResetError):
        client.recv(1)
    with opened(proxy) as another:
        assert asked(another, b"again") == b"again"


def test_a_half_open_connection_swallows_everything_and_a_new_one_works(
    proxy: Proxy, client: socket.socket, echo: Echo
) -> None:
    asked(client, b"hello")

    proxy.half_open()
    client.sendall(b"lost")
    client.settimeout(0.3)

    with pytest.raises(TimeoutError):
        client.recv(1)
    with opened(proxy) as another:
        assert asked(another, b"again") == b"again"
    assert echo.heard == [b"hello", b"again"]


def test_a_lost_answer_is_of_a_commit_that_was_done(proxy: Proxy, client: socket.socket, echo: Echo) -> None:
    proxy.faults.lose_answer = 1

    assert asked(client, b"read") == b"read"
    client.sendall(b"COMMIT")

    with pytest.raises(ConnectionResetError):
        client.recv(1)
    assert echo.heard == [b"read", b"COMMIT"]
    assert proxy.lost == {"requests": 0, "answers": 1}


def test_a_lost_request_never_reaches_the_server(proxy: Proxy, client: socket.socket, echo: Echo) -> None:
    asked(client, b"read")
    proxy.faults.lose_request = 1

    client.sendall(b"COMMIT")

    with pytest.raises(ConnectionResetError):
        client.recv(1)
    assert echo.heard == [b"read"]
    assert proxy.lost == {"requests": 1, "answers": 0}


def test_what_is_held_arrives_late_and_whole_and_in_order(
    proxy: Proxy, client: socket.socket, echo: Echo
) -> None:
    asked(client, b"hello")
    began_s = monotonic_s()
    proxy.hold(0.4)

    answer = asked(client, b"".join(b"%04d" % number for number in range(500)))

    assert answer == b"".join(b"%04d" % number for number in range(500))
    assert monotonic_s() - began_s >= 0.4


def test_a_commit_that_is_held_arrives_although_its_maker_is_gone(
    proxy: Proxy, client: socket.socket, echo: Echo
) -> None:
    asked(client, b"hello")
    proxy.hold(0.3)
    client.sendall(b"COMMIT of a zombie")
    client.close()

    deadline_s = monotonic_s() + 5
    while echo.heard[-1] != b"COMMIT of a zombie":
        assert monotonic_s() < deadline_s
        threading.Event().wait(0.02)


def test_a_slow_connection_keeps_the_order(proxy: Proxy, client: socket.socket) -> None:
    proxy.slow(0.005, 0.05, 1_000_000)
    words = [b"%08d" % number for number in range(50)]

    for one in words:
        client.sendall(one)

    answer = b""
    while len(answer) < 400:
        answer += client.recv(65536)
    assert answer == b"".join(words)


def test_refused_means_refused_until_it_listens_again(proxy: Proxy, client: socket.socket) -> None:
    proxy.refuse()

    with pytest.raises(ConnectionRefusedError):
        opened(proxy)
    proxy.listen()
    with opened(proxy) as another:
        assert asked(another, b"again") == b"again"


def test_a_hanging_server_accepts_and_never_answers(proxy: Proxy) -> None:
    proxy.hang()
    with opened(proxy) as hanging:
        hanging.sendall(b"hello")
        hanging.settimeout(0.3)
        with pytest.raises(TimeoutError):
            hanging.recv(1)
        proxy.unhang()
        with pytest.raises(ConnectionResetError):
            hanging.recv(1)
    with opened(proxy) as another:
        assert asked(another, b"again") == b"again"


def test_a_server_that_is_away_resets_its_client(proxy: Proxy, echo: Echo) -> None:
    echo.close()

    # The reset may come before the connection is ours.
    with pytest.raises(ConnectionResetError), opened(proxy) as connection:
        connection.recv(1)
