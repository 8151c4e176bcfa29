"""What a sentence says its authors did is told by its subject and its verb."""

import pytest

from newsletter.papers.contributions import Contribution, contribution
from newsletter.papers.key_sentences import POINTS


@pytest.mark.parametrize(
    ("sentence", "done"),
    [
        ("We find that spins align.", Contribution.FOUND),
        ("Under mild assumptions, we then numerically recover the Born rule.", Contribution.FOUND),
        ("We study random graphs and prove a bound.", Contribution.FOUND),
        ("We measured their spectra, modelled them and found two lines.", Contribution.FOUND),
        ("I prove a bound.", Contribution.FOUND),
        ("We propose a loss.", Contribution.OFFERED),
        ("We give a shorter proof.", Contribution.OFFERED),
        ("We use known and established names.", Contribution.LOOKED),
        ("We investigate such solutions.", Contribution.LOOKED),
        ("We present a systematic analysis of such solutions.", Contribution.LOOKED),
        ("Here we report observations of three quasars.", Contribution.LOOKED),
        ("We close the gap by deriving a bound.", Contribution.DONE_BY),
        ("We delve into the matter.", Contribution.ACTED),
        ("This thesis reports on the calibration.", Contribution.PAPER),
        ("In this paper, a sparse model is developed.", Contribution.PAPER),
        ("In this talk, a sparse model is developed.", Contribution.PAPER),
        ("This paper is concerned with sparse models.", Contribution.PAPER),
        ("This is a short survey of sparse models.", Contribution.PAPER),
        ("Experiments on ten tasks show a gain.", Contribution.RESULTS),
        ("Our simulations reveal two phases.", Contribution.RESULTS),
        ("Our results point to a third phase.", Contribution.OUR_RESULTS),
        ("Our main contribution is a bound.", Contribution.MAIN),
        ("Our approach reads blocks of keys.", Contribution.OURS),
        ("It is shown that graphs are sparse.", Contribution.TURNED_OUT),
    ],
)
def test_a_subject_and_its_verb_say_what_was_done(sentence: str, done: Contribution) -> None:
    assert contribution(sentence) is done


@pytest.mark.parametrize(
    "sentence",
    [
        "Ramana derived an exact dual in a seminal paper.",
        "The CYGNO project develops large chambers.",
        "Recent experiments show that it is hard.",
        "We aim to show that it works.",
        "This work aims to establish a theory.",
        "A type I seesaw is found at once.",
        "Experiments aim to observe nuclear recoils.",
        "Can we prove such a bound?",
        "Gradients follow from equations, which we derive.",
        "This paper is organized in three parts.",
        "The black hole is described by three numbers.",
        "Graphs are everywhere.",
        "",
    ],
)
def test_what_others_did_or_is_only_an_aim_is_no_contribution(sentence: str) -> None:
    assert contribution(sentence) is None


def test_each_contribution_has_its_points() -> None:
    assert {done.name for done in Contribution} <= POINTS.keys()
