"""The rules of orders as they hold for one contract on one day: what goes out how, and within which bounds.

`load_order_rules` reads config/market/order_rules.yaml; everything else is pure.
"""

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final, NamedTuple

import yaml
from pydantic import ValidationError

from sauda.calendar_rules import in_force
from sauda.contracts import Instrument, InstrumentId, InstrumentKind, OrderKind, Product, Side
from sauda.errors import ConfigError
from sauda.instruments import underlyings
from sauda.money import Paise, Units
from sauda_execution.order_rule_file import (
    BandRule,
    Bands,
    Form,
    FormRule,
    Forms,
    Products,
    Protection,
    RuleFile,
    Step,
)

FILE: Final = "order_rules.yaml"
_LOADER: Final[Any] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""As of the calendar: scalars stay text, parsed in C where the library has it."""
_ON_INDEX: Final = frozenset(one.name for one in underlyings() if one.exchange_index is not None)
_BY_UNDERLYING: Final = frozenset({"NFO", "BFO"})
_ANY_PRICE: Final = BandRule(since=date.min, source="no rule")
_MOST_KEPT: Final = 4_096
"""Contracts whose rules of a day are remembered."""


class Bounds(NamedTuple):
    """The lowest and the highest limit that an order may have, each with what sets it; None: nothing does."""

    low: Paise | None
    high: Paise | None
    low_by: str
    high_by: str


def segment_of(instrument: Instrument) -> str:
    """Return the segment that *instrument* belongs to: `NFO.index_option`."""
    kind = instrument.kind.value
    if instrument.exchange in _BY_UNDERLYING:
        kind = f"{'index' if instrument.underlying in _ON_INDEX else 'stock'}_{kind}"
    return f"{instrument.exchange}.{kind}"


class _InForce(NamedTuple):
    """What holds for one contract on one day, looked up once for all its orders."""

    instrument: Instrument
    day: date
    market: Form
    stop_market: Form
    steps: Sequence[Step]
    band: BandRule
    products: frozenset[Product]
    freeze: Units | None
    """What one order may ask for; None: nobody tells, ..."""
    freeze_notional: Paise | None
    """... but so much in value; None: no limit is known."""


class OrderRules:
    """Answers for one contract on one day. A segment of which nothing is said (before the first `since`) is free."""

    def __init__(self, rules: RuleFile) -> None:
        self._rules = rules
        self._forms = _by_segment(rules.forms)
        self._protection = _by_segment(rules.protection)
        self._bands = _by_segment(rules.bands)
        self._products = _by_segment(rules.products)
        self._kept: dict[InstrumentId, _InForce] = {}
        """Contract -> what holds on the day that was asked for last: derived."""

    def form(self, kind: OrderKind, instrument: Instrument, day: date) -> Form:
        """Return how an order of *kind* leaves the desk; one with a limit always goes as it is."""
        if kind in (OrderKind.LIMIT, OrderKind.SL):
            return Form.AS_SENT
        rules = self._in_force(instrument, day)
        return rules.market if kind is OrderKind.MARKET else rules.stop_market

    def protection(self, instrument: Instrument, price: Paise, day: date) -> int:
        """Return how far a protected order reaches beyond *price*, in hundredths of a percent."""
        steps = self._in_force(instrument, day).steps
        return next((step.percent for step in steps if step.below is None or price < step.below), 0)

    def day_range(self, instrument: Instrument, last: Paise | None, day: date) -> Bounds:
        """Return where any price of an order may lie: inside the contract's circuit limits, else near the last price."""
        low, high = instrument.low_limit, instrument.high_limit
        low_by = high_by = "circuit limit"
        within = self._in_force(instrument, day).band.within
        if last is not None and within is not None:
            width = last * within // 100_00
            low, low_by = (last - width, "price band") if low is None else (low, low_by)
            high, high_by = (last + width, "price band") if high is None else (high, high_by)
        return Bounds(low, high, low_by, high_by)

    def bounds(self, instrument: Instrument, side: Side, reference: Paise | None, day: date) -> Bounds:
        """Return where the limit of an order may lie: in the day's range, and not too far into the market.

        Args:
            instrument: The contract.
            side: Limit price protection bounds buys from above and sells from below.
            reference: The last price (of a stop: its trigger); None while there is none.
            day: The trading day.
        """
        low, high, low_by, high_by = self.day_range(instrument, reference, day)
        beyond = self._in_force(instrument, day).band.beyond
        if reference is None or beyond is None:
            return Bounds(low, high, low_by, high_by)
        reach = max(reference * beyond.percent // 100_00, beyond.at_least or 0)
        if side is Side.BUY and (high is None or reference + reach < high):
            high, high_by = reference + reach, "limit price protection"
        elif side is Side.SELL and (low is None or reference - reach > low):
            low, low_by = reference - reach, "limit price protection"
        return Bounds(low, high, low_by, high_by)

    def freeze_qty(self, instrument: Instrument, last: Paise | None, day: date) -> Units | None:
        """Return the most whole lots, in units, that one order may ask for; None: no limit is known.

        Args:
            instrument: The contract; what it says itself comes first.
            last: Its last price, which values a future on a share.
            day: The trading day.
        """
        rules = self._in_force(instrument, day)
        most, price = rules.freeze, instrument.strike or last
        if most is None and rules.freeze_notional is not None and price:
            most = rules.freeze_notional // price
        return None if most is None else max(most // instrument.lot_size, 1) * instrument.lot_size

    def most_slices(self, day: date) -> int:
        """Return how many orders one may be cut into."""
        rule = in_force(self._rules.slices, day)
        return 1 if rule is None else rule.most

    def products(self, instrument: Instrument, day: date) -> frozenset[Product]:
        """Return how long positions in *instrument* may be held."""
        return self._in_force(instrument, day).products

    def may_be_immediate(self, kind: OrderKind, day: date) -> bool:
        """May an order of *kind* be immediate-or-cancel?"""
        rule = in_force(self._rules.immediate, day)
        return rule is None or kind in rule.kinds

    def _in_force(self, instrument: Instrument, day: date) -> _InForce:
        kept = self._kept.get(instrument.instrument)
        if kept is None or kept.instrument is not instrument or kept.day != day:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            kept = self._kept[instrument.instrument] = self._look_up(instrument, day)
        return kept

    def _look_up(self, instrument: Instrument, day: date) -> _InForce:
        segment = segment_of(instrument)
        forms: Forms | None = self._forms.get(segment)
        protection: Protection | None = self._protection.get(segment)
        bands: Bands | None = self._bands.get(segment)
        products: Products | None = self._products.get(segment)
        market, stop_market = (None, None) if forms is None else (forms.market, forms.stop_market)
        tiers = None if protection is None else in_force(protection.tiers, day)
        taken = None if products is None else in_force(products.allowed, day)
        freeze, notional = self._freeze(instrument, segment, day)
        return _InForce(
            instrument,
            day,
            _form(market, day),
            _form(stop_market, day),
            () if tiers is None else tiers.steps,
            (None if bands is None else in_force(bands.limits, day)) or _ANY_PRICE,
            frozenset(Product) if taken is None else taken.values,
            freeze,
            notional,
        )

    def _freeze(self, instrument: Instrument, segment: str, day: date) -> tuple[Units | None, Paise | None]:
        """Return the most units that one order may ask for, else the most that they may be worth; None: no limit is known."""
        if instrument.freeze_qty is not None:
            return instrument.freeze_qty, None
        listed = self._rules.freeze.get(instrument.underlying)
        if listed is not None and instrument.kind is not InstrumentKind.EQUITY:
            rule = in_force(listed, day)
            return (None if rule is None else rule.units), None
        if not segment.partition(".")[2].startswith("stock_"):
            return None, None
        unknown = in_force(self._rules.freeze_unknown, day)
        return None, None if unknown is None else unknown.notional


def load_order_rules(folder: Path) -> OrderRules:
    """Read config/market/order_rules.yaml.

    Raises:
        ConfigError: it is missing or broken; one line for each problem, naming file and key.
    """
    path = folder / FILE
    try:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=_LOADER)  # noqa: S506
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not readable as YAML: {' '.join(str(error).split())}") from error
    try:
        return OrderRules(RuleFile.model_validate(document))
    except ValidationError as error:
        raise ConfigError("\n".join(_problem(path, detail) for detail in error.errors())) from error


def _problem(path: Path, detail: Any) -> str:
    key = ".".join(str(part) for part in detail["loc"])
    return f"{path}: {key + ': ' if key else ''}{detail['msg'].removeprefix('Value error, ')}"


def _by_segment(groups: Sequence[Any]) -> dict[str, Any]:
    return {segment: group for group in groups for segment in group.segments}


def _form(rules: Sequence[FormRule] | None, day: date) -> Form:
    rule = None if rules is None else in_force(rules, day)
    return Form.AS_SENT if rule is None else rule.form
