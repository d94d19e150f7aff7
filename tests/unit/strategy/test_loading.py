"""A user's file is a kind; a broken one is named with file and line, and disturbs nobody."""

import sys
from pathlib import Path

import pytest

from sauda.errors import ConfigError
from sauda.version import code_version
from sauda_strategy.kinds import BUILTIN
from sauda_strategy.loading import load_kinds, load_strategy
from sauda_strategy.rule_files import load_rules
from sauda_strategy.rule_values import changed_rules, plain_rules, rules_from
from sauda_strategy.units import version_of

MINE = '''"""Does nothing."""

from __future__ import annotations

from dataclasses import dataclass

from sauda_strategy.api import Bar, Intents, Rules, Strategy, TimeOfDay


@dataclass(frozen=True)
class Seen:
    high: int


class Mine(Strategy):
    class Rules(Rules):
        instrument: str
        lots: int = 1
        until: TimeOfDay | None = None

    def setup(self) -> None:
        self.watch(self.rules.instrument, "1m")

    def on_bar(self, bar: Bar) -> Intents:
        return None
'''


def folder_with(folder: Path, **sources: str) -> Path:
    for name, source in sources.items():
        (folder / f"{name}.py").write_text(source)
    return folder


def test_a_file_is_a_kind_with_the_rules_of_its_class(tmp_path: Path) -> None:
    kinds = load_kinds(folder_with(tmp_path, mine=MINE))

    rules = rules_from("here", {"kind": "mine", "instrument": "NSE:Nifty 50", "until": "15:15"}, kinds)

    assert set(kinds.known) == {*BUILTIN.known, "mine"}
    assert not kinds.broken
    assert plain_rules(rules) == {
        "kind": "mine",
        "enabled": True,
        "mode": "paper",
        "instrument": "NSE:Nifty 50",
        "lots": 1,
        "until": "15:15",
    }


def test_wrong_rules_name_the_key_and_a_near_one(tmp_path: Path) -> None:
    kinds = load_kinds(folder_with(tmp_path, mine=MINE))

    with pytest.raises(ConfigError, match=r"here: instrumnt: unknown key: did you mean instrument\?"):
        rules_from("here", {"kind": "mine", "instrumnt": "x", "instrument": "y"}, kinds)
    with pytest.raises(
        ConfigError, match="here: quantity: unknown key"
    ):  # `lots` is no older name of it here
        rules_from("here", {"kind": "mine", "quantity": 2, "instrument": "y"}, kinds)


def test_lots_is_a_rule_where_the_strategy_says_so(tmp_path: Path) -> None:
    kinds = load_kinds(folder_with(tmp_path, mine=MINE))

    rules = rules_from("here", {"kind": "mine", "lots": 3, "instrument": "y"}, kinds)

    assert plain_rules(changed_rules("here", rules, {"lots": "4"}, kinds))["lots"] == 4


def test_text_stays_text_however_much_it_looks_like_something_else(tmp_path: Path) -> None:
    kinds = load_kinds(folder_with(tmp_path, mine=MINE))
    rules = rules_from("here", {"kind": "mine", "instrument": "20"}, kinds)

    for text in ("on", "7", "a: b", "[", "null"):
        changed = changed_rules("here", rules, {"instrument": text}, kinds)
        assert plain_rules(changed)["instrument"] == text


BROKEN = {
    "no code": ("class A(", "line 1: SyntaxError"),
    "raises": ("x = 1\n\nraise ValueError('no\\nluck')\n", "line 3: ValueError: no luck"),
    "leaves": ("import sys\nsys.exit('bye')\n", "line 2: SystemExit: bye"),
    "imports a neighbour": ("import neighbour\n", "line 1: ModuleNotFoundError: No module named 'neighbour'"),
    "breaks within a library": ("import json\n\njson.loads('{')\n", "line 3: JSONDecodeError"),
    "none": ("x = 1\n", "no strategy in it"),
    "only the imported base": ("from sauda_strategy.api import Strategy\n", "no strategy in it"),
    "two": (MINE + "\n\nclass Other(Mine):\n    def setup(self) -> None: ...\n", "not Mine (line 15), Other (line 28)"),
    "rules of nobody": (
        "from sauda_strategy.api import Strategy\nclass A(Strategy):\n    class Rules: ...\n    def setup(self): ...\n",
        "line 2: A.Rules does not derive from Rules",
    ),
    "a list": (MINE.replace("lots: int = 1", "lots: list[int] = []"), "the rule lots is a list or a table"),
    "a table": (MINE.replace("lots: int = 1", "lots: dict[str, int] | None = None"), "the rule lots is a list"),
    "no type": (MINE.replace("lots: int = 1", "lots: Nonsense = 1"), "rules: "),
}  # fmt: skip


@pytest.mark.parametrize("what", BROKEN)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path: Path, what: str) -> None:
    source, said = BROKEN[what]
    modules = set(sys.modules)
    folder_with(tmp_path, mine=source, neighbour="x = 1\n" if "neighbour" in source else MINE)

    with pytest.raises(ConfigError) as refused:
        load_strategy(tmp_path / "mine.py")

    assert str(refused.value).startswith(str(tmp_path / "mine.py"))
    assert said in str(refused.value)
    assert "neighbour" not in set(sys.modules) - modules


def test_only_rules_that_ask_for_a_broken_kind_are_refused(tmp_path: Path) -> None:
    kinds = load_kinds(
        folder_with(tmp_path, mine=MINE, broken="1 / 0\n", short_straddle=MINE, _aside="1 / 0\n")
    )
    for name in ("mine", "broken", "short_straddle"):
        (tmp_path / f"of_{name}.yaml").write_text(f'kind: {name}\ninstrument: "x"\n')

    book = load_rules(tmp_path, kinds)

    assert list(book.rules) == ["of_mine"]
    assert "broken.py, line 1: ZeroDivisionError" in str(book.broken["of_broken"])
    assert "the kind short_straddle is one of sauda's own" in str(book.broken["of_short_straddle"])
    assert set(kinds.broken) == {"broken", "short_straddle"}
    assert not set(kinds.broken) & set(kinds.known)


def test_a_folder_that_is_not_there_holds_no_kinds(tmp_path: Path) -> None:
    assert load_kinds(tmp_path / "none").known == BUILTIN.known


def test_the_version_names_the_source_that_was_run(tmp_path: Path) -> None:
    release = code_version("sauda", "sauda_strategy")
    before = load_kinds(folder_with(tmp_path, mine=MINE))
    after = load_kinds(folder_with(tmp_path, mine=MINE + "\n"))

    assert version_of("short_straddle", after) == release
    assert version_of("mine", before).startswith(f"{release}.")
    assert version_of("mine", before) != version_of("mine", after)
    assert not list(tmp_path.glob("__pycache__"))


def test_a_strategy_is_loaded_by_its_path_alone(tmp_path: Path) -> None:
    path = list(sys.path)
    load_kinds(folder_with(tmp_path, mine=MINE))

    assert sys.path == path
    assert "mine" not in sys.modules
