"""`sauda margin`: the account's cash line by line, what is blocked for what and by whose word, and how much more it can carry."""

from typing import Annotated, Any, Final

import typer

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption, StrategyOption, opened
from sauda.contracts import Product, Side
from sauda.money import to_indian

_BY_HAND: Final = "hand"
"""Whose order it would be, where no strategy is named."""


def margin(
    *,
    instrument: Annotated[
        str | None,
        typer.Option(
            "--for", metavar="INSTRUMENT", help="How much of it could be ordered now: NFO:NIFTY01DEC26C24500."
        ),
    ] = None,
    side: Annotated[Side, typer.Option("--side", help="With --for: bought or sold.")] = Side.SELL,
    product: Annotated[
        Product, typer.Option("--product", help="With --for: NRML, or MIS for the day.")
    ] = Product.NRML,
    strategy: StrategyOption = None,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the account: cash, what margin blocks of it, our figure beside the broker's, what is available.

    With --for the largest order in one contract that it can carry now, hedges that are held included.
    Prices are the last that the exchange has seen; settings are those with which it was started.
    """
    from sauda.hand.exchange import enquiry, standing_exchange
    from sauda.settings import load_settings

    with opened(desk) as record:
        exchange = standing_exchange(record, load_settings())
    questions = enquiry()
    if instrument is not None:
        found = questions.largest(exchange, instrument, side, product, strategy or _BY_HAND)
        screen.json_document(found) if as_json else _tell_largest(found)
        return
    statement = questions.statement(exchange)
    if as_json:
        screen.json_document(_only(statement, strategy))
        return
    _tell_account(statement.account)
    _tell_underlyings(statement.underlyings, strategy)


def _tell_account(account: Any) -> None:
    screen.line(f"account at {screen.instant(account.event_ns)} IST")
    entries = (
        ("start", account.start),
        ("premium", account.premium),
        ("realised", account.realised),
        ("charges", -account.charges),
        ("= cash", account.cash),
        ("blocked", -account.blocked),
        ("open losses", -account.open_losses),
        ("= available", account.available),
    )
    screen.table(("", ">RUPEES"), [(name, to_indian(amount)) for name, amount in entries])


def _tell_underlyings(underlyings: Any, strategy: str | None) -> None:
    if not underlyings:
        screen.note("nothing is blocked")
        return
    screen.blank()
    columns = ("BLOCKED FOR", ">SPAN", ">EXPOSURE", ">EXPIRY DAY", ">WAITING BUYS", ">SHARES")
    rows = [
        (one.underlying, *map(to_indian, (one.span, one.exposure, one.expiry, one.premium, one.shares)))
        for one in underlyings
    ]
    screen.table(columns, rows)
    screen.blank()
    screen.table(
        ("BLOCKED FOR", ">OURS", ">BROKER", "ITS ANSWER", ">BLOCKED"),
        [
            (one.underlying, to_indian(one.ours), *_broker(one.broker), to_indian(one.blocked))
            for one in underlyings
        ],
    )
    shares = [
        (name, one.underlying, to_indian(total))
        for one in underlyings
        for name, total in one.strategies.items()
        if strategy in (None, name)
    ]
    screen.blank()
    if shares:
        screen.table(("STRATEGY", "HOLDS ON", ">MARGIN, TAKEN ALONE"), shares)
    else:
        screen.note(
            "nothing held needs margin" if strategy is None else f"{strategy} holds nothing that needs margin"
        )


def _broker(says: Any) -> tuple[str, str]:
    if says is None:
        return "-", "not asked"
    if says.error is not None:
        return to_indian(says.blocks) if says.blocks else "-", says.error
    if not (says.blocks or says.is_current):
        return "-", "no answer yet"
    parts = f"span {to_indian(says.span)}, exposure {to_indian(says.exposure)}"
    return to_indian(says.blocks), parts if says.is_current else f"{parts}, of earlier legs"


def _tell_largest(found: Any) -> None:
    screen.line(
        f"{found.side.value} {found.instrument}: {found.lots} lots of {found.lot_size} ({found.qty} units) at most"
    )
    screen.table(
        ("", ">RUPEES"),
        [
            ("one lot needs", to_indian(found.one_lot)),
            (f"{found.lots} lots need", to_indian(found.needed)),
            ("available", to_indian(found.available)),
        ],
    )


def _only(statement: Any, strategy: str | None) -> Any:
    """Return the statement with the margin of one strategy alone, if one is named."""
    import msgspec

    if strategy is None:
        return statement
    return msgspec.structs.replace(
        statement,
        underlyings=[
            msgspec.structs.replace(
                one, strategies={name: total for name, total in one.strategies.items() if name == strategy}
            )
            for one in statement.underlyings
        ],
    )
