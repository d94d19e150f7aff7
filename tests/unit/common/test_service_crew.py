"""Roles may join a service that runs, and take the place of one that has ended; one that works is left alone."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sauda.runner import Stop
from sauda.service import AT_FIRST_S, HEALTH_EVERY_S, Role, _Crew, _next_beat_s, _serve
from sauda.settings import Settings


@pytest.fixture
def signals() -> Iterator[None]:
    """Give back the handlers that a service takes."""
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


class Watched:
    """A role that says how often it began, and ends as it is told."""

    def __init__(self, name: str, work: Callable[[Stop], object]) -> None:
        self.begun = threading.Event()
        self._work = work
        self.role = Role(name, self._run, lambda: True)

    def _run(self, stop: Stop) -> None:
        self.begun.set()
        self._work(stop)


def wait(stop: Stop) -> None:
    while not stop.is_set():
        stop.wait(1)


def fail(_stop: Stop) -> None:
    raise ValueError("no luck")


def crew_of(stop: threading.Event, asked_for: list[Role], *first: Watched) -> _Crew:
    def joining() -> list[Role]:
        new, asked_for[:] = list(asked_for), []
        return new

    watcher = Role("watcher", wait, lambda: True, joining=joining)
    return _Crew([watcher, *(one.role for one in first)], stop)


def test_a_role_joins_while_others_work() -> None:
    stop, asked_for, new = threading.Event(), list[Role](), Watched("new", wait)
    crew = crew_of(stop, asked_for)

    crew.let_join()
    assert [role.name for role in crew.roles] == ["watcher"]
    asked_for.append(new.role)
    crew.let_join()

    assert new.begun.wait(10)
    assert [role.name for role in crew.roles] == ["watcher", "new"]
    stop.set()
    assert crew.wait(10) == []
    assert not crew.works()


def test_one_that_has_failed_gives_its_place_and_one_that_works_does_not() -> None:
    stop, asked_for = threading.Event(), list[Role]()
    failed, working = Watched("failed", fail), Watched("working", wait)
    crew = crew_of(stop, asked_for, failed, working)
    while failed.role.failure is None:
        stop.wait(0.01)

    again, second = Watched("failed", wait), Watched("working", wait)
    asked_for += [again.role, second.role]
    crew.let_join()

    assert again.begun.wait(10)
    assert again.role in crew.roles
    assert failed.role not in crew.roles
    assert working.role in crew.roles
    assert not second.begun.is_set()
    stop.set()
    assert crew.wait(10) == []


def test_a_service_that_never_gets_well_looks_less_and_less_often() -> None:
    beats_s = [AT_FIRST_S]
    while sum(beats_s) < 60:
        beats_s.append(_next_beat_s(beats_s[-1], ready=False))

    assert beats_s[10] < 2 * AT_FIRST_S
    assert beats_s[-1] == HEALTH_EVERY_S
    assert _next_beat_s(AT_FIRST_S, ready=True) == HEALTH_EVERY_S


@pytest.mark.usefixtures("signals")
def test_roles_that_end_because_they_were_told_to_are_no_failure_though_the_service_looks_just_then(
    tmp_path: Path,
) -> None:
    ended = threading.Event()

    def work(stop: Stop) -> None:
        wait(stop)
        ended.set()

    def told_while_it_looks() -> list[Role]:
        os.kill(os.getpid(), signal.SIGTERM)
        assert ended.wait(10)
        for thread in threading.enumerate():
            if thread.name == "only":
                thread.join(10)
        return []

    role = Role("only", work, lambda: True, joining=told_while_it_looks)

    assert _serve("test", [role], Settings(health_file=tmp_path / "health.json")) == 0
