"""The company that phrases keep in earlier papers: what the shipped file holds, and what is learned from it."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.make_company import choose_stems, save
from newsletter.model import Paper, Profile, Topic
from newsletter.scoring.ranking.background import load_background
from newsletter.scoring.ranking.company import Company, load_earlier_papers, measure_company
from newsletter.scoring.ranking.coverage import FormEncoder
from newsletter.scoring.ranking.phrases import read_phrases
from newsletter.scoring.ranking.pool import weigh
from newsletter.scoring.ranking.tfidf import count_terms
from newsletter.scoring.ranking.tokenize import Encoder
from newsletter.scoring.ranking.word_vectors import load_word_vectors

TEXTS = {
    "jailbreaks": "Jailbreak attacks on aligned language models bypass refusal of harmful requests.",
    "galaxies": "Dwarf galaxies around the Milky Way and their stellar kinematics.",
    "traffic": "A road traffic forecasting network of sensors in cities.",
}


def measure(wish: str, fields: set[str], categories: tuple[str, ...] = ("cs.AI",)) -> Company:
    encoder, forms = Encoder(), FormEncoder()
    _, at_large = weigh(count_terms([encoder.encode("", text) for text in TEXTS.values()]), load_background())
    phrases = read_phrases(Profile((Topic("", wish),)), {})
    places = load_word_vectors().place_papers(at_large)
    return measure_company(phrases, places, [categories] * len(TEXTS), fields, lambda form: forms.keys(form)[1])


def compare(wish: str, fields: set[str]) -> dict[str, float] | None:
    measured = measure(wish, fields).likeness
    return None if measured is None else dict(zip(TEXTS, measured.tolist(), strict=True))


def test_a_paper_is_like_earlier_papers_on_the_phrase_though_it_shares_no_word() -> None:
    likeness = compare("AI safety", {"cs.AI"})
    assert likeness is not None
    assert likeness["jailbreaks"] > max(likeness["galaxies"], likeness["traffic"]) + 0.1
    assert all(-1.001 <= each <= 1.001 for each in likeness.values())


def test_what_all_papers_of_a_category_have_tells_none_of_them_apart() -> None:
    galaxies = measure("cosmology", {"cs.AI", "astro-ph.GA"}, ("astro-ph.GA",))
    assert galaxies.likeness is not None
    assert galaxies.own_likeness is not None
    place = list(TEXTS).index("galaxies")
    assert galaxies.likeness[place] > galaxies.own_likeness[place] + 0.1
    assert np.all(np.abs(galaxies.own_likeness) <= 1.001)


def test_a_category_of_which_nothing_is_known_is_seen_beside_all_papers() -> None:
    papers = load_earlier_papers()
    assert "econ.TH" not in papers.centres
    np.testing.assert_array_equal(papers.find_usual(["econ.TH"]), papers.find_usual([]))
    np.testing.assert_array_equal(papers.find_usual(["econ.TH", "math.CO"]), papers.find_usual(["math.CO"]))


@pytest.mark.parametrize("fields", [{"econ.TH"}, set()], ids=["a field of few papers", "no field"])
def test_without_earlier_papers_nothing_is_said(fields: set[str]) -> None:
    assert compare("AI safety", fields) is None


@pytest.mark.parametrize("wish", ["Quzzlefrotz safety", "LoRA of galaxies"], ids=["a word nobody uses", "nobody on it"])
def test_a_phrase_that_no_earlier_paper_of_a_known_field_has_keeps_no_company(wish: str) -> None:
    likeness = compare(wish, {"cs.AI"})
    assert likeness is not None
    assert set(likeness.values()) == {0.0}


def measure_reach(wish: str, fields: set[str]) -> float:
    forms = FormEncoder()
    phrases = read_phrases(Profile((Topic("", wish),)), {})
    return measure_company(phrases, np.zeros((0, 96), np.float32), [], fields, lambda form: forms.keys(form)[1]).reach


def test_papers_have_all_of_a_subject_and_little_of_a_sentence() -> None:
    assert measure_reach("reinforcement learning", {"cs.AI"}) == pytest.approx(1)
    sentence = "grandmothers whose tomatoes won a village prize"
    assert measure_reach(sentence, {"cs.AI"}) < 0.5
    assert measure_reach(sentence, {"econ.TH"}) == 1, "a field of few papers shows nothing"


def test_what_is_saved_is_read(tmp_path: Path) -> None:
    texts = [*TEXTS.values()] * 8
    fields = [("cs.AI", "cs.XX") if n % 2 else ("cs.AI",) for n in range(len(texts))]
    papers = [Paper(f"2510.{n:05d}", 1, "", ("A",), text, fields[n]) for n, text in enumerate(texts)]
    stems = choose_stems(papers, 3)
    assert all(1 <= len(own) <= 3 for own in stems)
    save(tmp_path / "few.npz", [*stems, []], [*(paper.categories for paper in papers), ("cs.AI",)])
    read = load_earlier_papers(tmp_path / "few.npz")
    for wanted in ({"cs.AI"}, {"cs.XX", "hep-th"}, {"hep-th"}):
        assert read.are_of(wanted).tolist() == [not wanted.isdisjoint(own) for own in fields]
    shown = [{int(term) for term in read.terms if read.have(term)[n]} for n in range(len(papers))]
    assert shown == list(map(set, stems))
    np.testing.assert_allclose(np.linalg.norm(read.places, axis=1), 1, atol=1e-5)
    assert read.have(stems[0][0]).tolist() == [stems[0][0] in own for own in stems]
    assert not read.have(12345).any()
