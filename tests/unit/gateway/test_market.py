"""The market as it is shown: changes since the day before, search, what an option's price implies, chains."""

from datetime import date
from math import exp, sqrt

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.contracts import (
    Bar,
    DeskPnl,
    Instrument,
    InstrumentKind,
    PositionPnl,
    Right,
    Subscribe,
    Tick,
    Unsubscribe,
)
from sauda.margin.black76 import delta, value
from sauda.testing.builders import DAY, INDEX, NOW, OPTION, a_tick, after, an_index, an_option, at
from sauda_gateway.market.bases import bases_of
from sauda_gateway.market.calling import KEPT_S, MOST, Calling
from sauda_gateway.market.catalogue import Catalogue, canonical_or_same
from sauda_gateway.market.chain import YEAR_NS, Chain, Leg, Wanted, chain
from sauda_gateway.market.greeks import greeks
from sauda_gateway.market.market import Market
from sauda_gateway.market.quotes import Base, Quotes, Since

EXPIRY = "2026-12-01"
RATE = 0.065


def test_a_price_is_compared_with_the_last_one_of_the_day_before() -> None:
    quotes = Quotes()
    quotes.take(_tick(100_00, oi=500, at_ns=at("15:29:59")))
    quotes.take(_tick(110_00, oi=650, at_ns=at("09:15:00", date(2026, 11, 24))))
    quote = quotes.quote(OPTION)
    assert quote is not None
    assert (quote.change, quote.oi_change, quote.change_from) == (10_00, 150, Since.CLOSE)


def test_without_the_day_before_it_is_compared_with_the_first_that_was_seen_and_says_so() -> None:
    quotes = Quotes()
    quotes.take(_tick(100_00, oi=500))
    quotes.take(_tick(97_00, at_ns=after(1)))
    quote = quotes.quote(OPTION)
    assert quote is not None
    assert (quote.change, quote.oi_change, quote.change_from) == (-3_00, None, Since.SEEN)
    quotes.learn_bases(DAY, {OPTION: Base(90_00, 400, Since.CLOSE)})
    quotes.learn_bases(DAY, {OPTION: Base(1, 1, Since.SEEN)})
    quote = quotes.quote(OPTION)
    assert quote is not None
    assert (quote.change, quote.change_from) == (7_00, Since.CLOSE)


def test_what_was_found_for_another_day_is_nothing_to_compare_with() -> None:
    quotes = Quotes()
    quotes.learn_bases(date(2026, 11, 20), {OPTION: Base(80_00, 300, Since.CLOSE)})
    quotes.take(_tick(97_00, oi=500))
    quote = quotes.quote(OPTION)
    assert quote is not None
    assert (quote.change, quote.change_from) == (0, Since.SEEN)
    quotes.learn_bases(DAY, {OPTION: Base(90_00, 400, Since.CLOSE), INDEX: Base(70_00, None, Since.CLOSE)})
    quotes.take(_tick(72_00, INDEX))
    found = [quotes.quote(OPTION), quotes.quote(INDEX)]
    assert [(one.change, one.change_from) for one in found if one] == [
        (7_00, Since.CLOSE),
        (2_00, Since.CLOSE),
    ]


def test_the_day_before_is_found_in_the_desks_own_minutes() -> None:
    def minute(clock: str, day: date, close: int, name: str = OPTION, *, past: bool = False) -> Bar:
        start = at(clock, day)
        return Bar(
            name, "1m", start, start + 60 * 10**9, close - 1, close, close - 1, close, oi=close, past=past
        )

    friday, thursday = date(2026, 11, 20), date(2026, 11, 19)
    newest_first = [
        minute("10:00", DAY, 130),
        minute("09:15", DAY, 120),
        minute("09:15", DAY, 77, INDEX),
        minute("15:29", friday, 110),
        minute("15:28", friday, 109),
        minute("15:29", thursday, 50, "NFO:OTHER", past=True),
        minute("15:29", thursday, 100),
        minute("15:29", thursday, 9, INDEX),
    ]
    found = bases_of(newest_first, DAY)
    assert found[OPTION] == Base(110, 110, Since.CLOSE)
    assert found[INDEX] == Base(76, 77, Since.SEEN), "the day before the day before counts for nothing"
    assert found["NFO:OTHER"] == Base(50, 50, Since.CLOSE), "unless it was fetched"
    assert bases_of(newest_first[:3], DAY)[OPTION] == Base(119, 120, Since.SEEN)


def test_a_search_finds_all_words_in_living_contracts_the_nearest_first() -> None:
    known = _catalogue(24_400_00, 24_500_00)
    known.learn(an_option("NFO:NIFTY24NOV26C24500", expiry="2026-11-24"))
    known.learn(an_option("NFO:NIFTY17NOV26C24500", expiry="2026-11-17"))

    def names(text: str, kind: InstrumentKind | None = None) -> list[str]:
        return [one.instrument for one in known.search(text, kind, DAY.isoformat())]

    assert names("nifty 24500 ce") == ["NFO:NIFTY24NOV26C24500", "NFO:NIFTY01DEC26C24500"]
    assert names("24500", InstrumentKind.INDEX) == []
    assert names("", InstrumentKind.INDEX) == [INDEX]
    assert names("nifty 2026-12-01 pe 24400") == ["NFO:NIFTY01DEC26P24400"]
    assert known.expiries("NIFTY", DAY.isoformat()) == ["2026-11-24", EXPIRY]
    assert [pair.strike for pair in known.pairs("NIFTY", EXPIRY)] == [24_400_00, 24_500_00]
    known.learn(an_index())
    known.learn(an_option("NFO:NIFTY01DEC26C24450", strike=24_450_00))
    assert names("24450") == ["NFO:NIFTY01DEC26C24450"], "what is learnt later is found, too"
    assert [pair.strike for pair in known.pairs("NIFTY", EXPIRY)] == [24_400_00, 24_450_00, 24_500_00]
    assert canonical_or_same("nifty 50") == "NIFTY"
    assert canonical_or_same("reliance") == "RELIANCE"


@settings(max_examples=60)
@given(
    st.floats(0.05, 1.5),
    st.floats(-2.0, 2.0),
    st.floats(1 / 365, 1.0),
    st.booleans(),
)
def test_greeks_are_the_slopes_of_the_price(vol: float, deviations: float, years: float, call: bool) -> None:
    forward, discount, root = 24_500_00.0, exp(-RATE * years), sqrt(years)
    strike = forward * exp(deviations * vol * root)
    premium = value(forward, strike, vol * root, discount, call=call)
    found = greeks(premium, forward, strike, years, RATE, call=call)
    assert found is not None

    def worth(forward: float = forward, vol: float = vol, years: float = years) -> float:
        return value(forward, strike, vol * sqrt(years), exp(-RATE * years), call=call)

    step = forward * 1e-4
    slope = (
        delta(forward + step, strike, vol * root, discount, call=call)
        - delta(forward - step, strike, vol * root, discount, call=call)
    ) / (2 * step)
    assert found.iv == pytest.approx(vol * 100, abs=0.02)
    assert found.delta == pytest.approx(
        (worth(forward + step) - worth(forward - step)) / (2 * step), abs=2e-3
    )
    assert found.gamma == pytest.approx(slope * 100, rel=0.02, abs=2e-6)
    assert found.vega == pytest.approx(
        (worth(vol=vol + 1e-4) - worth(vol=vol - 1e-4)) / 2e-4 / 100, rel=0.01, abs=1
    )
    short = years * 1e-4
    assert found.theta == pytest.approx(
        (worth(years=years - short) - worth(years=years + short)) / (2 * short) / 365, rel=0.01, abs=1
    )


def test_a_price_below_what_exercise_gives_implies_nothing() -> None:
    forward, years = 24_500_00.0, 0.02
    intrinsic = value(forward, 24_000_00, 0.0, exp(-RATE * years), call=True)
    assert greeks(intrinsic, forward, 24_000_00, years, RATE, call=True) is None
    assert greeks(intrinsic - 1, forward, 24_000_00, years, RATE, call=True) is None
    assert greeks(forward, forward, 24_000_00, years, RATE, call=True) is None, (
        "dearer than the forward itself"
    )


def test_a_chain_is_around_the_money_and_marks_what_is_held() -> None:
    known, quotes = _catalogue(*range(24_000_00, 25_050_00, 50_00)), Quotes()
    quotes.take(_tick(24_531_00, INDEX))
    _price_all(known, quotes, forward=24_560_00.0, vol=0.12)
    shown = _chain(known, quotes, around=3, held={"NFO:NIFTY01DEC26C24600": -65})
    assert [row.strike for row in shown.rows] == list(range(24_400_00, 24_750_00, 50_00))
    assert (shown.spot, shown.atm, shown.forward_from) == (24_531_00, 24_550_00, "parity")
    assert shown.forward == pytest.approx(24_560_00, abs=100)
    call = _known(shown.rows[4].CE)
    assert call.position == -65
    assert call.iv == pytest.approx(12.0, abs=0.1)
    assert 0 < (call.delta or 0) < 0.5 < -(_known(shown.rows[6].PE).delta or 0)
    assert _known(shown.rows[3].PE).iv == pytest.approx(_known(shown.rows[3].CE).iv, abs=0.1)


def test_a_quoted_future_of_that_expiry_is_the_forward() -> None:
    known, quotes = _catalogue(24_500_00), Quotes()
    future = Instrument("NFO:NIFTY01DEC26F", "NFO", "1", "NIFTY", InstrumentKind.FUTURE, expiry=EXPIRY)
    known.learn(future)
    _price_all(known, quotes, forward=24_510_00.0, vol=0.12)
    quotes.take(Tick(future.instrument, NOW, NOW, 24_590_00, bid=24_580_00, ask=24_604_00))
    shown = _chain(known, quotes)
    assert (shown.forward, shown.forward_from) == (24_592_00, "future")
    assert (shown.spot, shown.spot_instrument) == (24_590_00, future.instrument), "no index is quoted"


def test_a_chain_without_any_price_has_its_strikes() -> None:
    shown = _chain(_catalogue(24_450_00, 24_500_00), Quotes())
    assert [row.strike for row in shown.rows] == [24_450_00, 24_500_00]
    assert (shown.spot, shown.forward, shown.forward_from, shown.atm) == (None, None, None, None)
    assert _known(shown.rows[0].CE).iv is None
    assert _chain(Catalogue(), Quotes()).rows == []


def test_an_option_implies_something_until_it_ends_and_nothing_any_more() -> None:
    known, quotes = _catalogue(24_500_00), Quotes()
    quotes.take(_tick(24_531_00, INDEX))
    quotes.take(_tick(40_00, "NFO:NIFTY01DEC26C24500"))
    end_ns = at("15:30", date(2026, 12, 1))
    (last,) = _chain(known, quotes, now_ns=end_ns - 1).rows
    assert _known(last.CE).iv is not None
    for shown in (_chain(known, quotes, now_ns=end_ns), _chain(known, quotes, now_ns=NOW + YEAR_NS)):
        assert (shown.years > 0, shown.forward_from, _known(shown.rows[0].CE).ltp) == (True, "spot", 40_00)
        assert (_known(shown.rows[0].CE).iv, _known(shown.rows[0].CE).delta) == (None, None)
    assert _chain(known, quotes, now_ns=NOW + YEAR_NS).expiries == [], (
        "a day that has passed is listed no more"
    )


def test_a_valuation_is_shown_when_it_is_whole() -> None:
    market = Market()
    market.take(PositionPnl("s", OPTION, -65, 0, 1, 0, 0, 0, NOW))
    assert market.worth.said() is None
    assert market.worth.held() == {}
    assert market.take(DeskPnl(1, 2, 3, 0, None, None, NOW))
    assert market.worth.held() == {OPTION: -65}
    market.take(PositionPnl("s", OPTION, 0, 0, 1, 5, 0, 0, after(1)))
    market.take(DeskPnl(5, 0, 3, 2, None, None, after(1)))
    assert market.worth.held() == {}
    said = market.worth.said()
    assert said is not None
    assert [one.qty for one in said["positions"]] == [0]
    market.take(DeskPnl(5, 0, 3, 2, None, None, at("09:15", date(2026, 11, 24))))
    said = market.worth.said()
    assert said is not None
    assert said["positions"] == [], "what was closed yesterday is nobody's position today"


def test_prices_are_asked_for_once_and_let_go_when_nobody_looks_any_more() -> None:
    written: list[Subscribe | Unsubscribe] = []
    calling = Calling("gateway.x", written.append)
    calling.want(["a", "b"], 0.0, NOW)
    calling.want(["b"], 100.0, NOW)
    calling.let_go(KEPT_S + 1, NOW)
    assert written == [Subscribe("gateway.x", ("a", "b"), NOW), Unsubscribe("gateway.x", ("a",), NOW)]
    calling.want((f"i{number}" for number in range(2 * MOST)), 100.0, NOW)
    assert len(written[-1].instruments) == MOST - 1
    calling.let_go_of_all(NOW)
    assert len(written[-1].instruments) == MOST


def _known(leg: Leg | None) -> Leg:
    assert leg is not None
    return leg


def _tick(ltp: int, instrument: str = OPTION, *, oi: int | None = None, at_ns: int = NOW) -> Tick:
    tick = a_tick(ltp, instrument=instrument, at_ns=at_ns)
    return tick if oi is None else Tick(instrument, at_ns, at_ns, ltp, oi=oi)


def _catalogue(*strikes: int) -> Catalogue:
    known = Catalogue()
    known.learn(an_index())
    for strike in strikes:
        for right in Right:
            name = f"NFO:NIFTY01DEC26{right.value[0]}{strike // 100}"
            known.learn(an_option(name, strike=strike, right=right))
    return known


def _price_all(known: Catalogue, quotes: Quotes, forward: float, vol: float) -> None:
    years = (at("15:30", date(2026, 12, 1)) - NOW) / YEAR_NS
    for pair in known.pairs("NIFTY", EXPIRY):
        for leg in (pair.call, pair.put):
            assert leg is not None
            premium = value(
                forward, pair.strike, vol * sqrt(years), exp(-RATE * years), call=leg is pair.call
            )
            quotes.take(_tick(max(5, round(premium)), leg.instrument))


def _chain(
    known: Catalogue,
    quotes: Quotes,
    *,
    around: int = 10,
    held: dict[str, int] | None = None,
    now_ns: int = NOW,
) -> Chain:
    end_ns = at("15:30", date(2026, 12, 1))
    return chain(known, quotes, held or {}, Wanted("NIFTY", EXPIRY, around, now_ns, end_ns, RATE))
