"""What takes the event loop long leaves half of it to others: the kill switch comes over the same loop."""

import asyncio
from typing import Any

import pytest

from sauda.clock import monotonic_s
from sauda_gateway.market.sparing import MOST_WAITING, Sparing
from sauda_gateway.problems import ProblemError
from sauda_gateway.stream.board import PACE_S, SHARE, Board, Made
from sauda_gateway.stream.client import Client
from sauda_gateway.stream.topics import read_name

TOOK_S = 0.1


def test_chains_that_take_long_rest_as_long_as_all_of_them_need(monkeypatch: pytest.MonkeyPatch) -> None:
    used_s = 0.0

    def make(name: Any) -> Made:
        nonlocal used_s
        used_s += TOOK_S if name.family == "chain" else 0.0
        return Made("1-0", {})

    async def run() -> list[float]:
        board, client, rests = Board(make), Client(), []
        for text in ("chain:A:2026-12-01", "chain:B:2026-12-01", "chain:C:2026-12-01", "ticks:NSE:X"):
            begun_s = asyncio.get_running_loop().time()
            board.follow(read_name(text), client)
            rests.append(client.states[text].turn_s - begun_s)
        return rests

    monkeypatch.setattr("sauda_gateway.stream.board.thread_time", lambda: used_s)
    rests = asyncio.run(run())

    wanted = [number * TOOK_S / SHARE for number in (1, 2, 3)]
    assert rests == pytest.approx([*wanted, PACE_S], abs=0.05)


def test_many_who_ask_for_a_chain_keep_nobody_from_the_loop() -> None:
    def work() -> None:
        end_s = monotonic_s() + 0.02
        while monotonic_s() < end_s:
            pass

    async def run() -> int:
        sparing, looked = Sparing(), 0
        asked = [asyncio.create_task(sparing.do(work)) for _ in range(10)]
        while not all(one.done() for one in asked):
            await asyncio.sleep(0)
            looked += 1
        return looked

    assert asyncio.run(run()) > 100, "between two chains others have their turn"


def test_who_comes_to_a_long_queue_is_sent_away() -> None:
    async def run() -> list[int]:
        sparing = Sparing()
        crowd = [asyncio.create_task(sparing.do(lambda: None)) for _ in range(MOST_WAITING + 3)]
        ended = await asyncio.gather(*crowd, return_exceptions=True)
        await sparing.do(lambda: None)
        return [one.status for one in ended if isinstance(one, ProblemError)]

    assert asyncio.run(run()) == [503] * 3
