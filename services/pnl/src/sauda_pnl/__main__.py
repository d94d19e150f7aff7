"""The wiring of the pnl service: one valuation among all replicas, and in every replica a writer for each database.

ticks, executions -> valuation -> pnl;   pnl, executions, orders -> writers -> InfluxDB, SQL
"""

from collections.abc import Callable, Sequence

from sauda import service
from sauda.clock import clock_text
from sauda.logs import Channel, logger
from sauda.redis_consumer import RedisConsumer
from sauda.runner import Stop
from sauda.service import Role
from sauda.settings import Settings
from sauda.writer import GroupReader, Sink, WriterRunner
from sauda_pnl.access import STREAMS
from sauda_pnl.units import units


def wire(settings: Settings) -> Sequence[Role]:
    """Return the roles in the order of the data's flow; nothing connects yet.

    Raises:
        ConfigError: the address of a database cannot be read.
    """
    roles = [service.unit_role(unit, settings) for unit in units(settings)]
    sinks = _sinks(settings)
    if not sinks:
        advice = "set SAUDA_SQL_URL or SAUDA_INFLUX_URL to keep what is on the streams"
        logger(Channel.APP).warning("no_database", advice=advice)
    return [*roles, *(writer_role(name, sink, settings) for name, sink in sinks.items())]


def writer_role(name: str, sink: Sink, settings: Settings) -> Role:
    """Return the role that writes into *sink*, as one of the competing consumers of the group *name*."""
    reader: GroupReader = RedisConsumer(
        settings.redis_url, settings.desk, name, service.holder_name(), STREAMS
    )
    figures = None
    if settings.metrics_port is not None:
        from sauda.metrics.writing import measured_writer

        reader, sink, figures = measured_writer(name, reader, sink)
    runner = WriterRunner(reader, sink, on_event=_recorder(name))

    def facts() -> dict[str, object]:
        known: dict[str, object] = {
            "phase": runner.phase,
            "written": runner.written,
            "refused": runner.refused,
        }
        away = runner.away
        if away is not None:
            # This line is what `sauda doctor` and the container's healthcheck show.
            known["away"] = f"{away.what} away since {clock_text(away.since_ns)} IST: {away.why}"
        return {**known, "database": sink.where}

    def run(stop: Stop) -> None:
        runner.run(stop)

    return Role(name=name, run=run, ready=lambda: runner.ready, facts=facts, figures=figures)


def _sinks(settings: Settings) -> dict[str, Sink]:
    # A database's library is half of this service's start-up: a desk does not wait for one that it has not.
    sinks: dict[str, Sink] = {}
    if settings.influx_url:
        from sauda_pnl.writers.influx import InfluxSink

        sinks["writer.influx"] = InfluxSink(
            settings.influx_url,
            token=settings.influx_token.get_secret_value() if settings.influx_token else "",
            org=settings.influx_org,
            bucket=settings.influx_bucket,
            desk=settings.desk,
        )
    if settings.sql_url:
        from sauda_pnl.writers.sql import SqlSink

        sinks["writer.sql"] = SqlSink(settings.sql_url, desk=settings.desk)
    return sinks


def _recorder(writer: str) -> Callable[[str, dict[str, object]], None]:
    records = logger(Channel.PNL)

    def record(event: str, facts: dict[str, object]) -> None:
        # Since when is what the record's own time says; the health file repeats it.
        facts.pop("since_ns", None)
        (records.info if event.endswith("_back") else records.warning)(event, writer=writer, **facts)

    return record


def main() -> None:
    """Run the service until SIGTERM."""
    service.run("pnl", wire)


if __name__ == "__main__":
    main()
