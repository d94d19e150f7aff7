"""What a trade costs, exactly: whole numbers of a quintillionth of a paisa, so that nothing is rounded twice.

A rate is a number of billionths and GST a rate of a rate, so every charge of a trade in whole paise is a whole number here.
"""

from typing import Final, NamedTuple, TypeAlias

import msgspec

from sauda.charge_rules import BILLION, Billionths, Levy, OrderFee
from sauda.contracts import Side
from sauda.money import Paise
from sauda_execution.trade import Trade

Fine: TypeAlias = int
"""An amount in quintillionths of a paisa."""
PAISA: Final[Fine] = BILLION * BILLION


class Exact(NamedTuple):
    """The lines of one trade."""

    brokerage: Fine = 0
    stt: Fine = 0
    exchange: Fine = 0
    sebi: Fine = 0
    ipft: Fine = 0
    stamp: Fine = 0
    gst: Fine = 0


def share(amount: Paise, rate: Billionths) -> Fine:
    """Return *rate* of *amount*."""
    return amount * rate * BILLION


def whole(amount: Fine) -> Paise:
    """Round to the nearest paisa, half a paisa up."""
    return (2 * amount + PAISA) // (2 * PAISA)


def of_settlement(levy: Levy | None, trade: Trade, *, is_option: bool) -> Fine:
    """Return what *levy* takes of the settlement *trade*; None takes nothing."""
    if levy is None:
        return 0
    if not is_option:
        return share(trade.value, levy.settled)
    if not trade.price:
        # It expired worthless: nothing is exercised, nothing assigned.
        return 0
    # The long is sold to nothing at its intrinsic value: the holder pays, as the law has it since September 2019.
    exercised = levy.exercised if trade.side is Side.SELL else 0
    return share(trade.value, exercised) + share((trade.instrument.strike or 0) * trade.qty, levy.settled)


class Traded(msgspec.Struct, frozen=True):
    """What of an order has traded so far."""

    slices: int = 0
    """Orders at the exchange that have traded."""
    value: Paise = 0

    def more(self, trade: Trade) -> "Traded":
        """Return it with *trade*; an order that was made smaller has not traded less."""
        return Traded(max(self.slices, trade.slices), self.value + trade.value)


def order_fee(fee: OrderFee, traded: Traded) -> Fine:
    """Return the brokerage of an order of which *traded* has traded.

    Where the lower of a flat price and a share is taken, the slices of one order are compared together: each but the last
    is of the freeze quantity, whose share is far above any flat price.
    """
    if fee.flat is None:
        return share(traded.value, fee.percent or 0)
    flat = fee.flat * traded.slices * PAISA
    return flat if fee.percent is None else min(flat, share(traded.value, fee.percent))
