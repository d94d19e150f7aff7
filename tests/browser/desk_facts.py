"""What the desk knows of itself, asked beside the page: its figures by the program and in the database."""

import os
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tests.e2e.conftest import Project


def indian(paise: int, plus: bool = True) -> str:
    """Write paise as the page does, by another way: digits in groups of two above the first three."""
    rupees, rest = divmod(abs(paise), 100)
    digits = str(rupees)
    head, tail = digits[:-3], digits[-3:]
    groups = [head[max(0, end - 2) : end] for end in range(len(head), 0, -2)][::-1]
    sign = "−" if paise < 0 else "+" if plus and paise > 0 else ""  # noqa: RUF001 - the minus sign of the page
    return f"{sign}₹{','.join([*groups, tail])}.{rest:02d}"


@contextmanager
def market_at_rest(desk: Project) -> Iterator[None]:
    """Let the simulator say nothing for a while: the desk's figures stand still, its clock goes on."""
    pid = desk.processes()["simulator-1"]
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@contextmanager
def gateway_away(desk: Project) -> Iterator[None]:
    """Kill the gateway with -9, and let nobody start it again for a while."""
    pid = desk.processes()["gateway-1"]
    supervisor = int((desk.root / "var/run/supervisord.pid").read_text())
    os.kill(supervisor, signal.SIGSTOP)
    try:
        os.kill(pid, signal.SIGKILL)
        yield
    finally:
        os.kill(supervisor, signal.SIGCONT)


def money_of(told: dict[str, Any]) -> tuple[int, int, int, int]:
    """Return what a point of P&L says, in paise."""
    return told["net"], told["realised"], told["unrealised"], told["charges"]


def stored(desk: Project) -> tuple[int, ...]:
    """Return the desk's newest point in the database, in paise."""
    database = sqlite3.connect(desk.run_env()["SAUDA_SQL_URL"].removeprefix("sqlite:///"))
    try:
        row = database.execute(
            "select total_pnl, realised, unrealised, charges from pnl where strategy = 'ALL' order by ts_ns desc"
        ).fetchone()
    finally:
        database.close()
    return tuple(round(rupees * 100) for rupees in row)
