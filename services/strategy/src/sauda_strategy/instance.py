"""What the pieces of one option strategy share: its name, its rules as they stand, and all that it remembers."""

from collections.abc import Callable
from datetime import date

from sauda.clock import UnixNs
from sauda.contracts import Level, Message
from sauda.state import State
from sauda_strategy.book import Book, round_name
from sauda_strategy.day import NO_HOURS, Day, Diary, Hours, every_day, hours_of
from sauda_strategy.entry import Obstacle
from sauda_strategy.legs import Legs
from sauda_strategy.market import SETTLE_NS, Underlying
from sauda_strategy.market_time import MarketTime
from sauda_strategy.option_rules import OptionRules
from sauda_strategy.quotes import Quotes
from sauda_strategy.terms import Terms
from sauda_strategy.trading_windows import Window
from sauda_strategy.voice import Voice


class Instance:
    """One strategy that sells options."""

    def __init__(self, name: str, rules: OptionRules, trades_on: Callable[[date], bool] = every_day) -> None:
        self.name = name
        self.voice = Voice(name)
        self.trades_on = trades_on
        self.state = State()
        self.time = MarketTime(self.state)
        self.diary = Diary(self.state)
        self.market = Underlying(self.state, rules.tsymbol)
        self.quotes = Quotes(self.state)
        self.book = Book(self.state, name, rules.product)
        self.legs = Legs(self.book, self.voice, rules)
        self.rules = rules
        self._terms = Terms(self.state)

    def follow(self, rules: OptionRules) -> None:
        """Go on by these *rules*."""
        self.rules = rules
        self.legs.follow(rules)

    def restored(self) -> None:
        """Rebuild what is derived from the state."""
        self.time.restored()
        self.quotes.restored()
        today = self.diary.today
        self.market.restored(today.day if today else "")

    @property
    def is_dry(self) -> bool:
        """Whether it trades in a dry run."""
        return self._terms.is_dry

    @property
    def waiting(self) -> list[tuple[str, str]]:
        """Return the rules that wait until what was opened by others is closed: their file was edited."""
        return self._terms.waiting(self.rules)

    def settle(self) -> None:
        """Trade by the rules if nothing is open: what exists is closed by the mode and product of its opening."""
        if self.book.any_open():
            self._terms.opened(self.rules)
        else:
            self._terms.closed(self.rules)
        self.book.orders.product = self._terms.product(self.rules)
        if self.market.follow(self._terms.tsymbol(self.rules)) and (today := self.diary.today):
            # What was stopped is not sold anew in another underlying: its quantity is of another lot.
            self.diary.change(ended=today.over, known=0, centre=None, waiting_ns=None)

    @property
    def now_ns(self) -> UnixNs:
        """Return market time."""
        return self.time.now_ns

    @property
    def today(self) -> Day:
        """Return today, which has begun."""
        today = self.diary.today
        if today is None:
            raise LookupError("no market time was heard yet")
        return today

    @property
    def keys(self) -> list[str]:
        """Return the keys of the legs of the window in which we are, in order."""
        return self.book.of_round(self.round) if self.diary.today is not None else []

    @property
    def round(self) -> str:
        """Return what the keys of the window's legs begin with."""
        return round_name(self.today.day, self.today.window)

    @property
    def window(self) -> Window:
        """Return the window in which we are."""
        windows = self.rules.windows
        return windows[min(self.today.window, len(windows) - 1)]

    def hours(self) -> Hours:
        """Return the hours of the window in which we are."""
        today = self.diary.today
        if today is None:
            return NO_HOURS
        return hours_of(today.day, self.window, self.rules.entry_until)

    def has_come(self, instant_ns: UnixNs) -> bool:
        """Return whether all is known that happened up to *instant_ns*."""
        return self.time.past_ns >= instant_ns

    @property
    def is_settled(self) -> bool:
        """Return whether the sources of the underlying's price have had their time to speak up."""
        return self.has_come(self.today.opened_ns + SETTLE_NS)

    @property
    def is_on(self) -> bool:
        """Return whether it may open something new, as far as people say."""
        on = self.diary.is_on
        if self.waiting:
            return False
        return self.rules.enabled if on is None else on

    @property
    def may_open(self) -> bool:
        """Return whether the window's entry is still to be made."""
        return not self.today.over and self.is_on

    def say(self, obstacle: Obstacle, level: Level) -> list[Message]:
        """Say once a day, in a signal and an alert, why nothing is done."""
        code, text = obstacle
        if not self.diary.says(code, text):
            return []
        return [self.voice.signal(text, self.now_ns), self.voice.alert(code, text, self.now_ns, level)]
