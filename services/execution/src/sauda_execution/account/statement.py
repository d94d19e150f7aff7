"""The account line by line, for people: its ledger, and what is blocked for what, by whose word."""

import msgspec

from sauda.contracts import Account
from sauda.money import Paise
from sauda_execution.account.blocked import Blocked
from sauda_execution.account.broker import Asked, BrokerMargins


class BrokerSays(msgspec.Struct, frozen=True):
    """The broker's last answer about an underlying."""

    span: Paise
    exposure: Paise
    blocks: Paise
    """Both, as brokers raise them."""
    is_current: bool
    """Whether it is about the legs that are held now; False and nothing blocked: it has not answered yet."""
    error: str | None


class UnderlyingMargin(msgspec.Struct, frozen=True):
    """What is blocked for one underlying."""

    underlying: str
    span: Paise
    exposure: Paise
    expiry: Paise
    """Addition for short options on their last day."""
    premium: Paise
    """Of waiting buys, to be paid when they trade."""
    shares: Paise
    ours: Paise
    """The sum of all these, by our scenarios."""
    broker: BrokerSays | None
    """None: it was not asked."""
    blocked: Paise
    """What counts."""
    strategies: dict[str, Paise]
    """Strategy -> what it holds, taken alone, by our scenarios."""


class Statement(msgspec.Struct, frozen=True):
    """Everything."""

    account: Account
    underlyings: list[UnderlyingMargin]


def stated(figures: Account, blocked: Blocked, broker: BrokerMargins) -> Statement:
    """Return the statement of an account whose sums are *figures*."""
    lines = [
        UnderlyingMargin(
            underlying=name,
            span=need.worst.span,
            exposure=need.worst.exposure,
            expiry=need.worst.expiry,
            premium=need.premium,
            shares=need.shares,
            ours=need.total,
            broker=_says(broker.asked(name)),
            blocked=blocked.total_of(name, need),
            strategies=need.strategies,
        )
        for name, need in blocked.needs().items()
    ]
    return Statement(figures, lines)


def _says(asked: Asked | None) -> BrokerSays | None:
    if asked is None:
        return None
    return BrokerSays(asked.span, asked.exposure, asked.blocks, asked.is_answered, asked.error)
