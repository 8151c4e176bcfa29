"""Which words name subjects: what the shipped file holds, and what is made of titles and abstracts."""

import numpy as np
import pytest

from benchmarks.make_title_shares import count
from newsletter.scoring.ranking.coverage import FormEncoder, weigh_element
from newsletter.scoring.ranking.title_shares import load_title_shares
from newsletter.scoring.ranking.tokenize import Keys
from newsletter.scoring.ranking.word_forms import normalise


def stems(*words: str) -> Keys:
    encoder = FormEncoder()
    return np.array([encoder.keys(normalise(word))[1] for word in words], dtype=np.uint32)


def test_a_word_of_titles_names_a_subject_and_one_of_abstracts_alone_hardly_does() -> None:
    named = load_title_shares().measure(stems("galaxies", "reinforcement", "video", "robots", "LoRA", "quasar"))
    assert named.tolist() == [1.0] * len(named)
    hardly = load_title_shares().measure(stems("demonstrate", "significantly", "smaller", "moreover", "work"))
    assert (hardly < 0.3).all()
    assert (hardly >= 0.1).all()


@pytest.mark.parametrize("word", ["quzzlefrotz", "x", ""])
def test_a_word_that_papers_do_not_have_may_name_one(word: str) -> None:
    assert load_title_shares().measure(stems(word)).tolist() == [1.0]


def test_of_a_phrase_in_everyday_words_those_that_name_a_subject_weigh_the_most() -> None:
    def weigh(word: str) -> float:
        return weigh_element([stems(word).tolist()], lambda keys: np.full(len(keys), 5.0))

    assert weigh("video") > 3 * weigh("smaller") > 0


def test_titles_are_counted_beside_all_of_the_text() -> None:
    titles, papers = count([("Pruning", "We prune trees."), ("Trees", "They grow."), ("A title", "Nothing of trees.")])
    tree, prune = stems("trees", "pruning").tolist()
    assert (titles[tree], papers[tree]) == (1, 3)
    assert (titles[prune], papers[prune]) == (1, 1)
