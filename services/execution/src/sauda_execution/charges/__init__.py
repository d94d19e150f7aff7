"""What a fill costs besides its price: brokerage, tax, fees and duty, by dated tables and a broker's plan.

    trade  ->  exact costs (`tariff`)  ->  whole paise, rounded once a day (`charging`)

The tables are config/market/charges.yaml and brokerage.yaml, read by `sauda.price_lists`; docs/charges.md explains them.
"""

from sauda_execution.charges.charging import Charging
from sauda_execution.charges.tariff import Tariff, load_tariff

__all__ = ["Charging", "Tariff", "load_tariff"]
