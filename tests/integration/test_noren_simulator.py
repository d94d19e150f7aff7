"""The unmodified broker library against the simulator: it cannot tell the difference."""

import io
import itertools
import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from datetime import date, time
from pathlib import Path

import pytest
from NorenRestApiPy.NorenApi import position

from sauda.clock import NS_PER_S, from_ist
from tests.integration.noren_simulator import Client, Simulator, running, trading, wait_until

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with trading(tmp_path_factory.mktemp("simulator")) as found:
        yield found


@pytest.fixture
def client(simulator: Simulator) -> Iterator[Client]:
    found = simulator.client()
    assert found.log_in()
    yield found
    simulator.fault("clear")


@pytest.fixture
def option(client: Client) -> str:
    """The token of a liquid call: at the money, nearest expiry."""
    centre = float(client.api.get_quotes("NSE", "26000")["lp"])
    nearest = client.api.searchscrip("NFO", "NIFTY 01DEC CE")["values"][0]["tsym"]
    chain = client.api.get_option_chain("NFO", nearest, centre, 1)
    return str(next(row["token"] for row in chain["values"] if row["optt"] == "CE"))


def test_a_right_login_opens_a_session(simulator: Simulator) -> None:
    reply = simulator.client().log_in()

    assert len(reply["susertoken"]) == 64
    assert reply["actid"] == "FA00001"
    assert "NFO" in reply["exarr"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"password": "x"},
        {"twoFA": "000000"},
        {"api_secret": "x"},
        {"vendor_code": "x"},
        {"userid": "FA00002"},
    ],
    ids=str,
)
def test_a_wrong_login_answers_none_as_the_library_does(simulator: Simulator, wrong: dict[str, str]) -> None:
    assert simulator.client().log_in(**wrong) is None


def test_no_secret_is_in_the_log(simulator: Simulator) -> None:
    log = simulator.log()

    assert "simulator_listening" in log
    assert not any(secret in log for secret in ("paper+pass&word", "an api secret", "JBSWY3DPEHPK3PXP"))


def test_quotes_of_an_index_and_of_an_option(client: Client, option: str) -> None:
    index = client.api.get_quotes("NSE", "26000")
    quote = client.api.get_quotes("NFO", option)

    assert (index["tsym"], index["instname"]) == ("Nifty 50", "UNDIND")
    assert "bp1" not in index
    assert (quote["instname"], quote["optt"], quote["ls"], quote["exd"]) == (
        "OPTIDX",
        "CE",
        "65",
        "01-DEC-2026",
    )
    assert float(quote["bp5"]) < float(quote["bp1"]) < float(quote["sp1"]) < float(quote["sp5"])
    assert float(quote["l"]) <= float(quote["lp"]) <= float(quote["h"])
    assert all(isinstance(value, str) for value in quote.values())


def test_an_unknown_token_answers_none(client: Client) -> None:
    assert client.api.get_quotes("NFO", "1") is None
    assert client.api.get_security_info("NFO", "1") is None


def test_search_finds_by_all_words(client: Client) -> None:
    found = client.api.searchscrip("NFO", "NIFTY 01DEC CE")["values"]

    assert len(found) == 41
    assert all(row["tsym"].startswith("NIFTY01DEC26C") for row in found)
    assert client.api.searchscrip("NSE", "BANK")["values"][0]["tsym"] == "Nifty Bank"
    assert client.api.searchscrip("NFO", "NO SUCH THING") is None


def test_the_chain_has_as_many_strikes_below_as_above(client: Client) -> None:
    centre = round(float(client.api.get_quotes("NSE", "26000")["lp"]) / 50) * 50
    some = client.api.searchscrip("NFO", "NIFTY 01DEC CE")["values"][0]["tsym"]

    chain = client.api.get_option_chain("NFO", some, centre, 4)["values"]

    assert len(chain) == 16
    strikes = sorted({float(row["strprc"]) for row in chain})
    assert strikes == [centre + 50 * step for step in range(-3, 5)]
    assert {row["optt"] for row in chain} == {"CE", "PE"}


def test_security_info_names_the_freeze_quantity(client: Client, option: str) -> None:
    info = client.api.get_security_info("NFO", option)

    assert info["frzqty"] == "1755"
    assert info["strprc"].endswith(".00")


def test_limits_show_the_cash_and_probe_the_session(simulator: Simulator, client: Client) -> None:
    assert client.api.get_limits()["cash"] == "1000000.00"

    simulator.fault("expire_session")
    assert client.api.get_limits()["emsg"] == "Session Expired :  Invalid Session Key"


def test_margin_of_a_short_straddle(client: Client, option: str) -> None:
    strike = client.api.get_security_info("NFO", option)["strprc"]

    def leg(right: str) -> position:
        found = position()
        found.prd, found.exch, found.instname, found.symname = "M", "NFO", "OPTIDX", "NIFTY"
        found.exd, found.optt, found.strprc = "01-DEC-2026", right, strike
        found.buyqty, found.sellqty, found.netqty = "0", "0", "-65"
        return found

    one = client.api.span_calculator("FA00001", [leg("CE")])
    both = client.api.span_calculator("FA00001", [leg("CE"), leg("PE")])

    # About 13 % of the notional of a leg.
    assert both["stat"] == "Ok"
    assert 1_80_000 < float(both["span"]) + float(both["expo"]) < 2_40_000
    assert float(both["span"]) < 1.3 * float(one["span"])
    assert float(both["expo"]) == pytest.approx(2 * float(one["expo"]), rel=0.001)
    assert both["span_trade"] == both["span"]


def test_bars_come_newest_first_and_agree_with_the_day(client: Client, option: str) -> None:
    bars = with_prices(client.api.get_time_price_series("NFO", option, starttime=0, interval=1))

    assert [bar["ssboe"] for bar in bars] == sorted((bar["ssboe"] for bar in bars), reverse=True)
    assert bars[-1]["time"] == "30-11-2026 09:15:00"
    for bar in bars:
        assert float(bar["intl"]) <= min(float(bar["into"]), float(bar["intc"]))
        assert float(bar["inth"]) >= max(float(bar["into"]), float(bar["intc"]))
    assert int(bars[0]["v"]) == sum(int(bar["intv"]) for bar in bars)


def with_prices(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Leave out what is no bar: rows without prices."""
    return [row for row in rows if float(row["into"]) > 0]


def test_bars_can_be_asked_for_by_time_and_interval(client: Client) -> None:
    def index(**asked: float) -> list[dict[str, str]]:
        return with_prices(client.api.get_time_price_series("NSE", "26000", **asked))

    wait_until(lambda: len(index(starttime=0)) > 6, "six minutes pass")
    minutes = index(starttime=0)
    first = float(minutes[-1]["ssboe"])

    fives = index(starttime=0, interval=5)
    some = index(starttime=first + 60, endtime=first + 120.5)

    assert [fives[-1]["into"], fives[-1]["intc"]] == [minutes[-1]["into"], minutes[-5]["intc"]]
    assert [bar["ssboe"] for bar in some] == [str(int(first + 120)), str(int(first + 60))]
    assert client.api.get_time_price_series("NSE", "26000", starttime=first + 10**6) is None


def test_a_chart_has_earlier_days_and_their_oddities(client: Client, option: str) -> None:
    """Friday's chart on Monday: newest first, some rows without prices, a bar before the open in an index only."""
    friday = from_ist(date(2026, 11, 27), time()) // NS_PER_S
    asked = {"starttime": friday, "endtime": friday + 86_400}
    index = client.api.get_time_price_series("NSE", "26000", **asked)
    call = client.api.get_time_price_series("NFO", option, **asked)

    assert index[-1]["time"] == "27-11-2026 09:14:00"
    assert call[-1]["time"] == "27-11-2026 09:15:00"
    assert [row["ssboe"] for row in index] == sorted((row["ssboe"] for row in index), reverse=True)
    assert 0 < len(index) - len(with_prices(index)) < 20
    # The session of 385 minutes, the bar before it, and the price at its very end.
    assert len(with_prices(index)) == 387
    assert client.api.get_time_price_series("NSE", "26000", **asked) == index


def test_a_daily_chart_is_json_inside_of_json_and_closes_where_the_next_day_begins(client: Client) -> None:
    since = from_ist(date(2026, 11, 16), time()) // NS_PER_S
    rows = client.api.get_daily_price_series("NSE", "Nifty 50", since, since + 30 * 86_400)
    days = [json.loads(row) for row in rows]

    # Today's row trades still; the 24th was a holiday.
    expected = [
        "30-NOV",
        "27-NOV",
        "26-NOV",
        "25-NOV",
        "23-NOV",
        "20-NOV",
        "19-NOV",
        "18-NOV",
        "17-NOV",
        "16-NOV",
    ]
    assert [day["time"] for day in days] == [f"{one}-2026" for one in expected]
    assert all(newer["into"] == older["intc"] for newer, older in itertools.pairwise(days))


@pytest.mark.parametrize("ask", ["far", "unknown", "unlisted"])
def test_a_chart_that_there_is_none_of_is_none(client: Client, ask: str) -> None:
    token, start = {"far": ("26000", 1.0), "unknown": ("1", 0), "unlisted": ("26000", 10.0**10)}[ask]
    assert client.api.get_time_price_series("NSE", token, starttime=start) is None


def test_books_are_empty_and_orders_refused(client: Client) -> None:
    assert client.api.get_order_book() is None
    assert client.api.get_trade_book() is None
    assert client.api.get_positions() is None
    assert client.api.get_holdings() is None
    order = client.api.place_order("S", "M", "NFO", "NIFTY01DEC26C24500", 65, 0, "MKT", 0.0)
    assert order is None


def test_a_new_login_ends_the_session_before_it(simulator: Simulator, client: Client) -> None:
    assert simulator.client().log_in()

    assert client.api.get_limits()["stat"] == "Not_Ok"


def test_logging_out_ends_the_session(client: Client) -> None:
    token = client.api._NorenApi__susertoken
    assert client.api.logout()["stat"] == "Ok"

    client.api.set_session("FA00001", "", token)
    assert client.api.get_limits()["stat"] == "Not_Ok"


def test_a_bad_gateway_is_a_page_that_the_library_cannot_read(simulator: Simulator, client: Client) -> None:
    simulator.fault("http_502", requests=1)

    with pytest.raises(ValueError, match="Expecting value"):
        client.api.get_limits()
    assert client.api.get_limits()["stat"] == "Ok"


@pytest.mark.parametrize("exchange", ["NSE", "NFO", "MCX", "BFO", "CDS", "BSE"])
def test_symbol_masters_can_be_fetched(simulator: Simulator, exchange: str) -> None:
    with urllib.request.urlopen(f"{simulator.url}/{exchange}_symbols.txt.zip", timeout=5) as answer:
        archive = zipfile.ZipFile(io.BytesIO(answer.read()))

    text = archive.read(f"{exchange}_symbols.txt").decode()
    assert text.startswith("Exchange,Token,LotSize,")


def test_a_fault_that_is_not_understood_is_refused_by_name(simulator: Simulator) -> None:
    with pytest.raises(urllib.error.HTTPError) as caught:
        simulator.fault("explode")

    assert caught.value.code == 400
    assert b"unknown fault 'explode'" in caught.value.read()


def test_the_clock_tells_how_wall_and_market_time_belong_together(
    simulator: Simulator, client: Client
) -> None:
    clock = simulator.get("/admin/clock")
    here = [one for one in clock["segments"] if one["wall_from_ns"] <= clock["wall_ns"] < one["wall_to_ns"]]

    assert clock["date"] == "2026-11-30"
    assert len(here) == 1
    elapsed = clock["wall_ns"] - here[0]["wall_from_ns"]
    assert here[0]["market_from_ns"] + elapsed * here[0]["speed"] == pytest.approx(
        clock["market_ns"], abs=10**9
    )
    assert clock["next_date"] == "2026-12-01"


def test_the_port_of_another_is_named_in_one_line(simulator: Simulator) -> None:
    second = subprocess.run(
        [sys.executable, "-m", "sauda_simulator"],
        env=simulator.environment() | {"SAUDA_SIM_DATA": str(simulator.folder / "second")},
        cwd=simulator.folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert second.returncode == 1
    assert second.stderr.count("\n") == 1
    assert f"cannot listen on 127.0.0.1:{simulator.port}" in second.stderr


def test_missing_credentials_are_named(simulator: Simulator) -> None:
    environment = simulator.environment()
    del environment["SAUDA_NOREN_PASSWORD"]
    started = subprocess.run(
        [sys.executable, "-m", "sauda_simulator"],
        env=environment,
        cwd=simulator.folder,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert started.returncode == 2
    assert "SAUDA_NOREN_PASSWORD is not set" in started.stderr


def test_the_market_is_the_same_after_a_crash(tmp_path: Path) -> None:
    def bars(client: Client) -> list[dict[str, str]]:
        return client.api.get_time_price_series("NSE", "26000", starttime=0) or []

    with running(tmp_path) as simulator:
        client = simulator.client()
        assert client.log_in()
        wait_until(lambda: len(bars(client)) > 2, "two bars")
        before = bars(client)[1:]
        simulator.stop(signal.SIGKILL)

        simulator.start()
        again = simulator.client()
        assert again.log_in()
        after = bars(again)

    assert after[-len(before) :] == before
    assert int(after[0]["ssboe"]) > int(before[0]["ssboe"])
