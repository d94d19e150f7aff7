"""What is delivered, what waits and what was said already: levels, debounce, quiet hours, tests, old alerts."""

from collections.abc import Sequence
from itertools import count, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sauda.clock import NS_PER_MS, NS_PER_S
from sauda.contracts import Alert, Level
from sauda_alerts.deciding import Coming, Plan, decide
from sauda_alerts.destinations import Delivery, Handling, Policy, Treatment
from sauda_alerts.ledger import Ledger
from sauda_alerts.likeness import sameness
from sauda_alerts.rules import Rule, Rules
from sauda_alerts.wording import word
from tests.unit.alerts.made import at

NOW = at("10:00")
NUMBERS = count()
"""No two entries have the same id."""


def handling(policy: Policy | None = None, **delivery: object) -> Handling:
    return Handling(
        rules=Rules(), delivery=Delivery.model_validate(delivery), policy=policy or Policy(level="info")
    )


def an_alert(
    text: str = "something", code: str = "MADE_UP", level: Level = Level.WARNING, source: str = "test"
) -> Alert:
    return Alert(source, level, code, text, NOW)


def coming(*alerts: Alert, at_ns: int = NOW) -> list[Coming]:
    return [Coming(f"alerts {at_ns // NS_PER_MS}-{next(NUMBERS)}", alert) for alert in alerts]


def decided(ledger: Ledger, alerts: Sequence[Coming], how: Handling | None = None, now_ns: int = NOW) -> Plan:
    plan = decide(alerts, ledger, how or handling(), "mail", now_ns)
    plan.apply(ledger)
    return plan


def texts(plan: Plan) -> list[str]:
    return [line.alert.text for line in plan.lines]


def after(seconds: float) -> int:
    return NOW + round(seconds * NS_PER_S)


def test_the_same_is_delivered_once_within_its_debounce_and_then_with_how_often_it_was_not() -> None:
    ledger = Ledger()
    found = []
    for seconds in (0, 1, 299, 300, 301):
        moment = after(seconds)
        found.append(
            decided(ledger, coming(an_alert(f"lag of {seconds} entries"), at_ns=moment), now_ns=moment)
        )

    assert [len(plan.lines) for plan in found] == [1, 0, 0, 1, 0]
    assert found[3].lines[0].held == 2
    assert "(2 more like it were held back)" in word("live", found[3].lines, 0).body


def test_what_its_debounce_held_back_is_delivered_when_that_has_passed_and_never_before() -> None:
    ledger = Ledger()
    decided(ledger, coming(an_alert("lag of 1")))
    for seconds in (20, 290):
        decided(ledger, coming(an_alert(f"lag of {seconds}"), at_ns=after(seconds)), now_ns=after(seconds))
    found = [decided(ledger, [], now_ns=after(seconds)) for seconds in (299.999, 300, 599, 601)]

    assert [texts(plan) for plan in found] == [[], ["lag of 290"], [], []]
    assert found[1].lines[0].held == 1


def trouble(seconds: float, *, over: bool = False, code: str = "LAG") -> list[Coming]:
    told = an_alert(f"over after {seconds:.1f} minutes: pnl lags by 7", f"{code}_OVER", Level.INFO)
    begun = an_alert(f"pnl lags by {seconds:,.0f}", code)
    return coming(told if over else begun, at_ns=after(seconds))


@pytest.mark.parametrize("level", ["info", "warning"])
def test_a_trouble_that_comes_back_within_its_debounce_is_called_once_it_has_lasted(level: str) -> None:
    ledger, how, said = Ledger(), handling(Policy.model_validate({"level": level})), list[tuple[int, str]]()
    comes = {0: False, 10: True, 20: False, 30: True, 40: False, 700: True, 705: False, 710: True}
    for second in range(2_000):
        alerts = trouble(second, over=comes[second]) if second in comes else []
        said += [(second, line.alert.code) for line in decided(ledger, alerts, how, after(second)).lines]

    # It is over again at 30, and at 710 soon after it was back: nobody is called for that.
    calls = [(0, "LAG"), (300, "LAG"), (705, "LAG")]
    assert [one for one in said if one[1] == "LAG"] == calls
    ends = [one for one in said if one[1] == "LAG_OVER"]
    assert ends == ([(10, "LAG_OVER"), (700, "LAG_OVER"), (1000, "LAG_OVER")] if level == "info" else [])


def test_a_trouble_that_was_over_before_its_debounce_had_passed_is_counted_with_the_next() -> None:
    ledger = Ledger()
    for seconds, over in ((0, False), (10, True), (20, False), (30, True)):
        decided(ledger, trouble(seconds, over=over), now_ns=after(seconds))
    (line,) = decided(ledger, trouble(900), now_ns=after(900)).lines[-1:]

    assert (line.alert.code, line.held) == ("LAG", 1)


def test_the_end_of_one_trouble_is_not_that_of_another() -> None:
    ledger, other = Ledger(), an_alert("bars lags by 7", "LAG")
    for seconds in (0, 10):
        decided(ledger, coming(other, at_ns=after(seconds)), now_ns=after(seconds))
    decided(ledger, trouble(20, over=True), now_ns=after(20))
    decided(ledger, trouble(20, over=True, code="DISK_FULL"), now_ns=after(20))

    assert texts(decided(ledger, [], now_ns=after(300))) == ["bars lags by 7"]


def test_a_silence_that_ended_is_not_called_late() -> None:
    ledger, back = Ledger(), an_alert("ticks come again, after 9 s", "FEED_BACK", Level.INFO)
    for seconds, alert in (
        (0, an_alert("no tick", "FEED_MUTE")),
        (9, back),
        (19, an_alert("no tick", "FEED_MUTE")),
    ):
        decided(ledger, coming(alert, at_ns=after(seconds)), now_ns=after(seconds))
    decided(ledger, coming(back, at_ns=after(29)), now_ns=after(29))

    assert texts(decided(ledger, [], now_ns=after(900))) == [back.text]


def test_what_began_and_ended_at_night_is_told_in_the_morning() -> None:
    ledger, how = Ledger(), handling(Policy(level="info", quiet="10:00-10:30"))
    for seconds, over in ((0, False), (60, True)):
        assert decided(ledger, trouble(seconds, over=over), how, after(seconds)).lines == []
    found = decided(ledger, [], how, after(1_800))

    assert [line.alert.code for line in found.lines] == ["LAG", "LAG_OVER"]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(1, 40), min_size=1, max_size=12), st.integers(0, 90))
def test_a_destination_that_was_away_or_not_ends_up_knowing_how_it_is(flips: list[int], away: int) -> None:
    """Ten seconds are a beat: each flip begins or ends the trouble; until *away* nothing can be delivered, then all of it at once."""
    ledger, queue, last, calls = Ledger(), list[Coming](), "", list[int]()
    instants, lasts, now = dict[int, Coming](), False, 0
    for beats in flips:
        now += 10 * beats
        (instants[now],) = trouble(now, over=lasts)
        lasts = not lasts
    for second in range(0, now + 10 * away + 1_000, 10):
        queue += [instants[second]] if second in instants else []
        if second < 10 * away:
            continue
        for line in decided(ledger, queue, now_ns=after(second)).lines:
            last = line.alert.code
            calls += [second] if last == "LAG" else []
        queue = []

    assert last == ("LAG" if lasts else "LAG_OVER")
    assert all(later - earlier >= 300 for earlier, later in pairwise(calls))


def test_the_same_twice_at_once_is_delivered_once() -> None:
    assert texts(decided(Ledger(), coming(an_alert("a 1"), an_alert("a 2"), an_alert("b")))) == ["a 1", "b"]


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("12 entries", "1,300 entries", True),
        ("Rs -500.00 today", "Rs 1,500.00 today", True),
        ("since 2026-11-23 10:00:00.000 IST", "since 2026-11-23 10:05:00.000 IST", True),
        ("order o-1", "order o-2", False),
        ("NFO:NIFTY01DEC26C24500 is stale", "NFO:NIFTY01DEC26C24600 is stale", False),
    ],
)
def test_figures_do_not_make_another_alert_but_names_do(one: str, other: str, same: bool) -> None:
    keys = {sameness(an_alert(text), Level.WARNING) for text in (one, other)}

    assert len(keys) == (1 if same else 2)


def test_louder_is_not_the_same() -> None:
    plan = decided(Ledger(), coming(an_alert(), an_alert(level=Level.CRITICAL)))

    assert [line.level for line in plan.lines] == [Level.WARNING, Level.CRITICAL]


def test_each_code_has_the_debounce_of_its_rule_unless_it_has_its_own() -> None:
    how = handling(codes={"LAG": Treatment(debounce_s=5)}, debounce_s=60)

    assert [how.debounce_s(code) for code in ("LAG", "STOP_HIT", "WRITER_BEHIND_OVER", "KILL_SWITCH")] == [
        5,
        0,
        300,
        60,
    ]


def test_a_clock_that_was_put_back_silences_nobody() -> None:
    ledger = Ledger()
    decided(ledger, coming(an_alert()))

    assert len(decided(ledger, coming(an_alert(), at_ns=NOW), now_ns=after(-60)).lines) == 1


def test_who_wants_no_more_than_critical_hears_no_more() -> None:
    how = handling(Policy(level="critical"), codes={"LOUD": {"level": "critical"}, "MUTED": {"mute": True}})
    alerts = coming(
        an_alert("quiet"),
        an_alert("loud", "LOUD"),
        an_alert("muted", "MUTED", Level.CRITICAL),
        an_alert("critical", level=Level.CRITICAL),
    )

    assert texts(decided(Ledger(), alerts, how)) == ["loud", "critical"]


def test_in_quiet_hours_only_the_loudest_is_delivered_and_the_rest_when_they_end() -> None:
    ledger, how = Ledger(), handling(Policy(level="info", quiet="22:00-07:00"))
    night, morning = at("23:30"), at("23:30") + 8 * 3600 * NS_PER_S
    alerts = coming(an_alert("later"), an_alert("now", level=Level.CRITICAL), an_alert("later"), at_ns=night)
    asleep = decided(ledger, alerts, how, night)
    again = decided(ledger, coming(an_alert("later"), at_ns=night + NS_PER_S), how, night + NS_PER_S)
    awake = decided(ledger, [], how, morning)

    assert (texts(asleep), texts(again), texts(awake)) == (["now"], [], ["later"])
    assert awake.lines[0].held == 2
    assert decided(ledger, [], how, morning).lines == []


@pytest.mark.parametrize(
    ("hours", "clock", "quiet"),
    [
        ("22:00-07:00", "21:59", False),
        ("22:00-07:00", "22:00", True),
        ("22:00-07:00", "06:59", True),
        ("22:00-07:00", "07:00", False),
        ("12:00-13:00", "12:30", True),
        ("12:00-13:00", "13:00", False),
        ("", "03:00", False),
    ],
)
def test_quiet_hours_are_those_of_india_and_may_pass_midnight(hours: str, clock: str, quiet: bool) -> None:
    assert Policy(quiet=hours).is_quiet(at(clock)) is quiet


def test_what_could_not_be_delivered_for_a_day_is_counted() -> None:
    plan = decided(Ledger(), coming(an_alert("a"), an_alert("b")), now_ns=after(86_401))

    assert (plan.lines, plan.too_old) == ([], 2)
    assert "2 alerts were a day old" in word("live", plan.lines, plan.too_old).body


def test_what_was_said_before_a_destination_was_there_is_not_delivered_to_it() -> None:
    ledger = Ledger()
    ledger.facts.put("begun", str(NOW))

    assert decided(ledger, coming(an_alert(), at_ns=after(-1))).lines == []


def test_an_entry_that_is_decided_is_not_decided_again() -> None:
    ledger, alerts = Ledger(), coming(an_alert())
    decided(ledger, alerts)

    assert decided(ledger, alerts, now_ns=after(301)).lines == []


def test_a_test_reaches_whom_it_is_for_at_any_hour() -> None:
    how = handling(Policy(level="critical", quiet="00:00-23:59"), codes={"TEST": {"mute": True}})
    sources = ("sauda", "alerts.to.mail", "alerts.to.phone")
    alerts = coming(*(an_alert(one, "TEST", Level.INFO, one) for one in sources))

    assert texts(decided(Ledger(), alerts, how)) == ["sauda", "alerts.to.mail"]


def test_a_ledger_does_not_grow_for_ever() -> None:
    ledger = Ledger()
    decided(ledger, coming(an_alert("a")))
    ledger.forget_old(after(86_400))
    assert len(ledger.told) == 1
    ledger.forget_old(after(86_401))
    assert len(ledger.told) == 0


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 200), st.sampled_from("abc"), st.sampled_from(Level)),
        min_size=1,
        max_size=40,
    ),
    st.sampled_from(["", "09:55-10:05"]),
)
def test_nothing_is_delivered_twice_within_its_debounce_and_nothing_is_forgotten(
    drawn: list[tuple[int, str, Level]], quiet: str
) -> None:
    ledger, how = Ledger(), handling(Policy(level="info", quiet=quiet))
    moment, last, told, said = NOW, dict[str, int](), 0, 0
    for seconds, text, level in drawn:
        moment += seconds * NS_PER_S
        plan = decided(ledger, coming(an_alert(text, level=level), at_ns=moment), how, moment)
        said += 1
        for line in plan.lines:
            key = sameness(line.alert, line.level)
            assert moment - last.get(key, 0) >= 300 * NS_PER_S
            last[key] = moment
            told += 1 + line.held
    held = sum(one.held for one in ledger.told.values()) + sum(
        1 + one.more for one in ledger.waiting.values()
    )
    assert told + held == said


def test_a_title_says_the_worst_and_texts_begin_no_line_of_their_own() -> None:
    plan = decided(
        Ledger(), coming(an_alert("a\nSubject: b\x1b[31m"), an_alert("c", "WORSE", Level.CRITICAL))
    )
    wording = word("live", plan.lines, 0)

    assert wording.title == "Sauda live: CRITICAL WORSE and 1 more"
    assert len(wording.body.splitlines()) == 2
    assert "\x1b" not in wording.body


def test_a_message_is_not_longer_than_anybody_reads() -> None:
    plan = decided(Ledger(), coming(*(an_alert("x" * 2_000, f"CODE_{number}") for number in range(40))))
    lines = word("live", plan.lines, 0).body.splitlines()

    assert len(lines) == 31
    assert lines[-1] == "and 10 more: `sauda alerts list` shows them"
    assert max(map(len, lines)) < 600


def test_a_rule_may_have_no_debounce() -> None:
    how = Handling(rules=Rules(order_rejected=Rule(debounce_s=0)), delivery=Delivery(), policy=Policy())

    assert how.debounce_s("ORDER_REJECTED") == 0


def test_what_waited_for_the_morning_is_told_in_the_order_in_which_it_came() -> None:
    ledger, how = Ledger(), handling(Policy(level="info", quiet="22:00-07:00"))
    night, names = at("23:30"), list("hebgacfd")
    for second, name in enumerate(names):
        now_ns = night + second * NS_PER_S
        decided(ledger, coming(an_alert(name), at_ns=now_ns), how, now_ns)

    assert texts(decided(ledger, [], how, night + 8 * 3600 * NS_PER_S)) == names
