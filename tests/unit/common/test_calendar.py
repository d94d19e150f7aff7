"""The calendar answers from dated data: each fact here could be checked against an exchange's circular."""

import csv
import gzip
import io
import os
import shutil
import zipfile
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.calendar import Calendar, load_calendar
from sauda.calendar_rules import FILES
from sauda.clock import NS_PER_S, from_ist, to_ist
from sauda.contracts import InstrumentKind
from sauda.errors import ConfigError

REPOSITORY = Path(__file__).parents[3]
MARKET = REPOSITORY / "config/market"
DATA = Path(os.environ.get("SAUDA_TEST_DATA", REPOSITORY.parent / "shared/data"))
CALENDAR = load_calendar(MARKET)
EXCHANGES = ("NSE", "BSE", "NFO", "BFO", "CDS", "MCX")
RECENT_DAYS = st.dates(date(2021, 1, 1), date(2030, 12, 31))


def hours(exchange: str, day: date) -> list[str]:
    session = CALENDAR.session(exchange, day)
    if session is None:
        return []
    return [f"{to_ist(a):%H:%M}-{to_ist(b):%H:%M}" for a, b in session.parts]


@pytest.mark.parametrize(
    ("exchange", "day", "expected"),
    [
        pytest.param("NSE", "2026-11-20", ["09:15-15:30"], id="cash, today"),
        pytest.param("NFO", "2026-07-31", ["09:15-15:30"], id="the last day of the old close"),
        pytest.param("NFO", "2026-08-03", ["09:15-15:40"], id="the first day of the new close"),
        pytest.param("BFO", "2026-08-03", ["09:15-15:40"], id="on BSE too"),
        pytest.param("NSE", "2026-08-03", ["09:15-15:30"], id="not in the cash market"),
        pytest.param("CDS", "2026-11-20", ["09:00-17:00"], id="currency"),
        pytest.param("MCX", "2026-10-30", ["09:00-23:30"], id="before America leaves summer time"),
        pytest.param("MCX", "2026-11-02", ["09:00-23:55"], id="after"),
        pytest.param("MCX", "2026-03-06", ["09:00-23:55"], id="before America enters summer time"),
        pytest.param("MCX", "2026-03-09", ["09:00-23:30"], id="after that"),
        pytest.param("NSE", "2009-05-18", ["09:55-15:30"], id="2009"),
        pytest.param("NSE", "2010-01-04", ["09:00-15:30"], id="2010"),
        pytest.param("NSE", "2010-10-18", ["09:15-15:30"], id="since the pre-open session"),
        pytest.param("NFO", "2021-08-20", ["09:15-15:30"], id="the recorded BANKNIFTY day"),
        pytest.param("NFO", "2026-11-21", [], id="Saturday"),
        pytest.param("NFO", "2026-11-24", [], id="Guru Nanak Jayanti"),
        pytest.param("NSE", "2026-01-15", [], id="the election day added late"),
        pytest.param("NSE", "2024-01-20", ["09:15-15:30"], id="Saturday in place of Monday"),
        pytest.param("NSE", "2024-01-22", [], id="the Monday"),
        pytest.param("NSE", "2024-03-02", ["09:15-10:00", "11:30-12:30"], id="disaster recovery test"),
        pytest.param("NFO", "2024-05-18", ["09:15-10:00", "11:30-12:30"], id="another"),
        pytest.param("NFO", "2025-02-01", ["09:15-15:30"], id="Budget on a Saturday"),
        pytest.param("NFO", "2026-02-01", ["09:15-15:30"], id="Budget on a Sunday"),
        pytest.param("NSE", "2025-10-21", ["13:45-14:45"], id="muhurat on a holiday"),
        pytest.param("NSE", "2026-11-08", ["18:00-19:15"], id="muhurat on a Sunday, hours assumed"),
        pytest.param("MCX", "2026-11-24", ["17:00-23:55"], id="commodities: morning closed"),
        pytest.param("MCX", "2026-01-01", ["09:00-17:00"], id="commodities: evening closed"),
        pytest.param("MCX", "2026-10-02", [], id="commodities: closed all day"),
        pytest.param("MCX", "2025-03-14", ["17:00-23:30"], id="commodities: Holi"),
    ],
)
def test_an_exchange_keeps_its_hours(exchange: str, day: str, expected: list[str]) -> None:
    assert hours(exchange, date.fromisoformat(day)) == expected


def test_the_close_itself_is_outside_and_so_is_a_break() -> None:
    day = date(2024, 3, 2)

    assert CALENDAR.is_open("NSE", from_ist(day, time(9, 15)))
    assert not CALENDAR.is_open("NSE", from_ist(day, time(9, 15)) - 1)
    assert not CALENDAR.is_open("NSE", from_ist(day, time(10)))
    assert not CALENDAR.is_open("NSE", from_ist(day, time(11)))
    assert CALENDAR.is_open("NSE", from_ist(day, time(12, 30)) - 1)
    assert not CALENDAR.is_open("NSE", from_ist(day, time(12, 30)))


def test_the_day_is_indias_not_greenwichs() -> None:
    before_nine = from_ist(date(2026, 11, 23), time(3))
    assert to_ist(before_nine).date() == date(2026, 11, 23)

    assert not CALENDAR.is_open("MCX", before_nine)
    assert CALENDAR.is_open("MCX", from_ist(date(2026, 11, 20), time(23, 54)))


@given(st.sampled_from(EXCHANGES), RECENT_DAYS, st.integers(0, 86_399))
def test_an_exchange_is_open_exactly_within_its_session(exchange: str, day: date, second: int) -> None:
    instant = from_ist(day, time(0)) + second * NS_PER_S
    session = CALENDAR.session(exchange, day)

    assert CALENDAR.is_open(exchange, instant) == (session is not None and session.contains(instant))
    if session:
        assert session.open_ns < session.close_ns
        assert session.contains(session.open_ns)
        assert not session.contains(session.close_ns)
        assert to_ist(session.open_ns).date() == to_ist(session.close_ns).date() == day


@given(st.sampled_from(EXCHANGES), RECENT_DAYS)
def test_next_and_previous_trading_day_are_the_nearest_with_a_session(exchange: str, day: date) -> None:
    following = CALENDAR.next_trading_day(exchange, day)
    earlier = CALENDAR.previous_trading_day(exchange, day)

    assert earlier <= day <= following
    assert CALENDAR.session(exchange, following)
    assert CALENDAR.session(exchange, earlier)
    between = [earlier + timedelta(days=n) for n in range(1, (following - earlier).days)]
    assert not any(CALENDAR.session(exchange, one) for one in between)


def test_it_is_plain_for_which_years_the_holidays_are_known() -> None:
    assert [year for year in range(2005, 2031) if CALENDAR.knows_year(year)] == [*range(2018, 2027)]
    assert [year for year in range(2005, 2031) if CALENDAR.knows_year(year, "MCX")] == [2025, 2026]
    assert not CALENDAR.knows_year(2026, "CDS")


def test_in_an_unknown_year_only_weekends_are_closed() -> None:
    assert hours("NSE", date(2027, 1, 26)) == ["09:15-15:30"]
    assert hours("NSE", date(2027, 1, 24)) == []


def test_an_unknown_exchange_or_too_early_a_day_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="unknown exchange 'LSE': take one of NSE"):
        CALENDAR.session("LSE", date(2026, 1, 1))
    with pytest.raises(
        ConfigError, match="sessions of MCX are not known on 1999-01-01, only since 2021-01-01"
    ):
        CALENDAR.is_open("MCX", from_ist(date(1999, 1, 1), time(12)))


def days(*texts: str) -> list[date]:
    return [date.fromisoformat(text) for text in texts]


@pytest.mark.parametrize(
    ("underlying", "start", "expected"),
    [
        pytest.param(
            "NIFTY", "2025-08-25", ["2025-08-28", "2025-09-02", "2025-09-09"], id="Thursday becomes Tuesday"
        ),
        pytest.param("NIFTY", "2025-10-15", ["2025-10-20", "2025-10-28"], id="Diwali moves the 21st"),
        pytest.param(
            "NIFTY", "2026-11-18", ["2026-11-23", "2026-12-01"], id="a holiday moves the 24th to Monday"
        ),
        pytest.param("NIFTY", "2026-11-24", ["2026-12-01"], id="after it, the next week's"),
        pytest.param("NIFTY", "2021-06-11", ["2021-06-17", "2021-06-24"], id="the recorded weekly"),
        pytest.param(
            "BANKNIFTY", "2026-11-01", ["2026-11-23", "2026-12-29", "2027-01-26"], id="only monthly ones left"
        ),
        pytest.param("BANKNIFTY", "2021-08-20", ["2021-08-26", "2021-09-02"], id="weekly in 2021"),
        pytest.param(
            "BANKNIFTY",
            "2023-09-18",
            ["2023-09-20", "2023-09-28", "2023-10-04"],
            id="weekly Wednesday, but Thursday in the month's last week",
        ),
        pytest.param("BANKNIFTY", "2024-11-11", ["2024-11-13", "2024-11-27"], id="the last weekly of all"),
        pytest.param("Nifty Fin Services", "2026-11-01", ["2026-11-23"], id="by any name"),
        pytest.param("SENSEX", "2026-03-20", ["2026-03-25", "2026-04-02"], id="Ram Navami moves the 26th"),
    ],
)
def test_contracts_expire_on_the_rules_weekday(underlying: str, start: str, expected: list[str]) -> None:
    assert CALENDAR.expiries(underlying, date.fromisoformat(start), len(expected)) == days(*expected)


@given(
    st.sampled_from(["NIFTY", "BANKNIFTY", "SENSEX"]),
    RECENT_DAYS.filter(lambda d: d.year > 2023),
    st.integers(1, 12),
)
def test_expiries_ascend_are_trading_days_and_none_is_left_out(
    underlying: str, day: date, count: int
) -> None:
    found = CALENDAR.expiries(underlying, day, count)

    assert len(found) == count
    assert found == sorted(set(found))
    assert found[0] >= day
    assert all(CALENDAR.session("NFO", expiry) for expiry in found)
    assert CALENDAR.expiries(underlying, found[-1], 1) == found[-1:]
    assert CALENDAR.expiries(underlying, day, count + 3)[:count] == found


def test_commodities_have_no_weekday_rule() -> None:
    with pytest.raises(ConfigError, match="no rule for the expiries of CRUDEOIL"):
        CALENDAR.expiries("CRUDEOIL", date(2026, 11, 20), 1)


@pytest.mark.parametrize(
    ("underlying", "day", "lot"),
    [
        ("NIFTY", "2021-06-11", 75),
        ("NIFTY", "2022-08-10", 50),
        ("NIFTY", "2024-07-01", 25),
        ("NIFTY", "2025-08-29", 75),
        ("NIFTY", "2025-12-30", 75),
        ("NIFTY", "2025-12-31", 65),
        ("BANKNIFTY", "2021-08-20", 25),
        ("BANKNIFTY", "2024-07-01", 15),
        ("BANKNIFTY", "2025-03-03", 30),
        ("BANKNIFTY", "2025-10-07", 35),
        ("Nifty Bank", "2026-11-20", 30),
        ("FINNIFTY", "2026-11-20", 60),
        ("MIDCPNIFTY", "2025-10-07", 140),
        ("MIDCPNIFTY", "2026-11-20", 120),
        ("SENSEX", "2026-03-28", 20),
        ("GOLDM", "2026-03-28", 10),
        ("ZINC", "2026-03-28", 5000),
    ],
)
def test_a_lot_is_what_it_was_on_that_day(underlying: str, day: str, lot: int) -> None:
    assert CALENDAR.lot_size(underlying, date.fromisoformat(day)) == lot


def test_strikes_and_ticks_are_in_paise() -> None:
    today = date(2026, 11, 20)
    steps = {
        name: CALENDAR.strike_step(name, today) for name in ("NIFTY", "BANKNIFTY", "FINNIFTY", "MIDCPNIFTY")
    }

    assert steps == {"NIFTY": 50_00, "BANKNIFTY": 100_00, "FINNIFTY": 50_00, "MIDCPNIFTY": 25_00}
    assert CALENDAR.strike_step("SENSEX", today) == 100_00
    assert CALENDAR.tick_size("NIFTY", InstrumentKind.OPTION, today) == 5
    assert CALENDAR.tick_size("NIFTY", InstrumentKind.FUTURE, today) == 10
    assert CALENDAR.tick_size("BANKNIFTY", InstrumentKind.FUTURE, today) == 20
    assert CALENDAR.tick_size("BANKNIFTY", InstrumentKind.FUTURE, date(2021, 8, 20)) == 5
    with pytest.raises(ConfigError, match="no tick size is kept for index"):
        CALENDAR.tick_size("NIFTY", InstrumentKind.INDEX, today)


def test_what_is_not_known_of_a_contract_is_refused_by_name() -> None:
    with pytest.raises(ConfigError, match="lots of GOLD are not known on 2020-01-01, only since 2026-01-01"):
        CALENDAR.lot_size("GOLD", date(2020, 1, 1))
    with pytest.raises(ConfigError, match="unknown underlying"):
        CALENDAR.lot_size("TULIPS", date(2026, 1, 1))


def _rows(name: str) -> list[dict[str, str]]:
    folder = DATA / "symbol_masters"
    if not folder.is_dir() and not os.environ.get("CI"):
        pytest.skip(f"no symbol masters at {folder}: set SAUDA_TEST_DATA")
    if name.endswith(".zip"):
        with zipfile.ZipFile(folder / name) as archive:
            text = archive.read(archive.namelist()[0]).decode()
    else:
        text = gzip.decompress((folder / name).read_bytes()).decode()
    return [row for row in csv.DictReader(io.StringIO(text)) if row["Instrument"] in ("OPTIDX", "FUTIDX")]


@pytest.mark.parametrize(
    ("name", "day", "underlying_of"),
    [
        pytest.param(
            "shoonya_NFO_symbols_2025-10-07.txt.zip", date(2025, 10, 7), lambda row: row["Symbol"], id="NSE"
        ),
        pytest.param(
            "shoonya_BFO_symbols_2026-03.txt.gz",
            date(2026, 3, 1),
            lambda row: {"BSX": "SENSEX", "BKX": "BANKEX"}.get(row["Symbol"][:3], ""),
            id="BSE",
        ),
    ],
)
def test_the_rules_agree_with_the_real_masters(
    name: str, day: date, underlying_of: Callable[[dict[str, str]], str]
) -> None:
    checked = 0
    for row in {(r["Symbol"], r["Expiry"], r["Instrument"]): r for r in _rows(name)}.values():
        underlying = underlying_of(row)
        expiry = datetime.strptime(row["Expiry"].title(), "%d-%b-%Y").date()  # noqa: DTZ007  (a date has no zone)
        # A master of 2025 did not know the holidays of 2026 yet, and moved its expiries later.
        if not underlying or expiry.year != day.year:
            continue
        kind = InstrumentKind.OPTION if row["Instrument"] == "OPTIDX" else InstrumentKind.FUTURE
        checked += 1

        assert expiry in CALENDAR.expiries(underlying, expiry, 1), row
        assert CALENDAR.lot_size(underlying, day) == int(row["LotSize"]), row
        assert CALENDAR.tick_size(underlying, kind, day) == round(float(row["TickSize"]) * 100), row
    assert checked > 20


def test_no_recorded_day_is_a_holiday() -> None:
    folder = DATA / "nifty50_index_1s_2022"
    if not folder.is_dir() and not os.environ.get("CI"):
        pytest.skip(f"no recorded days at {folder}: set SAUDA_TEST_DATA")
    import pandas as pd

    for path in (folder / "nifty50_1s.parquet", DATA / "index_1min_2024/NIFTY_1min_2024_odd_months.parquet"):
        recorded = pd.read_parquet(path, columns=["ts_ist"])["ts_ist"].str[:10].unique()
        assert [day for day in recorded if not hours("NSE", date.fromisoformat(day))] == []


def test_every_special_day_has_a_source_and_none_is_an_ordinary_day() -> None:
    special = CALENDAR._rules.special

    assert len(special) == 7
    for one in special:
        on_the_list = any(one.day in holidays.closed for holidays in CALENDAR._rules.holidays)
        assert one.day.weekday() >= 5 or on_the_list


@pytest.mark.parametrize(
    ("file", "found", "put", "complaint"),
    [
        pytest.param(
            "sessions.yaml",
            "hours: 09:00-17:00",
            "hours: 17:00-09:00",
            r"sessions\.yaml: sessions\.CDS\.0\.hours: '17:00-09:00' closes before it opens",
            id="hours upside down",
        ),
        pytest.param(
            "sessions.yaml",
            "since: 2026-08-03",
            "since: 2026-08-33",
            r"sessions\.yaml: sessions\.NFO\.3\.since: .*date",
            id="no such day",
        ),
        pytest.param(
            "sessions.yaml",
            "since: 2026-08-03",
            "since: 2009-08-03",
            r"sessions\.yaml: sessions\.NFO: `since` must ascend: 2009-08-03 stands after 2010-10-18",
            id="out of order",
        ),
        pytest.param(
            "holidays.yaml",
            "2026-11-24: Guru",
            "2025-11-24: Guru",
            r"holidays\.yaml: holidays\.8: 2025-11-24 stands in the list of 2026",
            id="holiday of another year",
        ),
        pytest.param(
            "expiries.yaml",
            "weekday: tuesday",
            "weekday: teusday",
            r"expiries\.yaml: expiries\.NIFTY\.weekly\.1\.weekday: Input should be 'none', 'monday'",
            id="misspelt weekday",
        ),
        pytest.param(
            "contracts.yaml",
            "  BANKNIFTY:",
            "  BANKNIFTI:",
            r"contracts\.yaml: contracts\.BANKNIFTI\.\[key\]: unknown underlying 'BANKNIFTI'",
            id="unknown underlying",
        ),
        pytest.param(
            "contracts.yaml",
            'step: "50"',
            'step: "abc"',
            r"contracts\.yaml: .*\.step: .*'abc'",
            id="no price",
        ),
        pytest.param(
            "contracts.yaml", "units: 75", "unit: 75", r"contracts\.NIFTY\.lots\.0\.unit", id="unknown key"
        ),
        pytest.param(
            "expiries.yaml", "expiries:", "expiries: [", r"expiries\.yaml: not readable as YAML", id="YAML"
        ),
        pytest.param(
            "expiries.yaml",
            "expiries:",
            "sessions: {}\nexpiries:",
            r"expiries\.yaml: key 'sessions' stands in sessions\.yaml already",
            id="key twice",
        ),
    ],
)
def test_a_broken_file_is_refused_by_file_and_key(
    tmp_path: Path, file: str, found: str, put: str, complaint: str
) -> None:
    for name in FILES:
        shutil.copy(MARKET / name, tmp_path / name)
    text = (tmp_path / file).read_text()
    assert found in text
    (tmp_path / file).write_text(text.replace(found, put, 1))

    with pytest.raises(ConfigError, match=complaint):
        load_calendar(tmp_path)


def test_a_missing_folder_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere/sessions\.yaml: cannot be read: No such file"):
        load_calendar(tmp_path / "nowhere")


def test_an_empty_file_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "sessions.yaml").write_text("")

    with pytest.raises(ConfigError, match=r"sessions\.yaml: expected keys at the top"):
        load_calendar(tmp_path)


def test_a_day_is_computed_once() -> None:
    calendar = Calendar(CALENDAR._rules)

    first = calendar.session("NFO", date(2026, 11, 20))

    assert calendar.session("NFO", date(2026, 11, 20)) is first
