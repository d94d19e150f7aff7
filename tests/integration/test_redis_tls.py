"""Redis over TLS: certificates made by the test, checked both ways, and no word of a password anywhere."""

import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import pytest

from sauda.connection import connect
from sauda.errors import ConfigError, TransientError
from sauda.log import Output
from sauda.redis_consumer import RedisConsumer
from sauda.redis_log import RedisLog, server_errors
from sauda.testing.redis_nodes import HOST, Server, ended, free_port, until
from tests.integration.lockstep_desk import Desk, contradictions, market

Sauda: TypeAlias = Callable[..., Any]
PASSWORD = "not/for@logs"
LOGIN = "desk:not%2Ffor%40logs"
DAYS = ("-days", "2")


class Papers(NamedTuple):
    """An authority, what it certified for servers and clients, and an authority that nobody trusts."""

    folder: Path

    def __getattr__(self, name: str) -> str:
        return str(self.folder / name.replace("_", "."))

    def make(self) -> None:
        """Make all of them, with keys that cost no time."""
        for authority in ("ca", "stranger"):
            self._run(
                "req",
                "-x509",
                *self._new(authority),
                "-subj",
                f"/CN={authority}",
                *DAYS,
                "-out",
                f"{authority}.crt",
            )
        for name in ("server", "client"):
            self._run("req", *self._new(name), "-subj", f"/CN={name}", "-out", f"{name}.csr")
            (self.folder / "names").write_text(f"subjectAltName=IP:{HOST}\n")
            signed = ("-CA", "ca.crt", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "names", *DAYS)
            self._run("x509", "-req", "-in", f"{name}.csr", *signed, "-out", f"{name}.crt")

    @staticmethod
    def _new(name: str) -> tuple[str, ...]:
        return ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", f"{name}.key")

    def _run(self, *words: str) -> None:
        subprocess.run(["openssl", *words], cwd=self.folder, check=True, capture_output=True)


class Secured(NamedTuple):
    """A server that speaks TLS alone, and wants to see a certificate."""

    papers: Papers
    port: int

    def url(self, host: str = HOST, scheme: str = "rediss", **options: str) -> str:
        """Return its address, with what a client needs, changed by *options*; an empty one is left out."""
        ours = {
            "ssl_ca_certs": self.papers.ca_crt,
            "ssl_certfile": self.papers.client_crt,
            "ssl_keyfile": self.papers.client_key,
        }
        query = "&".join(f"{name}={value}" for name, value in {**ours, **options}.items() if value)
        return f"{scheme}://{LOGIN}@{host}:{self.port}?{query}"


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    folder = tmp_path_factory.mktemp("tls")
    papers = Papers(folder)
    papers.make()
    port = free_port()
    server = Server(
        folder,
        port="0",
        tls_port=str(port),
        tls_ca_cert_file=papers.ca_crt,
        tls_cert_file=papers.server_crt,
        tls_key_file=papers.server_key,
        tls_cluster="yes",
        cluster_enabled="yes",
        cluster_port=str(free_port()),
        cluster_announce_ip=HOST,
        cluster_announce_tls_port=str(port),
        user=f"desk on >{PASSWORD} ~* +@all -@dangerous +info",
    )
    found = Secured(papers, port)
    with ended([server]):
        server.start()
        # A cluster of one: the way to its desks through TLS is that of any.
        with connect(found.url().replace(f"{LOGIN}@", ""), "live") as client:
            until(lambda: client.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383), "no answer")
            until(lambda: b"cluster_state:ok" in client.execute_command("CLUSTER", "INFO"), "no cluster")
        yield found


@pytest.mark.parametrize("scheme", ["rediss", "rediss+cluster"])
def test_a_desk_works_over_tls(secured: Secured, scheme: str) -> None:
    url, desk, rows = secured.url(scheme=scheme), scheme.replace("+", "-"), market(20)

    with (
        closing(RedisLog(url, desk)) as log,
        closing(RedisConsumer(url, desk, "w", "w:1", ["ticks"])) as reader,
    ):
        Desk(log, rows).play(len(rows))
        reader.open()

        assert reader.fresh(10_000, 0) == log.entries("ticks") != []
    assert contradictions(url, desk) == []


@pytest.mark.parametrize(
    ("options", "host", "why"),
    [
        ({"ssl_ca_certs": "{stranger_crt}"}, HOST, "certificate verify failed"),
        ({"ssl_ca_certs": ""}, HOST, "certificate verify failed"),
        ({}, "localhost", "certificate is not valid for 'localhost'"),
        (
            {"ssl_certfile": "", "ssl_keyfile": ""},
            HOST,
            "(?i)certificate required|closed|reset|broken pipe|EOF",
        ),
        ({"username": "nobody"}, HOST, "(?i)invalid username-password"),
    ],
)
def test_whoever_cannot_prove_himself_is_refused(
    secured: Secured, options: dict[str, str], host: str, why: str
) -> None:
    options = {
        name: value.format(stranger_crt=secured.papers.stranger_crt) for name, value in options.items()
    }
    url = secured.url(host, **options)
    if "username" in options:
        url = url.replace("desk:", "nobody:")

    with closing(RedisLog(url, "live")) as log, pytest.raises(TransientError, match=why) as caught:
        log.append([Output("alerts", b"{}")])

    for secret in (PASSWORD, LOGIN, "desk:", "nobody"):
        assert secret not in str(caught.value)


def test_what_is_not_to_be_checked_is_not(secured: Secured) -> None:
    for options in ({"ssl_check_hostname": "false"}, {"ssl_ca_certs": "", "ssl_cert_reqs": "none"}):
        with closing(RedisLog(secured.url("localhost", **options), "live")) as log:
            assert log.append([Output("alerts", b"{}")])


def test_the_programs_words_hold_no_secret(
    secured: Secured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from sauda.cli.__main__ import run

    url, absent = secured.url(scheme="rediss+cluster"), ("--desk", "x")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SAUDA_REDIS_URL", url)
    monkeypatch.setenv("SAUDA_DESK", "words")
    # No unit works for it: what doctor says of one would depend on when its lease ran out.
    with closing(RedisLog(url, "words")) as log:
        log.append([Output("alerts", b"{}")])

    words = (["doctor", *absent], ["doctor", "--json", *absent], ["lag"], ["tail", "ticks", *absent])
    codes = [run(list(word)) for word in words]

    said = "".join(capsys.readouterr())
    assert codes == [1, 1, 0, 1]
    assert f"rediss+cluster://***@{HOST}:{secured.port}" in said.replace("\n", "")
    for secret in (PASSWORD, LOGIN, "desk:n"):
        assert secret not in said


def test_a_file_that_is_not_there_is_told_before_anything_is_tried(secured: Secured) -> None:
    with pytest.raises(ConfigError, match=r"ssl_ca_certs=/nowhere/ca.crt: no such file"):
        RedisLog(secured.url(ssl_ca_certs="/nowhere/ca.crt"), "live")
    with pytest.raises(ConfigError, match="write rediss in place of redis"), server_errors("x"):
        RedisLog(secured.url(scheme="redis"), "live")
