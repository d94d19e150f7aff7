"""One run from beginning to end: start the desk, break it for so long, let it come to rest, check, report."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

from chaos.books import check_money, check_orders
from chaos.containers import ContainerDesk
from chaos.deeds import Deeds
from chaos.desk import DESK, ChaosDesk, Shape
from chaos.finding import Finding
from chaos.recovery import Kill, Witness, recoveries
from chaos.replaying import check_replay
from chaos.report import Report
from chaos.request import Request
from chaos.schedule import Act, schedule
from chaos.servers import wait_for_redis
from chaos.stopping import STOPPING
from chaos.streams import (
    check_archive,
    check_consumers,
    check_letters,
    check_steps,
    check_ticks,
    digest,
    wait_for_quiet,
)
from chaos.tables import check_tables
from chaos.world import World
from sauda.clock import SystemClock, monotonic_s
from sauda.codec import decode
from sauda.contracts import STREAMS, ClockTick, Message
from sauda.record import Record
from sauda.redis_view import RedisView, server_facts

SETTLE_S: Final = 120
"""For what is left of the market and of everybody's arrears, on top of the length of the run."""
KILLS_PER_MINUTE: Final = 20
PAUSES_PER_MINUTE: Final = 8
"""Below these a run has proven nothing."""


@dataclass
class Run:
    """One run."""

    request: Request
    say: Callable[[str], None]
    report: Report = field(init=False)

    def __post_init__(self) -> None:
        self.report = Report(self.request)
        asked = self.request
        # A little shorter than the schedule: what is down stops the market, which waits for its feed.
        shape = Shape(asked.minutes * 60 * 0.85, asked.lease, asked.straddles, asked.seed)
        self.world: ChaosDesk = ContainerDesk(shape) if asked.runtime == "docker" else World(shape)
        self._kills: list[Kill] = []

    def go(self) -> Report:
        """Do all of it; what was started is ended whatever happens.

        Raises:
            KeyboardInterrupt: somebody wants the end; nothing is left.
            LateError, SaudaError: the desk could not be started, or be read at the end; the folder is kept.
        """
        keep = True
        try:
            self._start()
            self._disturb()
            self._settle()
            keep = not self.report.ok
        except KeyboardInterrupt:
            keep = False
            raise
        finally:
            self.report.folder = str(self.world.folder) if keep else ""
            if keep and not self.report.findings:
                self.say(f"logs and data are kept in {self.world.folder}")
            with STOPPING.held():
                self.world.close(keep=keep)
        return self.report

    def _start(self) -> None:
        asked, world = self.request, self.world
        self.say(
            f"seed {asked.seed}, {asked.minutes:g} minutes, lease {asked.lease} ms, {asked.straddles} straddles"
        )
        world.start()
        facts = server_facts(world.redis_url, DESK)
        self.report.server = f"{facts.name} {facts.version}"
        self.report.database = world.database_name
        lasts_s = world.market.seconds / world.market.speed
        self.say(
            f"the desk runs: {world.ticks} ticks in {lasts_s:.0f} s undisturbed, {world.market.speed:g} times the market's pace"
        )

    def _disturb(self) -> None:
        asked, began_s = self.request, monotonic_s()
        witness = Witness(self.world.redis_url, DESK)
        deeds = Deeds(self.world, witness, self._tell)
        try:
            events = schedule(asked.seed, asked.minutes, asked.lease, asked.services)
            deeds.run([event for event in events if event.act not in self.world.impossible])
        finally:
            witness.close()
        self.report.done, self.report.passed_over = deeds.done, deeds.passed_over
        self._kills = deeds.kills
        self.report.run_s = monotonic_s() - began_s

    def _settle(self) -> None:
        began_s = monotonic_s()
        self.world.heal()
        self.say("healed; waiting until the market is over and everybody has caught up")
        view = self.world.view()
        try:
            limit_s = SETTLE_S + self.request.minutes * 60
            rest = wait_for_quiet(view, lambda: self._market_is_over(view), limit_s, SystemClock().sleep)
            self.report.settled_s = monotonic_s() - began_s
            self.world.stop_services()
            self.say(
                f"quiet after {self.report.settled_s:.1f} s; checking" if not rest else f"NOT QUIET: {rest}"
            )
            survival = self._survival(view)
        finally:
            view.close()
        began_s, view = monotonic_s(), self.world.view()
        record = Record.open(self.world.settings())
        try:
            self.report.findings += [self._trial(rest), survival, *self._findings(record, view)]
            self.report.recovery = recoveries(
                self._kills, record.forwards("journal"), record.forwards("ticks")
            )
        finally:
            record.close()
            view.close()
        self.report.checked_s = monotonic_s() - began_s

    def _market_is_over(self, view: RedisView) -> bool:
        newest = view.newest("ticks")
        return newest is not None and decode(newest.data) == ClockTick(self.world.market.close_ns)

    def _findings(self, record: Record, view: RedisView) -> Iterator[Finding]:
        """Look at everything that was recorded, archive and Redis as one."""

        def said(stream: str) -> list[Message]:
            return [decode(entry.data) for entry in record.forwards(stream)]

        orders, executions, points = said("orders"), said("executions"), said("pnl")
        yield check_ticks(self.world.market.messages(), record.forwards("ticks"))
        yield check_steps(record.forwards("journal"))
        yield check_replay(record, self.world.settings())
        yield check_orders(orders, executions)
        yield check_money(executions, points)
        yield check_tables(self.world.sql_url, points, orders, executions)
        yield check_consumers(view.lag())
        yield check_archive(record, view, STREAMS)
        yield check_letters(record.forwards("dead_letters"))

    def _trial(self, rest: str) -> Finding:
        """Was enough done to prove anything, and did the desk come to rest?"""
        report, minutes = self.report, self.request.minutes
        report.lost = self.world.lost()
        kills, pauses = report.done.get(Act.KILL.value, 0), report.done.get(Act.PAUSE.value, 0)
        finding = Finding("trial")
        lost = report.lost
        finding.facts = (
            f"{kills} kills, {pauses} pauses, {lost.get('answers', 0)} answers and {lost.get('requests', 0)} requests of commits lost;"
            f" ended in order: {sum(not code for code in self.world.codes.values())} of {len(self.world.codes)}"
        )
        finding.require(
            kills >= round(KILLS_PER_MINUTE * minutes), f"only {kills} kills: too few to prove anything"
        )
        finding.require(
            pauses >= round(PAUSES_PER_MINUTE * minutes), f"only {pauses} pauses: too few to prove anything"
        )
        finding.require(not rest, f"the desk did not come to rest: {rest}")
        for name, code in sorted(self.world.died.items()):
            finding.require(False, f"{name} ended by itself with {code}")
        for name, code in sorted(self.world.codes.items()):
            finding.require(code == 0, f"{name} ended with {code} when it was told to stop")
        return finding

    def _survival(self, view: RedisView) -> Finding:
        """Kill Redis once more, with nobody writing: what it reads from its file must be what it held."""
        finding = Finding("append-only file")
        before = digest(view, STREAMS)
        self.world.redis.kill()
        self.world.redis.start()
        wait_for_redis(self.world.redis_url)
        again = self.world.view()
        try:
            after = digest(again, STREAMS)
        finally:
            again.close()
        kills = self.report.done.get(Act.KILL_REDIS.value, 0)
        finding.facts = (
            f"{kills + 1} times kill -9, {sum(held for held, _ in after.values())} entries read back"
        )
        for name in STREAMS:
            finding.require(
                before[name] == after[name],
                f"{name} was (entries, last id) {before[name]}, came back as {after[name]}",
            )
        return finding

    def _tell(self, at_s: float, what: str, victim: str) -> None:
        self.say(f"{at_s:7.1f} s  {victim:<12} {what}")


def run(request: Request, say: Callable[[str], None]) -> Report:
    """Do one run.

    Raises:
        LateError, SaudaError: the desk could not be started.
    """
    return Run(request, say).go()
