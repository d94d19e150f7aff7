"""What a round trip costs in each segment and under each regime, without brokerage: figures that a broker's calculator shows.

Each figure is the published rate named beside it times the turnover, worked out with decimals apart from this code.
"""

from datetime import date
from typing import NamedTuple

import pytest

from sauda.contracts import ChargeLines, Instrument, Product, Side
from sauda.money import Paise, Units
from tests.unit.execution.charged import a_contract, a_trade, charging, summed

NIFTY = a_contract("NFO:N-OPT")
SENSEX = a_contract("BFO:S-OPT", "SENSEX")
RELIANCE = a_contract("NSE:RELIANCE-EQ", "RELIANCE")
RELIANCE_BSE = a_contract("BSE:RELIANCE", "RELIANCE")


class RoundTrip(NamedTuple):
    """Bought and sold once on a day."""

    instrument: Instrument
    day: str
    qty: Units
    bought: Paise
    sold: Paise
    costs: tuple[Paise, ...]
    """STT, exchange, SEBI, IPFT, stamp, GST, and the exact sum of them all, rounded once."""
    product: Product = Product.NRML

    @property
    def expected(self) -> ChargeLines:
        names = ("stt", "exchange", "sebi", "ipft", "stamp", "gst")
        *parts, total = self.costs
        return ChargeLines(**dict(zip(names, parts, strict=True)), rounding=total - sum(parts))


REGIMES = [
    # Index options. STT: 0.05 % (investorzclub 2016/05), 0.0625 % (livemint 11679924191478), 0.1 % (shareindia), 0.15 % (cleartax).
    # NSE: 0.05, 0.053 (thehindu article66657383), 0.05, 0.0495 (moltolindia ?p=2105), 0.03503 % (ndtvprofit 2024-09-27).
    pytest.param(RoundTrip(NIFTY, "2020-12-31", 75, 100_00, 110_00, (413, 788, 1, 0, 23, 142, 1365)), id="SEBI's half fee"),
    pytest.param(RoundTrip(NIFTY, "2021-08-20", 25, 200_00, 210_00, (263, 543, 1, 0, 15, 98, 920)), id="NSE 6 % dearer"),
    pytest.param(RoundTrip(NIFTY, "2023-04-03", 50, 100_00, 110_00, (344, 525, 1, 5, 15, 95, 985)), id="STT and IPFT of 2023"),
    pytest.param(RoundTrip(NIFTY, "2024-04-01", 50, 100_00, 110_00, (344, 520, 1, 5, 15, 94, 979)), id="NSE 1 % cheaper"),
    pytest.param(RoundTrip(NIFTY, "2024-09-30", 50, 100_00, 110_00, (344, 520, 1, 5, 15, 94, 979)), id="the last day of that"),
    pytest.param(RoundTrip(NIFTY, "2024-10-01", 25, 400_00, 410_00, (1025, 709, 2, 10, 30, 128, 1905)), id="flat fees"),
    pytest.param(RoundTrip(NIFTY, "2026-03-31", 25, 400_00, 410_00, (1025, 709, 2, 10, 30, 128, 1905)), id="before Budget 2026"),
    pytest.param(RoundTrip(NIFTY, "2026-04-01", 65, 120_00, 130_00, (1268, 569, 2, 8, 23, 103, 1973)), id="Budget 2026"),
    # BSE: Rs 500, 3,750 (tradingqna 155443), 4,950 (ndtvprofit 2024-04-30), 3,250 a crore (hindustantimes 101727449498861); no IPFT.
    pytest.param(RoundTrip(SENSEX, "2023-10-31", 10, 500_00, 510_00, (319, 51, 1, 0, 15, 9, 395)), id="SENSEX at its beginning"),
    pytest.param(RoundTrip(SENSEX, "2023-11-01", 10, 500_00, 510_00, (319, 379, 1, 0, 15, 68, 782)), id="SENSEX from November"),
    pytest.param(RoundTrip(SENSEX, "2024-05-13", 10, 500_00, 510_00, (319, 500, 1, 0, 15, 90, 925)), id="SENSEX from May 2024"),
    pytest.param(RoundTrip(SENSEX, "2024-10-01", 10, 500_00, 510_00, (510, 328, 1, 0, 15, 59, 914)), id="SENSEX from October 2024"),
    pytest.param(RoundTrip(SENSEX, "2026-11-23", 20, 500_00, 510_00, (1530, 657, 2, 0, 30, 119, 2337)), id="SENSEX today"),
    # Stock options: as index options on NSE, Rs 500 a crore on BSE (hindustantimes 101727449498861).
    pytest.param(RoundTrip(
        a_contract("NFO:R-OPT", "RELIANCE"), "2023-04-03", 250, 30_00, 32_00,
        (500, 775, 2, 8, 23, 140, 1447)), id="a stock option on NSE in 2023",
    ),
    pytest.param(RoundTrip(
        a_contract("NFO:R-OPT", "RELIANCE"), "2026-11-23", 500, 30_00, 32_00,
        (2400, 1086, 3, 16, 45, 196, 3746)), id="a stock option on NSE",
    ),
    pytest.param(RoundTrip(
        a_contract("BFO:R-OPT", "RELIANCE"), "2026-11-23", 500, 30_00, 32_00,
        (2400, 155, 3, 0, 45, 28, 2632)), id="a stock option on BSE",
    ),
    # Futures. STT: 0.01, 0.0125 (livemint 11679924191478), 0.02 (shareindia), 0.05 % (cleartax).
    # NSE: 0.0019 (thehindu article66657383), 0.002 (aiwinmoney), 0.00188 (moltolindia ?p=2105), 0.00173 % (ndtvprofit 2024-09-27); BSE nil (financialexpress 3625903).
    pytest.param(RoundTrip(
        a_contract("NFO:N-FUT"), "2020-12-31", 75, 14_000_00, 14_100_00,
        (10575, 4004, 105, 0, 2100, 721, 17506)), id="an index future in 2020",
    ),
    pytest.param(RoundTrip(
        a_contract("NFO:B-FUT", "BANKNIFTY"), "2021-08-20", 25, 36_000_00, 36_100_00,
        (9025, 3605, 180, 0, 1800, 649, 15259)), id="an index future in 2021",
    ),
    pytest.param(RoundTrip(
        a_contract("NFO:N-FUT"), "2023-04-03", 50, 17_400_00, 17_500_00,
        (10938, 3316, 175, 175, 1740, 628, 16970)), id="an index future in 2023",
    ),
    pytest.param(RoundTrip(
        a_contract("NFO:N-FUT"), "2024-04-01", 50, 22_500_00, 22_600_00,
        (14125, 4239, 226, 226, 2250, 804, 21869)), id="an index future in 2024",
    ),
    pytest.param(RoundTrip(
        a_contract("NFO:N-FUT"), "2026-03-31", 65, 24_500_00, 24_600_00,
        (31980, 5521, 319, 319, 3185, 1051, 42376)), id="an index future before Budget 2026",
    ),
    pytest.param(RoundTrip(
        a_contract("NFO:N-FUT"), "2026-11-23", 65, 24_500_00, 24_600_00,
        (79950, 5521, 319, 319, 3185, 1051, 90346)), id="an index future today",
    ),
    pytest.param(RoundTrip(
        a_contract("BFO:S-FUT", "SENSEX"), "2026-11-23", 20, 80_000_00, 80_100_00,
        (80100, 0, 320, 0, 3200, 58, 83678)), id="an index future on BSE",
    ),
    pytest.param(RoundTrip(
        a_contract("NFO:R-FUT", "RELIANCE"), "2025-08-29", 500, 1_400_00, 1_410_00,
        (14100, 2431, 141, 141, 1400, 463, 18674)), id="a stock future in 2025",
    ),
    # Commodities: samco.in (0.0026 %), ndtvprofit 2024-09-24 (0.0021 and 0.0418 %), thehindubusinessline article35544482.
    pytest.param(RoundTrip(
        a_contract("MCX:C-FUT", "CRUDEOIL"), "2020-07-01", 100, 3_000_00, 3_050_00,
        (3050, 1573, 30, 0, 600, 283, 5536)), id="a commodity future in 2020",
    ),
    pytest.param(RoundTrip(
        a_contract("MCX:C-FUT", "CRUDEOIL"), "2023-04-03", 100, 5_500_00, 5_550_00,
        (5550, 2873, 111, 0, 1100, 537, 10171)), id="a commodity future in 2023",
    ),
    pytest.param(RoundTrip(
        a_contract("MCX:C-FUT", "CRUDEOIL"), "2026-11-23", 100, 5_500_00, 5_550_00,
        (5550, 2321, 111, 0, 1100, 438, 9519)), id="a commodity future today",
    ),
    pytest.param(RoundTrip(
        a_contract("MCX:C-OPT", "CRUDEOIL"), "2021-09-30", 100, 200_00, 210_00,
        (1050, 0, 4, 0, 60, 0, 1114)), id="a commodity option while MCX took nothing",
    ),
    pytest.param(RoundTrip(
        a_contract("MCX:C-OPT", "CRUDEOIL"), "2021-10-01", 100, 200_00, 210_00,
        (1050, 2050, 4, 0, 60, 369, 3533)), id="a commodity option the day after",
    ),
    pytest.param(RoundTrip(
        a_contract("MCX:C-OPT", "CRUDEOIL"), "2026-11-23", 100, 200_00, 210_00,
        (1050, 1714, 4, 0, 60, 309, 3137)), id="a commodity option today",
    ),
]  # fmt: skip


# Shares. STT 0.025 % of an intraday sale, 0.1 % of delivery both ways (tradejini.com/charges);
# NSE 0.00325 (fundfolio), 0.00345 (aiwinmoney), 0.00322 (moltolindia ?p=2105) and 0.00297 % (ndtvprofit 2024-09-27), BSE 0.00345 and 0.00375 % (Zerodha, from 2022-12-01).
EQUITY = [
    pytest.param(RoundTrip(RELIANCE, "2020-12-31", 100, 2_000_00, 2_010_00, (5025, 1303, 20, 0, 600, 235, 7183), Product.MIS), id="NSE 2020"),
    pytest.param(RoundTrip(RELIANCE, "2021-08-20", 100, 2_000_00, 2_010_00, (5025, 1383, 40, 0, 600, 249, 7298), Product.MIS), id="NSE 2021"),
    pytest.param(RoundTrip(RELIANCE, "2023-04-03", 100, 2_400_00, 2_410_00, (6025, 1563, 48, 48, 720, 290, 8694), Product.MIS), id="NSE 2023"),
    pytest.param(RoundTrip(RELIANCE, "2026-11-23", 100, 1_400_00, 1_410_00, (3525, 835, 28, 28, 420, 155, 4991), Product.MIS), id="NSE"),
    pytest.param(RoundTrip(RELIANCE_BSE, "2026-11-23", 100, 1_400_00, 1_410_00, (3525, 1054, 28, 0, 420, 195, 5222), Product.MIS), id="BSE"),
    pytest.param(RoundTrip(RELIANCE, "2024-04-01", 100, 2_900_00, 2_910_00, (58100, 1871, 58, 58, 4350, 347, 64784), Product.NRML), id="delivery in 2024"),
    pytest.param(RoundTrip(RELIANCE, "2026-11-23", 100, 1_400_00, 1_410_00, (28100, 835, 28, 28, 2100, 155, 31246), Product.NRML), id="delivery"),
    pytest.param(RoundTrip(RELIANCE_BSE, "2022-06-01", 100, 1_400_00, 1_410_00, (28100, 969, 28, 0, 2100, 175, 31372), Product.NRML), id="BSE delivery 2022"),
    pytest.param(RoundTrip(RELIANCE_BSE, "2022-12-01", 100, 1_400_00, 1_410_00, (28100, 1054, 28, 0, 2100, 195, 31477), Product.NRML), id="BSE delivery by value"),
]  # fmt: skip


@pytest.mark.parametrize("trip", [*REGIMES, *EQUITY])
def test_a_round_trip_costs_what_the_day_asks(trip: RoundTrip) -> None:
    desk, day = charging(), date.fromisoformat(trip.day)
    traded = ((Side.BUY, trip.bought), (Side.SELL, trip.sold))
    charges = [
        desk.charge(
            a_trade(
                trip.instrument,
                side,
                trip.qty,
                price,
                day=day,
                product=trip.product,
                order_id=side.value,
            )
        )
        for side, price in traded
    ]
    assert summed(charges) == trip.expected


def test_before_the_tables_begin_the_oldest_rates_hold() -> None:
    old = charging().charge(a_trade(NIFTY, Side.SELL, 75, 100_00, day=date(2018, 5, 3)))
    assert old.stt == 375  # 0.05 % of 7,500, as investorzclub 2016/05 has it
    assert old.exchange == 375


@pytest.mark.parametrize(
    ("day", "stt"),
    [
        # 65 units settled 40 in the money: taxguru.in, Finance Bill 2019 clause 193; cleartax.in for 2026.
        pytest.param(date(2026, 3, 31), 325, id="0.125 % of the intrinsic value"),
        pytest.param(date(2026, 4, 1), 390, id="0.15 % since Budget 2026"),
    ],
)
def test_the_holder_of_a_settled_option_pays_tax_on_what_it_was_worth(day: date, stt: Paise) -> None:
    held = charging().charge(a_trade(NIFTY, Side.SELL, 65, 40_00, day=day, is_settlement=True))
    written = charging().charge(a_trade(NIFTY, Side.BUY, 65, 40_00, day=day, is_settlement=True))
    # SEBI counts 65 x 24,500 of an exercised or assigned option: 0.0001 % is 1.59, and 18 % of that 0.29 (taxguru.in 2019).
    assert held == ChargeLines(stt=stt, sebi=159, gst=29)
    assert written == ChargeLines(sebi=159, gst=29)


def test_what_expires_worthless_costs_nothing() -> None:
    for side in Side:
        assert charging("flat_20").charge(a_trade(NIFTY, side, 65, 0, is_settlement=True)) == ChargeLines()


def test_a_future_settled_at_expiry_pays_the_regulator_alone() -> None:
    settled = charging("flat_20").charge(
        a_trade(a_contract("NFO:N-FUT"), Side.SELL, 65, 24_500_00, is_settlement=True)
    )
    assert settled == ChargeLines(sebi=159, gst=29)
