"""The page's own parts in a real browser, before a gateway that says just what each test needs: races that no running desk repeats."""

import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, WebSocketRoute, expect

from tests.browser.conftest import PATIENCE_MS

pytestmark = [pytest.mark.browser, pytest.mark.slow]

STATIC = Path(__file__).parents[2] / "services/gateway/src/sauda_gateway/static"
FUTURE = "NFO:NIFTY23NOV26F"
NOON_NS = 1_793_686_500 * 10**9
"""3 November 2026, 11:45 IST."""
DAY_NS = 86_400 * 10**9
MINUTE_NS = 60 * 10**9


@pytest.fixture(scope="module")
def files() -> Iterator[str]:
    """Serve the page's files as they stand; return their address."""

    class Quiet(SimpleHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(STATIC)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


class Gateway:
    """Answers what the page asks, and keeps what it was asked."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.market_ns = NOON_NS
        self.fills: list[dict[str, Any]] = []
        self.lists: dict[str, list[dict[str, Any]]] = {}
        """path -> what it lists"""
        self.halted: dict[str, str | None] = {"": None}
        """desk as it is asked for -> who halted it"""
        self.posted: list[tuple[str, dict[str, list[str]], Any]] = []
        self.refuses: dict[str, tuple[int, dict[str, Any]]] = {}
        """path -> status and problem, once"""
        self.holds: Callable[[str], bool] = lambda _path: False
        self.held: list[Route] = []
        self.socket: WebSocketRoute | None = None
        page.route("**/api/v1/**", self._answer)
        page.route_web_socket("**/api/v1/stream*", self._connect)
        page.goto(address)

    def say(self, **message: Any) -> None:
        """Send *message* over the page's stream."""
        assert self.socket is not None
        self.socket.send(json.dumps(message))

    def answer_held(self) -> None:
        """Answer what was held back, as it stands now."""
        self.holds = lambda _path: False
        while self.held:
            self._answer(self.held.pop(0))

    def _connect(self, socket: WebSocketRoute) -> None:
        self.socket = socket
        socket.on_message(lambda _text: None)
        self.say(hello={"desk": "live", "market_ns": self.market_ns, "away": None})

    def _answer(self, route: Route) -> None:
        asked = urlsplit(route.request.url)
        path, query = asked.path.removeprefix("/api/v1"), parse_qs(asked.query)
        if self.holds(path):
            self.held.append(route)
            return
        if path in self.refuses:
            status, problem = self.refuses.pop(path)
            route.fulfill(status=status, json=problem)
            return
        if route.request.method in ("POST", "PATCH"):
            self.posted.append((path, query, json.loads(route.request.post_data or "null")))
            if path == "/orders":
                route.fulfill(status=202, json={"order_id": "o-1", "status": "sent"})
                return
        route.fulfill(json=self._told(path, query.get("desk", [""])[0]))

    def _told(self, path: str, desk: str) -> Any:
        match path:
            case "/session":
                return {"scope": "admin", "csrf_token": "x"}
            case "/status":
                return {
                    "desk": desk or "live",
                    "market_ns": self.market_ns,
                    "kill_switch": self.halted.get(desk),
                    "tick_age_ms": 10,
                    "stands_still": False,
                }
            case "/portfolio":
                return {"event_ns": None, "capital": 100_000_00, "strategies": []}
            case "/orders/preview":
                return {"accepted": True, "price": 1, "margin": 1, "available": 1, "charges": 1, "costs": {}}
            case "/fills":
                return {"items": list(self.fills), "next": None}
        return {"items": self.lists.get(path, []), "next": None}


@pytest.fixture(scope="module")
def window(browser: Browser) -> Iterator[BrowserContext]:
    """One window for all: what was loaded once is not loaded again."""
    context = browser.new_context(viewport={"width": 1280, "height": 760}, locale="en-IN")
    context.set_default_timeout(PATIENCE_MS)
    yield context
    context.close()


@pytest.fixture
def gateway(window: BrowserContext, files: str) -> Iterator[Gateway]:
    """A page that has begun, and the gateway before it; an error that nobody caught fails the test."""
    page = window.new_page()
    uncaught: list[str] = []
    page.on("pageerror", lambda error: uncaught.append(str(error)))
    made = Gateway(page, files)
    expect(page.locator("[data-test=link]")).to_have_text("Live")
    yield made
    page.close()
    assert uncaught == []


@pytest.fixture
def page(window: BrowserContext, files: str) -> Iterator[Page]:
    """A page on which modules can be tried alone."""
    made = window.new_page()
    made.goto(f"{files}/vendor/hashes.json")
    yield made
    made.close()


def a_fill(number: int, at_ns: int = NOON_NS) -> dict[str, Any]:
    return {
        "id": f"1793686500{number:03}-0",
        "type": "fill",
        "fill_id": f"f-{number}",
        "order_id": f"o-{number}",
        "strategy": "hand",
        "instrument": FUTURE,
        "side": "BUY",
        "qty": 65,
        "price": 24_650_00,
        "charges": 91_88,
        "event_ns": at_ns,
    }


CONTRACT = {"instrument": FUTURE, "kind": "future", "exchange": "NFO", "lot_size": 65}


def an_order(**terms: Any) -> dict[str, Any]:
    prices = {"limit_price": 24_000_00, "trigger_price": None, "average_price": None, "reason": None}
    made = {
        "order_id": "o-1",
        "strategy": "hand",
        "instrument": FUTURE,
        "side": "BUY",
        "qty": 65,
        "kind": "LIMIT",
    }
    standing = {"status": "working", "filled_qty": 0, "event_ns": NOON_NS, "changed_id": "1-0"}
    return {**made, **prices, **standing, **terms}


def go(page: Page, view: str) -> None:
    page.evaluate(f"location.hash = '#/{view}'")


def shown(page: Page) -> list[str]:
    found: list[str] = page.eval_on_selector_all("[data-fill]", "all => all.map(one => one.dataset.fill)")
    return found


WRITTEN = (
    ("rupees(12345650)", "₹1,23,456.50"),
    ("rupees(-12345650)", "\u2212₹1,23,456.50"),
    ("gain(100000000000)", "+₹1,00,00,00,000.00"),
    ("gain(0)", "₹0.00"),
    ("change(-5)", "\u22120.05"),
    ("price(-99999)", "\u2212999.99"),
    ("count(-1234567, true)", "\u221212,34,567"),
    ("lakhs(-4533100)", "\u221245.33 L"),
    ("lakhs(123456789)", "12.35 Cr"),
    ("inLakhs(-4533100, true)", "\u221245.33"),
    ("percent(-0.001, true)", "0.00 %"),
    ("price(null)", "–"),  # noqa: RUF001 - the page's dash
    # Half past six in the evening of UTC is midnight in India.
    ("isoDay(1793730599000000000)", "2026-11-03"),
    ("isoDay(1793730600000000000)", "2026-11-04"),
    ("clock(1793730600000000000)", "00:00:00"),
    ("day(1793730600000000000)", "Wed, 04 Nov 2026"),
    ("String(paise('1,23,456.5'))", "12345650"),
    ("String(paise('1.234'))", "NaN"),
    ("String(paise('0'))", "NaN"),
    ("String(units('1,300'))", "1300"),
    ("String(units('65.5'))", "NaN"),
    ("String(units('1e9'))", "NaN"),
    ("String(units('-65'))", "NaN"),
    ("prose('NFO:NIFTY03NOV26P24600 was hit at Rs 65.20')", "NIFTY 24600 PE was hit at ₹65.20"),
    ("prose('at 24614.35, 10:31:07')", "at 24,614.35, 10:31:07"),
)


def test_figures_are_written_as_india_writes_them(page: Page) -> None:
    made = page.evaluate(
        """async (calls) => {
            const all = await import('/js/format.js');
            return calls.map((call) => Function(...Object.keys(all), `return ${call}`)(...Object.values(all)));
        }""",
        [call for call, _ in WRITTEN],
    )

    assert [text.replace("\u202f", " ") for text in made] == [text for _, text in WRITTEN]


def test_a_bar_that_ended_stands_in_place_of_what_ticks_drew_of_it(page: Page) -> None:
    made = page.evaluate(
        """async ([start, minute]) => {
            const { Bars } = await import('/js/bars.js');
            const bars = new Bars('1m');
            bars.fill([{ start_ns: start, open: 100, high: 110, low: 90, close: 105, volume: 7 }]);
            bars.tick({ ltp: 106, recv_ns: start + 1.2 * minute, volume: 1000 });
            bars.tick({ ltp: 104, recv_ns: start + 1.9 * minute, volume: 1065 });
            const drawn = { ...bars.last };
            bars.tick({ ltp: 108, recv_ns: start + 2.1 * minute, volume: 1130 });
            const isNewest = bars.add({ start_ns: start + minute, open: 105, high: 112, low: 101, close: 104, volume: 130 });
            return { drawn, isNewest, all: bars.all() };
        }""",
        [NOON_NS, MINUTE_NS],
    )

    assert (made["drawn"]["open"], made["drawn"]["volume"]) == (106, 65)
    assert not made["isNewest"]
    assert [(one["open"], one["high"], one["volume"]) for one in made["all"]] == [
        (100, 110, 7),
        (105, 112, 130),
        (108, 108, 65),
    ]


def test_an_hour_of_an_exchange_that_opens_at_nine_begins_at_the_full_hour(page: Page) -> None:
    nine_ns = NOON_NS - 165 * MINUTE_NS
    begun = page.evaluate(
        """async ([first, now]) => {
            const { Bars } = await import('/js/bars.js');
            const bars = new Bars('1h');
            bars.fill([{ start_ns: first, open: 1, high: 1, low: 1, close: 1, volume: 1 }]);
            return bars.startOf(now);
        }""",
        [nine_ns, nine_ns + 130 * MINUTE_NS],
    )

    assert begun == nine_ns + 120 * MINUTE_NS


def test_a_fill_that_comes_while_a_gap_is_read_is_not_lost(gateway: Gateway) -> None:
    gateway.fills = [a_fill(1), a_fill(2)]
    gateway.holds = lambda path: path == "/fills"
    gateway.say(topic="fills", gap=True, after="0-0", id=a_fill(2)["id"])
    while not gateway.held:
        gateway.page.wait_for_timeout(20)
    gateway.say(topic="fills", id=a_fill(3)["id"], data=a_fill(3))
    expect(gateway.page.locator("[data-fill=f-3]")).to_be_visible()

    gateway.answer_held()

    expect(gateway.page.locator("[data-fill=f-1]")).to_be_visible()
    assert shown(gateway.page) == ["f-3", "f-2", "f-1"]


def test_a_gap_that_cannot_be_read_at_once_is_read_later(gateway: Gateway) -> None:
    gateway.holds = lambda path: path == "/fills"
    gateway.say(topic="fills", gap=True, after="0-0", id=a_fill(1)["id"])
    while not gateway.held:
        gateway.page.wait_for_timeout(20)
    gateway.fills = [a_fill(1)]
    gateway.held.pop().abort()
    gateway.holds = lambda _path: False

    expect(gateway.page.locator("[data-fill=f-1]")).to_be_visible()


def test_what_was_yesterday_is_not_counted_as_today(gateway: Gateway) -> None:
    point = {"net": 100, "realised": 100, "unrealised": 0, "charges": 0, "event_ns": NOON_NS}
    gateway.say(topic="fills", id=a_fill(1)["id"], data=a_fill(1))
    gateway.say(topic="pnl", id="1-0", data={"desk": point, "strategies": [], "positions": []})
    expect(gateway.page.locator("[data-test=fill-count]")).to_have_text("1")

    gateway.market_ns += DAY_NS
    point["event_ns"] = gateway.market_ns
    gateway.say(topic="pnl", id="2-0", data={"desk": point, "strategies": [], "positions": []})

    expect(gateway.page.locator("[data-test=fill-count]")).to_have_text("0")


@pytest.mark.parametrize("replay_was_halted", [False, True])
def test_the_kill_switch_reaches_the_own_desk_while_a_replay_is_watched(
    gateway: Gateway, replay_was_halted: bool
) -> None:
    page = gateway.page
    gateway.halted["replay-1"] = "somebody, that day" if replay_was_halted else None
    page.evaluate("import('/js/api.js').then(({ watch }) => watch('replay-1'))")
    expect(page.locator(".desk-name")).to_have_text("replay-1")

    page.keyboard.press("k")
    page.get_by_role("dialog").get_by_role("button", name="Halt and flatten").click()

    expect(page.get_by_role("dialog")).to_be_hidden()
    ((path, query, said),) = [one for one in gateway.posted if one[0].startswith("/control")]
    assert (path, query, said["on"]) == ("/control/kill-switch", {}, True)


def test_the_kill_switch_does_not_turn_under_the_finger(gateway: Gateway) -> None:
    page = gateway.page
    page.keyboard.press("k")
    gateway.halted[""] = "somebody else"
    expect(page.locator("[data-test=halted]")).to_be_visible()

    page.get_by_role("dialog").get_by_role("button", name="Halt and flatten").click()

    expect(page.get_by_role("dialog")).to_be_hidden()
    assert [said["on"] for path, _, said in gateway.posted if path == "/control/kill-switch"] == [True]


def test_another_wish_has_another_key_and_the_same_the_same_from_any_view(gateway: Gateway) -> None:
    page = gateway.page
    keys: list[str | None] = []
    gateway.lists["/instruments"] = [CONTRACT]
    # As on a page that came without TLS from another machine.
    page.evaluate("delete Crypto.prototype.randomUUID")

    def lose(route: Route) -> None:
        keys.append(route.request.headers.get("idempotency-key"))
        route.abort()

    page.route(
        "**/api/v1/orders", lambda route: lose(route) if route.request.method == "POST" else route.fallback()
    )
    go(page, f"ticket/{FUTURE.replace(':', '%3A')}")
    send = page.locator("[data-test=send]")
    for sent in (1, 2):
        send.click()
        expect(page.locator("[data-test=ticket] .refusal[role=alert]").last).to_be_visible()
        while len(keys) < sent:
            page.wait_for_timeout(20)
    page.get_by_role("button", name="One lot more").click()
    expect(send).to_have_text("Buy 130")
    send.click()
    while len(keys) < 3:
        page.wait_for_timeout(20)
    go(page, "desk")
    expect(page.locator("[data-test=figures]")).to_be_visible()
    go(page, f"ticket/{FUTURE.replace(':', '%3A')}")
    expect(send).to_have_text("Buy 65")
    send.click()
    while len(keys) < 4:
        page.wait_for_timeout(20)

    assert keys[0] == keys[1] == keys[3] != keys[2]
    assert None not in keys


def test_a_second_click_is_no_second_order(gateway: Gateway) -> None:
    page = gateway.page
    gateway.lists["/instruments"] = [CONTRACT]
    go(page, f"ticket/{FUTURE.replace(':', '%3A')}")
    expect(page.locator("[data-test=send]")).to_be_enabled()

    # The second click comes at the very moment at which the page has drawn the answer to the first.
    page.evaluate(
        """() => new Promise((done) => {
            const form = document.querySelector('[data-test=ticket]');
            const click = () => form.querySelector('[data-test=send]').click();
            new MutationObserver(() => form.querySelector('.outcome') && [click(), click(), done()]).observe(form, { childList: true, subtree: true });
            click();
            click();
        })"""
    )
    go(page, "desk")
    expect(page.locator("[data-test=figures]")).to_be_visible()

    assert [path for path, _, _ in gateway.posted if path == "/orders"] == ["/orders"]


def test_the_ticket_takes_no_figure_that_is_none(gateway: Gateway) -> None:
    page = gateway.page
    gateway.lists["/instruments"] = [CONTRACT]
    go(page, f"ticket/{FUTURE.replace(':', '%3A')}?side=NONSENSE")
    send = page.locator("[data-test=send]")
    expect(send).to_have_text("Buy 65")
    page.get_by_role("button", name="Limit", exact=True).click()
    for name, right, wrong in (
        ("limit_price", "1,234.50", ("0", "-5", "1.234", "x")),
        ("qty", "130", ("0", "65.5", "1e3", "x")),
    ):
        field = page.locator(f"[name={name}]")
        for text in wrong:
            field.fill(right)
            if name == "qty":
                expect(send).to_be_enabled()
            field.fill(text)
            expect(field).to_have_attribute("aria-invalid", "true")
            expect(send).to_be_disabled()
        field.fill(right)

    expect(send).to_be_enabled()


def test_an_address_that_leads_nowhere_says_so(gateway: Gateway) -> None:
    for view, says in (
        ("ticket/NFO%3ANOSUCH", "Nothing is called NFO:NOSUCH here"),
        ("chart/%E0%A4%A", "No bar of this instrument yet"),
        ("nosuch", "There is no such view"),
    ):
        go(gateway.page, view)
        expect(gateway.page.locator("main")).to_contain_text(says)


def test_a_change_stays_open_until_the_exchange_has_answered(gateway: Gateway) -> None:
    page = gateway.page
    page.set_viewport_size({"width": 390, "height": 844})
    gateway.lists["/orders"] = [an_order()]
    gateway.say(topic="orders", id="1-0", data={})
    page.get_by_role("button", name="Change order o-1").click()
    dialog, limit = page.get_by_role("dialog"), page.locator("dialog [name=limit_price]")
    limit.fill("nonsense")
    page.get_by_role("button", name="Change it").click()
    expect(dialog).to_contain_text("Limit price “nonsense” is none.")
    limit.fill("24,100.03")
    page.get_by_role("button", name="Change it").click()
    expect(page.get_by_role("button", name="Asked…")).to_be_disabled()

    gateway.lists["/orders"] = [an_order(reason="OFF_TICK: not a multiple of 0.05", changed_id="2-0")]
    gateway.say(topic="orders", id="2-0", data={})
    expect(dialog).to_contain_text("OFF_TICK: not a multiple of 0.05")
    expect(limit).to_have_value("24,100.03")
    limit.fill("24,100")
    page.get_by_role("button", name="Change it").click()
    gateway.lists["/orders"] = [an_order(limit_price=24_100_00, changed_id="3-0")]
    gateway.say(topic="orders", id="3-0", data={})
    expect(dialog).to_be_hidden()

    changes = [(path, said) for path, _, said in gateway.posted if path == "/orders/o-1"]
    assert changes == [
        ("/orders/o-1", {"limit_price": 24_100_03}),
        ("/orders/o-1", {"limit_price": 24_100_00}),
    ]


def test_the_day_that_was_picked_for_a_replay_stays(gateway: Gateway) -> None:
    page = gateway.page
    go(page, "replay")
    page.fill("[name=date]", "2026-10-30")
    page.select_option("[name=speed]", "60")
    point = {"net": 0, "realised": 0, "unrealised": 0, "charges": 0, "event_ns": NOON_NS + MINUTE_NS}

    gateway.say(topic="pnl", id="1-0", data={"desk": point, "strategies": [], "positions": []})
    expect(page.locator(".clock time")).to_have_text("11:46:00")

    assert (page.input_value("[name=date]"), page.input_value("[name=speed]")) == ("2026-10-30", "60")


def test_a_session_that_is_over_asks_for_the_token(gateway: Gateway) -> None:
    problem = {"title": "Who is there?", "detail": "this token is unknown or has expired: …"}
    gateway.refuses = {"/status": (401, problem), "/session": (401, problem)}

    gateway.page.fill("[name=token]", "of yesterday")
    gateway.page.click("text=Enter the desk")

    expect(gateway.page.locator(".refusal")).to_contain_text("This token is unknown, or has expired.")


def test_a_page_whose_session_another_tab_has_replaced_can_still_halt_the_desk(gateway: Gateway) -> None:
    forged = {"title": "Not allowed", "detail": "a write needs …", "field": "X-CSRF-Token"}
    gateway.refuses = {"/control/kill-switch": (403, forged)}

    gateway.page.keyboard.press("k")
    gateway.page.get_by_role("dialog").get_by_role("button", name="Halt and flatten").click()

    expect(gateway.page.get_by_role("dialog")).to_be_hidden()
    assert [path for path, _, _ in gateway.posted if path.startswith("/control")] == ["/control/kill-switch"]


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 760)])
def test_nothing_is_cut_off_at_the_right_whatever_it_is_called(
    gateway: Gateway, width: int, height: int
) -> None:
    page, long = gateway.page, "a_name_that_somebody_gave_to_a_strategy_and_nobody_ever_made_shorter"
    position = {"instrument": "NFO:BANKNIFTY24NOV26P50000", "qty": -35, "cost": -350_000, "event_ns": NOON_NS}
    money = {"ltp": 101_00, "realised": 1_234_567_890, "unrealised": -12_345_650, "charges": 1_200}
    terms = {"strategy": long, "instrument": "NFO:BANKNIFTY24NOV26P50000"}
    stop = an_order(**terms, kind="SL", limit_price=1_400, trigger_price=24_625_70)
    target = an_order(**terms, order_id="o-2", limit_price=24_417_20)
    replay = {"id": "replay-2026-11-03-ab12cd34", "state": "running", "source": "live", "played": 1_234_567}
    gateway.lists = {
        "/positions": [
            {"strategy": name, **position, **money} for name in (long, *(f"s{n}" for n in range(199)))
        ],
        "/orders": [stop, target],
        "/replays": [{"asked": "", "first_ns": NOON_NS, "last_ns": NOON_NS, **replay}],
    }
    page.set_viewport_size({"width": width, "height": height})
    page.reload()
    expect(page.locator("[data-test=positions] tbody")).to_have_count(200)
    for view, there in (("desk", "positions"), ("ticket", "orders"), ("replay", "")):
        go(page, view)
        expect(page.locator(f"[data-test={there}]" if there else "text=replay-2026-11-03")).to_be_visible()
        cut = page.eval_on_selector_all(
            "html, .panel .body", "all => all.map(one => one.scrollWidth - one.clientWidth)"
        )
        assert max(cut) == 0, view
