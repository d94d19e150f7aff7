"""The commands of `sauda` and what its exit codes mean.

0 fine · 1 a negative finding, or a thing that is not there · 2 wrong usage or settings · 3 Redis cannot be reached
"""

import sys
from collections.abc import Callable
from typing import Final

import typer

from sauda.cli import (
    alerts,
    archive,
    bundle,
    dead_letters,
    desk,
    kill_switch,
    order,
    risk,
    screen,
    strategies,
    token,
)
from sauda.cli.backfill import backfill
from sauda.cli.backtest import backtest
from sauda.cli.contract_note import contract_note
from sauda.cli.diff import diff
from sauda.cli.doctor import WHO_MAY, doctor
from sauda.cli.lag import lag
from sauda.cli.margin import margin
from sauda.cli.replay import replay
from sauda.cli.square_off import square_off
from sauda.cli.state import state
from sauda.cli.sweep import sweep
from sauda.cli.tail import tail
from sauda.cli.trace import trace
from sauda.cli.trades import fills, orders, pnl, positions
from sauda.cli.why import why
from sauda.errors import ConfigError, ForbiddenError, SaudaError, TransientError

NEGATIVE: Final = 1
USAGE: Final = 2
NO_REDIS: Final = 3
INTERRUPTED: Final = 130
"""128 + SIGINT, as shells count."""

app = typer.Typer(
    name="sauda",
    help="A paper-trading desk for Indian derivatives: look at it, steer it, check it.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
COMMANDS: Final[tuple[Callable[..., None], ...]] = (
    *(desk.up, desk.down, desk.ps, desk.logs, desk.restart, desk.scale, desk.clean),
    *(
        tail,
        replay,
        diff,
        state,
        why,
        trace,
        lag,
        orders,
        fills,
        positions,
        pnl,
        margin,
        contract_note,
        doctor,
    ),
    square_off,
    backfill,
    backtest,
    sweep,
)
"""In the order in which the help lists them: run it, then look at it."""
for command in COMMANDS:
    app.command()(command)
app.add_typer(order.app, name="order")
app.add_typer(kill_switch.app, name="kill-switch")
app.add_typer(risk.app, name="risk")
app.add_typer(strategies.app, name="strategies")
app.add_typer(token.app, name="token")
app.add_typer(alerts.app, name="alerts")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(archive.app, name="archive")
app.add_typer(bundle.app, name="bundle")


def main() -> None:
    """Run the command on the command line, and leave with its exit code."""
    sys.exit(run())


def run(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit code. What can be foreseen to fail is one clear line, never a traceback."""
    try:
        app(arguments)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else NEGATIVE
    except ConfigError as error:
        screen.note(str(error))
        return USAGE
    except ForbiddenError as error:
        screen.note(f"{str(error).rstrip('.')}. What to do: {WHO_MAY}")
        return USAGE
    except TransientError as error:
        screen.note(
            f"{str(error).rstrip('.')}. Is the desk up (`make ps`)? The address is the setting SAUDA_REDIS_URL."
        )
        return NO_REDIS
    except SaudaError as error:
        screen.note(str(error))
        return NEGATIVE
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    main()
