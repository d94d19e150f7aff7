"""SpanCalc: positions in the broker's words, and an answer that is believed only if it can be right."""

from typing import Any

import pytest

from sauda.contracts import Instrument, InstrumentKind, MarginLeg, MarginReply, MarginRequest, Right
from sauda.errors import ContractError
from sauda_feed.noren_margin import positions, reply_to

CALL = Instrument(
    "NFO:NIFTY01DEC26C24500", "NFO", "44594", "NIFTY", InstrumentKind.OPTION, 65, 5, "2026-12-01", 24_500_00, Right.CALL
)  # fmt: skip
FUTURE = Instrument("NFO:NIFTY29DEC26F", "NFO", "37054", "NIFTY", InstrumentKind.FUTURE, 65, 10, "2026-12-29")
CRUDE = Instrument(
    "MCX:CRUDEOIL18DEC26", "MCX", "4411", "CRUDEOIL", InstrumentKind.FUTURE, 100, 100, "2026-12-18"
)
CRUDE_PUT = Instrument(
    "MCX:CRUDEOIL16DEC26P5500", "MCX", "4412", "CRUDEOIL", InstrumentKind.OPTION, 100, 10, "2026-12-16", 5_500_00, Right.PUT
)  # fmt: skip
INDEX = Instrument("NSE:Nifty 50", "NSE", "26000", "NIFTY", InstrumentKind.INDEX)
KNOWN = {one.instrument: one for one in (CALL, FUTURE, CRUDE, CRUDE_PUT, INDEX)}
SHORT = MarginRequest("m-1", "execution.paper", (MarginLeg(CALL.instrument, -65),), 1)
GOOD = {"stat": "Ok", "span": "141673.00", "expo": "30612.08", "span_trade": "0.00", "expo_trade": "0.50"}


def test_an_option_is_named_as_the_broker_names_it() -> None:
    assert positions([MarginLeg(CALL.instrument, -130, buying=65, selling=195)], KNOWN) == [
        {
            "prd": "M",
            "exch": "NFO",
            "instname": "OPTIDX",
            "symname": "NIFTY",
            "exd": "01-DEC-2026",
            "optt": "CE",
            "strprc": "24500.00",
            "buyqty": "65",
            "sellqty": "195",
            "netqty": "-130",
        }
    ]


@pytest.mark.parametrize(
    ("contract", "words"),
    [
        (FUTURE, ("FUTIDX", "29-DEC-2026", "XX", "-1")),
        (CRUDE, ("FUTCOM", "18-DEC-2026", "XX", "-1")),
        (CRUDE_PUT, ("OPTFUT", "16-DEC-2026", "PE", "5500.00")),
    ],
)
def test_each_kind_has_its_words(contract: Instrument, words: tuple[str, ...]) -> None:
    [position] = positions([MarginLeg(contract.instrument, 65)], KNOWN)

    assert tuple(position[key] for key in ("instname", "exd", "optt", "strprc")) == words


@pytest.mark.parametrize("name", ["NFO:NIFTY01DEC26C99999", INDEX.instrument])
def test_what_has_no_margin_is_named(name: str) -> None:
    with pytest.raises(ContractError, match=name):
        positions([MarginLeg(name, -65)], KNOWN)


def test_rupees_become_paise() -> None:
    assert reply_to(SHORT, GOOD, 7) == MarginReply("m-1", 7, 1_41_673_00, 30_612_08, 0, 50)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, "no object"),
        ([], "no object"),
        ({}, "refuses"),
        ({"stat": "Not_Ok", "emsg": "Server Timeout :  "}, "Server Timeout"),
        ({"stat": "Ok"}, "without a figure span"),
        ({**GOOD, "span": 141673}, "without a figure span"),
        ({**GOOD, "expo": "NA"}, "not a number"),
        ({**GOOD, "expo": ""}, "without a figure expo"),
        ({**GOOD, "span": "-1.00"}, "no amount"),
        ({**GOOD, "span": "nan"}, "not a finite number"),
        ({**GOOD, "span": "1e999"}, "without a figure span"),
        ({**GOOD, "span_trade": "9" * 23}, "no amount"),
        ({**GOOD, "expo_trade": None}, "without a figure expo_trade"),
        ({**GOOD, "span": "0.00", "expo": "0.00"}, "recognises none"),
    ],
)
def test_an_answer_that_cannot_be_right_is_none(answer: Any, why: str) -> None:
    with pytest.raises(ContractError, match=why):
        reply_to(SHORT, answer, 7)


def test_what_is_bought_may_be_free() -> None:
    bought = MarginRequest("m-2", "execution.paper", (MarginLeg(CALL.instrument, 65),), 1)
    nothing = {"stat": "Ok", "span": "0.00", "expo": "0.00", "span_trade": "0.00", "expo_trade": "0.00"}

    assert reply_to(bought, nothing, 7) == MarginReply("m-2", 7)
