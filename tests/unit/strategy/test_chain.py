"""Which strike is at the money follows from the strikes that exist, whatever their steps."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.contracts import Instrument, InstrumentKind, Right
from sauda.testing.builders import an_index, an_option
from sauda_strategy.chain import Chain

DAY = "2026-11-23"


def options(
    *strikes: int, expiry: str = "2026-12-01", rights: tuple[Right, ...] = tuple(Right)
) -> list[Instrument]:
    return [
        an_option(f"NFO:X{expiry}{right.value}{strike}", strike=strike, right=right, expiry=expiry)
        for strike in strikes
        for right in rights
    ]


def future(expiry: str) -> Instrument:
    return Instrument(f"NFO:F{expiry}", "NFO", "1", "NIFTY", InstrumentKind.FUTURE, expiry=expiry)


def test_the_expiry_day_itself_is_the_nearest_expiry() -> None:
    contracts = [*options(100_00, expiry="2026-11-20"), *options(200_00, expiry=DAY), *options(300_00)]

    assert Chain(contracts, DAY).expiry == DAY
    assert Chain(contracts, DAY).strikes == [200_00]


def test_half_way_the_lower_strike_is_at_the_money() -> None:
    chain = Chain(options(24_450_00, 24_500_00, 24_550_00), DAY)

    assert chain.nearest(24_525_00) == 24_500_00
    assert chain.nearest(24_525_05) == 24_550_00


def test_beyond_a_step_from_the_ends_no_strike_is_at_the_money() -> None:
    chain = Chain(options(24_450_00, 24_500_00), DAY)

    assert chain.nearest(24_550_00) == 24_500_00
    assert chain.nearest(24_550_05) is None


def test_one_strike_alone_is_at_the_money_for_prices_near_it() -> None:
    chain = Chain(options(35_300_00), DAY)

    assert chain.nearest(35_267_80) == 35_300_00
    assert chain.nearest(36_000_00) is None


def test_a_leg_snaps_to_a_strike_within_a_step_and_no_further() -> None:
    chain = Chain([*options(24_400_00, 24_450_00, 24_500_00), *options(24_550_00, rights=(Right.PUT,))], DAY)

    snapped, missing = chain.leg(24_475_00, Right.CALL), chain.leg(24_600_00, Right.CALL)
    assert snapped is not None
    assert snapped.strike == 24_450_00
    assert missing is None


def test_the_future_that_lives_as_long_as_the_options_tells_their_price() -> None:
    contracts = [*options(100_00), future("2026-11-26"), future("2026-12-29"), an_index()]

    chain = Chain(contracts, DAY)

    assert (chain.index, chain.future) == ("NSE:Nifty 50", "NFO:F2026-12-29")


def test_parity_believes_the_strike_where_call_and_put_cost_nearly_the_same() -> None:
    chain = Chain(options(24_500_00, 24_600_00, 26_000_00), DAY)
    prices = {"C2450000": 122_10, "P2450000": 95_90, "C2460000": 95_80, "P2460000": 120_20, "C2600000": 5_00}
    price_of = {f"NFO:X2026-12-01{name[0]}E{name[1:]}": price for name, price in prices.items()}

    price, complete = chain.forward(price_of.get)

    assert price == 24_600_00 + 95_80 - 120_20
    assert not complete


def test_of_a_large_chain_the_middle_is_asked_for_first() -> None:
    chain = Chain(options(*range(100_00, 110_00, 1_00)), DAY)

    assert [name[-5:] for name in chain.middle(4)] == ["10400", "10400", "10500", "10500"]
    assert len(chain.middle(200)) == 20


@given(st.sets(st.integers(1, 200), min_size=1), st.integers(1, 210))
def test_no_other_strike_is_nearer_than_the_nearest(steps: set[int], price_steps: int) -> None:
    chain = Chain(options(*(step * 50_00 for step in steps)), DAY)
    price = price_steps * 50_00 + 13_05

    strike = chain.nearest(price)

    if strike is not None:
        assert all(abs(strike - price) <= abs(other - price) for other in chain.strikes)
        low, high = chain.nearer_than_others(strike)
        assert low <= price <= high or strike in (chain.strikes[0], chain.strikes[-1])


def forward_of(chain: Chain, prices: dict[int, tuple[int, int]]) -> int | None:
    """Return what parity says; *prices*: strike in rupees -> call, put in paise."""
    price_of = {
        f"NFO:X2026-12-01{right}{strike * 100}": price
        for strike, pair in prices.items()
        for right, price in zip(("CE", "PE"), pair, strict=True)
    }
    return chain.forward(price_of.get)[0]


SANE = {24_500: (122_10, 95_90), 24_600: (95_80, 120_20), 24_700: (60_00, 184_00)}


@pytest.mark.parametrize("odd", [23_000, 26_000])
def test_a_mislabelled_pair_does_not_move_the_money(odd: int) -> None:
    chain = Chain(options(*(strike * 100 for strike in (*SANE, odd))), DAY)

    # Call and put cost the very same 1,400 to 1,600 points from where all others say the money is.
    assert forward_of(chain, {**SANE, odd: (40_00, 40_00)}) == forward_of(chain, SANE) == 24_575_60


def test_three_percent_from_the_median_is_still_believed_and_a_paisa_more_is_not() -> None:
    chain = Chain(options(10_000_00, 10_300_00), DAY)
    steady = Chain([*options(9_900_00, 10_000_00, 10_100_00), *options(10_300_00)], DAY)
    around = {9_900: (150_00, 50_00), 10_000: (50_00, 50_05), 10_100: (50_00, 150_00)}

    # All of the others say 10,000, the one at 10,000 itself five paise less.
    assert forward_of(steady, {**around, 10_300: (5_00, 5_00)}) == 10_300_00
    assert forward_of(steady, {**around, 10_300: (5_01, 5_00)}) == 9_999_95
    # Of two nobody can say which is the odd one: the smaller gap is believed, as ever.
    assert forward_of(chain, {10_000: (50_00, 50_05), 10_300: (5_01, 5_01)}) == 10_300_00
