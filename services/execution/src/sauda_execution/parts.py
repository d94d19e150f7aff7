"""A part of the exchange: one concern (legality, risk, margin, groups of orders, the life of a position) with its own state.

The exchange asks every part, in a fixed order, at each of these moments; what a part wants done it returns as acts.
None of it is asked on a tick that concerns nobody: for time, a part names the instant at which it is next due.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Concatenate, ParamSpec, TypeVar

from sauda.clock import UnixNs
from sauda.contracts import DeskPnl, Fill, Message, PlaceOrder, StrategyPnl, Tick
from sauda_execution.acts import Act
from sauda_execution.checks import Moment, Refusal

P = ParamSpec("P")
R = TypeVar("R")

FOREVER_NS: UnixNs = 2**63
"""Later than any instant of the market."""


class Part:
    """Does nothing; a part overrides what concerns it."""

    @property
    def due_ns(self) -> UnixNs:
        """Return when `on_due` is next to be called: at the first message of the market at or after it."""
        return FOREVER_NS

    def outgoing(self, order: PlaceOrder, moment: Moment) -> PlaceOrder:
        """Return *order* as it goes out to the market, with terms that the market takes. Must change nothing.

        Asked before `refusal`, for an order whose terms are sound, and again for each change of its terms
        (`Moment.is_change`). What differs from what was sent is told in `OrderAccepted.terms`.
        """
        return order

    def slices(self, order: PlaceOrder, moment: Moment) -> int:
        """Return into how many orders the outgoing *order* is cut. Must change nothing."""
        return 1

    def refusal(self, order: PlaceOrder, moment: Moment) -> Refusal | None:
        """May *order*, whose terms are sound, be accepted now? Must change nothing."""
        return None

    def basket_refusal(self, legs: Sequence[PlaceOrder], moment: Moment) -> Refusal | None:
        """May all *legs* be accepted together? Asked once for a basket, before its first leg; must change nothing.

        Its legs then come with `Moment.in_basket`: what was judged for all of them is not judged again.
        """
        return None

    def on_accepted(self, order: PlaceOrder) -> Sequence[Act]:
        """*order* is in the market."""
        return ()

    def fitting(self, order: PlaceOrder, open_qty: int) -> int:
        """Return how much of *order*, of which *open_qty* units are left to trade, may still trade. Must change nothing.

        Asked when a `Fit` is done, so it answers for that instant, whatever was known when the act was wished for.
        """
        return open_qty

    def on_modified(self, order: PlaceOrder, *, made: bool) -> Sequence[Act]:
        """*order* stands in the market with new terms; *made*: the exchange gave it these itself."""
        return ()

    def on_fill(self, order: PlaceOrder, fill: Fill) -> Sequence[Act]:
        """*fill* was made for *order*; the book holds it already."""
        return ()

    def on_ended(self, order: PlaceOrder, unfilled: int, reason: str) -> Sequence[Act]:
        """*order* left the market with *unfilled* units untraded (0: all traded)."""
        return ()

    def on_refused(self, order: PlaceOrder, refusal: Refusal) -> Sequence[Act]:
        """*order* was not accepted."""
        return ()

    def on_quote(self, tick: Tick) -> Sequence[Act]:
        """An instrument ticked that this part watches, or of which an order was looked at; its orders have met the tick."""
        return ()

    def watches(self, instrument: str) -> bool:
        """Does this part want `on_quote` at every tick of *instrument*? What it says may change in its hooks alone."""
        return False

    def on_due(self, now_ns: UnixNs) -> Sequence[Act]:
        """Market time has come to `due_ns`."""
        return ()

    def on_message(self, message: Message) -> Sequence[Act]:
        """A message came that is no tick and no single order: a basket, control, a reply of the broker, a clock."""
        return ()

    def on_pnl(self, point: StrategyPnl | DeskPnl) -> Sequence[Act]:
        """The desk was valued. What this wants done alone may change when a part is due."""
        return ()

    def on_day(self, day_ns: UnixNs) -> Sequence[Act]:
        """A new trading day began; *day_ns* is its midnight (IST)."""
        return ()

    def restored(self) -> None:
        """Rebuild what is derived, after the state was loaded."""


class Parts:
    """All parts of one exchange, in the order in which they are asked."""

    def __init__(self, do: Callable[[Act], list[Message]]) -> None:
        self._parts: tuple[Part, ...] = ()
        self._listeners: tuple[Part, ...] = ()
        """Those that `on_message` means something to: a busy desk values itself five times a second."""
        self._timed: tuple[Part, ...] = ()
        """Those that time can make due."""
        self._hooks: dict[Callable[..., Any], list[Callable[..., Any]]] = {}
        """a hook of `Part` -> the same of each part that has one of its own: derived"""
        self._do = do

    def join(self, parts: Iterable[Part]) -> None:
        """Let *parts* be asked from now on, after those that are there."""
        self._parts += tuple(parts)
        self._hooks.clear()
        self._listeners = tuple(part for part in self._parts if type(part).on_message is not Part.on_message)
        self._timed = tuple(part for part in self._parts if type(part).due_ns is not Part.due_ns)

    def __iter__(self) -> Iterator[Part]:
        return iter(self._parts)

    @property
    def due_ns(self) -> UnixNs:
        """Return when the first of them is due."""
        return min([part.due_ns for part in self._timed], default=FOREVER_NS)

    def wish(
        self, hook: Callable[Concatenate[Part, P], Sequence[Act]], *args: P.args, **named: P.kwargs
    ) -> list[Act]:
        """Call *hook* (`Part.on_fill`) of every part and return what they want done: when all is booked."""
        return [act for heard in self.that(hook) for act in heard(*args, **named)]

    def do(self, acts: Iterable[Act]) -> list[Message]:
        """Have *acts* done, each with all that follows from it before the next."""
        return [message for act in acts for message in self._do(act)]

    def hear(self, message: Message) -> list[Message]:
        """Let all that listen hear *message*, then do what they want done."""
        return self.do([act for part in self._listeners for act in part.on_message(message)])

    def tell(
        self, hook: Callable[Concatenate[Part, P], Sequence[Act]], *args: P.args, **named: P.kwargs
    ) -> list[Message]:
        """Call *hook* of every part, then do what they want done."""
        return self.do(self.wish(hook, *args, **named))

    def that(self, hook: Callable[..., R]) -> list[Callable[..., R]]:
        """Return *hook* of those parts that do something in it, in order: of a dozen parts two or three."""
        found = self._hooks.get(hook)
        if found is None:
            name = hook.__name__
            found = [getattr(part, name) for part in self._parts if getattr(type(part), name) is not hook]
            self._hooks[hook] = found
        return found
