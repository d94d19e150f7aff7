"""A restart for tests: a processor's state is written out as the runner would, and read into a fresh one."""

from collections.abc import Callable, Collection, Iterable

from sauda.contracts import Message
from sauda.unit import Processor


def play(processor: Processor, messages: Iterable[Message]) -> list[Message]:
    """Give *messages* to *processor* one by one and return all that it answers, in order."""
    return [out for message in messages for out in processor.handle(message)]


def play_with_restarts(
    build: Callable[[], Processor], messages: Iterable[Message], restart_before: Collection[int]
) -> list[Message]:
    """Like `play` on a new processor, but replace it by a reloaded one before the messages so numbered.

    Changes are taken after each message, so a row that a processor changes without saying so is missed
    here as it would be by the log.
    """
    stored: dict[bytes, bytes] = {}
    processor = build()
    answers: list[Message] = []
    for number, message in enumerate(messages):
        if number in restart_before:
            processor = build()
            processor.state.load(stored)
            processor.restored()
        answers += processor.handle(message)
        for row, value in processor.state.take_changes().items():
            if value is None:
                stored.pop(row, None)
            else:
                stored[row] = value
    return answers
