"""The simulated market is reproducible, and has the shape of a real one."""

from datetime import date
from itertools import pairwise
from math import exp
from statistics import fmean, pstdev

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.calendar import Calendar
from sauda.clock import NS_PER_S
from sauda.contracts import InstrumentKind, Right
from sauda.margin.black76 import implied_vol
from sauda_simulator.market.day import MarketDay, trading_day
from sauda_simulator.market.index_path import close_of, day_path
from sauda_simulator.market.listing import Contract
from sauda_simulator.market.underlying import QUARTERS, RATE

MONDAY = date(2026, 11, 30)
SECONDS = (15 * 60 + 40 - 9 * 60 - 15) * 60


def find(day: MarketDay, symbol: str) -> Contract:
    return day.by_symbol["NFO", symbol]


def atm(
    day: MarketDay, right: Right, expiry: date = date(2026, 12, 1), underlying: str = "NIFTY"
) -> Contract:
    chain = [c for c in day.contracts if (c.underlying, c.expiry, c.right) == (underlying, expiry, right)]
    return min(chain, key=lambda contract: abs((contract.strike or 0) - day.spot(underlying, 0)))


def test_a_price_depends_on_seed_date_contract_and_second_alone(
    calendar: Calendar, market_day: MarketDay
) -> None:
    again = MarketDay(1, trading_day(calendar, MONDAY), ["NIFTY", "BANKNIFTY"], calendar)
    moments = [(contract, second) for contract in again.contracts[::37] for second in (0, 7, 15_000, SECONDS)]

    # Backwards, so that nothing can depend on what was asked before.
    for contract, second in reversed(moments):
        late = again.pricer(contract).trade(second * QUARTERS)
        assert late == market_day.pricer(contract).trade(second * QUARTERS)


def test_another_seed_is_another_market(calendar: Calendar) -> None:
    assert day_path(1, "NIFTY", MONDAY, date(2026, 11, 27), 600) != day_path(
        2, "NIFTY", MONDAY, date(2026, 11, 27), 600
    )


def test_a_day_opens_where_the_day_before_closed(calendar: Calendar, market_day: MarketDay) -> None:
    tuesday = MarketDay(1, trading_day(calendar, date(2026, 12, 1)), ["NIFTY"], calendar)

    assert tuesday.spot("NIFTY", 0) == pytest.approx(market_day.spot("NIFTY", SECONDS * QUARTERS), rel=1e-12)


def test_a_straddle_loses_nothing_over_a_weekend(market_day: MarketDay) -> None:
    legs = [atm(market_day, right) for right in Right]

    opened = sum(market_day.pricer(leg).fair(0) for leg in legs)

    assert opened == pytest.approx(sum(market_day.previous_close(leg) for leg in legs), rel=0.01)


def test_the_index_stays_near_its_level_for_years() -> None:
    levels = [close_of(1, "NIFTY", date(2026, 1, 1 + month % 28)) for month in range(28)]
    levels += [close_of(1, "NIFTY", date(year, 6, 15)) for year in range(2024, 2034)]

    assert all(18_000_00 < level < 33_000_00 for level in levels)


def test_the_index_is_restless_after_the_open_and_calm_at_noon(calendar: Calendar) -> None:
    paths = [day_path(seed, "NIFTY", MONDAY, date(2026, 11, 27), SECONDS) for seed in range(6)]

    def restlessness(begin: int) -> float:
        return fmean(pstdev(b - a for a, b in pairwise(path[begin : begin + 1800])) for path in paths)

    assert restlessness(0) > 1.3 * restlessness(SECONDS // 2)
    assert restlessness(SECONDS - 1800) > 1.1 * restlessness(SECONDS // 2)


@pytest.mark.parametrize("second", [0, 1, 4321, 12_000, SECONDS - 1, SECONDS])
def test_put_call_parity_holds_within_the_spreads(market_day: MarketDay, second: int) -> None:
    quarter, checked = second * QUARTERS, 0
    for call in market_day.contracts:
        if call.right is not Right.CALL or call.strike is None or call.expiry is None:
            continue
        put = find(
            market_day, call.trading_symbol.replace(f"C{call.strike // 100}", f"P{call.strike // 100}")
        )
        years = market_day.life(call).carry_years(market_day.instant_ns(quarter))
        worth = exp(-RATE * years) * (
            market_day.spot(call.underlying, quarter) * exp(RATE * years) - call.strike
        )
        of_call, of_put = market_day.pricer(call).quote(quarter), market_day.pricer(put).quote(quarter)
        assert of_call is not None
        assert of_put is not None
        # A tick of slack: what is worth less than a tick is quoted at a tick all the same.
        assert of_call.bid - of_put.ask - 5 <= worth <= of_call.ask - of_put.bid + 5
        checked += 1
    assert checked > 400


@given(
    st.sampled_from(["NIFTY01DEC26", "NIFTY29DEC26", "BANKNIFTY29DEC26"]),
    st.integers(0, 81),
    st.integers(0, SECONDS * QUARTERS),
)
def test_every_price_is_on_the_tick_grid_and_never_below_a_tick(
    market_day: MarketDay, series: str, place: int, quarter: int
) -> None:
    chain = [one for one in market_day.contracts if one.trading_symbol.startswith(series) and one.strike]
    contract = chain[place % len(chain)]
    pricer = market_day.pricer(contract)
    trade, quote = pricer.trade(quarter), pricer.quote(quarter)

    assert quote is not None
    for price in (trade.ltp, quote.bid, quote.ask):
        assert price >= contract.tick_size
        assert price % contract.tick_size == 0
    assert quote.bid < quote.ask
    assert quote.bid_qty % contract.lot_size == quote.ask_qty % contract.lot_size == 0
    assert quote.bid_qty > 0
    assert quote.ask_qty > 0


def test_a_trade_happens_inside_the_quote_of_its_moment(market_day: MarketDay) -> None:
    pricer = market_day.pricer(atm(market_day, Right.PUT))

    for quarter in range(0, 4000, 13):
        quote = pricer.quote(pricer.traded_quarter(quarter))
        assert quote is not None
        assert quote.bid <= pricer.trade(quarter).ltp <= quote.ask


@given(st.integers(0, SECONDS - 1), st.integers(1, 3600))
def test_volume_never_shrinks(market_day: MarketDay, second: int, later: int) -> None:
    pricer = market_day.pricer(atm(market_day, Right.CALL))
    end = min(SECONDS, second + later)

    assert pricer.trade(second * QUARTERS).volume <= pricer.trade(end * QUARTERS).volume


def test_spreads_and_sizes_widen_away_from_the_money(market_day: MarketDay) -> None:
    near = atm(market_day, Right.CALL)
    far = find(market_day, f"NIFTY01DEC26C{(near.strike or 0) // 100 + 750}")

    def spread(contract: Contract) -> float:
        quotes = [market_day.pricer(contract).quote(quarter) for quarter in range(0, 4000, 10)]
        return fmean(
            (quote.ask - quote.bid) / market_day.pricer(contract).fair(2000) for quote in quotes if quote
        )

    def size(contract: Contract) -> float:
        quotes = [market_day.pricer(contract).quote(quarter) for quarter in range(0, 4000, 10)]
        return fmean(quote.bid_qty for quote in quotes if quote)

    assert spread(far) > 3 * spread(near)
    assert size(far) > 1.5 * size(near)


def test_a_liquid_option_trades_several_times_a_second_and_a_far_one_rarely(market_day: MarketDay) -> None:
    near = atm(market_day, Right.CALL)
    far = find(market_day, f"NIFTY01DEC26C{(near.strike or 0) // 100 + 1000}")

    assert market_day.pricer(near).gap == 1
    assert market_day.pricer(far).gap > 8


def test_low_strikes_cost_more_volatility_than_high_ones(market_day: MarketDay) -> None:
    expiry = date(2026, 12, 29)
    centre = (atm(market_day, Right.PUT, expiry).strike or 0) // 100

    def vol(strike: int, right: Right) -> float:
        contract = find(market_day, f"NIFTY29DEC26{right.value[0]}{strike}")
        years = market_day.life(contract).trading_years(1.0)
        forward = market_day.spot("NIFTY", 0) * exp(
            RATE * market_day.life(contract).carry_years(market_day.hours.open_ns)
        )
        return implied_vol(
            market_day.pricer(contract).fair(0), forward, strike * 100, years, RATE, call=right is Right.CALL
        )

    assert vol(centre - 900, Right.PUT) > vol(centre, Right.CALL)
    assert vol(centre - 900, Right.PUT) > vol(centre + 900, Right.CALL)


def test_at_the_end_of_its_life_an_option_is_worth_its_intrinsic_value(calendar: Calendar) -> None:
    tuesday = MarketDay(1, trading_day(calendar, date(2026, 12, 1)), ["NIFTY"], calendar)
    last = tuesday.hours.seconds * QUARTERS
    call = next(c for c in tuesday.contracts if c.right is Right.CALL and c.expiry == date(2026, 12, 1))

    assert tuesday.pricer(call).fair(last) == pytest.approx(tuesday.spot("NIFTY", last) - (call.strike or 0))


def test_futures_cost_the_carry_more(market_day: MarketDay) -> None:
    futures = [c for c in market_day.contracts if c.kind is InstrumentKind.FUTURE and c.underlying == "NIFTY"]
    prices = [market_day.pricer(future).fair(0) for future in futures]

    assert len(futures) == 3
    assert market_day.spot("NIFTY", 0) < prices[0] < prices[1] < prices[2]


def test_the_session_lasts_from_0915_to_1540(market_day: MarketDay) -> None:
    assert market_day.hours.seconds == SECONDS
    assert market_day.quarter_at(market_day.hours.open_ns - 1) is None
    assert market_day.quarter_at(market_day.hours.open_ns) == 0
    assert market_day.quarter_at(market_day.hours.close_ns + 3600 * NS_PER_S) == SECONDS * QUARTERS
