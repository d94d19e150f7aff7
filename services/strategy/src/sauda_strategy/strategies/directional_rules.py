"""What can be set for every strategy that has an opinion on the direction of a price."""

from typing import Literal

from pydantic import Field, field_validator, model_validator

from sauda.bars.timeframes import length_ns
from sauda.errors import ConfigError
from sauda.instruments import underlyings
from sauda_strategy.api import Side, TradingRules, UnderlyingName


def known_timeframe(timeframe: str) -> str:
    """Return *timeframe*; `ValueError` (which pydantic turns into an error of the field) if there is none like it."""
    try:
        length_ns(timeframe)
    except ConfigError as error:
        raise ValueError(str(error)) from error
    return timeframe


class DirectionalRules(TradingRules):
    """Whose bars decide, and what is traded on it."""

    instrument: str
    """Whose bars decide: `NSE:Nifty 50`."""
    timeframe: str = "5m"
    trade: Literal["future", "option", "instrument"] = "future"
    """The future on the underlying; its option at the money (a call to be long, a put to be short); *instrument* itself."""
    underlying: UnderlyingName | None = None
    """Of future and option; None: that whose index *instrument* is."""
    direction: Literal["both", "long", "short"] = "both"
    cooldown_bars: int = Field(default=0, ge=0, le=10_000, strict=True)
    """Bars after an exit on which nothing is opened."""

    _timeframe = field_validator("timeframe")(known_timeframe)

    @field_validator("instrument")
    @classmethod
    def _named_in_full(cls, instrument: str) -> str:
        if not all(instrument.partition(":")):
            raise ValueError(
                f"{instrument!r} is no instrument: write EXCHANGE:TRADINGSYMBOL, such as 'NSE:Nifty 50'"
            )
        return instrument

    @model_validator(mode="after")
    def _something_to_trade(self) -> "DirectionalRules":
        index = self._index_of()
        if self.trade == "instrument" and index:
            raise ValueError(f"trade: an index cannot be traded: trade the future or the option on {index}")
        if self.trade != "instrument" and not self.traded_underlying:
            raise ValueError(f"underlying: {self.instrument} is no index: say whose {self.trade} is traded")
        return self

    @property
    def traded_underlying(self) -> str:
        """Return on what future and option are written; empty if nobody says."""
        return self.underlying or self._index_of()

    def allows(self, side: Side) -> bool:
        """Return whether a position of that direction may be opened."""
        return self.direction == "both" or (self.direction == "long") is (side is Side.BUY)

    def _index_of(self) -> str:
        indices = {
            f"{one.exchange_index}:{one.index_symbol}": one.name for one in underlyings() if one.index_symbol
        }
        return indices.get(self.instrument, "")
