"""What `up` is asked for comes from the command line, then the settings; nonsense is refused before anything starts."""

from pathlib import Path

import pytest

from sauda.errors import ConfigError
from sauda.runtime.place import Place, write_run_env
from sauda.runtime.request import Options, read_request


@pytest.fixture
def place(tmp_path: Path) -> Place:
    (tmp_path / "config/market").mkdir(parents=True)
    (tmp_path / "var").mkdir()
    return Place(tmp_path)


def test_a_newcomer_gets_the_simulator_at_sixty_times(place: Place) -> None:
    asked = read_request(place, Options(), {})

    assert (asked["SAUDA_SOURCE"], asked["SAUDA_SPEED"], asked["SAUDA_DESK"]) == ("simulator", "60", "live")


def test_the_command_line_is_stronger_than_any_setting(place: Place) -> None:
    place.dotenv.write_text("SAUDA_DESK=file\nSAUDA_SPEED=5\n")

    asked = read_request(place, Options(desk="line"), {"SAUDA_DESK": "environment"})

    assert (asked["SAUDA_DESK"], asked["SAUDA_SPEED"]) == ("line", "5")


def test_what_the_last_up_wrote_down_decides_nothing(place: Place) -> None:
    write_run_env(place, {"SAUDA_DESK": "debug", "SAUDA_REDIS_URL": "redis://127.0.0.1:1/0"})

    asked = read_request(place, Options(), {})

    assert asked["SAUDA_DESK"] == "live"
    assert "SAUDA_REDIS_URL" not in asked


def test_a_recording_alone_means_that_it_is_the_source(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    (place.root / "day.csv").touch()
    monkeypatch.chdir(place.root)

    asked = read_request(place, Options(recording=Path("day.csv")), {})

    assert asked["SAUDA_SOURCE"] == "recording"
    assert asked["SAUDA_RECORDING"] == str(place.root / "day.csv")


def test_the_simulator_never_meets_the_account_at_a_real_broker(place: Place) -> None:
    place.dotenv.write_text(
        "SAUDA_NOREN_USER=FA1\nSAUDA_NOREN_HOST=https://api.example.com/NorenWClientTP/\n"
    )

    asked = read_request(place, Options(source="simulator"), {})

    assert asked["SAUDA_NOREN_USER"] == ""
    assert asked["SAUDA_NOREN_HOST"] == ""


def test_a_login_given_by_hand_does_reach_the_simulator(place: Place) -> None:
    assert (
        read_request(place, Options(), {"SAUDA_NOREN_PASSWORD": "wrong"})["SAUDA_NOREN_PASSWORD"] == "wrong"
    )


@pytest.mark.parametrize(
    ("options", "named"),
    [
        pytest.param(Options(source="noren"), "SAUDA_NOREN_HOST", id="a broker without an account"),
        pytest.param(Options(source="recording"), "RECORDING=file", id="a recording without a file"),
        pytest.param(Options(recording=Path("/tmp")), "/tmp is a folder", id="a folder"),
        pytest.param(Options(recording=Path("/no/such.csv")), "/no/such.csv", id="a file that is not there"),
        pytest.param(
            Options(source="simulator", recording=Path("x")), "SOURCE is simulator", id="two sources"
        ),
        pytest.param(Options(speed="-1"), "SAUDA_SPEED", id="a market that runs backwards"),
    ],
)
def test_what_does_not_fit_together_is_refused(place: Place, options: Options, named: str) -> None:
    with pytest.raises(ConfigError, match=named):
        read_request(place, options, {})


def test_a_real_market_runs_at_one(place: Place) -> None:
    names = ("HOST", "WEBSOCKET", "USER", "PASSWORD", "TOTP_SECRET", "VENDOR_CODE", "API_SECRET", "IMEI")
    account = {f"SAUDA_NOREN_{name}": "https://x.example" for name in names}

    asked = read_request(place, Options(source="noren"), account)
    assert (asked["SAUDA_SPEED"], asked["SAUDA_NOREN_MASTERS"]) == ("1", "https://x.example/")
    with pytest.raises(ConfigError, match="a real market runs at 1"):
        read_request(place, Options(source="noren", speed="60"), account)
