"""Frames of a Noren broker become ticks: merged, in paise, and never a price that nobody quoted."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.clock import NS_PER_S
from sauda.contracts import BookLevel, Tick
from sauda.money import to_rupees
from sauda_feed.noren_quotes import Quotes
from sauda_feed.terms import Terms

NAMES = {("NFO", "44594"): "NFO:NIFTY01DEC26C24500", ("NSE", "44594"): "NSE:Nifty 50"}
SNAPSHOT = {
    "lp": "161.45", "bp1": "161.35", "sp1": "161.50", "bq1": "1300", "sq1": "845", "v": "38412400",
    "oi": "9124050", "c": "148.20", "pc": "8.94",
}  # fmt: skip
BOOK = {
    f"{side}{what}{n}": text
    for side, best, step in (("b", 161_35, -5), ("s", 161_50, 5))
    for n in range(1, 6)
    for what, text in (("p", to_rupees(best + step * (n - 1))), ("q", str(65 * n)), ("o", str(n)))
}
NOW = 1_795_580_107_250_000_000


def frame(kind: str, token: str = "44594", exchange: str = "NFO", **values: str) -> dict[str, Any]:
    return {"t": kind, "e": exchange, "tk": token, **values}


def quotes() -> Quotes:
    return Quotes(NAMES)


def known(**values: str) -> Quotes:
    found = quotes()
    found.take(frame("tk", **{**SNAPSHOT, "ft": "1795580105", **values}), NOW)
    return found


def test_a_snapshot_becomes_a_tick_in_paise_units_and_ns() -> None:
    assert quotes().take(frame("tk", **SNAPSHOT, ft="1795580105"), NOW) == Tick(
        instrument="NFO:NIFTY01DEC26C24500",
        event_ns=1_795_580_105_000_000_000,
        recv_ns=NOW,
        ltp=161_45,
        bid=161_35,
        ask=161_50,
        bid_qty=1300,
        ask_qty=845,
        volume=38_412_400,
        oi=9_124_050,
    )


@given(data=st.data())
def test_a_snapshot_split_into_changes_gives_the_same_tick(data: st.DataObject) -> None:
    keys = data.draw(st.permutations(list(SNAPSHOT)))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(keys)), max_size=4)))
    parts = [keys[start:end] for start, end in zip([0, *cuts], [*cuts, len(keys)], strict=True)]
    split = quotes()

    last = None
    for index, part in enumerate(parts):
        kind = "tf" if index else "tk"
        made = split.take(frame(kind, **{key: SNAPSHOT[key] for key in part}, ft="1795580105"), NOW)
        last = made or last

    assert last == quotes().take(frame("tk", **SNAPSHOT, ft="1795580105"), NOW)


def test_a_change_keeps_what_it_does_not_mention() -> None:
    tick = known().take(frame("tf", bq1="975", ft="1795580106"), NOW)

    assert tick is not None
    assert (tick.ltp, tick.bid, tick.bid_qty) == (161_45, 161_35, 975)


def test_equal_tokens_of_two_exchanges_are_two_instruments() -> None:
    both = known()
    index = both.take(frame("tk", exchange="NSE", lp="24512.35"), NOW)
    option = both.take(frame("tf", lp="162.00"), NOW)

    assert index is not None
    assert option is not None
    assert (index.ltp, index.bid, option.bid) == (24512_35, None, 161_35)


def test_a_quote_without_a_price_gives_no_tick_until_it_has_one() -> None:
    untraded = quotes()

    assert untraded.take(frame("tk", bp1="1.00", sp1="2.00", bq1="65", sq1="65"), NOW) is None
    tick = untraded.take(frame("tf", lp="1.50"), NOW)
    assert tick is not None
    assert (tick.ltp, tick.bid, tick.ask) == (1_50, 1_00, 2_00)


def test_a_change_before_its_snapshot_publishes_nothing_and_is_not_lost() -> None:
    fresh = quotes()

    assert fresh.take(frame("tf", lp="170.00", ft="1795580109"), NOW) is None
    tick = fresh.take(frame("tk", **SNAPSHOT, ft="1795580105"), NOW)
    assert tick is not None
    assert (tick.ltp, tick.bid) == (170_00, 161_35)


@pytest.mark.parametrize("nothing", ["NA", "", "0", "0.00"])
def test_what_means_nothing_overwrites_no_price(nothing: str) -> None:
    tick = known().take(frame("tf", lp=nothing, bq1="65"), NOW)

    assert tick is not None
    assert tick.ltp == 161_45


def test_a_zero_in_the_book_is_an_empty_side() -> None:
    tick = known().take(frame("tf", sp1="0.00", sq1="0"), NOW)

    assert tick is not None
    assert (tick.ask, tick.ask_qty, tick.bid) == (None, None, 161_35)


@pytest.mark.parametrize("noise", ["abc", "-5.00", "1e400", "nan"])
def test_a_frame_with_an_impossible_number_changes_nothing_at_all(noise: str) -> None:
    found = known()

    assert found.take(frame("tf", lp="999.00", bp1=noise), NOW) is None
    assert found.defects["malformed"] == 1
    tick = found.take(frame("tf", bq1="65"), NOW)
    assert tick is not None
    assert tick.ltp == 161_45


@pytest.mark.parametrize("seconds", ["9999999999999999", str(NOW // NS_PER_S + 2 * 86_400)])
def test_a_feed_time_that_cannot_be_changes_nothing_at_all(seconds: str) -> None:
    found = known()

    assert found.take(frame("tf", lp="999.00", ft=seconds), NOW) is None
    assert found.defects["malformed"] == 1
    tick = found.take(frame("tf", lp="162.00", ft="1795580106"), NOW)
    assert tick is not None
    assert tick.ltp == 162_00


@given(number=st.integers(0, 10**13), decimals=st.integers(0, 2))
def test_a_price_is_read_as_decimal_reads_it(number: int, decimals: int) -> None:
    text = f"{Decimal(number).scaleb(-decimals):f}"
    tick = known().take(frame("tf", lp=text, ft="1795580106"), NOW)

    assert tick is not None
    assert tick.ltp == (Decimal(text) * 100 or 161_45)


@pytest.mark.parametrize("text", ["²5.00", "1٣.25", "1_0.00", " 1.00", "+1.00", "1.2.34", "..00", "9" * 17])
@pytest.mark.parametrize("key", ["lp", "bq1"])
def test_what_only_python_takes_for_a_number_is_none(key: str, text: str) -> None:
    found = known()

    assert found.take(frame("tf", **{key: text}, ft="1795580106"), NOW) is None
    assert found.defects["malformed"] == 1


def test_a_repeated_frame_gives_one_tick() -> None:
    found = known()
    change = frame("tf", lp="162.00", ft="1795580106")

    assert found.take(change, NOW) is not None
    assert found.take(change, NOW + 1) is None


def test_a_late_frame_overwrites_only_what_is_older_than_it() -> None:
    found = known()
    found.take(frame("tf", lp="165.00", ft="1795580109"), NOW)

    tick = found.take(frame("tf", lp="150.00", bp1="161.00", ft="1795580107"), NOW)

    assert tick is not None
    assert (tick.ltp, tick.bid) == (165_00, 161_00)


def test_within_a_second_the_days_volume_tells_which_frame_is_older() -> None:
    found = known()
    found.take(frame("tf", lp="165.00", v="38412500"), NOW)

    assert found.take(frame("tf", lp="150.00", v="38412450"), NOW) is None


@given(
    st.lists(
        st.tuples(st.integers(1, 50), st.integers(100, 200)), min_size=2, max_size=8, unique_by=lambda p: p[0]
    )
)
def test_the_newest_price_wins_in_whatever_order_frames_arrive(changes: list[tuple[int, int]]) -> None:
    found = known()
    for second, price in changes:
        found.take(frame("tf", lp=str(price), ft=str(1_795_580_105 + second)), NOW)

    tick = found.take(frame("tf", bq1="1"), NOW)
    assert tick is not None
    assert tick.ltp == max(changes)[1] * 100


def test_five_levels_become_depth() -> None:
    tick = quotes().take(frame("dk", **SNAPSHOT | BOOK), NOW)

    assert tick is not None
    assert tick.depth is not None
    assert [level.price for level in tick.depth.bids] == [161_35, 161_30, 161_25, 161_20, 161_15]
    assert [level.price for level in tick.depth.asks] == [161_50, 161_55, 161_60, 161_65, 161_70]
    assert [(level.qty, level.orders) for level in tick.depth.asks] == [(65 * n, n) for n in range(1, 6)]
    assert (tick.bid, tick.ask, tick.bid_qty) == (161_35, 161_50, 65)


def deep() -> Quotes:
    found = quotes()
    found.take(frame("dk", **SNAPSHOT | BOOK, ft="1795580105"), NOW)
    return found


def test_a_change_of_one_level_leaves_the_others() -> None:
    tick = deep().take(frame("df", bq3="650", bo3="7", ft="1795580106"), NOW)

    assert tick is not None
    assert tick.depth is not None
    assert tick.depth.bids[2] == BookLevel(161_25, 650, 7)
    assert [level.qty for level in tick.depth.bids] == [65, 130, 650, 260, 325]
    assert [level.qty for level in tick.depth.asks] == [65, 130, 195, 260, 325]


def test_levels_that_are_gone_are_no_levels() -> None:
    gone = {f"s{what}{n}": "0" for what in "pqo" for n in (4, 5)}
    tick = deep().take(frame("df", **gone, ft="1795580106"), NOW)

    assert tick is not None
    assert tick.depth is not None
    assert [level.price for level in tick.depth.asks] == [161_50, 161_55, 161_60]


@pytest.mark.parametrize(
    "changes", [{"bp2": "161.40"}, {"sp3": "161.50"}, {"bp1": "161.55"}], ids=["bids", "asks", "crossed"]
)
def test_a_book_of_several_moments_is_none(changes: dict[str, str]) -> None:
    found = deep()
    tick = found.take(frame("df", **changes, ft="1795580106"), NOW)

    assert tick is not None
    assert tick.depth is None
    assert found.defects["torn_depth"] == 1


def noted(*frames: dict[str, Any]) -> list[Terms]:
    """Return the limits that were passed on."""
    told: list[Terms] = []
    found = Quotes(NAMES, lambda _, terms: told.append(terms))
    for one in frames:
        found.take(one, NOW)
    return told


def test_limits_are_passed_on_when_they_are_known_and_when_they_change() -> None:
    first = frame("dk", uc="600.00", lc="0.05", ft="1795580105", **SNAPSHOT)
    again = frame("df", uc="600.00", ft="1795580106")
    wider = frame("df", uc="700.00", ft="1795580107")

    assert noted(first, again, first, wider) == [Terms(None, 5, 600_00), Terms(None, 5, 700_00)]


def test_limits_of_an_unpriced_contract_are_limits() -> None:
    assert noted(frame("dk", uc="600.00", lc="0.05")) == [Terms(None, 5, 600_00)]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"uc": "NA", "lc": ""},
        {"uc": "0.00", "lc": "0.00"},
        {"uc": "5.00", "lc": "6.00"},
        {"uc": "garbage", "lc": "6.00"},
        {"uc": "600.00", "lc": "0.05", "ft": "1795493705"},
    ],
    ids=["none", "NA", "zero", "contradictory", "garbage", "yesterday's"],
)
def test_what_is_no_limit_is_not_passed_on(values: dict[str, str]) -> None:
    assert noted(frame("dk", **SNAPSHOT | values)) == []


def test_after_a_reconnect_a_change_waits_for_its_snapshot() -> None:
    found = known()
    found.forget()

    assert found.take(frame("tf", lp="170.00"), NOW) is None


@given(
    st.dictionaries(
        st.sampled_from(["t", "e", "tk", "lp", "bp1", "ft", "v"]),
        st.none() | st.text(max_size=6) | st.integers(),
    )
)
def test_no_frame_is_so_odd_that_it_raises(odd: dict[str, Any]) -> None:
    known().take({**frame("tf"), **odd}, NOW)


def test_a_snapshot_from_an_old_cache_is_no_news_after_a_reconnect() -> None:
    found = known()
    found.forget()

    assert found.take(frame("tk", **{**SNAPSHOT, "lp": "150.00", "ft": "1795580045"}), NOW) is None
    assert found.defects["stale"] == 1
    tick = found.take(frame("tf", lp="161.55", ft="1795580106"), NOW)
    assert tick is not None
    assert (tick.ltp, tick.event_ns) == (161_55, 1_795_580_106_000_000_000)


def test_a_contract_that_has_not_moved_is_shown_again_after_a_reconnect() -> None:
    found = known()
    found.forget()

    tick = found.take(frame("tk", **SNAPSHOT, ft="1795580105"), NOW)
    assert tick is not None
    assert tick.ltp == 161_45
