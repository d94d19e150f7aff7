"""Tokens, rates, pages of lists and rules files: what stands between a request and the desk."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.contracts import Scope
from sauda.errors import ConfigError
from sauda.settings import Settings
from sauda.tokens import DAY_NS, TokenFile
from sauda_gateway.__main__ import check_address
from sauda_gateway.asking import page
from sauda_gateway.auth import csrf_token
from sauda_gateway.limits import Buckets
from sauda_gateway.problems import ProblemError
from sauda_gateway.rule_files import plain_files
from sauda_gateway.worth import CurvePoint, thinned


def test_a_token_is_kept_as_its_hash_alone_and_read_by_nobody_else(tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path / "deep" / "tokens.json")
    secret = tokens.issue("asha", Scope.TRADE, 0)

    assert secret not in tokens.path.read_text()
    assert tokens.path.stat().st_mode & 0o077 == 0
    assert tokens.path.parent.stat().st_mode & 0o077 == 0


def test_a_token_expires_and_one_that_is_revoked_counts_no_more(tmp_path: Path) -> None:
    tokens, reader = TokenFile(tmp_path / "t.json"), TokenFile(tmp_path / "t.json")
    short, long = tokens.issue("short", Scope.READ, 0, days=1), tokens.issue("long", Scope.ADMIN, 0)

    assert reader.owner_of(short, DAY_NS - 1) is not None
    assert reader.owner_of(short, DAY_NS) is None
    found = reader.owner_of(long, 10**20)
    assert found is not None
    assert found.scope is Scope.ADMIN
    tokens.revoke("long")
    assert reader.owner_of(long, 0) is None
    assert reader.owner_of("", 0) is None


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "x" * 61])
def test_a_token_needs_a_name_that_a_log_can_show(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigError, match="cannot name a token"):
        TokenFile(tmp_path / "t.json").issue(name, Scope.READ, 0)


def test_a_name_is_given_once_and_a_broken_file_is_named(tmp_path: Path) -> None:
    tokens = TokenFile(tmp_path / "t.json")
    tokens.issue("asha", Scope.READ, 0)
    with pytest.raises(ConfigError, match="already"):
        tokens.issue("asha", Scope.READ, 0)
    with pytest.raises(ConfigError, match="there are: asha"):
        tokens.revoke("bob")
    tokens.path.write_text("[{")
    os.utime(tokens.path, ns=(1, 1))
    with pytest.raises(ConfigError, match=r"t\.json cannot be read"):
        tokens.owner_of("x", 0)


def test_what_a_page_sends_is_known_to_nobody_without_its_token() -> None:
    assert csrf_token("one") == csrf_token("one") != csrf_token("two")
    assert "one" not in csrf_token("one")


@settings(max_examples=50, deadline=None)
@given(waits=st.lists(st.floats(0, 3), max_size=80), per_s=st.sampled_from([0.5, 1.0, 10.0]))
def test_nobody_asks_more_than_his_rate_and_burst(waits: list[float], per_s: float) -> None:
    buckets, now_s, taken = Buckets(per_s, burst=5), 0.0, 0
    for wait in waits:
        now_s += wait
        told = buckets.take("asha", now_s)
        taken += not told
        assert 0 <= told <= 1 / per_s
        assert taken <= 5 + now_s * per_s + 1e-6
    assert buckets.take("bob", now_s) == 0


def test_who_waits_as_told_is_let_in() -> None:
    buckets = Buckets(2.0, burst=1)
    assert buckets.take("asha", 0.0) == 0
    wait_s = buckets.take("asha", 0.1)
    assert wait_s > 0
    assert buckets.take("asha", 0.1 + wait_s) == pytest.approx(0)


IDS = [f"{ms}-{n}" for ms in (9, 10, 11) for n in (0, 1)]


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 4, 100])
def test_parts_of_a_list_are_the_list(limit: int, newest_first: bool) -> None:
    every, after, seen = [(one, one) for one in IDS], None, list[str]()
    while True:
        part, after = page(every, after, limit, newest_first=newest_first)
        seen += [one for one, _ in part]
        if after is None:
            break

    assert seen == (IDS[::-1] if newest_first else IDS)


@pytest.mark.parametrize("newest_first", [False, True])
@pytest.mark.parametrize("limit", [1, 2, 3, 4])
def test_what_changed_in_one_entry_is_never_cut(limit: int, newest_first: bool) -> None:
    every = [("9-0", "alone"), ("10-0", "leg 1"), ("10-0", "leg 2"), ("10-0", "leg 3"), ("11-0", "last")]
    after, seen = None, list[str]()
    while True:
        part, after = page(every, after, limit, newest_first=newest_first)
        seen += [one for _, one in part]
        if after is None:
            break

    assert sorted(seen) == sorted(one for _, one in every)


def test_a_place_in_two_streams_leaves_nothing_out() -> None:
    part, _ = page([(one, one) for one in IDS], "11-0_9-1", 100)

    assert [one for one, _ in part] == IDS[2:]


@pytest.mark.parametrize(
    "after", ["", "x", "1", "1-", "1-2-3", "-1-0", "1-0_2-0_3-0", "٣-0", "9" * 30 + "-0"]
)
def test_a_place_that_is_none_is_named(after: str) -> None:
    with pytest.raises(ProblemError) as refusal:
        page([], after, 10)

    assert (refusal.value.status, refusal.value.field) == (422, "after")


def test_a_rules_file_that_cannot_be_read_is_told_and_the_others_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "strategies"
    folder.mkdir()
    (folder / "good.yaml").write_text("kind: straddle\nlots: 2\n")
    (folder / "nested.yaml").write_text("kind: {a: 1}\n")
    (folder / "broken.yaml").write_text("kind: [\n")
    (folder / "empty.yaml").write_text("")

    found = plain_files(Settings(config=tmp_path))

    assert found.rules == {"good": {"kind": "straddle", "lots": 2}}
    assert set(found.broken) == {"nested", "broken", "empty"}
    assert "nested.yaml: kind" in found.broken["nested"]


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost", "127.0.0.9"])
def test_on_this_machine_it_may_begin_without_a_token(tmp_path: Path, host: str) -> None:
    check_address(Settings(gateway_host=host, gateway_tokens=tmp_path / "none.json"))


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "desk.example.com"])
def test_elsewhere_it_never_begins_without_a_valid_token(tmp_path: Path, host: str) -> None:
    tokens = TokenFile(tmp_path / "t.json")
    wish = Settings(gateway_host=host, gateway_tokens=tokens.path)
    tokens.issue("expired", Scope.ADMIN, 0, days=1)
    with pytest.raises(ConfigError, match="sauda token add"):
        check_address(wish)
    tokens.issue("asha", Scope.READ, 0)
    check_address(wish)


def test_a_thinned_curve_keeps_its_ends_peak_and_trough() -> None:
    nets = [*range(0, 500, 1), 5_000, *range(500, 0, -1), -5_000, *range(300)]
    curve = [CurvePoint(at, net, net, 0, 0, None) for at, net in enumerate(nets)]

    found = thinned(curve, 50)

    assert len(found) <= 60
    assert (found[0], found[-1]) == (curve[0], curve[-1])
    assert {5_000, -5_000} <= {point.net for point in found}
