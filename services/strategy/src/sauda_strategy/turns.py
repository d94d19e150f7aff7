"""One day turns to the next, and one window of a day to another."""

from sauda.clock import ist_date
from sauda.contracts import Level, Message
from sauda_strategy.day import Day
from sauda_strategy.entry import Obstacle
from sauda_strategy.instance import Instance


class Turns:
    """Begins the days and windows of one instance."""

    def __init__(self, instance: Instance) -> None:
        self._my = instance

    def begin_day(self) -> list[Message]:
        """Put what earlier days left behind in order, and see whether this one is to be traded."""
        my = self._my
        day = ist_date(my.now_ns)
        my.diary.begin(Day(day=day.isoformat(), opened_ns=my.now_ns))
        my.market.begin(day.isoformat())
        my.quotes.forget()
        out = my.legs.new_day(day.isoformat(), my.now_ns)
        if not my.trades_on(day):
            my.diary.change(over=True, shut=True)
            out += my.say(Obstacle("NO_TRADING_DAY", f"{day} is no trading day"), Level.INFO)
        elif day.weekday() not in my.rules.days:
            my.diary.change(over=True, shut=True)
            out += my.say(
                Obstacle("NOT_TODAY", f"{day:%A} is none of its weekdays: {my.rules.weekdays}"), Level.INFO
            )
        return out

    def turn(self) -> None:
        """Go on to the next window when this one is done."""
        my, today = self._my, self._my.today
        if today.shut or today.window + 1 >= len(my.rules.windows) or my.book.any_open():
            return
        if not my.has_come(my.hours().exit_ns) or my.may_open:
            return  # In this one something is to be done yet, if only to say why nothing was.
        my.diary.say_again()
        self.begin_window(today.window + 1)

    def begin_window(self, number: int) -> None:
        """Begin a window, or the same one anew."""
        self._my.diary.change(
            window=number,
            over=False,
            ended=False,
            shut=False,
            waiting_ns=None,
            known=0,
            centre=None,
            locked=0,
        )
