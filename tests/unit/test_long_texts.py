"""Foreign text of one thing again and again takes no more time than its length allows: nobody waits for one paper."""

from collections.abc import Callable

import pytest

from newsletter.addresses import without_addresses
from newsletter.delivery.mailbox_gone import is_mailbox_gone
from newsletter.formatting import cut_at_clause
from newsletter.line_breaks import wrap
from newsletter.ops.redaction import redact
from newsletter.papers.key_sentences import key_sentence
from newsletter.papers.latex import readable
from newsletter.papers.library import arxiv_id
from newsletter.papers.links import code_url
from newsletter.papers.sentences import split_sentences
from newsletter.papers.withdrawals import withdrawal_notice
from newsletter.scoring.llm.answers import plain_line, read_answer
from newsletter.scoring.llm.context_window import is_about_length
from newsletter.scoring.llm.influence import speaks_to_graders
from newsletter.scoring.ranking.tokenize import Encoder
from newsletter.sources.names import first_name_first, read_names
from tests import make
from tests.bounded_time import assert_takes_at_most

LENGTH = 20_000  # the longest abstract that a feed may have
MOST_S = 1.0  # most take a hundredth; what takes the square of the length takes from one to sixty seconds

READERS: dict[str, Callable[[str], object]] = {
    "an abstract as readers see it": readable,
    "its sentences": split_sentences,
    "its key sentence": lambda text: key_sentence("A title", text),
    "the key sentence for a long title": lambda text: key_sentence(text, "We show one thing. It holds."),
    "its words": lambda text: Encoder().encode(text, text),
    "its code": code_url,
    "what speaks to graders": lambda text: speaks_to_graders(make.paper(abstract=text)),
    "a notice of withdrawal": lambda text: withdrawal_notice("A title", text, text),
    "a list of authors": lambda text: read_names([text]),
    "an author": first_name_first,
    "a text that is cut": lambda text: cut_at_clause(text, 400),
    "lines": lambda text: wrap(text, 72),
    "a model's answer": lambda text: read_answer(text, ["2510.00001"], 1),
    "a model's answer in part": lambda text: read_answer(
        f'[{{"id": "2510.00001", "comment": "{text}', ["2510.00001"], 1
    ),
    "a model's comment": plain_line,
    "a model's refusal": is_about_length,
    "a line of the log": redact,
    "a provider's words": without_addresses,
    "a bounce": is_mailbox_gone,
    "an entry of a library": arxiv_id,
}
PIECES = [
    *" \n\ta1.,?…'\"“”()[]{}<|/\\-–_=*#%$~@\u00a0\x00",
    *("a ", "A. ", "1 ", "1.", "a, ", "a@", "@a", "a-", "(a", "a)", "$1$ ", "\\a", "{}", " \n", "We ", "and "),
    *("https://a.b/", "ignore ", "withdrawn ", "4.2.2 ", "**"),
]


@pytest.mark.parametrize("piece", PIECES, ids=ascii)
@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_no_text_takes_longer_than_its_length_allows(read: Callable[[str], object], piece: str) -> None:
    row = piece * (LENGTH // len(piece))
    assert_takes_at_most(MOST_S, lambda: read(f"{row}x {row}"))  # something behind it, and nothing
