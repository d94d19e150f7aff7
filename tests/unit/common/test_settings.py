"""Settings are read once, from four places in a fixed order; what is wrong is named, what is secret is not shown."""

import re
from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from sauda.errors import ConfigError
from sauda.settings import Settings, load_settings

REPOSITORY = Path(__file__).parents[3]
Write = Callable[[str, str], None]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def write_file(name: str, text: str) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)

    return write_file


def problems(root: Path, environ: dict[str, str]) -> list[str]:
    with pytest.raises(ConfigError) as refusal:
        load_settings(root, environ)
    return str(refusal.value).splitlines()


def test_nothing_needs_to_be_set(tmp_path: Path) -> None:
    settings = load_settings(tmp_path, {})

    assert settings.desk == "live"
    assert settings.source == "simulator"
    assert settings.underlyings == ("NIFTY", "BANKNIFTY")
    assert settings.sql_url is None
    assert settings.config == tmp_path / "config"


def test_the_stronger_source_wins(tmp_path: Path, write: Write) -> None:
    write("var/run.env", "SAUDA_DESK=run\nSAUDA_BATCH=1\nSAUDA_SIM_SEED=1\nSAUDA_LEASE_MS=1001\n")
    write("config/sauda.yaml", "desk: yaml\nbatch: 2\nsim_seed: 2\n")
    write(".env", "SAUDA_DESK=dotenv\nSAUDA_BATCH=3\n")

    settings = load_settings(tmp_path, {"SAUDA_DESK": "environment"})

    assert settings.desk == "environment"
    assert settings.batch == 3
    assert settings.sim_seed == 2
    assert settings.lease_ms == 1001


def test_an_empty_value_counts_as_not_set(tmp_path: Path, write: Write) -> None:
    write("config/sauda.yaml", "desk: yaml\nsql_url:\nrecording: ~\nnoren_user: ''\n")
    write(".env", "SAUDA_DESK=\n")

    settings = load_settings(tmp_path, {"SAUDA_DESK": "", "SAUDA_SPEED": ""})

    assert settings.desk == "yaml"
    assert settings.speed == 1
    assert (settings.sql_url, settings.recording, settings.noren_user) == (None, None, None)


def test_text_becomes_what_the_setting_is(tmp_path: Path) -> None:
    settings = load_settings(
        tmp_path,
        {
            "SAUDA_SPEED": "60",
            "SAUDA_SIM_DATE": "2026-11-23",
            "SAUDA_UNDERLYINGS": "Nifty Bank, crudeoilm ,NIFTY BANK",
            "SAUDA_LOG_LEVEL": "debug",
            "SAUDA_RECORDING": "../data/day.parquet",
        },
    )

    assert settings.speed == 60
    assert settings.sim_date == date(2026, 11, 23)
    assert settings.underlyings == ("BANKNIFTY", "CRUDEOILM")
    assert settings.log_level == "DEBUG"
    assert settings.recording == tmp_path / "../data/day.parquet"


def test_yaml_does_not_turn_text_into_numbers(tmp_path: Path, write: Write) -> None:
    write("config/sauda.yaml", "noren_user: 00123\ndesk: 7\nunderlyings: [NIFTY, SENSEX]\n")

    settings = load_settings(tmp_path, {})

    assert settings.noren_user == "00123"
    assert settings.desk == "7"
    assert settings.underlyings == ("NIFTY", "SENSEX")


def test_other_programs_lines_and_variables_are_ignored(tmp_path: Path, write: Write) -> None:
    write(".env", "COMPOSE_PROFILES=grafana\nGRAFANA_PASSWORD='x$y'\nSAUDA_NOREN_PASSWORD='pa$$word'\n")

    settings = load_settings(tmp_path, {"PATH": "/bin", "SAUDA_TEST_DATA": "/data", "DESK": "other"})

    assert settings.desk == "live"
    assert settings.noren_password is not None
    assert settings.noren_password.get_secret_value() == "pa$$word"


def test_a_secret_may_lie_in_a_file(tmp_path: Path, write: Write) -> None:
    write("secrets/password", "hunter2\n")

    settings = load_settings(tmp_path, {"SAUDA_NOREN_PASSWORD_FILE": "secrets/password"})

    assert settings.noren_password is not None
    assert settings.noren_password.get_secret_value() == "hunter2"


def test_an_empty_secret_file_counts_as_not_set_and_a_stronger_source_needs_none(
    tmp_path: Path, write: Write
) -> None:
    write("empty", "\n")
    write("secret", "from-file")
    write(".env", "SAUDA_NOREN_PASSWORD_FILE=secret\n")

    assert load_settings(tmp_path, {"SAUDA_INFLUX_TOKEN_FILE": "empty"}).influx_token is None
    strong = load_settings(tmp_path, {"SAUDA_NOREN_PASSWORD": "from-environment"})
    assert strong.noren_password is not None
    assert strong.noren_password.get_secret_value() == "from-environment"


def test_a_setting_that_is_itself_a_file_is_not_read_as_a_secret(tmp_path: Path) -> None:
    settings = load_settings(
        tmp_path, {"SAUDA_HEALTH_FILE": "/run/feed.json", "SAUDA_LOG_ERRORS_FILE": "var/e.log"}
    )

    assert settings.health_file == Path("/run/feed.json")
    assert settings.log_errors_file == tmp_path / "var/e.log"


@pytest.mark.parametrize(
    ("environ", "complaint"),
    [
        pytest.param(
            {"SAUDA_SPED": "3"},
            "SAUDA_SPED (environment): unknown setting; did you mean SAUDA_SPEED?",
            id="typo",
        ),
        pytest.param(
            {"SAUDA_XYZZY": "1"},
            "SAUDA_XYZZY (environment): unknown setting; config/sauda.yaml lists",
            id="unknown",
        ),
        pytest.param(
            {"SAUDA_SPEED": "fast"},
            "SAUDA_SPEED='fast' (environment): should be a valid number",
            id="no number",
        ),
        pytest.param(
            {"SAUDA_SPEED": "0"}, "SAUDA_SPEED='0' (environment): should be greater than 0", id="range"
        ),
        pytest.param({"SAUDA_SOURCE": "sim"}, "should be 'simulator', 'recording' or 'noren'", id="choice"),
        pytest.param({"SAUDA_DESK": "my desk"}, "desk name 'my desk' is not usable", id="desk"),
        pytest.param(
            {"SAUDA_UNDERLYINGS": "NIFTY,TULIPS"},
            "unknown underlying 'TULIPS': take one of NIFTY",
            id="underlying",
        ),
        pytest.param({"SAUDA_UNDERLYINGS": ","}, "SAUDA_UNDERLYINGS=',' (environment)", id="no underlying"),
        pytest.param({"SAUDA_SIM_DATE": "tomorrow"}, "SAUDA_SIM_DATE='tomorrow' (environment)", id="date"),
        pytest.param({"SAUDA_SIM_PORT": "70000"}, "less than or equal to 65535", id="port"),
        pytest.param(
            {"SAUDA_INFLUX_TOKEN_FILE": "no/such"},
            "SAUDA_INFLUX_TOKEN_FILE='no/such' (environment): cannot be read",
            id="file",
        ),
        pytest.param(
            {"SAUDA_INFLUX_TOKEN": "a", "SAUDA_INFLUX_TOKEN_FILE": ".env"}, "both set; keep one", id="both"
        ),
    ],
)
def test_a_wrong_setting_is_named(
    tmp_path: Path, write: Write, environ: dict[str, str], complaint: str
) -> None:
    write(".env", "# a file\nX=1\n")

    found = problems(tmp_path, environ)

    assert len(found) == 1
    assert complaint in found[0]


def test_every_problem_has_its_own_line_and_names_its_place(tmp_path: Path, write: Write) -> None:
    write("config/sauda.yaml", "desc: test\nbatch: many\n")
    write(".env", "SAUDA_LEASEMS=5\n")
    write("var/run.env", "SAUDA_SIM_PORT=x\n")

    found = problems(tmp_path, {"SAUDA_LOG_FORMAT": "xml"})

    assert [line.partition(")")[0] for line in found] == [
        "SAUDA_LEASEMS (.env",
        "desc (config/sauda.yaml",
        "SAUDA_LOG_FORMAT='xml' (environment",
        "batch='many' (config/sauda.yaml",
        "SAUDA_SIM_PORT='x' (var/run.env",
    ]
    assert "did you mean SAUDA_LEASE_MS?" in found[0]
    assert "did you mean desk?" in found[1]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("desk: [", "config/sauda.yaml: not readable as YAML"),
        ("- desk", "expected lines `key: value`, found list"),
    ],
)
def test_a_broken_yaml_file_is_named(tmp_path: Path, write: Write, text: str, complaint: str) -> None:
    write("config/sauda.yaml", text)

    assert complaint in problems(tmp_path, {})[0]


def test_the_folder_of_the_rules_can_be_elsewhere(tmp_path: Path, write: Write) -> None:
    write("other/sauda.yaml", "desk: other\n")

    settings = load_settings(tmp_path, {"SAUDA_CONFIG": "other"})

    assert settings.desk == "other"
    assert settings.config == tmp_path / "other"


SECRET = "correct-horse-battery"
SECRETS = ("NOREN_PASSWORD", "NOREN_TOTP_SECRET", "NOREN_API_SECRET", "INFLUX_TOKEN")


def test_a_secret_is_shown_nowhere(tmp_path: Path) -> None:
    environ = {f"SAUDA_{name}": SECRET for name in SECRETS}
    environ["SAUDA_SQL_URL"] = f"postgresql+psycopg://sauda:{SECRET}@db/sauda"
    environ["SAUDA_REDIS_URL"] = f"redis://:{SECRET}@redis:6379/0"

    settings = load_settings(tmp_path, environ)

    assert SECRET not in repr(settings)
    assert SECRET not in str(settings.public())
    assert settings.public()["noren_password"] == "set"
    assert settings.public()["sql_url"] == "postgresql+psycopg://sauda:***@db/sauda"
    assert settings.public()["redis_url"] == "redis://***@redis:6379/0"
    assert settings.sql_url == environ["SAUDA_SQL_URL"]
    assert set(settings.secrets()) == {SECRET}


def test_an_error_shows_no_secret_either(tmp_path: Path) -> None:
    environ = {
        "SAUDA_NOREN_PASWORD": SECRET,
        "SAUDA_NOREN_USER": "x",
        "SAUDA_SPEED": f"redis://u:{SECRET}@h",
    }

    text = "\n".join(problems(tmp_path, environ))

    assert SECRET not in text
    assert "did you mean SAUDA_NOREN_PASSWORD?" in text


def test_what_is_shown_is_plain_and_complete(tmp_path: Path) -> None:
    shown = load_settings(tmp_path, {"SAUDA_SIM_DATE": "2026-11-23"}).public()

    assert shown.keys() == Settings.model_fields.keys()
    assert shown["noren_totp_secret"] == "not set"
    assert shown["underlyings"] == "NIFTY,BANKNIFTY"
    assert shown["sim_date"] == "2026-11-23"
    assert shown["config"] == str(tmp_path / "config")
    assert all(isinstance(value, str | int | float | None) for value in shown.values())


def test_the_masters_lie_at_the_brokers_host_unless_told_otherwise(tmp_path: Path) -> None:
    host = {"SAUDA_NOREN_HOST": "https://api.example.com/NorenWClientTP/"}

    assert load_settings(tmp_path, host).noren_masters == "https://api.example.com/"
    elsewhere = load_settings(tmp_path, host | {"SAUDA_NOREN_MASTERS": "https://files.example.com/"})
    assert elsewhere.noren_masters == "https://files.example.com/"


def test_what_one_service_needs_is_asked_for_by_name() -> None:
    Settings(noren_user="FA1").require("noren_user")

    with pytest.raises(
        ConfigError, match=r"SAUDA_NOREN_PASSWORD is not set: .*\nSAUDA_NOREN_HOST is not set"
    ):
        Settings(noren_user="FA1").require("noren_user", "noren_password", "noren_host")


def test_settings_never_change_and_read_no_environment_by_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESK", "stray")
    settings = Settings()

    assert settings.desk == "live"
    with pytest.raises(ValidationError, match="frozen"):
        settings.desk = "other"


def test_the_root_is_the_nearest_folder_with_market_rules(
    tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("config/market/sessions.yaml", "")
    write("config/sauda.yaml", "desk: found\n")
    (tmp_path / "deep/down").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "deep/down")

    assert load_settings(environ={}).desk == "found"


def test_the_commented_defaults_are_the_defaults(tmp_path: Path, write: Write) -> None:
    lines = (REPOSITORY / "config/sauda.yaml").read_text().splitlines()
    active = [
        line.removeprefix("# ") for line in lines if line.startswith("# ") and ":" in line.split(" #")[0]
    ]
    keys = [line for line in active if line.partition(":")[0] in Settings.model_fields]
    write("config/sauda.yaml", "\n".join(keys))

    assert load_settings(tmp_path, {}) == load_settings(tmp_path / "empty", {}).model_copy(
        update={
            "config": tmp_path / "config",
            "strategies": tmp_path / "strategies",
            "history": tmp_path / "var/history",
            "sim_data": tmp_path / "var",
            "archive": str(tmp_path / "var/archive"),
            "gateway_tokens": tmp_path / "var/secrets/gateway/tokens.json",
        }
    )
    hidden = {"noren_user", "noren_vendor_code", "noren_imei", "config", "health_file", "service_name"}
    named = {line.partition(":")[0] for line in keys}
    secret = {name for name, shown in Settings().public().items() if shown in ("set", "not set")}
    assert named | hidden | secret == Settings.model_fields.keys()


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("", "redis://pnl:pw@redis:6379/0"),
        ("redis://redis:6379/0", "redis://pnl:pw@redis:6379/0"),
        ("redis://me:mine@redis:6379/0", "redis://me:mine@redis:6379/0"),
        ("redis://cache:6379/0", "redis://cache:6379/0"),
        ("redis+cluster://a:1,b:2?replicas=1", "redis+cluster://a:1,b:2?replicas=1"),
        ("rediss+sentinel://u:p@a:1/desks", "rediss+sentinel://u:p@a:1/desks"),
    ],
)
def test_a_services_own_user_is_for_the_desks_own_redis_alone(tmp_path: Path, given: str, taken: str) -> None:
    settings = load_settings(
        tmp_path, {"SAUDA_OWN_REDIS_URL": "redis://pnl:pw@redis:6379/0", "SAUDA_REDIS_URL": given}
    )

    assert settings.redis_url == taken
    assert "pw" not in str(settings.public())


def test_the_examples_variables_are_all_known(tmp_path: Path, write: Write) -> None:
    example = (REPOSITORY / ".env.example").read_text()
    for name in ("noren_password", "noren_totp_secret", "noren_api_secret"):
        write(f"secrets/{name}", "x")
    write("var/secrets/alerts/urls", "hook = json://localhost/secret")
    lines = re.findall(r"^# (SAUDA_\w+=\S*)$", example, re.MULTILINE)
    write(".env", "\n".join(lines))

    assert len(lines) > 8
    assert load_settings(tmp_path, {}).source == "noren"


def test_a_key_that_stands_twice_is_refused(tmp_path: Path, write: Write) -> None:
    write("config/sauda.yaml", "desk: one\nspeed: 5\ndesk: two\n")

    assert problems(tmp_path, {}) == ["config/sauda.yaml: desk stands in lines 1 and 3; keep one"]


def test_the_name_of_a_variable_is_no_key_of_the_yaml_file(tmp_path: Path, write: Write) -> None:
    write("config/sauda.yaml", "SAUDA_SPEED: 5\n")

    assert problems(tmp_path, {}) == ["SAUDA_SPEED (config/sauda.yaml): here it is written speed"]
