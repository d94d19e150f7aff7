"""Passwords are made once, are hard to guess, and stay what they are."""

from pathlib import Path

from dotenv import dotenv_values

from sauda.runtime import redis_users
from sauda.runtime.passwords import ensure_passwords, project_name
from sauda.runtime.place import Place

NAMES = {"DESK_INFLUX_ADMIN_TOKEN", "DESK_INFLUX_PASSWORD", "DESK_GRAFANA_PASSWORD"}


def test_every_password_is_there_and_another_in_each_clone(tmp_path: Path) -> None:
    one, other = Place(tmp_path / "one"), Place(tmp_path / "other")
    for place in (one, other):
        place.root.mkdir()
        ensure_passwords(place)

    made, made_there = dotenv_values(one.dotenv), dotenv_values(other.dotenv)
    assert made.keys() >= NAMES
    assert all(len(made[name] or "") >= 20 and made[name] != made_there[name] for name in NAMES)
    assert project_name(one) != project_name(other)
    assert one.dotenv.stat().st_mode & 0o077 == 0


def test_what_the_user_wrote_stays(tmp_path: Path) -> None:
    place = Place(tmp_path)
    place.dotenv.write_text("# mine\nSAUDA_INFLUX_TOKEN=my-own\nSAUDA_DESK=mine")

    ensure_passwords(place)
    once = place.dotenv.read_text()
    ensure_passwords(place)

    assert once.startswith("# mine\nSAUDA_INFLUX_TOKEN=my-own\nSAUDA_DESK=mine\n")
    assert once.count("SAUDA_INFLUX_TOKEN") == 1
    assert dotenv_values(place.dotenv)["DESK_INFLUX_ADMIN_TOKEN"] == "my-own", (
        "the database was set up with it"
    )
    assert place.dotenv.read_text() == once


def test_each_user_of_redis_has_a_password_of_its_own_and_only_digests_are_in_its_file(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path)
    ensure_passwords(place)

    redis_users.write_users(place, "live")
    before = redis_users.digest(place)
    redis_users.write_users(place, "other")

    written = {name: value or "" for name, value in dotenv_values(place.dotenv).items() if "REDIS" in name}
    file = redis_users.file_of(place)
    assert len({*written.values()}) == len(written) == len(redis_users.variables())
    assert not [value for value in written.values() if value in file.read_text()]
    assert file.stat().st_mode & 0o077 == 0
    assert redis_users.digest(place) != before, (
        "a server that knows the users of another desk is started anew"
    )
    assert redis_users.login(place, "strategy") == f"strategy:{written['DESK_REDIS_STRATEGY_PASSWORD']}@"


def test_nobody_logs_in_where_there_are_no_users(tmp_path: Path) -> None:
    place = Place(tmp_path)
    ensure_passwords(place)

    assert redis_users.login(place) == ""
    redis_users.write_users(place, "live")
    assert redis_users.login(place).startswith("cli:")
    assert redis_users.login(place, "simulator") == ""
