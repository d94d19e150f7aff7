"""What a person sees of a running replay: where it is, how fast, how long still, and which keys there are."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, NamedTuple

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from sauda.clock import NS_PER_S, UnixNs, clock_text, monotonic_s
from sauda.replay.keyboard import Keyboard, keyboard
from sauda.replay.player import Progress

SHOWN_GAP_NS: Final = 3 * NS_PER_S
"""A wait that is worth a word."""

_DRAW_EVERY_S: Final = 0.1
_KEYS: Final = "space pause · n step · +/- speed · q quit"


@contextmanager
def bar(route: str, first_ns: UnixNs | None, last_ns: UnixNs | None) -> Iterator["Bar"]:
    """Show a bar until the block is left; nothing of it stays.

    Args:
        route: What is played where, `live → debug`.
        first_ns: Market time at which it begins, if that is known.
        last_ns: Market time at which it ends.
    """
    console = Console()
    with keyboard() as keys, Live(console=console, auto_refresh=False, transient=True) as live:
        yield Bar(Span(route, first_ns, last_ns), live, keys)


class Span(NamedTuple):
    """What is played."""

    route: str
    first_ns: UnixNs | None
    last_ns: UnixNs | None


class Bar:
    """A `Board` on a terminal."""

    def __init__(self, span: Span, live: Live, keys: Keyboard) -> None:
        self._span = span
        self._live = live
        self._keys = keys
        self._drawn_s = 0.0

    def key(self, wait_s: float) -> str:
        """See `Board`."""
        return self._keys.key(wait_s)

    def show(self, progress: Progress) -> None:
        """Draw, unless that was done a moment ago."""
        if monotonic_s() - self._drawn_s >= _DRAW_EVERY_S:
            self._live.update(drawn(self._span, progress), refresh=True)
            self._drawn_s = monotonic_s()

    def above(self, text: str) -> None:
        """Print lines above the bar; they stay."""
        self._live.console.print(Text.from_ansi(text), soft_wrap=True)


def drawn(span: Span, progress: Progress) -> RenderableType:
    """Return the bar at *progress*."""
    row = Table.grid(padding=(0, 2))
    row.add_column(no_wrap=True)
    row.add_column(no_wrap=True)
    row.add_column(ratio=1)
    row.add_column(no_wrap=True, justify="right")
    done = _done(progress, span)
    sign, style = ("⏸", "yellow") if progress.paused else ("▶", "green")
    row.add_row(
        Text(f"{sign} {span.route} {speed_text(progress.speed)}", style=style),
        "-" if progress.time_ns is None else clock_text(progress.time_ns)[:19],
        ProgressBar(total=1.0, completed=done, width=None),
        f"{done:4.0%}",
    )
    row.expand = True
    left = _left_s(progress, span, done)
    facts = f"{progress.played:,} entries · {progress.per_s:,.0f}/s"
    facts += "" if left is None else f" · {duration(left)} left"
    return Group(row, Text(f"  {facts} · {_note(progress)}", style="dim", no_wrap=True, overflow="ellipsis"))


def speed_text(speed: float | None) -> str:
    """Return a speed as people write it."""
    return "max" if speed is None else f"{speed:g}x"


def duration(seconds: float) -> str:
    """Return `45 s`, `2:05` or `1:02:05`."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def _note(progress: Progress) -> str:
    if progress.paused:
        return "space goes on · n step · q quit"
    if progress.left_ns >= SHOWN_GAP_NS:
        market = duration(progress.gap_ns / NS_PER_S)
        return f"nothing for {market} of the market, next in {duration(progress.left_ns / NS_PER_S)} · enter skips this"
    return _KEYS


def _done(progress: Progress, span: Span) -> float:
    """Return the share of the market time that has passed."""
    first, last, at = span.first_ns, span.last_ns, progress.time_ns
    if first is None or at is None or last is None or last <= first:
        return 0.0
    return min(1.0, (at - first) / (last - first))


def _left_s(progress: Progress, span: Span, done: float) -> float | None:
    if progress.time_ns is None or span.last_ns is None or progress.paused:
        return None
    if progress.speed is not None:
        return max(0.0, (span.last_ns - progress.time_ns) / progress.speed / NS_PER_S)
    return progress.elapsed_ns / NS_PER_S * (1 - done) / done if done else None
