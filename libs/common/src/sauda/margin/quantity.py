"""How much an account can carry."""

from sauda.money import Paise, Units


def max_quantity(available: Paise, one_lot: Paise, lot_size: Units, *, most_lots: int | None = None) -> Units:
    """Return the largest quantity, in units, whose margin the account can carry.

    As if every lot needed what one needs: right for a position that hedges nothing, too little for one that does.

    Args:
        available: What a new order may need (`Account.available`).
        one_lot: Margin, or premium, and charges of one lot.
        lot_size: Units in a lot.
        most_lots: A limit of another kind; None: there is none, and then *one_lot* must be above zero.
    """
    if available <= 0:
        return 0
    if one_lot <= 0:
        return 0 if most_lots is None else most_lots * lot_size
    lots = available // one_lot
    return (lots if most_lots is None else min(lots, most_lots)) * lot_size
