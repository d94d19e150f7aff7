"""What services declare is what their units are; and what follows from it for their users."""

import hashlib
import re
from pathlib import Path

import pytest

from sauda.access.__main__ import main
from sauda.access.declared import COMMON, PEOPLE, Access, Duty, declared
from sauda.access.grants import rule_of
from sauda.access.users import acl_file, names
from sauda.contracts import STREAMS
from sauda.settings import Settings
from sauda.unit import REQUEUED
from sauda.units import available

ROOT = Path(__file__).parents[3]
SERVICES = declared()
_ROW = re.compile(r"^\| `(?P<stream>\w+)` \| [^|]* \| (?P<writers>[^|]*) \|", re.MULTILINE)


def carries(access: Access, unit: str) -> bool:
    return any(unit == name or (name.endswith("*") and unit.startswith(name[:-1])) for name in access.units)


def test_each_unit_is_declared_by_one_service_with_all_that_it_reads_and_writes() -> None:
    units = available(Settings(config=ROOT / "config", strategies=ROOT / "strategies"))
    for unit in units.values():
        [access] = [one for one in SERVICES.values() if carries(one, unit.name)]
        assert set(unit.inputs) <= set(access.reads), unit.name
        assert unit.writes, f"{unit.name} does not say what it writes"
        assert set(unit.writes) <= {*access.writes, *COMMON}, unit.name


def test_each_service_but_the_made_up_broker_declares_what_it_does_on_redis() -> None:
    services = {path.parent.name for path in (ROOT / "services").glob("*/pyproject.toml")}

    assert services - {"simulator"} == SERVICES.keys()


@pytest.mark.parametrize("access", SERVICES.values(), ids=SERVICES)
def test_what_is_declared_exists(access: Access) -> None:
    assert {*access.reads, *access.writes, *access.groups} <= {*STREAMS, REQUEUED}


def test_the_page_names_the_writers_that_are_declared() -> None:
    page = (ROOT / "docs" / "data-flow.md").read_text(encoding="utf-8")
    for row in _ROW.finditer(page):
        said = {word for word in re.findall(r"\w+", row["writers"]) if word in SERVICES}
        stream = row["stream"]
        # What everybody may write is said by `any`; the gateway speaks for people.
        declare = {
            name for name, one in SERVICES.items() if stream in one.writes and one.duty is not Duty.SERVE
        }
        if stream not in COMMON:
            assert said - {"gateway"} == declare, stream


def test_a_fill_is_written_by_execution_alone_and_money_by_nobody_else() -> None:
    writers = {stream: {name for name, one in SERVICES.items() if stream in one.writes} for stream in STREAMS}

    assert writers["executions"] == {"execution"}
    assert writers["pnl"] == {"pnl"}
    assert writers["ticks"] == {"feed"}
    assert writers["audit"] == {"gateway"}


def test_a_file_holds_digests_and_no_password() -> None:
    passwords = {name: f"the password of {name}" for name in names(SERVICES)}

    lines = acl_file(SERVICES, "live", passwords).splitlines()

    assert not [line for line in lines if "the password" in line]
    assert lines[0].startswith("user default off resetpass ")
    by_user = {line.split()[1]: line for line in lines}
    assert set(by_user) == {"default", "health", PEOPLE.user, *SERVICES}
    digest = hashlib.sha256(b"the password of pnl").hexdigest()
    assert f" #{digest} " in by_user["pnl"]


def test_another_desk_has_users_of_its_own_keys() -> None:
    rule = rule_of(SERVICES["execution"], "paper.2")

    assert "{paper.2}:executions" in rule
    assert "{live}" not in rule


def test_who_declares_nothing_gets_no_key() -> None:
    rule = rule_of(Access("idle"), "live")

    assert "~" not in rule
    assert "+xadd" in rule


def test_users_for_a_server_of_ones_own_keep_their_passwords(tmp_path: Path) -> None:
    assert main([str(tmp_path), "--desk", "live", "--server", "cache:6380"]) == 0
    first = (tmp_path / "redis-users.env").read_text()
    assert main([str(tmp_path), "--desk", "other", "--server", "cache:6380"]) == 0

    assert (tmp_path / "redis-users.env").read_text() == first
    assert "strategy=redis://strategy:" in first
    [address] = [line for line in first.splitlines() if line.startswith("pnl=")]
    [password] = [line for line in first.splitlines() if line.startswith("pnl.password=")]
    assert address == f"pnl=redis://pnl:{password.partition('=')[2]}@cache:6380/0"
    assert "{other}:executions" in (tmp_path / "redis.acl").read_text()
    assert all(path.stat().st_mode & 0o077 == 0 for path in tmp_path.iterdir())


def test_a_desk_that_cannot_be_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path), "--desk", "~* +@all"]) == 2
    assert "is not usable" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
