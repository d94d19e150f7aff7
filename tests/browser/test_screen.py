"""The trader's screen in a real browser over a running desk: what it shows is what the desk did, also after the gateway was killed."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.browser.conftest import Running, Screen
from tests.browser.desk_facts import gateway_away, indian, market_at_rest, money_of, stored
from tests.e2e.conftest import eventually

pytestmark = [pytest.mark.browser, pytest.mark.e2e, pytest.mark.slow]

AXE = Path(__file__).with_name("vendor") / "axe.min.js"
LOOKS: tuple[tuple[int, Any, str], ...] = (
    (1280, "light", ""),
    (1280, "dark", "runOnly: ['color-contrast']"),
    (390, "light", ""),
)
"""Width, colours, and the rules of axe: only the colours are others in the dark."""
VIEWS = {
    "desk": "[data-test=positions]",
    "chain": ".chain .atm",
    "chart": ".charting .chart[data-bars]:not([data-bars='0'])",
    "ticket": "[data-test=orders]",
    "strategies": ".strategy .actions",
    "system": ".flow svg",
    "why": ".offers",
    "replay": ".replaying form",
    "login": "main.login",
}
"""View -> what stands in it alone, once it has been read."""
FUTURE = "NFO:NIFTY23NOV26F"
"""Its price does not melt away while the test runs, as an option's does on its last day."""


def test_the_profit_on_the_page_is_that_of_the_program_and_of_the_database(screen: Screen) -> None:
    with market_at_rest(screen.desk):

        def agrees() -> bool:
            told = money_of(screen.desk.asked("pnl")["desk"])
            shown = tuple(screen.text(name) for name in ("net", "realised", "unrealised", "charges"))
            wanted = (*(indian(paise) for paise in told[:3]), indian(told[3], plus=False))
            return told[3] > 0 and shown == wanted and stored(screen.desk) == told

        eventually(agrees, within_s=20)


def test_an_order_from_the_ticket_is_filled_and_appears_everywhere(screen: Screen) -> None:
    contract = screen.desk.fills()[0]["instrument"]
    screen.show("ticket")
    form = screen.page.locator("[data-test=ticket]")
    form.locator("[name=instrument]").fill(contract.partition(":")[2])
    form.locator("[role=listbox] [role=option]").first.click()
    expect(form.locator("[data-test=charges-before]")).to_contain_text("₹")
    expect(form.locator("[data-test=margin-needed]")).to_contain_text("₹")
    rows = screen.page.locator("[data-test=orders] tr", has_text="by hand")
    before, known = screen.desk.fills(), rows.count()

    form.locator("[data-test=send]").click()

    expect(rows).to_have_count(known + 1)
    row = rows.first
    expect(row).to_contain_text("Filled")
    order_id = row.get_attribute("data-order")
    fill = next(one for one in screen.desk.fills() if one["order_id"] == order_id)
    assert fill not in before
    screen.show("desk")
    expect(screen.page.locator(f"[data-fill='{fill['fill_id']}']")).to_be_visible()
    expect(screen.page.locator("[data-test=positions]")).to_contain_text("By hand")
    held = {one["instrument"]: one["qty"] for one in screen.desk.asked("positions", "--strategy", "hand")}
    assert held[contract] == sum(one["qty"] for one in screen.desk.fills() if one["strategy"] == "hand")
    screen.page.locator(f"[data-fill='{fill['fill_id']}']").click()
    expect(screen.page.locator(".node.orders").first).to_be_visible()


def test_an_order_is_changed_and_taken_back_on_a_phone(screen: Screen) -> None:
    screen.page.set_viewport_size({"width": 390, "height": 844})
    screen.show(f"ticket/{quote(FUTURE, safe='')}?side=BUY")
    form = screen.page.locator("[data-test=ticket]")
    expect(form.locator("[data-test=ltp]")).to_contain_text(".")
    ltp = round(100 * float(form.locator("[data-test=ltp]").inner_text().replace(",", "")))
    far, further = (int(ltp * part) // 10 * 10 for part in (0.95, 0.94))
    form.get_by_role("button", name="Limit", exact=True).click()
    form.locator("[name=limit_price]").fill(f"{far / 100:,.2f}")
    form.locator("[data-test=send]").click()
    expect(form.locator(".outcome")).to_contain_text("Working")
    screen.show("desk")
    row = screen.page.locator("[data-test=open-orders] tr", has_text=f"{far / 100:,.2f}")

    row.get_by_role("button", name="Change order").click()
    screen.page.locator("dialog [name=limit_price]").fill(f"{further / 100:,.2f}")
    screen.page.get_by_role("button", name="Change it").click()

    expect(screen.page.get_by_role("dialog")).to_be_hidden()
    (order,) = [
        one for one in screen.desk.asked("orders") if one["strategy"] == "hand" and one["status"] == "working"
    ]
    assert order["limit_price"] == further
    row = screen.page.locator(f"[data-order='{order['order_id']}']")
    expect(row).to_contain_text(f"{further / 100:,.2f}")
    row.get_by_role("button", name="Cancel order").click()
    expect(row).to_be_hidden()
    (order,) = [one for one in screen.desk.asked("orders") if one["order_id"] == order["order_id"]]
    assert order["status"] == "cancelled"


def test_a_gateway_killed_under_the_page_costs_no_fill(screen: Screen) -> None:
    expect(screen.page.locator("[data-test=link]")).to_have_text("Live")
    contract = screen.desk.fills()[0]["instrument"]

    with gateway_away(screen.desk):
        expect(screen.page.locator("[data-test=lost]")).to_be_visible()
        bought = screen.desk.sauda("order", "buy", contract, "65", "--json")
        assert json.loads(bought.stdout)["status"] == "filled", bought.stdout + bought.stderr
        filled = {one["fill_id"] for one in screen.desk.fills()} - screen.fills()
        assert filled

    expect(screen.page.locator("[data-test=link]")).to_have_text("Live")
    expect(screen.page.locator("[data-test=lost]")).to_be_hidden()
    eventually(lambda: screen.fills() == {one["fill_id"] for one in screen.desk.fills()}, within_s=20)
    assert filled <= screen.fills()


def test_a_wrong_token_opens_nothing_and_the_right_one_does_until_it_is_handed_back(
    laptop: BrowserContext, desk: Running
) -> None:
    page = laptop.new_page()
    page.goto(desk.address)
    page.fill("[name=token]", "sauda_wrong")
    page.click("text=Enter the desk")
    expect(page.locator(".refusal")).to_contain_text("unknown, or has expired")
    page.fill("[name=token]", desk.token)
    page.click("text=Enter the desk")
    expect(page.locator("[data-test=figures]")).to_be_visible()
    other = laptop.new_page()
    other.goto(desk.address)
    expect(other.locator("[data-test=figures]")).to_be_visible()

    other.get_by_role("button", name="Log out").click()

    expect(other.locator("[name=token]")).to_be_visible()
    expect(page.locator("[name=token]")).to_be_visible()
    assert page.request.get(f"{desk.address}/api/v1/portfolio").status == 401


def test_axe_finds_nothing_serious(screen: Screen) -> None:
    page = screen.page
    page.evaluate(AXE.read_text())
    found: list[tuple[Any, ...]] = []
    walked = f"why/{quote(screen.desk.fills()[0]['fill_id'], safe='')}"
    for view, settled in {walked: ".chain-of .node", **VIEWS}.items():
        screen.show(view)
        expect(page.locator(settled).first).to_be_visible()
        for width, scheme, rules in LOOKS:
            page.set_viewport_size({"width": width, "height": 800})
            page.emulate_media(color_scheme=scheme)
            found += [(view, width, scheme, *one) for one in serious(page, rules)]
            assert page.evaluate("document.documentElement.scrollWidth") <= width, view

    assert found == []


def serious(page: Page, rules: str) -> list[tuple[str, str]]:
    """Return what axe finds serious or critical: rule and element."""
    told = page.evaluate(f"axe.run({{resultTypes: ['violations'], {rules}}})")
    return [
        (one["id"], one["nodes"][0]["html"][:120])
        for one in told["violations"]
        if one["impact"] in ("serious", "critical")
    ]


def test_keys_go_to_views_and_the_kill_switch_asks_before_it_flattens(screen: Screen) -> None:
    screen.page.keyboard.press("g")
    screen.page.keyboard.press("c")
    expect(screen.page.locator("[data-test=chain]")).to_be_visible()
    screen.page.keyboard.press("k")
    dialog = screen.page.get_by_role("dialog")
    expect(dialog).to_contain_text("open position")
    screen.page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    held = [one for one in screen.desk.asked("positions") if one["qty"]]
    assert held
    screen.show("desk")
    expect(screen.page.locator("[data-test=positions] a[title='Close it by a new order']")).to_have_count(
        len(held)
    )

    screen.page.get_by_role("button", name="Kill switch").click()
    dialog.get_by_role("button", name="Halt and flatten").click()

    expect(screen.page.locator("[data-test=halted]")).to_be_visible()
    eventually(lambda: not [one for one in screen.desk.asked("positions") if one["qty"]], within_s=30)
    screen.show("desk")
    expect(screen.page.locator("[data-test=open-orders] tbody tr")).to_have_count(0)
    expect(screen.page.locator("[data-test=positions] a[title='Close it by a new order']")).to_have_count(0)
    screen.page.get_by_role("button", name="Halted").click()
    dialog.get_by_role("button", name="Resume").click()
    expect(screen.page.locator("[data-test=halted]")).to_be_hidden()
