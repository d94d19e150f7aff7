"""The gateway over a desk that really trades: who is let in, what an order does, and that its death loses nothing."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import hypothesis
import pytest
import schemathesis
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from sauda.codec import decode
from sauda.contracts import Audited, Fill, PlaceOrder, Scope
from sauda.testing.builders import LOT, OPTION
from tests.integration.conftest import Server
from tests.integration.desk_processes import wait_until
from tests.integration.gateway_desk import Gateway, desk_with_gateway
from tests.integration.hand_desk import MUTE, Market

pytestmark = pytest.mark.integration

OPEN = {("get", "/health"), ("get", "/ready"), ("post", "/api/v1/session")}
"""Asked without a token: is it well, and to log in with one."""
LOOKS = {("post", "/api/v1/orders/preview"), ("post", "/api/v1/session"), ("delete", "/api/v1/session")}
"""Not safe methods, and yet nothing of the desk is changed."""
BUY = {"instrument": OPTION, "side": "BUY", "qty": LOT}

CHECKS = (
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
)
_ARGUMENTS = {"order_id": "x", "instance": "x", "asked": "x", "replay_id": "replay-x"}


@pytest.fixture(scope="module")
def desk(any_redis: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Market, Gateway]]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    with desk_with_gateway(folder, any_redis.url, "gatewaytest") as running:
        yield running


@pytest.fixture
def running(desk: tuple[Market, Gateway]) -> Gateway:
    return desk[1]


def operations(running: Gateway) -> list[tuple[str, str]]:
    with running.client() as client:
        paths: dict[str, Any] = client.get("/openapi.json").json()["paths"]
    return [(method, path) for path, methods in paths.items() for method in methods]


def statuses(
    running: Gateway, scope: Scope | None, every: list[tuple[str, str]]
) -> dict[tuple[str, str], int]:
    with running.client(scope) as client:
        client.base_url = httpx.URL(running.url)
        return {one: client.request(one[0], one[1].format_map(_ARGUMENTS)).status_code for one in every}


def placed(client: httpx.Client, key: str, **form: object) -> dict[str, Any]:
    answer = client.post("/orders", json={**BUY, **form}, headers={"Idempotency-Key": key})
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    return found


def settled(client: httpx.Client, order_id: str, status: str) -> dict[str, Any]:
    """Wait until an order stands where it should."""
    found: dict[str, Any] = {}

    def is_there() -> bool:
        found.update(client.get(f"/orders/{order_id}").json())
        return found.get("status") in (status, "rejected", "cancelled", "filled")

    wait_until(is_there, 20, f"{order_id} is {status}: {found}")
    assert found["status"] == status, found
    return found


def test_every_operation_is_refused_without_a_token(running: Gateway) -> None:
    every = operations(running)
    assert len(every) > 30

    closed = statuses(running, None, [one for one in every if one not in OPEN])

    assert [one for one, status in closed.items() if status != 401] == []


def test_a_read_token_changes_nothing(running: Gateway) -> None:
    unsafe = [one for one in operations(running) if one[0] != "get" and one not in LOOKS]
    assert len(unsafe) >= 11

    refused = statuses(running, Scope.READ, unsafe)

    assert [one for one, status in refused.items() if status != 403] == []


def test_only_an_admin_changes_rules(running: Gateway) -> None:
    with running.client(Scope.TRADE) as client:
        answer = client.put("/strategies/x/rules", json={"rules": {"lots": 2}})

    assert answer.status_code == 403
    assert "needs admin" in answer.json()["detail"]


def test_an_order_is_looked_through_placed_and_shown_everywhere(desk: tuple[Market, Gateway]) -> None:
    market, running = desk
    with running.client(Scope.TRADE) as client:
        before = len(client.get("/fills").json()["items"])
        preview = client.post("/orders/preview", json=BUY).json()
        order_id = placed(client, "everywhere")["order_id"]
        order = settled(client, order_id, "filled")
        fills = client.get("/fills", params={"newest": True}).json()["items"]
        (position,) = [
            one
            for one in client.get("/positions", params={"open": True}).json()["items"]
            if one["strategy"] == "hand"
        ]
        wait_until(lambda: client.get("/portfolio").json()["net"], 20, "the valuation has seen the fill")
        portfolio = client.get("/portfolio").json()
        reason = client.get(f"/why/{order_id}").json()

    assert preview["accepted"]
    assert preview["price"] == 112_40
    assert preview["needed"] == preview["margin"] + preview["charges"]
    assert order["filled_qty"] == LOT
    assert order["changed_id"] == fills[0]["id"]
    assert len(fills) == before + 1
    assert fills[0]["charges"] == preview["charges"]
    assert sum(fills[0]["costs"].values()) == fills[0]["charges"]
    assert position["qty"] * position["average_price"] == position["cost"]
    assert portfolio["net"] == portfolio["realised"] + portfolio["unrealised"] - portfolio["charges"]
    assert portfolio["value"] == portfolio["capital"] + portfolio["net"]
    assert portfolio["cash"] == portfolio["capital"] - position["cost"] - portfolio["charges"]
    assert any(node["stream"] == "signals" for node in reason["nodes"])
    orders = [decode(entry.data) for entry in market.view.entries("orders")]
    assert [one.order_id for one in orders if isinstance(one, PlaceOrder)].count(order_id) == 1


def test_the_same_key_is_the_same_order_and_another_wish_is_refused(running: Gateway) -> None:
    with running.client(Scope.TRADE) as client:
        first = placed(client, "twice")["order_id"]
        settled(client, first, "filled")
        again = placed(client, "twice")
        other = client.post("/orders", json={**BUY, "qty": 2 * LOT}, headers={"Idempotency-Key": "twice"})
        fills = [one for one in client.get("/fills?limit=1000").json()["items"] if one["order_id"] == first]

    assert again == {"order_id": first, "status": "filled"}
    assert other.status_code == 409
    assert len(fills) == 1


def test_one_key_is_one_order_also_for_those_who_ask_at_the_same_time(desk: tuple[Market, Gateway]) -> None:
    market, running = desk
    wishes = [{**BUY, "qty": (number % 2 + 1) * LOT} for number in range(12)]
    with running.client(Scope.TRADE) as client, ThreadPoolExecutor(len(wishes)) as threads:
        key = {"Idempotency-Key": "together"}
        answers = list(threads.map(lambda wish: client.post("/orders", json=wish, headers=key), wishes))
        (order_id,) = {one.json()["order_id"] for one in answers if one.status_code == 202}
        order = settled(client, order_id, "filled")

    taken = [wish["qty"] for wish, answer in zip(wishes, answers, strict=True) if answer.status_code == 202]
    assert taken == [order["qty"]] * (len(wishes) // 2)
    assert [one.status_code for one in answers].count(409) == len(wishes) // 2
    orders = [decode(entry.data) for entry in market.view.entries("orders")]
    assert [one.order_id for one in orders if isinstance(one, PlaceOrder)].count(order_id) == 1


def test_a_resting_order_is_changed_taken_back_and_its_end_refused(running: Gateway) -> None:
    with running.client(Scope.TRADE) as client:
        form = {"kind": "LIMIT", "limit_price": 90_00, "stop_loss": 80_00}
        order_id = placed(client, "resting", **form)["order_id"]
        assert settled(client, order_id, "working")["waits_for"] == "a seller at 90.00 or less"
        assert client.patch(f"/orders/{order_id}", json={"limit_price": 91_00}).status_code == 202
        wait_until(
            lambda: client.get(f"/orders/{order_id}").json()["limit_price"] == 91_00, 20, "it is changed"
        )
        assert client.delete(f"/orders/{order_id}").status_code == 202
        settled(client, order_id, "cancelled")
        late = client.delete(f"/orders/{order_id}")

    assert late.status_code == 409
    assert "cancelled already" in late.json()["detail"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"qty": 0}, "qty"),
        ({"qty": True}, "qty"),
        ({"side": "HOLD"}, "side"),
        ({"kind": "LIMIT"}, "limit_price"),
        ({"limit_price": 90_00}, "limit_price"),
        ({"kind": "SL-M", "trigger_price": 120_00, "validity": "IOC"}, "validity"),
        ({"instrument": "NFO:NIFTY01DEC26C24501"}, "instrument"),
        ({"colour": "red"}, "colour"),
        ({"order_id": "no spaces"}, "order_id"),
    ],
)
def test_a_wrong_field_is_named(running: Gateway, change: dict[str, object], field: str) -> None:
    with running.client(Scope.TRADE) as client:
        answer = client.post("/orders", json={**BUY, **change}, headers={"Idempotency-Key": "wrong"})

    assert (answer.status_code, answer.json()["field"]) == (422, field)
    assert answer.headers["content-type"] == "application/problem+json"


def test_an_order_without_a_key_is_not_sent(running: Gateway) -> None:
    with running.client(Scope.TRADE) as client:
        answer = client.post("/orders", json=BUY)

    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")


def test_a_list_is_given_in_parts_and_goes_on_behind_an_id(running: Gateway) -> None:
    with running.client(Scope.TRADE) as client:
        for number in range(3):
            settled(client, placed(client, f"part-{number}")["order_id"], "filled")
        whole = client.get("/fills", params={"limit": 1000}).json()["items"]
        parts, after = list[Any](), None
        while True:
            page = client.get("/fills", params={"limit": 2, **({"after": after} if after else {})}).json()
            parts += page["items"]
            if (after := page["next"]) is None:
                break
        newest = client.get("/fills", params={"limit": 2, "newest": True}).json()["items"]
        behind = client.get("/orders", params={"after": whole[-2]["id"]}).json()["items"]

    assert parts == whole
    assert newest == whole[:-3:-1]
    assert whole[-1]["order_id"] in [one["order_id"] for one in behind]


def test_the_page_needs_its_own_header_to_write(running: Gateway) -> None:
    with httpx.Client(base_url=f"{running.url}/api/v1", timeout=20) as page:
        session = page.post("/session", json={"token": running.tokens[Scope.TRADE]})
        cookie = session.headers["set-cookie"]
        looks = page.get("/portfolio")
        forged = page.post("/control/stop", json={})
        guessed = page.post("/control/stop", json={}, headers={"X-CSRF-Token": "guess"})
        own = page.post("/control/stop", json={}, headers={"X-CSRF-Token": session.json()["csrf"]})
        page.delete("/session", headers={"X-CSRF-Token": session.json()["csrf"]})
        after = page.get("/portfolio")

    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert [one.status_code for one in (looks, forged, guessed, own, after)] == [200, 403, 403, 202, 401]


def test_every_write_with_the_cookie_alone_is_refused(running: Gateway) -> None:
    unsafe = [one for one in operations(running) if one[0] != "get" and one not in OPEN]
    assert len(unsafe) >= 12
    with httpx.Client(base_url=running.url, timeout=20) as page:
        page.post("/api/v1/session", json={"token": running.tokens[Scope.ADMIN]})
        answers = {one: page.request(one[0], one[1].format_map(_ARGUMENTS)) for one in unsafe}

    assert [one for one, answer in answers.items() if answer.status_code != 403] == []
    assert {answer.json()["field"] for answer in answers.values()} == {"X-CSRF-Token"}


def test_whoever_wants_something_is_written_down_with_it(desk: tuple[Market, Gateway]) -> None:
    market, running = desk
    with running.client(Scope.READ) as reader:
        reader.post("/control/stop", json={"strategy": "audited"})
    httpx.post(f"{running.url}/api/v1/control/stop", json={}, timeout=20)
    with running.client(Scope.TRADE) as trader:
        trader.post("/control/stop", json={"strategy": "audited", "reason": "too hot"})
        wrong = trader.post("/orders", json={**BUY, "qty": -1}).status_code

    lines = [decode(entry.data) for entry in market.view.entries("audit")][-4:]
    told = [(one.who, one.target, one.outcome) for one in lines if isinstance(one, Audited)]
    assert told == [
        ("read", "", "403 not allowed"),
        (None, "", "401 no valid token"),
        ("trade", "audited", "202 accepted: too hot"),
        ("trade", "", "422 not acceptable as it is"),
    ]
    assert wrong == 422
    control, audit = market.view.entries("control")[-1], market.view.entries("audit")[-2]
    assert abs(int(control.id.split(b"-")[0]) - int(audit.id.split(b"-")[0])) <= 1


def test_a_killed_gateway_loses_nothing_and_repeats_nothing(desk: tuple[Market, Gateway]) -> None:
    market, running = desk
    with running.client(Scope.TRADE) as client:
        first = list[str]()
        for number in range(4):
            # Killed with orders on their way: nobody waits for an answer. Equal ones would be refused as a slip of the hand.
            first.append(placed(client, f"killed-{number}", qty=(number + 1) * LOT)["order_id"])
    running.replica.kill()
    running.start()
    with running.client(Scope.TRADE) as client:
        again = [
            placed(client, f"killed-{number}", qty=(number + 1) * LOT)["order_id"] for number in range(4)
        ]
        for order_id in again:
            settled(client, order_id, "filled")
        fills = client.get("/fills", params={"limit": 1000}).json()["items"]

    said = [decode(entry.data) for entry in market.view.entries("executions")]
    assert [one["fill_id"] for one in fills] == [one.fill_id for one in said if isinstance(one, Fill)]
    assert again == first
    assert all(sum(one["order_id"] == order_id for one in fills) == 1 for order_id in first)


def test_the_kill_switch_flattens_and_is_taken_back(running: Gateway) -> None:
    with running.client(Scope.TRADE) as client:
        settled(client, placed(client, "held")["order_id"], "filled")
        assert client.post("/control/kill-switch", json={"reason": "test"}).status_code == 202
        wait_until(lambda: not client.get("/portfolio").json()["positions"], 20, "nothing is held")
        wait_until(lambda: client.get("/status").json()["kill_switch"], 20, "the status says so")
        refused = placed(client, "halted")["order_id"]
        order = settled(client, refused, "rejected")
        preview = client.post("/orders/preview", json=BUY).json()
        assert client.post("/control/resume", json={}).status_code == 202
        wait_until(lambda: client.get("/status").json()["kill_switch"] is None, 20, "it trades again")
        settled(client, placed(client, "resumed")["order_id"], "filled")

    assert order["reason"].startswith("HALTED")
    assert (preview["accepted"], preview["reason"]) == (False, "HALTED")


def test_a_contract_nobody_quotes_cannot_be_previewed(running: Gateway) -> None:
    with running.client(Scope.READ) as client:
        answer = client.post("/orders/preview", json={**BUY, "instrument": MUTE})

    assert answer.status_code == 409
    assert "no price" in answer.json()["detail"]


def test_who_watches_another_desk_trades_on_none(desk: tuple[Market, Gateway]) -> None:
    market, running = desk
    before = market.view.length("orders"), market.view.length("control")
    with running.client(Scope.ADMIN) as client:
        there = {"desk": "replay-2026-11-23-x"}
        answers = [
            client.post("/orders", params=there, json=BUY, headers={"Idempotency-Key": "elsewhere"}),
            client.post("/orders/preview", params=there, json=BUY),
            client.post("/control/kill-switch", params=there, json={}),
            client.put("/strategies/any/rules", params=there, json={"rules": {"lots": 1}}),
        ]

    assert [(one.status_code, one.json()["field"]) for one in answers] == [(409, "desk")] * 4
    assert (market.view.length("orders"), market.view.length("control")) == before


@pytest.mark.parametrize("path", ["/charges", "/strategies/nifty_straddle/rules", "/instruments?q=nifty"])
def test_what_seldom_changes_is_sent_once(running: Gateway, path: str) -> None:
    with running.client(Scope.READ) as client:
        first = client.get(path)
        again = client.get(path, headers={"If-None-Match": first.headers["etag"]})
        other = client.get(path, headers={"If-None-Match": '"another"'})

    assert (first.status_code, again.status_code, other.status_code) == (200, 304, 200)
    assert (again.content, other.content) == (b"", first.content)


def test_answers_carry_headers_that_bind_the_browser(running: Gateway) -> None:
    with running.client() as client:
        headers = client.get("/portfolio").headers

    assert "default-src 'none'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["cache-control"] == "no-store"


@pytest.fixture(scope="module")
def documented(desk: tuple[Market, Gateway]) -> list[Any]:
    """The operations of the OpenAPI document; a stream of events never ends, and has tests of its own."""
    schema: Any = schemathesis.openapi.from_url(f"{desk[1].url}/api/v1/openapi.json")
    return [found.ok() for found in schema.exclude(path_regex="/events$").get_all_operations()]


def test_each_read_of_the_document_answers_about_the_desk_as_it_is(
    running: Gateway, documented: list[Any]
) -> None:
    with running.client(Scope.TRADE) as client:
        order_id = placed(client, "documented", stop_loss=50_00)["order_id"]
        settled(client, order_id, "filled")
        wait_until(lambda: client.get("/equity?from=0").json()["items"], 20, "there is a curve")
    there = {"order_id": order_id, "asked": order_id, "instance": "nifty_straddle", "instrument": OPTION}
    there |= {"instruments": OPTION, "underlying": "NIFTY"}
    headers = {"Authorization": f"Bearer {running.tokens[Scope.READ]}"}

    reads = [one for one in documented if one.method == "get"]
    assert len(reads) > 20
    for read in reads:
        case = read.Case(
            path_parameters={one.name: there[one.name] for one in read.path_parameters},
            query={one.name: there[one.name] for one in read.query if one.is_required},
        )
        answer = case.call(headers=headers)
        assert answer.status_code == 200, f"{read.path}: {answer.text}"
        case.validate_response(answer, checks=CHECKS)


def test_each_read_of_a_desk_that_is_not_there_is_refused_by_its_name(
    running: Gateway, documented: list[Any]
) -> None:
    told = {}
    for read in documented:
        if read.method == "get" and any(one.name == "desk" for one in read.query):
            query = {one.name: "NIFTY" for one in read.query if one.is_required} | {"desk": "nowhere"}
            names = {one.name: "x" for one in read.path_parameters}
            answer = read.Case(path_parameters=names, query=query).call(
                headers={"Authorization": f"Bearer {running.tokens[Scope.READ]}"}
            )
            told[read.path] = (answer.status_code, answer.json()["field"], "'nowhere'" in answer.text)

    assert len(told) > 15
    assert set(told.values()) == {(404, "desk", True)}, told


@pytest.mark.parametrize("mode", list(GenerationMode), ids=str)
def test_nothing_that_fits_the_document_or_does_not_makes_the_gateway_stumble(
    running: Gateway, documented: list[Any], mode: GenerationMode
) -> None:
    """Requests drawn from the OpenAPI document, or made wrong: answers are of the kinds that it names, and never 5xx."""
    failures: list[str] = []
    drawn = 0
    for operation in documented:
        if (operation.method, operation.path) == ("post", "/api/v1/replays"):
            continue  # A replay is a process, and has a test of its own.
        if mode is GenerationMode.NEGATIVE and not (
            operation.query or operation.path_parameters or operation.body
        ):
            continue  # Nothing can be wrong about it.

        @hypothesis.settings(
            max_examples=6,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate],
        )
        @hypothesis.given(case=operation.as_strategy(mode))
        def ask(case: Any) -> None:
            nonlocal drawn
            drawn += 1
            try:
                case.call_and_validate(
                    headers={"Authorization": f"Bearer {running.tokens[Scope.ADMIN]}"}, checks=CHECKS
                )
            except FailureGroup as error:
                failures.extend(f"{case.method} {case.path}: {one}" for one in error.exceptions)

        ask()
    assert not failures, "\n".join(dict.fromkeys(failures))
    assert drawn > 100


def test_a_day_is_watched_again_on_a_desk_of_its_own(running: Gateway) -> None:
    with running.client(Scope.TRADE) as client:
        settled(client, placed(client, "watched again", qty=3 * LOT)["order_id"], "filled")
        own = [one["fill_id"] for one in client.get("/fills?limit=1000").json()["items"]]
        begun = client.post("/replays", json={"speed": 1000}).json()
        again = client.post("/replays", json={"speed": 1000}).json()

        def state() -> str | None:
            found = {one["id"]: one["state"] for one in client.get("/replays").json()["items"]}
            return found.get(begun["id"])

        wait_until(lambda: state() == "finished", 60, "the replay is finished")
        there = client.get("/fills", params={"desk": begun["id"], "limit": 1000}).json()["items"]
        watched = client.get("/portfolio", params={"desk": begun["id"]}).json()
        ended = client.delete(f"/replays/{begun['id']}").status_code
        gone = client.get("/fills", params={"desk": begun["id"]})

    assert again["id"] == begun["id"]
    assert [one["fill_id"] for one in there] == own
    assert watched["counts"]["fills"] == len(own)
    assert (ended, state_of_answer(gone)) == (204, "no desk")


def state_of_answer(answer: httpx.Response) -> str:
    return "no desk" if answer.status_code == 404 else f"{answer.status_code} {answer.text[:100]}"
