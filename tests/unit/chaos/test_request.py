"""What can be asked of `make chaos`, and what is refused in one line."""

from pathlib import Path

import pytest

from chaos.__main__ import main
from chaos.request import Request


def test_nothing_asked_is_five_minutes_of_seed_one_with_the_desks_own_lease() -> None:
    asked = Request.read([])

    assert (asked.minutes, asked.seed, asked.runtime) == (5, 1, "local")
    assert asked.lease == 1000


def test_an_empty_value_is_as_if_it_were_not_given() -> None:
    assert Request.read(["minutes=", "seed=7"]) == Request(seed=7)


def test_everything_can_be_said() -> None:
    words = ["minutes=0.5", "seed=9", "lease=600", "straddles=3", "services=pnl,feed"]
    words += ["runtime=docker", "report=out.json"]

    assert Request.read(words) == Request(0.5, 9, 600, 3, ("pnl", "feed"), "docker", Path("out.json"))


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("minutes=none", "minutes='none' is not a number from 0.2 to 600"),
        ("minutes=0", "minutes=0 is not from 0.2 to 600"),
        ("minutes=nan", "minutes=nan is not from 0.2 to 600"),
        ("seed=1.5", "seed='1.5' is not a whole number"),
        ("runtime=cloud", "runtime='cloud' is neither local nor docker"),
        ("services=feed,broker", "services=feed,broker: 'broker' is none of feed, strategy"),
        ("minute=5", "'minute=5' is not one of"),
        ("5", "'5' is not one of"),
    ],
)
def test_a_wrong_word_exits_2_with_one_line(word: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([word]) == 2
    said = capsys.readouterr()
    assert says in said.err
    assert said.err.count("\n") == 1
    assert said.out == ""
