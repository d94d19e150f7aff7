"""The wiring of the alerts service: settings -> the unit, the watcher, a courier for each destination.

executions, pnl, ticks -> alerts.desk -> alerts;   Redis, disks -> alerts.watch -> alerts;   alerts -> alerts.to.* -> people
"""

from collections.abc import Callable, Sequence

from sauda.alerted import COURIER
from sauda.calendar import Calendar, load_calendar
from sauda.clock import UnixNs, clock_text, ist_date
from sauda.errors import ConfigError
from sauda.instruments import underlying
from sauda.logs import Channel, logger
from sauda.redis_consumer import RedisConsumer
from sauda.service import Role, holder_name, run, surroundings, unit_role
from sauda.settings import Settings
from sauda.unit import REQUEUED
from sauda.writer import GroupReader
from sauda_alerts.courier import Courier
from sauda_alerts.destinations import SETTING, Handling, Policy, load_delivery, read_addresses
from sauda_alerts.machinery import Machinery
from sauda_alerts.measuring import Measuring
from sauda_alerts.rules import Rules
from sauda_alerts.rules_file import load_rules
from sauda_alerts.sending import AppriseSender, Sender, load_services
from sauda_alerts.units import units
from sauda_alerts.watcher import UNIT, Watcher

_QUIET = frozenset({"courier_holding", "destination_back", "redis_back"})
_CONSUMER = "courier"
"""One name for all replicas: the lease says who works, and finds what the one before it had read."""


def wire(settings: Settings) -> Sequence[Role]:
    """Build the service's roles; nothing connects yet.

    Raises:
        ConfigError: config/alerts.yaml, risk.yaml, the calendar or the list of addresses cannot be used.
    """
    rules, delivery = load_rules(settings.config), load_delivery(settings.config)
    secret = settings.alerts_urls.get_secret_value() if settings.alerts_urls else ""
    addresses = read_addresses(secret)
    if lost := sorted(delivery.destinations.keys() - addresses.keys()):
        logger(Channel.APP).warning("no_address", destinations=lost, advice=f"name them in {SETTING}_FILE")
    if addresses:
        load_services()
    else:
        advice = (
            f"set {SETTING}_FILE (docs/alerts.md): until then alerts stand on the stream and nobody is called"
        )
        logger(Channel.APP).warning("no_destination", advice=advice)
    couriers = [
        courier_role(
            name,
            address,
            Handling(rules=rules, delivery=delivery, policy=delivery.destinations.get(name, Policy())),
            settings,
        )
        for name, address in addresses.items()
    ]
    return [
        *(unit_role(unit, settings) for unit in units(settings)),
        watcher_role(rules, tuple(addresses), settings),
        *couriers,
    ]


def watcher_role(rules: Rules, destinations: Sequence[str], settings: Settings) -> Role:
    """Return the role that watches the machinery."""
    measuring = Measuring(settings)
    machinery = Machinery(
        rules, missed(load_calendar(settings.config / "market"), settings), settings.speed, destinations
    )
    log, said, figures = surroundings(UNIT, settings)
    watcher = Watcher(
        log, measuring, machinery, holder=holder_name(), on_event=_recorder(UNIT), tell=said.tell
    )
    return Role(
        UNIT,
        watcher.run,
        lambda: watcher.ready,
        lambda: {"phase": watcher.phase, "troubles": len(watcher.troubles)},
        figures=figures,
    )


def courier_role(name: str, address: str, handling: Handling, settings: Settings) -> Role:
    """Return the role that delivers to one destination."""
    unit = f"{COURIER}{name}"
    log, _, measured = surroundings(unit, settings)
    reader: GroupReader = RedisConsumer(
        settings.redis_url, settings.desk, unit, _CONSUMER, ("alerts", REQUEUED)
    )
    sender: Sender = AppriseSender(name, address)
    figures = None
    if measured is not None:
        from sauda_alerts.measured import measured_courier

        reader, sender, figures = measured_courier(unit, reader, sender, measured.steps)
    courier = Courier(
        name,
        log,
        reader,
        sender,
        handling,
        holder=holder_name(),
        on_event=_recorder(unit),
    )

    def facts() -> dict[str, object]:
        known: dict[str, object] = {"phase": courier.phase, "delivered": courier.delivered}
        if away := courier.away:
            known["away"] = f"away since {clock_text(away.since_ns)} IST: {away.why}"
        return known

    # A destination that takes nothing is no illness of ours: restarting us would not help it.
    return Role(unit, courier.run, lambda: courier.phase in ("holding", "standby"), facts, figures=figures)


def missed(calendar: Calendar, settings: Settings) -> Callable[[UnixNs, UnixNs], bool]:
    """Return whether a feed that was heard last at one instant of market time is missed at a later one."""
    exchanges = {underlying(name).exchange_derivatives for name in settings.underlyings}

    def is_missed(last_ns: UnixNs, now_ns: UnixNs) -> bool:
        if settings.source == "recording" and ist_date(now_ns) != ist_date(last_ns):
            return False  # A recording that was played to its end says nothing more.
        try:
            return any(calendar.is_open(exchange, now_ns) for exchange in exchanges)
        except ConfigError:
            return False

    return is_missed


def _recorder(role: str) -> Callable[[str, dict[str, object]], None]:
    records = logger(Channel.APP)

    def record(event: str, facts: dict[str, object]) -> None:
        facts.pop("since_ns", None)
        (records.info if event in _QUIET else records.warning)(event, role=role, **facts)

    return record


def main() -> None:
    """Run the service until SIGTERM."""
    run("alerts", wire)


if __name__ == "__main__":
    main()
