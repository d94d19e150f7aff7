"""A record is one line that can be grepped, says who and what about, and never holds a secret."""

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from sauda.clock import ManualClock
from sauda.errors import ConfigError
from sauda.logs import Channel, configure, hide, logger
from sauda.masking import Mask, looks_secret, masked_url
from sauda.settings import Settings

NOW = ManualClock(1_795_405_800_250_000_000)
"""2026-11-23 09:20:00.250 IST."""
SECRET = "correct-horse-battery"
BROKERS_LIBRARY = "NorenRestApiPy.NorenApi"


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root, library = logging.getLogger(), logging.getLogger(BROKERS_LIBRARY)
    handlers, level, library_level = list(root.handlers), root.level, library.level
    library.setLevel(logging.NOTSET)
    yield
    library.setLevel(library_level)
    for handler in [one for one in root.handlers if one not in handlers]:
        root.removeHandler(handler)
        handler.close()
    root.setLevel(level)
    structlog.reset_defaults()


def logged(settings: Settings | None = None) -> io.StringIO:
    stream = io.StringIO()
    configure(settings or Settings(), "execution", stream, NOW)
    return stream


def json_records(stream: io.StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_the_console_shows_ist_and_can_be_grepped() -> None:
    stream = logged()

    logger(Channel.ORDERS).info("order_rejected", order="o-17", reason="MARKET CLOSED", qty=75, price=None)

    assert stream.getvalue() == (
        "2026-11-23 09:20:00.250 level=info channel=orders service=execution "
        'order_rejected order=o-17 reason="MARKET CLOSED" qty=75 price=null\n'
    )


def test_json_holds_utc_and_names_every_part() -> None:
    stream = logged(Settings(log_format="json"))

    logger(Channel.PNL).warning("late", seconds=1.5, units=["a", "b"])

    assert json_records(stream) == [
        {
            "ts": "2026-11-23T03:50:00.250000+00:00",
            "level": "warning",
            "channel": "pnl",
            "service": "execution",
            "event": "late",
            "seconds": 1.5,
            "units": ["a", "b"],
        }
    ]


def test_a_logger_made_before_the_set_up_obeys_it() -> None:
    early = logger(Channel.WEBSOCKET)
    stream = logged()

    early.info("opened")

    assert "channel=websocket service=execution opened" in stream.getvalue()


def test_records_below_the_level_are_not_written() -> None:
    stream = logged(Settings(log_level="WARNING"))

    logger().info("quiet")
    logger().warning("loud")

    assert "quiet" not in stream.getvalue()
    assert "level=warning channel=app service=execution loud" in stream.getvalue()


def test_a_second_set_up_replaces_the_first() -> None:
    first = logged()
    second = logged()

    logger().info("once")

    assert first.getvalue() == ""
    assert second.getvalue().count("once") == 1


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_a_traceback_stays_on_its_records_line(log_format: str) -> None:
    stream = logged(Settings.model_validate({"log_format": log_format}))

    try:
        int("line one\nline two")
    except ValueError:
        logger().exception("failed")

    assert len(stream.getvalue().splitlines()) == 1
    assert "ValueError: invalid literal" in stream.getvalue()


HOSTILE = "\n\r\x1b[2J\u2028\x85 level=error"


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_text_from_outside_cannot_forge_a_record(log_format: str) -> None:
    stream = logged(Settings.model_validate({"log_format": log_format}))

    logger().info(f"said{HOSTILE}", text=HOSTILE)
    logging.getLogger("other").warning("said%s", HOSTILE)

    assert len(stream.getvalue().splitlines()) == 2
    assert "\x1b" not in stream.getvalue()


def test_colours_are_for_terminals_only() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    configure(Settings(), "feed", terminal, NOW)
    logger().error("red")
    logger().info("plain")

    assert terminal.getvalue().splitlines()[0].startswith("\x1b[31m")
    assert "\x1b" not in terminal.getvalue().splitlines()[1]
    plain = logged()
    logger().error("red")
    assert "\x1b" not in plain.getvalue()


def test_other_libraries_take_the_same_way_from_warning_on() -> None:
    stream = logged(Settings(log_format="json", log_level="DEBUG"))
    library = logging.getLogger("urllib3.connectionpool")

    library.info("Starting new connection")
    library.warning("Retrying %s", "/orders")

    (record,) = json_records(stream)
    assert record["event"] == "Retrying /orders"
    assert record["logger"] == "urllib3.connectionpool"
    assert record["channel"] == "app"
    assert record["service"] == "execution"


def test_the_brokers_library_is_silenced_below_warning() -> None:
    logged(Settings(log_level="DEBUG"))

    assert not logging.getLogger(BROKERS_LIBRARY).isEnabledFor(logging.INFO)


def test_the_brokers_library_never_logs_at_debug_even_if_told_to() -> None:
    library = logging.getLogger(BROKERS_LIBRARY)
    library.setLevel(logging.DEBUG)
    stream = logged(Settings(log_level="DEBUG"))

    library.debug("told before: jData={%s}", "everything")
    library.setLevel(logging.DEBUG)
    library.info("told after: jData={%s}", "everything")

    assert stream.getvalue() == ""


def test_our_own_standard_loggers_obey_our_level() -> None:
    stream = logged(Settings(log_level="INFO"))

    logging.getLogger("sauda.health").info("health_written")

    assert "health_written" in stream.getvalue()


def test_errors_can_be_followed_alone(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "errors.log"
    stream = logged(Settings(log_errors_file=path))

    logger().warning("not_this")
    logger(Channel.ORDERS).error("this", order="o-1")
    logging.getLogger("redis").critical("and this")

    assert path.read_text().splitlines() == [
        "2026-11-23 09:20:00.250 level=error channel=orders service=execution this order=o-1",
        "2026-11-23 09:20:00.250 level=critical channel=app service=execution and this logger=redis",
    ]
    assert len(stream.getvalue().splitlines()) == 3


def test_a_file_for_errors_that_cannot_be_written_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(ConfigError, match=r"SAUDA_LOG_ERRORS_FILE=.*cannot be written"):
        configure(Settings(log_errors_file=tmp_path / "file" / "errors.log"), "feed", io.StringIO())


def test_a_log_that_cannot_be_written_neither_stops_the_service_nor_shows_the_record(
    capsys: pytest.CaptureFixture[str],
) -> None:
    class Full(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "No space left on device")

    configure(Settings(), "feed", Full(), NOW)

    logger().info("login", password=SECRET)

    assert capsys.readouterr().err == "log_record_lost logger=sauda error=OSError\n"


@pytest.mark.parametrize("log_format", ["console", "json"])
def test_no_configured_secret_is_ever_written(log_format: str, tmp_path: Path) -> None:
    path = tmp_path / "errors.log"
    settings = Settings.model_validate(
        {
            "log_format": log_format,
            "noren_password": SECRET,
            "sql_url": "postgresql://u:database-pw@h/d",
            "log_errors_file": path,
        }
    )
    stream = logged(settings)

    class Holder:
        def __repr__(self) -> str:
            return f"<Holder {SECRET}>"

    logger().error(
        f"event {SECRET}", a=SECRET, b=[{"c": (SECRET,)}], d=SECRET.encode(), e=Holder(), f={SECRET: 1}
    )
    logging.getLogger("other").error("sent %s", {"pwd": "sha", "x": f"?q={SECRET}"})
    try:
        int(f"login with {SECRET} at postgresql://u:database-pw@h/d")
    except ValueError:
        logger().exception("failed", url=settings.sql_url)

    written = stream.getvalue() + path.read_text()
    assert SECRET not in written
    assert "database-pw" not in written
    assert "event ***" in written


def test_a_secret_learnt_later_is_masked_too() -> None:
    stream = logged()
    hide("0123456789abcdef-session")

    logger().info("logged_in", reply="ok 0123456789abcdef-session")

    assert 'reply="ok ***"' in stream.getvalue()


@pytest.mark.parametrize(
    "name",
    [
        "password",
        "noren_password",
        "Password",
        "pwd",
        "susertoken",
        "usertoken",
        "token",
        "influx_token",
        "jKey",
        "totp",
        "appkey",
        "api_secret",
        "Authorization",
        "totp_secret",
        "SAUDA_INFLUX_TOKEN",
        "noren_password_file",
    ],
)
def test_a_value_is_masked_for_its_name_alone(name: str) -> None:
    assert looks_secret(name)
    assert Mask().value({name: "x1"}) == {name: "***"}
    assert Mask().value({name: 123}) == {name: "***"}


@pytest.mark.parametrize(
    "name", ["tokens", "instrument", "monkey", "order", "password_set", "secretary", "units"]
)
def test_an_innocent_name_is_not_masked(name: str) -> None:
    assert Mask().value({name: "x1"}) == {name: "x1"}


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("uid=FA1&pwd=abc&factor2=1", "uid=FA1&pwd=***&factor2=1"),
        ('{"susertoken": "abc", "stat": "Ok"}', '{"susertoken": "***", "stat": "Ok"}'),
        ("{'password': 'abc'}", "{'password': '***'}"),
        ("jKey=abc", "jKey=***"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("redis://:pw@h:1/0 and amqp://u:pw@h", "redis://***@h:1/0 and amqp://u:***@h"),
        ("Session Expired :  Invalid Session Key", "Session Expired :  Invalid Session Key"),
        ("3 tokens: 26000", "3 tokens: 26000"),
    ],
)
def test_secrets_inside_text_are_masked_where_they_are_assigned(text: str, masked: str) -> None:
    assert Mask().text(text) == masked


def test_a_url_without_a_password_stays_as_it_is() -> None:
    assert masked_url("https://user@host:8086/a?b=c@d") == "https://user@host:8086/a?b=c@d"


def test_a_short_secret_is_masked_only_where_it_stands_alone() -> None:
    mask = Mask(["1", ""])

    assert mask.value(["1", 1, "11", 11, ""]) == ["***", "***", "11", 11, ""]


@given(st.text(st.characters(exclude_characters="*"), min_size=4), st.text(), st.text())
def test_a_long_secret_survives_in_no_text(secret: str, before: str, after: str) -> None:
    masked = Mask([secret]).text(f"{before}{secret}{after}")

    assert secret not in masked


def test_records_of_many_threads_stay_whole() -> None:
    from concurrent.futures import ThreadPoolExecutor

    stream = logged(Settings(log_format="json"))
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: logger().info("tick", n=n), range(200)))

    assert sorted(int(str(record["n"])) for record in json_records(stream)) == list(range(200))


def test_standard_error_is_the_default_so_that_standard_output_stays_clean(
    capsys: pytest.CaptureFixture[str],
) -> None:
    configure(Settings(), "cli", clock=NOW)
    logger().info("seen")

    captured = capsys.readouterr()
    assert captured.out == ""
    assert "seen" in captured.err
