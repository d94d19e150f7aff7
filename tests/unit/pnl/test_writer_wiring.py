"""The wiring of the pnl service: which roles it has, and that no secret shows in what it says about them."""

import io

import pytest

from sauda.errors import ConfigError
from sauda.logs import configure
from sauda.settings import Settings
from sauda_pnl.__main__ import wire


def test_there_is_a_writer_for_each_database_that_is_set() -> None:
    both = Settings(influx_url="http://influx:8086", sql_url="sqlite:///x.db")

    assert [role.name for role in wire(both)] == ["pnl.valuation", "writer.influx", "writer.sql"]
    assert [role.name for role in wire(Settings(sql_url="sqlite:///x.db"))] == ["pnl.valuation", "writer.sql"]


def test_without_a_database_the_desk_is_valued_all_the_same_and_the_log_says_what_is_missing() -> None:
    settings = Settings()
    log = io.StringIO()
    configure(settings, "pnl", log)

    assert [role.name for role in wire(settings)] == ["pnl.valuation"]
    assert "no_database" in log.getvalue()
    assert "SAUDA_SQL_URL" in log.getvalue()


def test_what_a_writer_says_about_itself_names_the_database_and_not_its_password() -> None:
    settings = Settings(
        influx_url="http://user:geheim@influx:8086", sql_url="postgresql://sauda:geheim@db:5432/desk"
    )

    facts = [role.facts() for role in wire(settings)[1:]]

    assert facts[0]["database"] == "InfluxDB at http://influx:8086"
    assert facts[1]["database"] == "database postgresql+psycopg://sauda:***@db:5432/desk"
    assert facts[0]["phase"] == "starting"


@pytest.mark.parametrize("wrong", [{"sql_url": "oracle://h/d"}, {"influx_url": "influx:8086"}])
def test_an_address_that_is_not_understood_stops_the_service_before_it_starts(wrong: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"SAUDA_(SQL|INFLUX)_URL"):
        wire(Settings(**wrong))  # type: ignore[arg-type]
