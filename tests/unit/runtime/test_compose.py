"""The compose file is read as Compose reads it, as far as plain processes need it."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauda.errors import ConfigError
from sauda.runtime.compose import Port, interpolate, read_services, runnable_names

OURS = (Path(__file__).parents[3] / "docker-compose.yml").read_text()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("$A", "one", id="bare"),
        pytest.param("${A}", "one", id="in braces"),
        pytest.param("x${A}y$A", "xoneyone", id="within text, twice"),
        pytest.param("${NONE:-two}", "two", id="default for what is not set"),
        pytest.param("${EMPTY:-two}", "two", id="with a colon, also for what is empty"),
        pytest.param("${EMPTY-two}", "", id="without a colon, not"),
        pytest.param("${NONE}", "", id="nothing for what is not set"),
        pytest.param("${NONE:-redis://redis:6379/0}", "redis://redis:6379/0", id="a URL as a default"),
        pytest.param("$$A ${A:?must}", "$A one", id="a dollar sign, and a name that must be set"),
    ],
)
def test_variables_are_filled_in_as_compose_does(text: str, expected: str) -> None:
    assert interpolate(text, {"A": "one", "EMPTY": ""}) == expected


def test_a_variable_that_must_be_set_is_named() -> None:
    with pytest.raises(ConfigError, match="TOKEN is not set: run make up once"):
        interpolate("${TOKEN:?run make up once}", {"TOKEN": ""})


@given(st.text(st.characters(exclude_characters="$")))
def test_text_without_a_dollar_sign_stays_as_it_is(text: str) -> None:
    assert interpolate(text, {}) == text


@given(st.text())
def test_a_value_is_not_filled_in_again(value: str) -> None:
    assert interpolate("${A-}", {"A": value}) == value


def test_anchors_and_merges_are_understood() -> None:
    text = """
x-desk: &desk {SAUDA_DESK: "${SAUDA_DESK:-live}"}
services:
  pnl:
    build: {args: {SERVICE: pnl}}
    environment: {<<: *desk, SAUDA_BATCH: , SAUDA_SQL_URL: }
    stop_grace_period: 1m30s
"""
    pnl = read_services(text, {"SAUDA_BATCH": "7"})["pnl"]

    assert pnl.environment == {"SAUDA_DESK": "live", "SAUDA_BATCH": "7"}
    assert pnl.package == "sauda_pnl"
    assert pnl.stop_grace_s == 90


def test_services_come_in_the_order_in_which_they_start() -> None:
    order = list(read_services(OURS, {}, runnable_names(OURS)))

    assert [
        one for one in order if one not in ("redis", "simulator", "archive", "bars", "alerts", "gateway")
    ] == [
        "pnl",
        "execution",
        "strategy",
        "feed",
    ]
    assert order.index("redis") < order.index("pnl")
    assert order[-1] == "feed"


def test_what_runs_without_docker_needs_no_password() -> None:
    assert set(runnable_names(OURS)) == {
        "redis",
        "simulator",
        "feed",
        "strategy",
        "execution",
        "pnl",
        "bars",
        "archive",
        "alerts",
        "gateway",
    }
    assert read_services(OURS, {}, runnable_names(OURS))
    with pytest.raises(ConfigError, match="run make up once"):
        read_services(OURS, {})


def test_every_published_port_can_be_moved_and_is_for_this_machine_alone() -> None:
    filler = dict.fromkeys(("DESK_INFLUX_ADMIN_TOKEN", "DESK_INFLUX_PASSWORD"), "-")
    services = read_services(OURS, filler)

    assert services["redis"].ports == (Port(6379, 6379, "DESK_REDIS_PORT"),)
    assert all(port.variable for one in services.values() for port in one.ports)


def test_a_circle_is_refused() -> None:
    text = "services: {a: {depends_on: [b]}, b: {depends_on: {a: {condition: service_healthy}}}}"

    with pytest.raises(ConfigError, match="circle"):
        read_services(text, {})


@pytest.mark.parametrize("text", ["", "services", "services: [", "- a"])
def test_a_file_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_services(text, {})
