"""`sauda why`: the chain of causes of an order, a fill, an alert or a point of P&L, and what came of it."""

from typing import Annotated

import typer

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption, opened


def why(
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="ID",
            help="An order id, a fill id, STREAM ID, an entry id, STRATEGY[@TIME], STRATEGY/INSTRUMENT[@TIME] or ALL[@TIME].",
        ),
    ],
    depth: Annotated[int, typer.Option("--depth", min=0, help="Steps forward from the entry.")] = 4,
    most: Annotated[int, typer.Option("--count", "-n", min=0, help="Entries shown of what it led to.")] = 40,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Say why an entry is there, back to the ticks, and what it led to.

    A TIME is the market's, in IST: the newest point at or before it. Exit code 1: nothing has that ID.
    """
    from sauda.causes.document import document
    from sauda.causes.walk import Limits, trace
    from sauda.cli.asked_entry import asked_for
    from sauda.cli.why_tree import show

    with opened(desk) as view:
        asked = asked_for(view, words, "why")
        chain = trace(view, asked, Limits(depth, most))
    if as_json:
        screen.json_document(document(chain))
    else:
        show(chain)
