"""papers/acknowledgements.py: thanks stand where the papers of those who are thanked stand, and nowhere else."""

import pytest

from newsletter.model import Origin, Paper
from newsletter.papers.acknowledgements import ARXIV, OPENREVIEW, PREPRINTS, acknowledgements
from tests import make

OF_ARXIV = make.paper()
OF_MEDRXIV = make.paper("doi:10.1101/1", origin=Origin("medRxiv", "https://www.medrxiv.org/content/10.1101/1"))
OF_A_JOURNAL = make.paper("doi:10.5555/1", origin=Origin("A Journal", "https://journal.example.org/1"))

OF_TMLR = make.paper(
    "openreview:abcd1",
    categories=("openreview:TMLR",),
    origin=Origin("TMLR", "https://openreview.net/forum?id=abcd1"),
)


@pytest.mark.parametrize(
    ("papers", "categories", "thanks"),
    [
        ([OF_ARXIV], (), (ARXIV,)),
        ([OF_MEDRXIV], ("cs.LG",), (PREPRINTS,)),
        ([OF_MEDRXIV, OF_ARXIV], (), (ARXIV, PREPRINTS)),
        ([OF_A_JOURNAL], ("cs.LG",), ()),
        ([OF_TMLR, OF_ARXIV], (), (ARXIV, OPENREVIEW)),
        ([], ("openreview:TMLR",), (OPENREVIEW,)),
        ([], ("cs.LG",), (ARXIV,)),
        ([], ("biorxiv:genetics", "cs.LG"), (ARXIV, PREPRINTS)),
        ([], ("feed:https://journal.example.org/rss",), ()),
        ([], (), ()),
    ],
)
def test_who_is_thanked(papers: list[Paper], categories: tuple[str, ...], thanks: tuple[str, ...]) -> None:
    assert acknowledgements(papers, categories) == thanks
