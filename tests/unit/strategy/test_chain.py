"""Which strike is at the money follows from the strikes that exist, whatever their steps."""

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
