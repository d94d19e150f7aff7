"""The page stands alone, says what the text says, and lets no name of a strategy become markup."""

from html.parser import HTMLParser

import msgspec
import pytest

from sauda.contract_note.page import page
from sauda.contract_note.rows import DISCLAIMER
from sauda.contract_note.sheet import sheet
from sauda.contracts import Against, Side
from tests.unit.contract_note.trades import FUTURE, a_fill, note, straddle

VOID = {"meta", "br"}


class Read(HTMLParser):
    """Reads a page: its words, its cells, what it fetches, and whether its tags are closed in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.words: list[str] = []
        self.fetched: list[str] = []
        self.crossed: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in VOID:
            self.open.append(tag)
        self.fetched += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "action")]
        if tag in ("script", "link", "iframe", "img"):
            self.fetched.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.open.pop() != tag:
            self.crossed.append(tag)

    def handle_data(self, data: str) -> None:
        if data.strip() and self.open[-1] != "style":
            self.words.append(data.strip())


def test_the_page_is_whole_and_fetches_nothing() -> None:
    text = page(note(straddle()))
    read = Read(text)
    assert (read.open, read.crossed, read.fetched) == ([], [], [])
    assert "url(" not in text
    assert "@import" not in text
    assert "http" not in text


@pytest.mark.parametrize("words", ["57.89", "22.91", "23.00", "4,225.00", "4,167.11 receivable", DISCLAIMER])
def test_text_and_page_say_the_same(words: str) -> None:
    day = note(straddle())
    assert words in sheet(day)
    assert words in " ".join(Read(page(day)).words)


def test_a_loss_is_payable() -> None:
    assert "6,500.00 payable" in sheet(note([a_fill(Side.BUY, 65, 100_00)]))


def test_names_are_words_and_never_markup() -> None:
    name = "<b>&\"x'"
    read = Read(page(note([a_fill(Side.BUY, 65, 100_00, strategy=name)])))
    assert name in read.words
    assert (read.open, read.crossed) == ([], [])


def test_a_settlement_and_a_future_are_explained() -> None:
    settled = msgspec.structs.replace(
        a_fill(Side.SELL, 65, 24_500_00, instrument=FUTURE), against=Against.SETTLEMENT
    )
    for text in (sheet(note([settled])), page(note([settled]))):
        assert "SETTLED" in text
        assert "Of a future the profit" in text
