"""`sauda doctor`: is everything as it should be, and if not, what to do."""

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

import typer

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption

if TYPE_CHECKING:
    from sauda.cli.checks import Finding
    from sauda.redis_view import ServerFacts
    from sauda.settings import Settings

NO_REDIS = 3
"""The program's exit code when Redis cannot be reached."""


WHO_MAY: Final = (
    "each service has a user of its own there, people have `cli`: unset SAUDA_REDIS_URL for the one in var/run.env, or `make up`, "
    "which writes the users anew; in a container `sauda` is that container's service: ask in the gateway's (docs/threats.md)"
)


class Diagnosis(NamedTuple):
    """All findings, and the exit code that says the worst."""

    findings: "list[Finding]"
    exit_code: int


def doctor(desk: DeskOption = None, as_json: JsonOption = False) -> None:
    """Say what is not as it should be, and what to do.

    Looks at settings, files of the configuration, Redis, streams, units, health files, disk and clock. Exit code 1:
    something is bad; 3: Redis cannot be reached.
    """
    diagnosis = examine(desk)
    if as_json:
        screen.json_list(diagnosis.findings)
    else:
        rows = [
            (finding.check, finding.verdict.value, finding.text, finding.advice)
            for finding in diagnosis.findings
        ]
        shown = rows if screen.is_terminal() else screen.folded(rows)
        screen.table(("CHECK", "IS", "FOUND", "WHAT TO DO"), shown)
    raise typer.Exit(diagnosis.exit_code)


def examine(desk: str | None) -> Diagnosis:
    """Look at everything; what cannot be looked at is a finding, too."""
    from sauda.cli.checks import Verdict, bad, ok
    from sauda.cli.local_checks import look_at_files
    from sauda.errors import ConfigError, ForbiddenError, TransientError
    from sauda.runtime.place import Place
    from sauda.settings import load_settings
    from sauda.settings_sources import find_root

    try:
        settings = load_settings()
    except ConfigError as error:
        advice = "correct it in the environment, .env or config/sauda.yaml"
        return Diagnosis([bad("settings", line, advice) for line in str(error).splitlines()], 1)
    findings = [
        ok("settings", _summary(settings, desk)),
        *look_at_files(settings, Place(find_root(Path.cwd()))),
    ]
    try:
        findings += _on_redis(settings, desk or settings.desk)
    except ForbiddenError as error:
        return Diagnosis([*findings, bad("redis access", str(error), WHO_MAY)], 1)
    except TransientError as error:
        advice = "start the desk (`make up`) or correct SAUDA_REDIS_URL"
        return Diagnosis([*findings, bad("redis", str(error), advice)], NO_REDIS)
    unhealthy = any(finding.verdict is Verdict.BAD for finding in findings)
    return Diagnosis(findings, int(unhealthy))


def _summary(settings: "Settings", desk: str | None) -> str:
    from sauda.connection import without_password

    return f"readable; desk {desk or settings.desk} on {without_password(settings.redis_url)}"


def _on_redis(settings: "Settings", desk: str) -> "list[Finding]":
    from sauda.cli.checks import bad, judge_letters, judge_streams, judge_units
    from sauda.letters import Status, letters_of
    from sauda.market_time import arrival_ns
    from sauda.redis_view import RedisView, desks, server_facts

    server = server_facts(settings.redis_url, desk)
    findings = _of_the_server(settings, server)
    view = RedisView(settings.redis_url, desk)
    try:
        if not view.exists():
            there = ", ".join(desks(settings.redis_url)) or "none"
            advice = f"start it with `make up`; desks found: {there}"
            return [*findings, bad("streams", f"desk {desk!r} has no streams", advice)]
        newest = view.newest("ticks")
        # Arrival is stamped by the server, so its age is measured on the server's clock.
        findings += judge_streams(view.lag(), arrival_ns(newest.id) if newest else None, server.now_ns)
        letters = letters_of(view.forwards("dead_letters"), ())
        unsettled = sum(one.status is Status.OPEN for one in letters.values())
        findings.append(judge_letters(unsettled, len(letters) - unsettled))
        findings += judge_units(view.units())
    finally:
        view.close()
    return findings + _on_archive(settings, desk)


def _of_the_server(settings: "Settings", server: "ServerFacts") -> "list[Finding]":
    from sauda.cli.checks import judge_replicas, judge_server
    from sauda.clock import SystemClock
    from sauda.redis_address import Kind, read_address

    address = read_address(settings.redis_url)
    replaceable = address.kind is not Kind.FIXED
    return [
        *judge_server(server, SystemClock().now_ns()),
        *judge_replicas(server.replicas, address.replicas, may_fail_over=replaceable),
    ]


def _on_archive(settings: "Settings", desk: str) -> "list[Finding]":
    from sauda.cli.archive_checks import look_at_archive
    from sauda.cli.checks import bad
    from sauda.errors import ConfigError
    from sauda.record import Record

    try:
        record = Record.open(settings, desk)
    except ConfigError as error:
        return [bad("archive", str(error), "correct it in the environment, .env or config/sauda.yaml")]
    try:
        return look_at_archive(record, settings.archive_budget_mb * 1e6)
    finally:
        record.close()
