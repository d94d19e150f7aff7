"""What SAUDA_REDIS_URL may say, and how it is refused: never with a word of what stands in it."""

from pathlib import Path

import pytest

from sauda.errors import ConfigError
from sauda.redis_address import Kind, read_address


def test_one_server() -> None:
    address = read_address("redis://desk:a%2Fb@h:7000/2?client_name=me&replicas=2")

    assert (address.kind, address.nodes, address.replicas, address.tls) == (Kind.FIXED, (), 2, False)
    expected = {
        "host": "h",
        "port": 7000,
        "db": 2,
        "username": "desk",
        "password": "a/b",
        "client_name": "me",
    }
    assert address.options == expected


@pytest.mark.parametrize(
    ("url", "nodes"),
    [
        ("redis+cluster://a", (("a", 6379),)),
        ("redis+cluster://a:1,b,10.0.0.3:3", (("a", 1), ("b", 6379), ("10.0.0.3", 3))),
        ("redis+cluster://u:p@[::1]:7,[fe80::2]/0?replicas=1", (("::1", 7), ("fe80::2", 6379))),
        ("redis+sentinel://a,b:2/desks", (("a", 26379), ("b", 2))),
    ],
)
def test_many_nodes(url: str, nodes: tuple[tuple[str, int], ...]) -> None:
    assert read_address(url).nodes == nodes


def test_sentinels_have_a_service_a_database_and_words_of_their_own() -> None:
    address = read_address("rediss+sentinel://u:p@a,b/my%20desks/3?sentinel_username=s&sentinel_password=q")

    assert (address.kind, address.service, address.options["db"]) == (Kind.SENTINEL, "my desks", 3)
    assert (address.options["username"], address.options["password"]) == ("u", "p")
    assert address.sentinel_login == {"username": "s", "password": "q"}
    assert address.tls
    assert "host" not in address.options
    assert all(word not in repr(address) for word in ("'u'", "'p'", "'s'", "'q'"))


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://h:SECRET@x", "is not an address such as"),
        ("redis+cluster://", "is not an address such as"),
        ("redis+other://a:SECRET@b", "is not an address such as"),
        ("redis://:SECRET/x@h:1/0", "is not an address such as"),
        ("redis+cluster://u:SECRET@a:b", "nodes are written host:port"),
        ("redis+cluster://a:0", "nodes are written host:port"),
        ("redis+cluster://a:70000", "nodes are written host:port"),
        ("redis+cluster://a,,b", "nodes are written host:port"),
        ("redis+cluster://a/1", "database 0 alone"),
        ("redis+cluster://a/desks", "write redis.sentinel://"),
        ("redis+sentinel://u:SECRET@a", "write redis.sentinel://"),
        ("redis+sentinel://a/desks/x", "write redis.sentinel://"),
        ("redis+sentinel://a/desks/1/2", "write redis.sentinel://"),
        ("redis://h?replica=SECRET", "'replica' is no option of it; these are: client_name,"),
        ("redis+cluster://h?sentinel_password=SECRET", "'sentinel_password' is no option of it"),
        ("redis://u?SECRET@h", "what stands behind the .\\?. is no option of it"),
        ("redis://h?replicas=many", "replicas is a number"),
        ("redis://h?replicas=", "replicas is a number"),
        ("redis+cluster://h?socket_timeout=1", "socket_timeout is at least 2 s"),
        ("redis://h?socket_timeout=nan", "socket_timeout is at least 2 s"),
        ("redis://h?ssl_cert_reqs=none", "write rediss in place of redis"),
        ("rediss://h?ssl_cert_reqs=never", "required, optional or none"),
        ("rediss://h?ssl_ca_certs=/nowhere", "ssl_ca_certs=/nowhere: no such file"),
    ],
)
def test_what_is_no_address_is_refused(url: str, why: str) -> None:
    with pytest.raises(ConfigError, match=why) as caught:
        read_address(url)

    assert "SAUDA_REDIS_URL" in str(caught.value)
    assert "SECRET" not in str(caught.value)


def test_files_that_are_there_are_taken(tmp_path: Path) -> None:
    (tmp_path / "ca.crt").touch()

    address = read_address(f"rediss+cluster://a,b?ssl_ca_certs={tmp_path}/ca.crt&ssl_check_hostname=false")

    assert address.options["ssl_ca_certs"] == f"{tmp_path}/ca.crt"
    assert address.options["ssl_check_hostname"] is False
