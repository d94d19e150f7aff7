"""From the morning to the entry: listen, choose, open; and after a stop, sell again."""

from datetime import date

from sauda.clock import NS_PER_S, UnixNs
from sauda.contracts import Instrument, Level, Message, Side
from sauda_strategy.book import Leg, leg_key
from sauda_strategy.day import PATIENCE_NS
from sauda_strategy.entry import Choice, Obstacle, choose, search
from sauda_strategy.instance import Instance
from sauda_strategy.market import WIDEN_NS
from sauda_strategy.option_rules import ReentryAt, Wanted


class Entries:
    """Opens the legs of one instance."""

    def __init__(self, instance: Instance) -> None:
        self._my = instance

    def look_around(self) -> list[Message]:
        """Ask for the ticks that the choice needs."""
        my, today = self._my, self._my.today
        # An index is silent before the market opens: a whole chain in its place is not asked for until
        # the entry is near.
        is_near = my.has_come(my.hours().near_ns)
        wide = is_near and my.has_come(today.opened_ns + WIDEN_NS)
        found = search(my.market, my.rules, is_near and my.is_settled, wide)
        my.diary.change(known=len(my.market), centre=found.centre)
        return [*my.market.ask(my.name, found.wanted, my.now_ns)]

    def enter(self) -> list[Message]:
        """Make the window's entry, or say why it cannot be made."""
        my, hours = self._my, self._my.hours()
        if not my.has_come(hours.entry_ns):
            return []
        if my.has_come(hours.until_ns):
            my.diary.change(over=True)
            return my.say(Obstacle("NOT_ENTERED", f"nothing was sold: {self._window()} is over"), Level.INFO)
        wrong_day = self._wrong_expiry()
        if wrong_day:
            my.diary.change(over=True, shut=True)
            return my.say(Obstacle("NOT_TODAY", wrong_day), Level.INFO)
        if my.today.waiting_ns is None:
            my.diary.change(waiting_ns=my.now_ns)
        wanted = choose(my.market, my.rules, my.is_settled)
        if isinstance(wanted, Choice):
            return self._open(wanted)
        waited_ns = my.time.past_ns - (my.today.waiting_ns or my.now_ns)
        return my.say(wanted, Level.WARNING) if waited_ns >= PATIENCE_NS else []

    def _window(self) -> str:
        window = self._my.window
        until = min(self._my.rules.entry_until or window.exit, window.exit)
        return f"{window.entry:%H:%M} to {until:%H:%M}"

    def _wrong_expiry(self) -> str:
        """Return why the nearest expiry is too near or too far for the rules; empty if it is neither."""
        rules, expiry = self._my.rules, self._my.market.chain.expiry
        if expiry is None:
            return ""
        days = (date.fromisoformat(expiry) - date.fromisoformat(self._my.today.day)).days
        if rules.days_to_expiry_min is not None and days < rules.days_to_expiry_min:
            return f"{expiry} is {days} days away: days_to_expiry_min is {rules.days_to_expiry_min}"
        if rules.days_to_expiry_max is not None and days > rules.days_to_expiry_max:
            return f"{expiry} is {days} days away: days_to_expiry_max is {rules.days_to_expiry_max}"
        return ""

    def _open(self, choice: Choice) -> list[Message]:
        my = self._my
        my.diary.change(over=True)
        text = f"{my.rules.kind.replace('_', ' ')}: {choice.why}"
        out: list[Message] = [
            my.voice.signal(text, my.now_ns, leg.instrument, wanted.side) for wanted, leg in choice.legs
        ]
        for wanted, leg in choice.legs:
            staged = choice.has_wings and wanted.side is Side.SELL
            out += self._open_leg(wanted, leg, staged=staged)
        return out

    def _open_leg(self, wanted: Wanted, leg: Instrument, *, staged: bool) -> list[Message]:
        my = self._my
        key, qty = leg_key(my.round, wanted.name), my.rules.quantity * leg.lot_size
        return my.legs.open(key, wanted, leg, qty, my.now_ns, staged=staged)

    # After a stop.

    def comes_again(self, key: str) -> bool:
        """Return whether a leg that was sold may still be sold anew after its stop."""
        my, today, leg = self._my, self._my.diary.today, self._my.book[key]
        if today is None or leg.stopped_ns is None or leg.replaced or leg.is_wing:
            return False
        if today.ended or today.shut or leg.number >= my.rules.reentries or not my.is_on:
            return False
        wings = [my.book[other] for other in my.keys if my.book[other].is_wing]
        if any(wing.closing or wing.held < wing.qty for wing in wings):
            return False
        return key in my.keys and not my.has_come(my.hours().until_ns)

    def may_come_again(self) -> bool:
        """Return whether any leg of the window may yet be sold anew."""
        my, today = self._my, self._my.diary.today
        if today is None or today.ended or today.shut or not my.rules.reentries:
            return False
        return any(
            self.comes_again(key) or (my.book.is_open(key) and my.book[key].number < my.rules.reentries)
            for key in my.keys
            if not my.book[key].is_wing
        )

    @property
    def follows_the_money(self) -> bool:
        """Return whether the strikes of what may be sold anew are still to be chosen."""
        return self._my.rules.reentry_at is ReentryAt.ATM and self.may_come_again()

    def due_ns(self, leg: Leg) -> UnixNs:
        """Return when a leg that was stopped may be sold anew."""
        return (leg.stopped_ns or 0) + self._my.rules.reentry_pause_minutes * 60 * NS_PER_S

    def instants(self) -> list[UnixNs]:
        """Return when something that waits to be sold anew is due, or has waited too long."""
        due = [self.due_ns(self._my.book[key]) for key in self._my.keys if self.comes_again(key)]
        return [instant for at_ns in due for instant in (at_ns, at_ns + PATIENCE_NS)]

    def is_due(self) -> bool:
        """Return whether something is to be sold anew now."""
        return bool(self._due())

    def again(self) -> list[Message]:
        """Sell anew what was stopped, is flat, and has waited long enough."""
        return [message for key in self._due() for message in self._sell_again(key)]

    def _due(self) -> list[str]:
        my = self._my
        return [
            key
            for key in my.keys
            if self.comes_again(key) and not my.book.is_open(key) and my.has_come(self.due_ns(my.book[key]))
        ]

    def _sell_again(self, key: str) -> list[Message]:
        my, leg = self._my, self._my.book[key]
        instrument = self._instrument_again(leg)
        if isinstance(instrument, Obstacle):
            waited_ns = my.time.past_ns - self.due_ns(leg)
            return my.say(instrument, Level.WARNING) if waited_ns >= PATIENCE_NS else []
        number = leg.number + 1
        new = leg_key(my.round, leg.name, number + 1)
        text = f"sold again after its stop, {number} of {my.rules.reentries}"
        my.book.put(key, leg.having(replaced=True))
        my.book.put(new, _anew(leg, instrument, number))
        return [
            my.voice.signal(text, my.now_ns, instrument.instrument, leg.side),
            my.legs.enter(new, my.now_ns),
        ]

    def _instrument_again(self, leg: Leg) -> Instrument | Obstacle:
        my = self._my
        if my.rules.reentry_at is ReentryAt.SAME:
            known = my.market.definition(leg.instrument)
            return known or Obstacle("NO_INSTRUMENTS", f"{leg.instrument} is not known any more")
        choice = choose(my.market, my.rules, my.is_settled)
        if isinstance(choice, Obstacle):
            return choice
        return next(one for wanted, one in choice.legs if wanted.name == leg.name)


def _anew(leg: Leg, instrument: Instrument, number: int) -> Leg:
    return Leg(
        instrument=instrument.instrument,
        expiry=instrument.expiry or "",
        tick_size=instrument.tick_size,
        qty=leg.qty,  # As much as before: its wing covers no more.
        name=leg.name,
        side=leg.side,
        number=number,
    )
