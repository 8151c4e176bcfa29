"""What readers write in other words than papers do: clipped, foreign, plain and wide ones."""

from itertools import chain
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Profile, Topic
from newsletter.scoring.ranking.phrases import ALONE_TRUST, RELATED_TRUST, read_forms, read_phrases
from newsletter.scoring.ranking.wordings import SHIPPED, Wordings, load_wordings, read_wordings, reword_profile
from newsletter.scoring.unknown_words import find_unknown_words

LINES = SHIPPED.read_text(encoding="utf-8").splitlines()
OWN = Wordings(
    same={("mech", "interp"): ("mechanistic interpretability",), ("interp",): ("interpretability",)},
    related={("ai", "safety"): ("alignment", "jailbreak")},
)


@pytest.mark.parametrize(
    ("written", "reworded"),
    [
        ("mech interp", "mechanistic interpretability"),
        ("Mech-Interp, and more", "mechanistic interpretability, and more"),
        ("new interp of interps", "new interpretability of interpretability"),
        ("interpolation", "interpolation"),
        ("mech", "mech"),
        ("fluid mech, interp", "fluid mech, interpretability"),
        ("mech. Interp", "mech. interpretability"),
        ("", ""),
    ],
)
def test_whole_words_are_put_in_the_papers_wording_the_longest_first(written: str, reworded: str) -> None:
    assert OWN.reword(written) == reworded


def test_a_wide_wording_is_given_once_for_each_name_it_goes_under() -> None:
    varied = [("alignment", "alignment of robots"), ("jailbreak", "jailbreak of robots")]
    assert list(OWN.vary("AI safety of robots")) == varied


def test_what_a_wish_goes_under_counts_for_less_than_the_wish() -> None:
    trust: dict[str, float] = {}
    for phrase in read_phrases(Profile((Topic("", "AI safety"),)), {}, OWN):
        trust[" ".join(" ".join(element.alternatives[0]) for element in phrase.elements)] = phrase.trust
    assert trust["ai safety"] == 1
    assert trust["jailbreak"] == RELATED_TRUST < 1


@given(st.text(max_size=60))
def test_any_text_is_reworded_once_and_for_all(text: str) -> None:
    wordings = load_wordings()
    assert wordings.reword(wordings.reword(text)) == wordings.reword(text)
    assert all(name in varied for name, varied in wordings.vary(text))


def test_in_a_sentence_a_name_is_looked_for_alone_too_and_counts_for_less() -> None:
    def trust_of(wish: str) -> dict[str, float]:
        phrases = read_phrases(Profile((Topic("", wish),)), {}, OWN)
        return {" ".join(element.alternatives[0][0] for element in each.elements): each.trust for each in phrases}

    sentence = trust_of("AI safety where children play outdoors")
    assert sentence["jailbreak children play outdoor"] == RELATED_TRUST > sentence["jailbreak"] == ALONE_TRUST
    assert "jailbreak" not in trust_of("AI safety of robots")


@pytest.mark.parametrize("times", [2, 20, 300])
def test_a_text_that_repeats_itself_goes_under_no_more_names(times: int) -> None:
    once, names = len(read_phrases(Profile((Topic("", "AI safety"),)), {}, OWN)), 2
    assert len(read_phrases(Profile((Topic("", "AI safety " * times),)), {}, OWN)) <= once + names
    assert len(read_phrases(Profile((Topic("", "AI safety, " * times),)), {}, OWN)) == once


def test_lines_may_have_several_left_sides(tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text(
        "# a comment\n\ninterp | mech interp = interpretability\nlies ~ made up, deceit\n"
    )
    assert read_wordings(tmp_path / "list.txt") == Wordings(
        {("interp",): ("interpretability",), ("mech", "interp"): ("interpretability",)},
        {("lie",): ("made up", "deceit")},
    )


def test_a_profile_keeps_the_names_of_its_topics() -> None:
    profile = reword_profile(Profile((Topic("interp", "dunkle Materie"), Topic("interp", "")), like=("recsys",)))
    assert [topic.name for topic in profile.topics] == ["interp", "interpretability"]
    assert profile.topics[0].relevant == "dark matter"
    assert profile.like == ("recommender systems",)


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("offline RL", "offline reinforcement learning"),
        ("safe RL, please", "safe reinforcement learning, please"),
        ("GW astronomy", "gravitational wave astronomy"),
        ("explainable artificial intelligence", "explainable AI"),
    ],
)
def test_an_abbreviated_wish_goes_under_the_names_of_the_whole_one(short: str, long: str) -> None:
    named = [{name.casefold() for name, _ in load_wordings().vary(wish)} for wish in (short, long)]
    assert named[0]
    assert named[0] - {short.casefold()} == named[1] - {short.casefold()}


@pytest.mark.parametrize(
    ("turned", "usual"),
    [
        ("The detection of exoplanets", "The exoplanet detection"),
        ("prediction of protein structures", "protein structure prediction"),
        ("alignment of LLMs", "alignment of large language models"),
    ],
)
def test_a_wish_turned_round_goes_under_the_same_names(turned: str, usual: str) -> None:
    named = [{name for name, _ in load_wordings().vary(wish)} for wish in (turned, usual)]
    assert named[0] == named[1] != set()


@pytest.mark.parametrize("wish", ["GNN", "RL", "LLM"])
def test_an_abbreviation_alone_goes_under_no_more_names_than_are_written_for_it(wish: str) -> None:
    assert list(load_wordings().vary(wish)) == list(read_wordings(SHIPPED).vary(wish))


class TestShippedList:
    """The list is data written by hand: each line has to be able to do something."""

    def test_every_line_has_two_sides_and_stands_once(self) -> None:
        lines = [line for line in LINES if line and not line.startswith("#")]
        wordings = read_wordings(SHIPPED)
        assert all(("=" in line) != ("~" in line) for line in lines)
        assert sum(line.count("|") + 1 for line in lines) == len(wordings.same) + len(wordings.related)

    def test_every_name_asks_for_something_new(self) -> None:
        wordings = load_wordings()
        for written, names in chain(wordings.same.items(), wordings.related.items()):
            assert all(read_forms(name) and tuple(read_forms(name)) != written for name in names), written
            assert len(set(names)) == len(names), written

    def test_what_is_the_same_has_one_wording_that_is_not_reworded_itself(self) -> None:
        wordings = load_wordings()
        assert all(len(names) == 1 and wordings.reword(names[0]) == names[0] for names in wordings.same.values())

    @pytest.mark.parametrize(
        "name", ["COSMOS field", "MOND", "robo-advisors", "a Ia supernova", "van Handel, Recht", "self-driving labs"]
    )
    def test_names_that_papers_have_are_not_taken_for_other_words(self, name: str) -> None:
        assert load_wordings().reword(name) == name

    @pytest.mark.parametrize(
        "wish",
        [
            "trust region methods",
            "commuting matrices",
            "vanishing and exploding gradients",
            "flatter minima",
            "pipeline leak",
            "radiocarbon dating",
            "whole slides",
            "IEEE test buses",
            "power law distributions",
            "heat equation",
            "gravity waves",
            "truthful mechanisms",
            "plastic deformation",
            "spin foam",
            "GaN power stages",
            "design space exploration",
            "integrate and fire",
        ],
    )
    def test_no_word_of_a_technical_wish_is_taken_in_its_everyday_sense(self, wish: str) -> None:
        assert not list(load_wordings().vary(wish))

    @pytest.mark.parametrize("word", ["demonstrations", "scheming", "aime", "iter", "indic", "designers", "employment"])
    def test_no_name_is_one_word_whose_stem_is_mostly_another(self, word: str) -> None:
        assert word not in chain.from_iterable(read_wordings(SHIPPED).related.values())

    def test_no_name_has_a_word_that_no_paper_uses(self) -> None:
        wordings = read_wordings(SHIPPED)
        names = tuple({name for group in chain(wordings.same.values(), wordings.related.values()) for name in group})
        assert find_unknown_words(Profile((), like=names)) == ()
