"""What a run has shown, as text for people and as one JSON document."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from chaos.finding import MOST_NAMED, Finding
from chaos.recovery import Recovery
from chaos.request import Request
from chaos.schedule import Act


@dataclass(slots=True)
class Report:
    """One run."""

    request: Request
    server: str = ""
    database: str = ""
    done: Mapping[str, int] = field(default_factory=dict)
    """act -> how often"""
    passed_over: Mapping[str, int] = field(default_factory=dict)
    lost: Mapping[str, int] = field(default_factory=dict)
    """commits whose answer or request was lost"""
    recovery: Recovery = field(default_factory=Recovery)
    findings: list[Finding] = field(default_factory=list)
    run_s: float = 0.0
    settled_s: float = 0.0
    """From the end of the schedule to a quiet desk."""
    checked_s: float = 0.0
    folder: str = ""
    """Where logs and data are, if they were kept."""

    @property
    def ok(self) -> bool:
        """Whether nothing was wrong."""
        return bool(self.findings) and all(finding.ok for finding in self.findings)

    @property
    def again(self) -> str:
        """Return the command that repeats the schedule."""
        asked, usual = self.request, Request()
        words = {"minutes": f"{asked.minutes:g}", "seed": asked.seed}
        if asked.runtime != usual.runtime:
            words["RUNTIME"] = asked.runtime
        rest = (asked.lease, asked.straddles, asked.services)
        if rest == (usual.lease, usual.straddles, usual.services):
            return " ".join(["make chaos", *(f"{name}={value}" for name, value in words.items())])
        words = {
            **words,
            "lease": asked.lease,
            "straddles": asked.straddles,
            "services": ",".join(asked.services),
        }
        return " ".join(["python -m chaos", *(f"{name.lower()}={value}" for name, value in words.items())])

    def document(self) -> dict[str, Any]:
        """Return everything as one JSON document."""
        recovery = self.recovery
        return {
            "ok": self.ok,
            "again": self.again,
            "minutes": self.request.minutes,
            "seed": self.request.seed,
            "lease_ms": self.request.lease,
            "runtime": self.request.runtime,
            "server": self.server,
            "database": self.database,
            "run_s": round(self.run_s, 1),
            "settled_s": round(self.settled_s, 1),
            "checked_s": round(self.checked_s, 1),
            "done": dict(self.done),
            "passed_over": dict(self.passed_over),
            "lost_commits": dict(self.lost),
            "recovery": {
                "p50_s": recovery.p50_s,
                "max_s": recovery.max_s,
                "kills": len(recovery.gaps),
                "kills_unmeasured": recovery.unmeasured,
                "kills_of_a_standby": recovery.held_nothing,
                "kills_while_redis_was_away": recovery.unknown,
                "p50_s_by_service": {
                    name: round(median(all_s), 3) for name, all_s in sorted(recovery.of_unit.items())
                },
                "of_kill": [
                    {
                        "at_s": round(gap.kill.at_s, 1),
                        "victim": gap.kill.victim,
                        "unit": gap.unit,
                        "s": gap.seconds,
                    }
                    for gap in recovery.gaps
                ],
            },
            "checks": [
                {"name": one.name, "ok": one.ok, "facts": one.facts, "violations": one.violations}
                for one in self.findings
            ],
            "folder": self.folder,
        }

    def json(self) -> str:
        """Return the document as text."""
        return json.dumps(self.document(), indent=2) + "\n"

    def text(self) -> str:
        """Return the table that people read."""
        lines = ["", "What was done"]
        width = max((len(act.value) for act in Act), default=0)
        for act in Act:
            if act.value in self.done or act.value in self.passed_over:
                over = self.passed_over.get(act.value, 0)
                rest = f"  (and {over} times nobody was left to do it to)" if over else ""
                lines.append(f"  {act.value:<{width}}  {self.done.get(act.value, 0):>5}{rest}")
        lines += [
            "",
            "Recovery after kill -9 of a holder, until its units' next committed step",
            *self._recovery(),
        ]
        lines += ["", f"Checks on {self.server}, {self.database}"]
        for finding in self.findings:
            lines.append(f"  {'ok' if finding.ok else 'FAILED':<6}  {finding.name:<18}  {finding.facts}")
            lines += [f"            {one}" for one in finding.violations[:MOST_NAMED]]
            more = len(finding.violations) - MOST_NAMED
            lines += [f"            and {more} more"] if more > 0 else []
        wrong = sum(len(finding.violations) for finding in self.findings)
        verdict = "nothing lost, nothing doubled, nothing different" if self.ok else f"{wrong} violations"
        lines += ["", f"{'PASSED' if self.ok else 'FAILED'}: {verdict}. Again: {self.again}"]
        if self.folder:
            lines.append(f"Logs and data are kept in {self.folder}")
        return "\n".join(lines)

    def _recovery(self) -> list[str]:
        recovery = self.recovery
        if not recovery.gaps:
            return ["  no kill could be measured"]
        lines = [
            f"  p50 {recovery.p50_s} s, max {recovery.max_s} s, lease and restart included; {len(recovery.gaps)} kills"
            f" ({recovery.held_nothing} more of a standby, {recovery.unknown} while Redis was away, {recovery.unmeasured} not measurable)"
        ]
        slow = ", ".join(
            f"{gap.seconds:.1f} s at {gap.kill.at_s:.1f} s ({gap.unit})" for gap in recovery.slowest[:3]
        )
        lines.append(f"    slowest: {slow}")
        return lines + [
            f"    {name:<10} p50 {median(all_s):.2f} s over {len(all_s)} units"
            for name, all_s in sorted(recovery.of_unit.items())
        ]
