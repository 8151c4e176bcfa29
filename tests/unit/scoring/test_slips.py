"""A mistyped word is ranked by what was meant, and said to be; whatever may be meant as it is written stays."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from newsletter.files import resources
from newsletter.model import LibraryPaper, Paper, Profile, Score, Topic
from newsletter.scoring import find_unknown_words
from newsletter.scoring.local import LocalScorer
from newsletter.scoring.nearest_words import FEWEST_LETTERS
from newsletter.scoring.ranking.phrases import find_telling_words
from newsletter.scoring.unknown_words import MOST_WORDS, read_as_meant
from tests.unit.scoring.test_local import SUBJECTS, make_day, make_paper
from tests.unit.scoring.test_nearest_words import KINDS, LETTERS, slip

SCORER = LocalScorer(comments=resources.load_texts("prompts/comments.yaml"))
DAY = make_day()
WORDS = sorted(
    {
        match.group().lower()
        for title, abstract in SUBJECTS.values()
        for match in find_telling_words(f"{title} {abstract}")
        if len(match.group()) >= FEWEST_LETTERS and match.group().isalpha()
    }
)
WISHES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=30, unique=True)  # of short profiles and long ones
GRAPHS = make_paper(900, "Graph neural networks at scale", "We train graph neural networks on graphs of molecules.")


def score(profile: Profile, papers: list[Paper]) -> list[Score]:
    report = SCORER.score(profile, papers, [])
    return [report.with_comment(each) for each in report.scores]


@settings(max_examples=15, deadline=None)
@given(WISHES, st.integers(0, 30), st.sampled_from(LETTERS), KINDS, st.booleans())
def test_a_slip_that_is_read_changes_no_grade_no_order_and_no_comment(
    words: list[str], at: int, letter: str, kind: str, is_keyword: bool
) -> None:
    typed = slip(words[0], at, letter, kind)
    harmed, unharmed = (" ".join([word, *words[1:]]) for word in (typed, words[0]))
    profiles = [
        Profile((), like=(text,)) if is_keyword else Profile((Topic("Mine", text),)) for text in (harmed, unharmed)
    ]
    assume(any(each.nearest and words[0] in each.nearest.lower().split() for each in find_unknown_words(profiles[0])))
    mistyped, usual = (score(profile, DAY) for profile in profiles)
    assert [each.relevance for each in mistyped] == [each.relevance for each in usual]
    assert [each.comment for each in mistyped] == [each.comment for each in usual]
    assert [each.rank for each in mistyped] == pytest.approx([each.rank for each in usual])


@given(WISHES.map(lambda words: words[:MOST_WORDS]), st.integers(0, 30), st.sampled_from(LETTERS), KINDS)
def test_what_is_read_otherwise_is_what_is_told(words: list[str], at: int, letter: str, kind: str) -> None:
    typed = [slip(word, at, letter, kind) for word in words]
    profile = Profile((Topic(typed[0], ", ".join(typed), typed[-1]),), like=(typed[0],), avoid=tuple(typed))
    told = [each for each in find_unknown_words(profile) if each.nearest]
    read = read_as_meant(profile, [])
    texts = [*(text for topic in read.topics for text in (topic.name, topic.relevant, topic.irrelevant))]
    texts += [*read.like, *read.avoid]
    assert bool(told) == (read != profile)
    assert not [each for each in told if any(each.written in text.split(", ") for text in texts)]
    assert read_as_meant(read, []) == read


@given(st.lists(st.text(max_size=80), min_size=1, max_size=5))
def test_a_profile_without_slips_is_the_same(texts: list[str]) -> None:
    profile = Profile(tuple(Topic(text, text, text) for text in texts), like=tuple(texts), avoid=tuple(texts))
    if not any(each.nearest for each in find_unknown_words(profile)):
        assert read_as_meant(profile, DAY) is profile


@pytest.mark.parametrize(
    "text",
    [
        "graph neural networks",
        "GRAHP networks",
        "graHp networks",
        "grahp2 networks",
        "Netze der grahp",  # a text of another language
        "models after Galxay",  # a name, as it is written
        "quantum wortklauberei",
        "grahp wortklauberei",
        "",
    ],
)
def test_what_may_be_meant_so_stays(text: str) -> None:
    profile = Profile((Topic(text, "", text),), like=(text,), avoid=(text,))
    assert read_as_meant(profile, []) is profile


def test_what_is_unwanted_is_read_as_it_was_meant_too() -> None:
    profile = Profile((Topic("Imagnig", "medical iamges", "X-ray tomogrpahy"),), avoid=("segmetnation of lungs",))
    read = read_as_meant(profile, [])
    assert read.topics == (Topic("imaging", "medical images", "X-ray tomography"),)
    assert read.avoid == ("segmentation of lungs",)


def test_titles_that_are_other_peoples_and_what_readers_say_of_themselves_stay() -> None:
    papers = (LibraryPaper("", "Transformres in medicine"),)
    profile = Profile((Topic("transformres"),), about="I know transformres", papers=papers)
    read = read_as_meant(profile, [])
    assert read.topics == (Topic("transformers"),)
    assert (read.papers, read.about) == (papers, profile.about)


def test_a_name_that_is_new_today_is_found_as_it_is_written() -> None:
    profile = Profile((Topic("attntion libraries"),))
    new = make_paper(901, "Attntion: a library", "Attntion is a new library of building blocks.")
    others = [make_paper(902, "Attention", "On attention."), *DAY]
    assert read_as_meant(profile, others) != profile
    assert read_as_meant(profile, [*others, new]) is profile
    ranks = {each.arxiv_id: each.rank for each in score(profile, [*others, new])}
    assert max(ranks, key=ranks.__getitem__) == new.arxiv_id


@pytest.mark.parametrize("typed", ["grahp netwroks", "Grahp neural networks", "netwroks of molecules"])
def test_a_comment_names_the_words_that_were_meant_below_the_heading_as_it_is_written(typed: str) -> None:
    meant = read_as_meant(Profile((Topic(typed),)), []).topics[0].name
    own, usual = (score(Profile((Topic(name),)), [GRAPHS, *DAY])[0] for name in (typed, meant))
    assert (own.topic, usual.topic) == (typed, meant)
    assert own.comment == usual.comment
    assert "netwroks" not in own.comment


def test_the_comment_names_a_liked_keyword_as_it_was_meant() -> None:
    best = score(Profile((), like=("grahp neural netwroks",)), [GRAPHS, *DAY])[0]
    assert "raph neural networks" in best.comment
    assert "grahp" not in best.comment
