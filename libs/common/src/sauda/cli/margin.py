"""`sauda margin`: the account's cash line by line, what is blocked for what and by whose word, and how much more it can carry."""

import importlib
import importlib.util
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from sauda.cli import screen
from sauda.cli.options import DeskOption, JsonOption, StrategyOption, opened
from sauda.contracts import Product, Side
from sauda.errors import ConfigError, SaudaError
from sauda.money import to_indian

if TYPE_CHECKING:
    from sauda.record import Record

_UNIT: Final = "execution.paper"
_BY_HAND: Final = "hand"
"""Whose order it would be, where no strategy is named."""


class NoAccountError(SaudaError):
    """The desk's exchange has not begun, so there is no account yet."""


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
    with opened(desk) as record:
        exchange = _exchange(record)
    enquiry = importlib.import_module("sauda_execution.account.enquiry")
    if instrument is not None:
        found = enquiry.largest(exchange, instrument, side, product, strategy or _BY_HAND)
        screen.json_document(found) if as_json else _tell_largest(found)
        return
    statement = enquiry.statement(exchange)
    if as_json:
        screen.json_document(_only(statement, strategy))
        return
    _tell_account(statement.account)
    _tell_underlyings(statement.underlyings, strategy)


def _exchange(record: "Record") -> Any:
    """Return the desk's exchange as it stands, made with the settings that it recorded: not with those of this shell.

    Raises:
        ConfigError: the program cannot make one here.
        NoAccountError: the desk has none yet.
    """
    from sauda.bundle.place import settings_for
    from sauda.newest_opening import newest_opening
    from sauda.rerun.made_of import MadeOf
    from sauda.settings import load_settings

    if importlib.util.find_spec("sauda_execution") is None:
        raise ConfigError("the exchange is not installed here, and it alone can read its account")
    committed = record.committed(_UNIT)
    if committed is None or not committed.state:
        raise NoAccountError(f"desk {record.desk} has no account yet: {_UNIT} has not worked")
    made_of = MadeOf(_UNIT, settings_for(load_settings(), record.desk))
    processor = made_of(newest_opening(record, _UNIT)).build()
    processor.state.load(committed.state)
    processor.restored()
    return processor


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
