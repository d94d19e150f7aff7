"""Starts the simulator: settings -> calendar -> market -> account -> server, until SIGTERM."""

import asyncio
import os
import signal
import sys
from contextlib import suppress

from aiohttp import web

from sauda.calendar import load_calendar
from sauda.clock import SystemClock
from sauda.errors import ConfigError
from sauda.health import Health
from sauda.logs import Channel, configure, logger
from sauda.margin import MarginBook, load_margins
from sauda.service import watched
from sauda.settings import Settings, load_settings
from sauda_simulator.anchor import AnchorFile
from sauda_simulator.login import Account, Logins
from sauda_simulator.market_clock import MarketClock, MarketPlan
from sauda_simulator.server import Server

REPORT_EVERY_S = 2.0
SERVICE = "simulator"


def main() -> int:
    """Run until told to stop; return 2 for wrong settings, 1 if the port is taken."""
    try:
        settings = load_settings()
        configure(settings, settings.service_name or SERVICE)
        market, logins = wire(settings)
        margins = load_margins(settings.config / "market")
        return asyncio.run(serve(settings, market, logins, margins))
    except ConfigError as error:
        sys.stderr.write(f"{SERVICE}: {error}\n")
        return 2


def wire(settings: Settings) -> tuple[MarketClock, Logins]:
    """Build the market and its doorkeeper.

    Raises:
        ConfigError: a setting is missing or wrong.
    """
    wall = SystemClock()
    account = account_of(settings)
    plan = MarketPlan(settings.sim_seed, settings.underlyings, settings.speed, settings.sim_date)
    calendar = load_calendar(settings.config / "market")
    return MarketClock(plan, calendar, wall, AnchorFile(settings.sim_data)), Logins(account, wall)


def account_of(settings: Settings) -> Account:
    """Return the account whose owner may log in: the same settings that a feed logs in with.

    Raises:
        ConfigError: one of them is not set.
    """
    settings.require(
        "noren_user", "noren_password", "noren_totp_secret", "noren_vendor_code", "noren_api_secret"
    )
    return Account(
        user=settings.noren_user or "",
        password=settings.noren_password.get_secret_value() if settings.noren_password else "",
        totp_secret=settings.noren_totp_secret.get_secret_value() if settings.noren_totp_secret else "",
        vendor_code=settings.noren_vendor_code or "",
        api_secret=settings.noren_api_secret.get_secret_value() if settings.noren_api_secret else "",
    )


async def serve(settings: Settings, market: MarketClock, logins: Logins, margins: MarginBook) -> int:
    """Listen until SIGTERM or SIGINT; return 1 if the port is taken or the address not ours.

    Raises:
        ConfigError: the anchor file cannot be written.
    """
    server = Server(market, logins, margins)
    # Nobody's request is worth delaying a stop: who is still asking will ask again.
    runner = web.AppRunner(server.app(), access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        if not await _listens(runner, settings):
            return 1
        logger(Channel.APP).info(
            "simulator_listening",
            address=f"{settings.sim_host}:{runner.addresses[0][1]}",
            date=market.day().hours.day.isoformat(),
            speed=settings.speed,
            seed=settings.sim_seed,
            underlyings=list(settings.underlyings),
        )
        await _until_stopped(settings, market)
        await server.sockets.close()
    finally:
        await runner.cleanup()
    logger(Channel.APP).info("simulator_stopped")
    return 0


async def _listens(runner: web.AppRunner, settings: Settings) -> bool:
    try:
        await web.TCPSite(runner, settings.sim_host, settings.sim_port).start()
    except OSError as error:
        where = f"{settings.sim_host}:{settings.sim_port} (SAUDA_SIM_HOST, SAUDA_SIM_PORT)"
        reason = os.strerror(error.errno) if error.errno else error
        sys.stderr.write(f"{SERVICE}: cannot listen on {where}: {reason}\n")
        return False
    return True


async def _until_stopped(settings: Settings, market: MarketClock) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    health = Health(settings.health_file, settings.service_name or SERVICE)
    with watched(settings, health):
        while not stop.is_set():
            _keep(market)
            health.report(True, date=market.day().hours.day.isoformat(), anchored=market.anchored)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), REPORT_EVERY_S)
    _keep(market)


def _keep(market: MarketClock) -> None:
    try:
        market.keep()
    except ConfigError as error:
        # A full disk must not end the market; only the next restart would miss the file.
        logger(Channel.APP).warning("anchor_not_written", error=str(error))


if __name__ == "__main__":
    sys.exit(main())
