"""Laws of the unit over drawn markets: a restart anywhere changes nothing, and the same is never said twice too soon."""

from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.clock import NS_PER_S
from sauda.contracts import Alert, Message, RejectReason
from sauda.testing.builders import a_clock, a_gap, a_tick
from sauda.testing.restart import play, play_with_restarts
from sauda_alerts.desk import Desk
from sauda_alerts.rules import Limits, Patient, Rules
from tests.unit.alerts.made import (
    SESSIONS,
    account,
    at,
    desk_point,
    fill,
    refused,
    strategy_point,
    triggered,
)

RULES = Rules(feed_mute=Patient(after_s=10), stale_quote=Patient(after_s=20, debounce_s=30))
LIMITS = Limits(desk=1_000, each_strategy=500)
NAMES = ("NFO:A", "NFO:B", "MCX:C")


def build() -> Desk:
    return Desk(RULES, LIMITS, SESSIONS, 1.0)


def text_of(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def message(kind: int, clock: str, figure: int) -> Message:
    """Return a message of each kind in turn; *figure* is whatever it needs."""
    name, rupees = NAMES[figure % 3], figure * 12 - 1_100
    kinds: tuple[Message, ...] = (
        a_tick(instrument=name, at_ns=at(clock)),
        a_tick(at_ns=at(clock)),
        a_gap(at(clock) - (1 + figure % 60) * NS_PER_S, at(clock)),
        fill(1 if figure % 2 else -1, clock, name),
        refused(clock, reason=list(RejectReason)[figure % 3]),
        desk_point(rupees * 100, clock, drawdown=abs(rupees) * 10_000),
        strategy_point(rupees * 100, clock=clock),
        account(figure, 40, clock),
        triggered(clock=clock),
    )
    return kinds[kind] if kind < len(kinds) else a_clock(at(clock))


@st.composite
def markets(draw: st.DrawFn) -> list[Message]:
    """A market around the close of one exchange, while the other goes on."""
    now, messages = 15 * 3600 + 37 * 60, [message(9, text_of(0), 0)] * draw(st.integers(0, 1))
    steps = st.tuples(st.integers(0, 15), st.integers(0, 12), st.integers(0, 100))
    for seconds, kind, figure in draw(st.lists(steps, min_size=5, max_size=50)):
        now += seconds
        messages.append(message(kind, text_of(now), figure))
    return messages


@settings(max_examples=50, deadline=None)
@given(markets(), st.data())
def test_a_restart_at_any_message_changes_nothing(messages: list[Message], data: st.DataObject) -> None:
    places = data.draw(st.sets(st.integers(0, len(messages) - 1)))

    assert play_with_restarts(build, messages, places) == play(build(), messages)


@settings(max_examples=40, deadline=None)
@given(markets())
def test_the_same_is_not_said_again_within_its_debounce(messages: list[Message]) -> None:
    last: dict[tuple[str, str], int] = {}
    for alert in play(build(), messages):
        assert isinstance(alert, Alert)
        if alert.code not in ("STALE_QUOTE", "FEED_MUTE", "ORDER_REJECTED", "FEED_GAP"):
            continue
        about = (
            alert.text.split()[0] if alert.code == "STALE_QUOTE" else alert.text.partition("refused")[2][:12]
        )
        key = (alert.code, about)
        debounce_s = 30 if alert.code == "STALE_QUOTE" else 300
        assert alert.event_ns - last.get(key, 0) >= debounce_s * NS_PER_S
        last[key] = alert.event_ns
