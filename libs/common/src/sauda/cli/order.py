"""`sauda order buy|sell|modify|cancel`: an order by hand, and the exchange's answer to it."""

from typing import Annotated, Final, TypeAlias

import typer

from sauda.cli.options import DeskOption, JsonOption

HAND: Final = "hand"
"""The strategy that holds what is traded by hand, unless another is named."""

app = typer.Typer(help="Buy, sell, modify, cancel by hand; prices in rupees.", no_args_is_help=True)

InstrumentArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="INSTRUMENT", help="EXCHANGE:SYMBOL, as NFO:NIFTY01DEC26C24500.")
]
QtyArgument: TypeAlias = Annotated[
    int, typer.Argument(metavar="QTY", min=1, help="Units: lots x lot size, as 130.")
]
IdArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="ID", help="The order's id, as `sauda orders` shows it.")
]
LimitOption: TypeAlias = Annotated[
    str | None, typer.Option("--limit", metavar="P", help="No worse than this price.")
]
TriggerOption: TypeAlias = Annotated[
    str | None, typer.Option("--trigger", metavar="P", help="A stop: waits until the last price is there.")
]
ProductOption: TypeAlias = Annotated[
    str, typer.Option("--product", metavar="MIS|NRML", help="MIS is squared off within the day.")
]
ValidityOption: TypeAlias = Annotated[
    str, typer.Option("--validity", metavar="DAY|IOC", help="IOC: what does not trade at once is cancelled.")
]
StopLossOption: TypeAlias = Annotated[
    str | None, typer.Option("--stop-loss", metavar="P", help="What it fills gets a stop at this trigger.")
]
TakeProfitOption: TypeAlias = Annotated[
    str | None, typer.Option("--take-profit", metavar="P", help="What it fills gets a target at this limit.")
]
TrailPointsOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--trail-points", metavar="P", help="The stop follows the best price at so many rupees."),
]
TrailPercentOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--trail-percent", metavar="N", help="The stop follows the best price at this distance."),
]
OcoOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--oco", metavar="NAME", help="A group: when one trades, the others are cancelled."),
]
OwnerOption: TypeAlias = Annotated[
    str, typer.Option("--strategy", metavar="NAME", help="Whose order it is; its position is kept under it.")
]
WaitOption: TypeAlias = Annotated[
    float, typer.Option("--wait", metavar="S", min=0, max=600, help="Seconds to wait for the answer.")
]
GivenIdOption: TypeAlias = Annotated[
    str | None,
    typer.Option("--id", metavar="ID", help="Name the order, or ask again for one whose answer was lost."),
]


@app.command()
def buy(
    instrument: InstrumentArgument,
    qty: QtyArgument,
    *,
    limit: LimitOption = None,
    trigger: TriggerOption = None,
    product: ProductOption = "NRML",
    validity: ValidityOption = "DAY",
    stop_loss: StopLossOption = None,
    take_profit: TakeProfitOption = None,
    trail_points: TrailPointsOption = None,
    trail_percent: TrailPercentOption = None,
    oco: OcoOption = None,
    strategy: OwnerOption = HAND,
    wait: WaitOption = 10.0,
    order_id: GivenIdOption = None,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Buy QTY units: at the market, or with --limit, --trigger or both. Exit 1 if it is refused."""
    from sauda.cli.order_flow import asked_for, place

    prices = {
        "limit": limit,
        "trigger": trigger,
        "stop_loss": stop_loss,
        "take_profit": take_profit,
        "trail_points": trail_points,
    }
    words = {"product": product, "validity": validity}
    wish = asked_for(
        "BUY",
        instrument,
        qty,
        strategy=strategy,
        prices=prices,
        words=words,
        trail_percent=trail_percent,
        oco=oco,
    )
    place(wish, order_id, wait, desk, as_json=as_json)


@app.command()
def sell(
    instrument: InstrumentArgument,
    qty: QtyArgument,
    *,
    limit: LimitOption = None,
    trigger: TriggerOption = None,
    product: ProductOption = "NRML",
    validity: ValidityOption = "DAY",
    stop_loss: StopLossOption = None,
    take_profit: TakeProfitOption = None,
    trail_points: TrailPointsOption = None,
    trail_percent: TrailPercentOption = None,
    oco: OcoOption = None,
    strategy: OwnerOption = HAND,
    wait: WaitOption = 10.0,
    order_id: GivenIdOption = None,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Sell QTY units: at the market, or with --limit, --trigger or both. Exit 1 if it is refused."""
    from sauda.cli.order_flow import asked_for, place

    prices = {
        "limit": limit,
        "trigger": trigger,
        "stop_loss": stop_loss,
        "take_profit": take_profit,
        "trail_points": trail_points,
    }
    words = {"product": product, "validity": validity}
    wish = asked_for(
        "SELL",
        instrument,
        qty,
        strategy=strategy,
        prices=prices,
        words=words,
        trail_percent=trail_percent,
        oco=oco,
    )
    place(wish, order_id, wait, desk, as_json=as_json)


@app.command()
def modify(
    order_id: IdArgument,
    *,
    qty: Annotated[int | None, typer.Option("--qty", metavar="N", min=1, help="The new total.")] = None,
    limit: LimitOption = None,
    trigger: TriggerOption = None,
    wait: WaitOption = 10.0,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change a working order; what is not named stays. Exit 1 if the change is refused."""
    from sauda.cli.order_flow import change

    change(order_id, qty, {"limit": limit, "trigger": trigger}, wait, desk, as_json=as_json)


@app.command()
def cancel(
    order_id: IdArgument,
    *,
    wait: WaitOption = 10.0,
    desk: DeskOption = None,
    as_json: JsonOption = False,
) -> None:
    """Take a working order out of the market. Exit 1 if it is not there any more."""
    from sauda.cli.order_flow import take_back

    take_back(order_id, wait, desk, as_json=as_json)
