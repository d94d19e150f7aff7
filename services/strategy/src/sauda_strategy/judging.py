"""Carries out what the quotes of the legs say: see `watch` for what they may say."""

from sauda.contracts import InstrumentId, Message
from sauda_strategy.instance import Instance
from sauda_strategy.watch import Watch, steps_reached, verdict


class Judging:
    """Closes the legs of one instance by their prices."""

    def __init__(self, instance: Instance) -> None:
        self._my = instance
        self._watch = Watch(instance.book, instance.quotes)

    def judge(self, instrument: InstrumentId) -> list[Message]:
        """Close what the new price of *instrument* says is to be closed."""
        my, out = self._my, list[Message]()
        for key in my.keys:
            why = (
                self._watch.target(key, my.rules, my.now_ns) if my.book[key].instrument == instrument else ""
            )
            out += my.legs.close(key, why, my.now_ns) if why else []
        return out + self._judge_all()

    def _judge_all(self) -> list[Message]:
        my, today = self._my, self._my.diary.today
        standing = self._watch.standing(my.keys, my.rules, my.now_ns)
        if standing is None or today is None or today.ended:
            return []
        locked = max(today.locked, steps_reached(standing.profit, my.rules))
        my.diary.change(locked=locked)
        why = verdict(standing, locked, my.rules)
        if not why:
            return []
        my.diary.change(ended=True)
        return [message for key in my.keys for message in my.legs.close(key, why, my.now_ns)]
