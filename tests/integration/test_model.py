"""The log in memory is the model that simulations trust: random commands on it and on a real server must come to the same.

The check has teeth: a model from which one promise was dropped is told apart.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import count

import pytest

from sauda.log import EntryId, Lease, Output, Step
from sauda.memory_log import MemoryLog, _Unit
from tests.integration.model_commands import Command, commands
from tests.integration.model_player import InMemory, OnServer, Player

SEQUENCES = 60
LENGTH = 60


def difference(model: InMemory, server: OnServer, sequence: Sequence[Command]) -> str | None:
    """Play *sequence* on both; return the first thing that differs."""
    players = Player(model), Player(server)
    for number, command in enumerate(sequence):
        ours, real = (player.play(command) for player in players)
        if ours != real:
            return f"{number}. {command}: the model says {ours}, the server {real}"
    ours, real = (player.everything() for player in players)
    return None if ours == real else f"after {sequence}: the model holds {ours}, the server {real}"


@pytest.fixture
def servers(redis_url: str, desk: str) -> Iterator[Callable[[], OnServer]]:
    """Gives a side on the real server, each time on a new desk."""
    made: list[OnServer] = []
    numbers = count()

    def make() -> OnServer:
        made.append(OnServer(redis_url, f"{desk}-{next(numbers)}"))
        return made[-1]

    yield make
    for side in made:
        side.redis.close()


@pytest.mark.slow
def test_random_commands_come_to_the_same_in_memory_and_on_a_server(
    servers: Callable[[], OnServer],
) -> None:
    for seed in range(SEQUENCES):
        found = difference(InMemory(), servers(), commands(random.Random(seed), LENGTH))

        assert found is None, f"sequence {seed}: {found}"


def test_the_sequences_reach_what_they_are_for() -> None:
    fates: dict[str, int] = {}
    for seed in range(20):
        player = Player(InMemory())
        for command in commands(random.Random(seed), LENGTH):
            result = player.play(command)
            refused = result[0] if isinstance(result, tuple) and str(result[0]).endswith("Error") else "done"
            key = f"{command[0]} {refused}"
            fates[key] = fates.get(key, 0) + 1

    for wanted in (
        "commit done",
        "commit LeaseLostError",
        "commit PositionError",
        "load LeaseLostError",
        "renew done",
    ):
        assert fates.get(wanted, 0) >= 10, fates


class NoLeaseCheck(MemoryLog):
    """Takes anybody's commit."""

    def _held(self, lease: Lease) -> _Unit:
        return self._units.setdefault(lease.unit, _Unit())


class NoPositionCheck(MemoryLog):
    """Takes any batch."""

    def _check(self, *_: object) -> None:
        """Look at nothing."""


class OutputsFirst(MemoryLog):
    """Writes outputs before it looks whether it may."""

    def commit(self, lease: Lease, step: Step) -> None:
        self.append(step.outputs)
        super().commit(lease, Step(step.moves, step.changes, (), step.last))


class LeaseForEver(MemoryLog):
    """Forgets to give the lease back with the last step."""

    def commit(self, lease: Lease, step: Step) -> None:
        super().commit(lease, Step(step.moves, step.changes, step.outputs))


class SameEpoch(MemoryLog):
    """Gives every holder the same token."""

    def acquire(self, unit: str, holder: str, ttl_ms: int) -> Lease | None:
        lease = super().acquire(unit, holder, ttl_ms)
        if lease is not None:
            self._units[unit].epoch = self._units[unit].lease_epoch = 1
        return lease and Lease(unit, 1, ttl_ms)


class NoJournal(MemoryLog):
    """Leaves no line in the journal."""

    def append(self, outputs: Sequence[Output]) -> list[EntryId]:
        return super().append([output for output in outputs if output.stream != "journal"])


@pytest.mark.parametrize(
    "mutant", [NoLeaseCheck, NoPositionCheck, OutputsFirst, LeaseForEver, SameEpoch, NoJournal]
)
def test_a_model_without_one_of_its_promises_is_told_apart(
    mutant: type[MemoryLog], servers: Callable[[], OnServer]
) -> None:
    found = (
        difference(InMemory(mutant), servers(), commands(random.Random(seed), LENGTH))
        for seed in range(SEQUENCES)
    )

    assert any(found)
