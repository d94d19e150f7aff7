"""What an exchange is built with: the house's calendar, prices, rules and limits. None of it changes while it runs."""

from dataclasses import dataclass, field

from sauda.margin import MarginBook
from sauda.money import Paise
from sauda_execution.charges.tariff import Tariff
from sauda_execution.days import ClosingTimes, TradingCalendar
from sauda_execution.order_rules import OrderRules
from sauda_execution.risk.rules import RiskRules
from sauda_execution.settings import Limits


@dataclass(frozen=True)
class House:
    """Whatever is left out is not applied: no charges, no account, every order legal, no risk limit.

    So a test of one part names that part alone; the desk's own house (`sauda_execution.units`) has everything.
    """

    calendar: TradingCalendar
    limits: Limits = field(default_factory=Limits)
    tariff: Tariff | None = None
    """What trades cost."""
    rules: OrderRules | None = None
    """Which orders are taken, and in which form they go out."""
    capital: Paise | None = None
    """What the account begins with; None: there is no account, and every order can be carried."""
    margins: MarginBook | None = None
    """What positions block of it; an account needs them."""
    asks_broker: bool = False
    """Whether the broker's word on margin counts, where it has given it."""
    risk: RiskRules | None = None
    """What the desk and its strategies may risk."""
    closing: ClosingTimes | None = None
    """When MIS is closed and what expired contracts are settled at; None: positions are held for ever."""
