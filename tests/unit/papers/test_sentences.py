"""Abstracts are cut where a sentence ends, and nothing in them is altered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.papers.sentences import split_sentences

PIECES = [
    "We show it",
    "e.g.",
    "et al.",
    "Fig. 3",
    "J. Doe",
    "3.5",
    "(see Sec. 2. There",
    ")",
    ".",
    "?",
    "…",
    " ",
    "\n",
    "The",
]


@pytest.mark.parametrize(
    "sentences",
    [
        ("It is one.", "It is another!", "Is it a third?", "No end"),
        ("Sums, e.g. Mamba, i.e. State spaces, cf. Doe, are fast.", "The rest is not."),
        ("Doe et al. Found it first.", "As did J. R. Muster and A. B. Lee."),
        ("It follows Doe et al.", "We differ."),
        ("It has keys, values, etc.", "The U.S. Navy uses it."),
        ("Accuracy is 3.5 points up, v. 2.1 before.", "Memory falls by 0.5 GB."),
        ("See Fig. 3, Eq. (4) and No. 5.", "The answer is no.", "We leave it there."),
        ("It is small (as Doe says. Others do not.) and it is fast.", "It scales."),
        ("Weights lie in (0, 1].", "They sum to one."),
        ("It takes 300 ms.", "Dr. Doe and Ms. Roe waited in Davis, CA.", "It ended."),
        ("Take k in ℤ/p.", "Then f(k) = 0."),
        ("It was called “done.”", "It was not."),
        ("It grows as N… and then stops.", "It shrinks…", "And stops."),
        ("It scales as N in 2-δ.", "Flowing down, it stops."),
        ("It was found by J.-P. Doe (R. Roe did not).", "It is known."),
        ("It melts at 300 K.", "Power rises at 1.5 T.", "Doe (see J. Roe) says so."),
        (
            "It beats the baselines.",
            "t-SNE shows how.",
            "fMRI data agree.",
            "polyT5 reads it.",
            "It ends at 5 p.m. in summer.",
        ),
        ("In class P.", "We prove it is not NP."),
    ],
)
def test_a_text_is_cut_into_its_sentences(sentences: tuple[str, ...]) -> None:
    assert split_sentences(" ".join(sentences)) == sentences


def test_sentences_that_touch_are_cut_apart() -> None:
    assert split_sentences("It is a gap.We fill it. See github.com/The/We.") == (
        "It is a gap.",
        "We fill it.",
        "See github.com/The/We.",
    )


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=8), max_size=40).map("".join))
def test_nothing_is_altered(text: str) -> None:
    sentences = split_sentences(text)
    assert "".join("".join(sentences).split()) == "".join(text.split())
    assert all(sentence in text and sentence == sentence.strip() != "" for sentence in sentences)
