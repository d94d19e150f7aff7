"""Services on a replayed desk: what they decide follows from the market, whoever is killed on the way."""

import subprocess
from pathlib import Path

import pytest
import redis

from sauda.contracts import DeskPnl, Fill, Instrument, PlaceOrder
from sauda.money import to_indian
from sauda.reading import readable
from sauda.redis_log import RedisLog
from sauda.redis_view import RedisView
from sauda.testing.market import MadeUpMarket
from tests.integration.conftest import Server
from tests.integration.desk_processes import wait_until
from tests.integration.replay_desk import CONFIG, data, environment, record, start

MADE = ("orders", "executions", "signals", "pnl")
SERVICES = ("--with", "strategy", "--with", "execution", "--with", "pnl")


class Recorded:
    """A desk with a recorded morning, and replays of it."""

    def __init__(self, url: str, desk: str, folder: Path) -> None:
        self.url, self.desk, self.folder = url, desk, folder
        self.environment = environment(
            url,
            desk,
            folder,
            SAUDA_CONFIG=str(CONFIG),
            # Whatever the person's own desk writes to is not for a replay.
            SAUDA_SQL_URL=f"sqlite:///{folder / 'live.db'}",
        )

    def command(self, into: str, *more: str) -> list[str]:
        bounds = ("--from", "09:18", "--to", "09:27")
        return ["replay", "ticks", *bounds, "--speed", "max", "--into", into, *SERVICES, *more]

    def replay(self, into: str, *more: str) -> "subprocess.CompletedProcess[str]":
        process = start(self.command(into, *more), self.environment, self.folder)
        out, err = process.communicate(timeout=120)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def made(self, desk: str) -> dict[str, list[bytes]]:
        """Return what the services wrote."""
        log = RedisLog(self.url, desk)
        found = {stream: data(log.entries(stream)) for stream in MADE}
        log.close()
        return found


@pytest.fixture
def redis_url(any_redis: Server) -> str:
    """One kind of server is enough here: all that speaks to it is tested on each in the tests of the log."""
    return any_redis.url


@pytest.fixture
def recorded(redis_url: str, desk: str, desk_log: RedisLog, tmp_path: Path) -> Recorded:
    # Lively enough that a stop is hit.
    record(desk_log, 3_000, market=MadeUpMarket(volatility=4_00))
    return Recorded(redis_url, desk, tmp_path)


def test_services_trade_on_a_replayed_market_and_their_profit_is_told(recorded: Recorded) -> None:
    done = recorded.replay(f"{recorded.desk}-a")

    assert done.returncode == 0, done.stderr
    view = RedisView(recorded.url, f"{recorded.desk}-a")
    orders = [one for one in readable(view.entries("orders")) if isinstance(one, PlaceOrder)]
    fills = [one for one in readable(view.entries("executions")) if isinstance(one, Fill)]
    points = [one for one in readable(view.entries("pnl")) if isinstance(one, DeskPnl)]
    assert len(orders) >= 3
    assert len(fills) >= 3
    assert f"{len(orders)} orders, {len(fills)} fills" in done.stdout
    assert f"net {to_indian(points[-1].net)}" in done.stdout
    assert not any(unit.held for unit in view.units())
    assert not (recorded.folder / "live.db").exists()
    view.close()


def test_only_what_can_still_trade_is_defined_and_first(recorded: Recorded) -> None:
    log = RedisLog(recorded.url, recorded.desk)
    done = recorded.replay(f"{recorded.desk}-a")

    copy = RedisLog(recorded.url, f"{recorded.desk}-a")
    assert done.returncode == 0, done.stderr
    assert data(copy.entries("instruments")) == data(log.entries("instruments"))
    assert all(isinstance(one, Instrument) for one in readable(copy.entries("instruments")))
    first = [copy.entries(name, count=1)[0].id for name in ("instruments", "ticks")]
    assert int(first[0].partition(b"-")[0]) < int(first[1].partition(b"-")[0])
    for one in (log, copy):
        one.close()


def test_a_replay_with_services_decides_the_same_each_time_and_after_kill_9(
    recorded: Recorded,
) -> None:
    whole, torn = f"{recorded.desk}-whole", f"{recorded.desk}-torn"
    undisturbed = recorded.replay(whole)
    view = RedisView(recorded.url, torn)
    for least in (200, 1_000):
        resumed = ["--resume"] if least > 200 else []
        process = start(recorded.command(torn, *resumed), recorded.environment, recorded.folder)
        wait_until(lambda: view.length("ticks") >= least, 60, f"{least} ticks")  # noqa: B023
        process.kill()
        process.communicate(timeout=20)
        assert view.length("ticks") < 2_000
    # The services notice that whoever started them is gone; were they alive they would keep their units.
    wait_until(lambda: not any(unit.held for unit in view.units()), 20, "the services end by themselves")
    last = recorded.replay(torn, "--resume")

    assert (undisturbed.returncode, last.returncode) == (0, 0), last.stderr
    expected = recorded.made(whole)
    assert len(expected["orders"]) >= 3
    assert recorded.made(torn) == expected
    view.close()


def test_a_condition_on_ticks_leaves_no_contract_undefined(recorded: Recorded) -> None:
    done = recorded.replay(f"{recorded.desk}-where", "--where", "type=clock")

    copy = RedisLog(recorded.url, f"{recorded.desk}-where")
    assert done.returncode == 0, done.stderr
    assert len(copy.entries("instruments")) == 33
    assert len(copy.entries("ticks")) == 9 * 60 + 1
    copy.close()


def test_a_unit_that_somebody_else_carries_is_not_waited_for_in_silence(
    recorded: Recorded, redis_url: str
) -> None:
    into = f"{recorded.desk}-held"
    with redis.Redis.from_url(redis_url) as client:
        client.set(f"{{{into}}}:lease:execution.paper", "7", px=120_000)

        done = recorded.replay(into)

    assert done.returncode == 1
    assert "somebody else carries execution.paper" in done.stderr


def test_a_service_that_refuses_its_settings_ends_the_replay_with_its_words(
    recorded: Recorded, tmp_path: Path
) -> None:
    config = tmp_path / "config"
    config.mkdir()
    (config / "strategies").symlink_to(CONFIG / "strategies")
    (config / "market").mkdir()
    recorded.environment["SAUDA_CONFIG"] = str(config)

    done = recorded.replay(f"{recorded.desk}-bad")

    assert done.returncode == 1
    assert "ended with exit code 2" in done.stderr
    assert "Traceback" not in done.stderr
