"""What people say to a strategy: start, stop, square off, follow other rules."""

from sauda.contracts import ChangeRules, Level, Message, SquareOff, Start, Stop
from sauda.errors import ConfigError
from sauda_strategy.host.course import Course
from sauda_strategy.host.making import Making
from sauda_strategy.host.permission import Permission
from sauda_strategy.trading.trader import Trader
from sauda_strategy.voice import Voice


class Control:
    """Takes it."""

    def __init__(
        self, voice: Voice, permission: Permission, making: Making, course: Course, trader: Trader
    ) -> None:
        self._voice = voice
        self._permission = permission
        self._making = making
        self._course = course
        self._trader = trader

    def take(self, message: Start | Stop | SquareOff | ChangeRules, out: list[Message]) -> None:
        """Do what was said."""
        self._course.touch()
        now_ns = self._course.now_ns or message.event_ns
        match message:
            case Start():
                self._start(out)
            case Stop():
                self._permission.switch(on=False)
            case SquareOff():
                out += self._trader.stand_aside(f"square off by {message.by}", now_ns)
                self._course.end_day()
            case ChangeRules():
                self._change(message, out)
        self._course.drain(out)

    def _start(self, out: list[Message]) -> None:
        self._permission.switch(on=True)
        self._making.mend()
        self._course.reopen_day()
        if not self._making.is_made:
            self._making.make()
        self._course.start(out)

    def _change(self, message: ChangeRules, out: list[Message]) -> None:
        now_ns = self._course.now_ns or message.event_ns
        try:
            is_other = self._making.change(message.rules)
        except ConfigError as error:
            text = f"the rules that {message.by} gave are refused, the old ones stay: {error}"
            out.append(self._voice.alert("RULES_REFUSED", text, now_ns, Level.WARNING))
            return
        if is_other:  # An instance that is begun by the message has nothing to change.
            text = f"{message.by} changed the rules"
            out.append(self._voice.alert("RULES_CHANGED", text, now_ns, Level.INFO))
        self._course.start(out)
