"""A slice of a desk's record goes into one file, and is a desk again where nothing else is: same bytes, same ids, same verdict."""

import hashlib
import json
import os
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from sauda.codec import decode, encode
from sauda.contracts import Fill
from sauda.log import Output
from sauda.record import Record
from sauda.redis_log import RedisLog
from sauda.rerun.checking import check
from sauda.rerun.made_of import MadeOf
from sauda.runner import UnitRunner
from sauda.settings import Settings, load_settings
from sauda.testing.market import MadeUpMarket
from sauda.units import available
from tests.integration.conftest import Outcome, Server, called

pytestmark = pytest.mark.integration

PROJECT = Path(__file__).parents[2]
NOWHERE = "redis://127.0.0.1:1/0"
TICKS = 1_000
RULES = """
kind: short_straddle
tsymbol: NIFTY
stop_loss_percentage: 3
entry_time: "09:17"
exit_time: "15:15"
"""


def a_place(folder: Path, *, market: bool = True) -> Path:
    """Make a folder as a clone has it: config, and nothing else."""
    (folder / "config" / "strategies").mkdir(parents=True)
    if market:
        (folder / "config" / "market").symlink_to(PROJECT / "config" / "market")
    return folder


def settings_of(place: Path, redis_url: str, desk: str) -> Settings:
    return load_settings(place, {"SAUDA_REDIS_URL": redis_url, "SAUDA_DESK": desk})


def run_desk(settings: Settings, ticks: int = TICKS, restart_every: int = 40) -> None:
    """Let a day pass in lock step; every unit is given away and taken again from time to time."""
    log = RedisLog(settings.redis_url, settings.desk)
    runners: list[UnitRunner] = []
    market = MadeUpMarket(strikes=4, volatility=4_00)
    log.append([Output("instruments", encode(one)) for one in market.instruments()])
    for number, second in enumerate(market.seconds(ticks, "09:15:30")):
        if number % restart_every == 0:
            runners = taken_again(runners, settings, log)
        log.append([Output("ticks", encode(message)) for message in second])
        for _ in range(3):
            for runner in runners:
                runner.turn()
    for runner in taken_again(runners, settings, log):
        for _ in range(5):
            runner.turn()
        runner.leave()
    log.close()


def taken_again(runners: list[UnitRunner], settings: Settings, log: RedisLog) -> list[UnitRunner]:
    for runner in runners:
        runner.leave()
    runners = [UnitRunner(unit, log, "test") for unit in available(settings).values()]
    for runner in runners:
        runner._block_ms = 0
        runner.turn()
    return runners


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, any_redis: Server) -> Settings:
    """A desk with a quarter of an hour behind it; nobody writes to it any more."""
    place = a_place(tmp_path_factory.mktemp("home"))
    (place / "config" / "strategies" / "tight.yaml").write_text(RULES)
    (place / "config" / "risk.yaml").write_text("max_open_orders: 1234\n")
    (place / "config" / "alerts.yaml").write_text("rules: {drawdown: {rupees: 1234}}\n")
    settings = settings_of(place, any_redis.url, "bundled")
    run_desk(settings)
    return settings


def sauda(place: Path, *words: str, **environ: str) -> Outcome:
    """Run the program in *place*, with no settings but *environ*."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        for name in [name for name in os.environ if name.startswith("SAUDA_")]:
            patch.delenv(name)
        return called(*words, **environ)


def at_home(home: Settings, *words: str, **environ: str) -> Outcome:
    return sauda(home.config.parent, *words, SAUDA_REDIS_URL=home.redis_url, SAUDA_DESK=home.desk, **environ)


def packed(home: Settings, place: Path, *bounds: str) -> Path:
    out = place / "day.sauda"
    done = at_home(home, "bundle", *bounds, "-o", str(out))
    assert done.code == 0, done.err
    assert "cannot be run again" not in done.err
    return out


@pytest.fixture(scope="module")
def whole(home: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole record in one file, packed once; nobody writes to it."""
    return packed(home, tmp_path_factory.mktemp("whole"))


def opened_elsewhere(bundle: Path, tmp_path: Path) -> Settings:
    """Open *bundle* in a place without Redis, rules or market data of its own."""
    place = a_place(tmp_path / "elsewhere", market=False)
    done = sauda(place, "bundle", "open", str(bundle), SAUDA_REDIS_URL=NOWHERE)
    assert done.code == 0, done.err
    environ = {"SAUDA_REDIS_URL": NOWHERE, "SAUDA_CONFIG": "var/bundles/day/config"}
    return load_settings(place, environ)


def verdicts(settings: Settings, desk: str) -> dict[str, bool]:
    record = Record.open(settings, desk)
    try:
        return {name: check(record, name, MadeOf(name, settings)).same for name in available(settings)}
    finally:
        record.close()


def test_a_bundle_opened_where_there_is_nothing_says_the_same(
    home: Settings, whole: Path, tmp_path: Path
) -> None:
    there = opened_elsewhere(whole, tmp_path)
    original, copy = Record.open(home), Record.open(there, "day")

    for name in ("risk.yaml", "alerts.yaml"):
        assert (there.config / name).read_text() == (home.config / name).read_text()
    assert verdicts(there, "day") == dict.fromkeys(
        ("alerts.desk", "bars.desk", "execution.paper", "pnl.valuation", "strategy.tight"), True
    )
    for stream in ("ticks", "orders", "executions", "pnl", "instruments", "journal", "alerts"):
        assert copy.entries(stream) == original.entries(stream)
    assert sum(isinstance(decode(entry.data), Fill) for entry in copy.forwards("executions")) >= 4
    assert copy.state_of("execution.paper") == original.state_of("execution.paper")
    original.close()


@pytest.mark.parametrize(
    "bounds", [("--from", "09:17:30"), ("--from", "09:16:40", "--to", "09:18:20"), ("--to", "09:18")]
)
def test_a_slice_from_anywhere_to_anywhere_says_the_same(
    home: Settings, tmp_path: Path, bounds: tuple[str, ...]
) -> None:
    there = opened_elsewhere(packed(home, tmp_path, *bounds), tmp_path)
    copy, original = Record.open(there, "day"), Record.open(home)

    assert set(verdicts(there, "day").values()) == {True}
    assert 0 < copy.length("ticks") < original.length("ticks")
    original.close()


def test_a_changed_rule_shows_in_an_opened_bundle(home: Settings, whole: Path, tmp_path: Path) -> None:
    there = opened_elsewhere(whole, tmp_path)
    rules = there.config / "strategies" / "tight.yaml"
    rules.write_text(rules.read_text().replace("09:17", "09:18"))
    record = Record.open(there, "day")
    unit = available(there)["strategy.tight"]

    finding = check(record, "strategy.tight", lambda _opened: unit)

    assert not finding.same
    assert finding.first is not None
    assert finding.first.input is not None
    assert finding.first.input.stream == "ticks"


def test_the_program_itself_finds_no_difference_and_says_why_in_an_opened_bundle(
    whole: Path, tmp_path: Path
) -> None:
    place = opened_elsewhere(whole, tmp_path).config.parents[3]

    compared = sauda(place, "diff", "--desk", "day", SAUDA_REDIS_URL=NOWHERE)
    (fill, *_) = json.loads(sauda(place, "fills", "--desk", "day", "--json", SAUDA_REDIS_URL=NOWHERE).out)
    why = sauda(place, "why", fill["fill_id"], "--desk", "day", SAUDA_REDIS_URL=NOWHERE)
    rules = place / "var" / "bundles" / "day" / "config" / "strategies" / "tight.yaml"
    rules.write_text(rules.read_text().replace("09:17", "09:18"))
    changed = sauda(place, "diff", "strategy.tight", "--desk", "day", SAUDA_REDIS_URL=NOWHERE)

    assert compared.code == 0, compared.out + compared.err
    assert (why.code, "tick" in why.out) == (0, True), why.err
    assert changed.code == 1
    assert "ticks" in changed.out


def damaged_middle(data: bytes) -> bytes:
    return data[: len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1 :]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        pytest.param(damaged_middle, "damaged|checksum|CRC", id="one bit"),
        pytest.param(lambda data: data[:-200], "no bundle|damaged", id="cut off"),
        pytest.param(lambda _: b"hello", "no bundle", id="something else"),
    ],
)
def test_a_damaged_bundle_is_refused_and_leaves_nothing(
    whole: Path, tmp_path: Path, spoil: Callable[[bytes], bytes], says: str
) -> None:
    bundle = tmp_path / "day.sauda"
    bundle.write_bytes(spoil(whole.read_bytes()))
    place = a_place(tmp_path / "elsewhere")

    done = sauda(place, "bundle", "open", str(bundle), SAUDA_REDIS_URL=NOWHERE)

    assert done.code == 1
    assert any(word in done.err for word in says.split("|"))
    assert "Traceback" not in done.err
    assert not (place / "var" / "archive" / "day").exists()


def rewritten(bundle: Path, out: Path, changes: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(bundle) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            if name not in changes:
                new.writestr(name, old.read(name))
        for name, data in changes.items():
            new.writestr(name, data)
    return out


def test_a_bundle_cannot_write_outside_its_place(whole: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(whole) as file:
        manifest = json.loads(file.read("manifest.json"))
    evil = "config/../../../evil.yaml"
    manifest["files"][evil] = hashlib.sha256(b"x").hexdigest()
    spoilt = rewritten(
        whole, tmp_path / "evil.sauda", {"manifest.json": json.dumps(manifest).encode(), evil: b"x"}
    )
    place = a_place(tmp_path / "elsewhere")

    done = sauda(place, "bundle", "open", str(spoilt), SAUDA_REDIS_URL=NOWHERE)

    assert done.code == 1
    assert "which no bundle has" in done.err
    assert not list(tmp_path.rglob("evil.yaml"))


def test_opening_twice_is_opening_once_and_another_of_that_name_is_refused(
    home: Settings, whole: Path, tmp_path: Path
) -> None:
    place = a_place(tmp_path / "elsewhere")

    first = sauda(place, "bundle", "open", str(whole), SAUDA_REDIS_URL=NOWHERE)
    second = sauda(place, "bundle", "open", str(whole), SAUDA_REDIS_URL=NOWHERE)
    slice_of_it = packed(home, tmp_path, "--to", "09:18")
    other = sauda(place, "bundle", "open", str(slice_of_it), "--as", "day", SAUDA_REDIS_URL=NOWHERE)

    assert (first.code, second.code, other.code) == (0, 0, 1)
    assert "was open" in second.err
    assert "--as" in other.err


def test_an_opening_that_was_killed_half_way_is_done_again_and_a_book_of_others_is_kept(
    whole: Path, tmp_path: Path
) -> None:
    place = a_place(tmp_path / "elsewhere")
    assert sauda(place, "bundle", "open", str(whole), SAUDA_REDIS_URL=NOWHERE).code == 0
    book_file = next((place / "var" / "archive" / "day").rglob("book.json"))
    files = sorted(book_file.parent.rglob("*.parquet"))
    book = book_file.read_bytes()
    for left_out in (book_file, files[0]):
        left_out.unlink()

    again = sauda(place, "bundle", "open", str(whole), SAUDA_REDIS_URL=NOWHERE)

    assert again.code == 0, again.err
    assert book_file.read_bytes() == book
    assert sorted(book_file.parent.rglob("*.parquet")) == files
    book_file.unlink()
    files[0].rename(files[0].with_name("1-0_2-0.parquet"))
    refused = sauda(place, "bundle", "open", str(whole), SAUDA_REDIS_URL=NOWHERE)
    assert refused.code == 1
    assert "--as" in refused.err


def test_letters_of_an_opened_bundle_can_only_be_read(home: Settings, whole: Path, tmp_path: Path) -> None:
    place = a_place(tmp_path / "elsewhere")
    opened = sauda(place, "bundle", "open", str(whole), SAUDA_REDIS_URL=home.redis_url)

    refused = sauda(place, "dead-letters", "requeue", "1-0", "--desk", "day", SAUDA_REDIS_URL=home.redis_url)

    assert opened.code == 0
    assert refused.code == 2
    assert "can only be read" in refused.err


def test_a_slice_that_ends_before_it_begins_is_said(home: Settings, tmp_path: Path) -> None:
    done = at_home(
        home,
        "bundle",
        "--from",
        "09:17",
        "--to",
        "09:16",
        "-o",
        str(tmp_path / "none.sauda"),
    )

    assert done.code == 1
    assert "--from 09:17 is behind --to 09:16" in done.err


def test_no_secret_goes_into_a_bundle(home: Settings, tmp_path: Path) -> None:
    secret = "S3CRETS3CRETS3CRETS3CRETS3CRET22"
    out = tmp_path / "day.sauda"
    at_home(
        home,
        "bundle",
        "-o",
        str(out),
        SAUDA_NOREN_TOTP_SECRET=secret,
        SAUDA_NOREN_PASSWORD=secret,
        SAUDA_SQL_URL=f"postgresql://me:{secret}@127.0.0.1:1/x",
    )

    with zipfile.ZipFile(out) as file:
        assert all(secret.encode() not in file.read(name) for name in file.namelist())


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("bundle",), "-o"),
        (("bundle", "--from", "soon", "-o", "x.sauda"), "soon"),
        (("bundle", "-o", "nowhere/x.sauda"), "nowhere"),
        (("bundle", "open", "x.sauda", "--as", "a b"), "--as"),
    ],
)
def test_wrong_usage_is_one_clear_line(home: Settings, words: tuple[str, ...], says: str) -> None:
    done = at_home(home, *words)

    assert done.code == 2
    assert says in done.err
    assert "Traceback" not in done.err


def test_an_empty_slice_is_said_and_writes_nothing(home: Settings, tmp_path: Path) -> None:
    out = tmp_path / "none.sauda"

    done = at_home(
        home,
        "bundle",
        "--from",
        "15:00",
        "-o",
        str(out),
    )

    assert done.code == 1
    assert "no unit did anything" in done.err
    assert not out.exists()
