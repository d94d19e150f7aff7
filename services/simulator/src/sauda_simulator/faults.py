"""What is wrong at the moment: the faults that were asked for and last."""

from typing import Literal

from sauda_simulator.fault_kinds import (
    Clear,
    Duplicate,
    FailingSpan,
    Fault,
    Http502,
    Latency,
    MissingLp,
    Mute,
    OutOfOrder,
    RefuseLogin,
    SecondSocket,
    SlowSpan,
    StaleSnapshot,
    TokenCap,
    Ws502,
)


class Faults:
    """What is wrong at the moment."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        """Be a well-behaved broker again."""
        self.http_502 = 0
        """REST calls that will still fail."""
        self.ws_502 = 0
        """WebSocket upgrades that will still fail."""
        self.refuse_login = 0
        """Logins that will still be refused."""
        self.mute_sockets = 0
        """Sockets that will still be mute from the start."""
        self.stale_s = 0
        """Market seconds by which the snapshot is late with which a subscription begins."""
        self.duplicate = 0
        """Updates that will still be sent twice."""
        self.out_of_order = 0
        """Updates that will still be held back."""
        self.without_lp: set[str] = set()
        """Instruments without `lp`, as `NFO|45123` or `NFO:SYMBOL`."""
        self.token_cap = 0
        """Subscriptions of a socket that deliver; 0 is all."""
        self.rest_ms = 0
        self.ws_ms = 0
        self.span_ms = 0
        self.failing_span = 0
        """Calls of SpanCalc that will still fail."""
        self.span_text: str | None = None
        """What they get instead of an answer; None is a 502 page."""
        self.second_socket = False
        """May a user have several sockets?"""

    def take(
        self,
        name: Literal[
            "http_502",
            "ws_502",
            "refuse_login",
            "failing_span",
            "mute_sockets",
            "duplicate",
            "out_of_order",
        ],
    ) -> bool:
        """Use up one of a counted fault; False when none is left."""
        left: int = getattr(self, name)
        setattr(self, name, max(0, left - 1))
        return left > 0

    def set(self, fault: Fault) -> None:
        """Remember a fault that lasts; what happens at once (drop, kick …) is done by the sockets."""
        match fault:
            case MissingLp():
                (self.without_lp.add if fault.on else self.without_lp.discard)(fault.instrument)
            case TokenCap():
                self.token_cap = fault.limit
            case Latency():
                self.rest_ms, self.ws_ms = fault.rest_ms, fault.ws_ms
            case SlowSpan():
                self.span_ms = fault.ms
            case FailingSpan():
                self.failing_span, self.span_text = fault.requests, fault.text
            case StaleSnapshot():
                self.stale_s = fault.seconds
            case SecondSocket():
                self.second_socket = fault.allow
            case Clear():
                self.clear()
            case _:
                self._count(fault)

    def _count(self, fault: Fault) -> None:
        match fault:
            case Http502() | Ws502() | RefuseLogin():
                setattr(self, fault.kind, fault.requests)
            case Duplicate() | OutOfOrder():
                setattr(self, fault.kind, fault.frames)
            case Mute():
                self.mute_sockets = fault.next_sockets

    def shown(self) -> dict[str, object]:
        """Return the present faults for `/admin/state`."""
        return {
            "http_502": self.http_502,
            "ws_502": self.ws_502,
            "refuse_login": self.refuse_login,
            "mute_sockets": self.mute_sockets,
            "stale_snapshot": self.stale_s,
            "duplicate": self.duplicate,
            "out_of_order": self.out_of_order,
            "missing_lp": sorted(self.without_lp),
            "token_cap": self.token_cap,
            "rest_ms": self.rest_ms,
            "ws_ms": self.ws_ms,
            "slow_span": self.span_ms,
            "failing_span": self.failing_span,
            "second_socket": self.second_socket,
        }
