"""The short straddle: sell a call and a put at the money, each with a stop; buy back what is left at the exit.

What it does when is told in `option_seller`, whose simplest kind it is.
"""

from sauda_strategy.option_seller import OptionSeller


class ShortStraddle(OptionSeller):
    """One instance of the strategy; its rules are `ShortStraddleRules`."""
