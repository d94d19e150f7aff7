"""Where two rows of messages are not the same, one that only one of them has not throwing all later ones out of step. Pure."""

from collections.abc import Hashable, Iterator, Sequence
from difflib import SequenceMatcher
from itertools import zip_longest


def apart(was: Sequence[Hashable], came: Sequence[Hashable]) -> Iterator[tuple[int | None, int | None]]:
    """Yield the places of what differs, in *was* and in *came*; None: that one has nothing there."""
    same = 0
    while same < min(len(was), len(came)) and was[same] == came[same]:
        same += 1
    # Most rows are the same to the end: only what follows the first difference is worth being matched.
    matched = SequenceMatcher(None, was[same:], came[same:], autojunk=False)
    for what, first, last, other_first, other_last in matched.get_opcodes():
        if what != "equal":
            yield from zip_longest(
                range(same + first, same + last), range(same + other_first, same + other_last)
            )
