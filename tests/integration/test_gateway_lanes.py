"""While every slow read hangs, the kill switch and orders reach the desk."""

import asyncio
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx

from sauda.codec import decode
from sauda.contracts import Halt, Scope
from sauda.record import Record
from sauda.redis_log import RedisLog
from sauda.settings import Settings
from sauda.tokens import TokenFile
from sauda_gateway.app import make_app
from sauda_gateway.desks import Desks
from sauda_gateway.lanes import SLOW
from tests.integration.conftest import Server

MANY = 50
"""More than a pool that everybody shares has threads, and no more than may wait."""
PATIENCE_S = 20


class Stuck(Desks):
    """Desks whose record gives no answer to who reads, until it is let go."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.go = threading.Event()
        self.reading = 0

    def record(self, *name: str | None) -> Record:
        if name:
            self.reading += 1
            self.go.wait()
        return super().record(*name)


def test_no_slow_read_stands_before_the_kill_switch_or_an_order(any_redis: Server, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.json"
    token = TokenFile(tokens).issue("asha", Scope.TRADE, 0)
    settings = Settings(
        redis_url=any_redis.url, desk="gatewaylanes", archive=str(tmp_path), gateway_tokens=tokens
    )
    stuck = Stuck(settings)
    app = make_app(settings, stuck)

    async def act() -> tuple[list[Any], list[Any]]:
        transport, headers = httpx.ASGITransport(app), {"Authorization": f"Bearer {token}"}
        async with httpx.AsyncClient(
            transport=transport, base_url="http://desk/api/v1", headers=headers
        ) as client:
            reads = [asyncio.create_task(client.get("/dead-letters")) for _ in range(MANY)]
            try:
                async with asyncio.timeout(PATIENCE_S):
                    while stuck.reading < SLOW.threads:  # noqa: ASYNC110  (counted by threads)
                        await asyncio.sleep(0.01)
                    acted = [
                        await client.post("/control/kill-switch", json={"reason": "now"}),
                        await client.delete("/orders/nobodys"),
                    ]
                assert not any(one.done() for one in reads)
            finally:
                stuck.go.set()
            return acted, list(await asyncio.gather(*reads))

    acted, answers = asyncio.run(act())

    assert [one.status_code for one in acted] == [202, 404]
    assert {one.status_code for one in answers} == {200}
    with closing(RedisLog(any_redis.url, settings.desk)) as log:
        (entry,) = log.entries("control")
    assert isinstance(decode(entry.data), Halt)
