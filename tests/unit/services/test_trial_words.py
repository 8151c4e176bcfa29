"""What a reader is told of a trial: how many papers, and with each remedy the number it would give."""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from newsletter.model import HIGHEST_GRADE, Counts, Digest, Frequency, Profile, UnknownWords, ZoteroLibrary
from newsletter.run import TRIED_DAYS, Trial, TrialDay
from newsletter.services import trial_words
from newsletter.services.reader_texts import trial_texts
from tests import make

ENGLISH = trial_texts()
COUNTS = Counts(announced=0, scanned=0, relevant=0, shown=0, not_scored=0)


def trial(*days: Sequence[int], **changes: object) -> Trial:
    """A trial of days that had papers of these relevances."""
    one = make.subscriber(**{"min_relevance": 7, "max_papers": 3} | changes)
    digest = Digest(one, make.TUESDAY, (make.TUESDAY,), (), COUNTS, "local ranker", None)
    return Trial(one, tuple(trial_day(number, grades) for number, grades in enumerate(days)), digest)


def trial_day(number: int, grades: Sequence[int]) -> TrialDay:
    on = make.TUESDAY + timedelta(days=number)
    counts = tuple(sum(grade >= cut for grade in grades) for cut in range(1, HIGHEST_GRADE + 1))
    return TrialDay(on, counts, make.paper(title=f"Paper {number}"), max(grades)) if grades else TrialDay(on, counts)


WEEKLY = {"frequency": Frequency.WEEKLY}
TOLD: list[tuple[str, Trial, str, str]] = [
    ("the same every day", trial([8, 7], [9, 7, 3]), "You would have got 2 papers a day.", ""),
    ("about as many", trial([8, 7], [9, 7, 7]), "You would have got about 2 papers a day.", ""),
    ("one in a while", trial([8], [3], [2]), "You would have got 1 paper in 3 days, and nothing on 2 of 3 days.", ""),
    (
        "more on one day",
        trial([7] * 4, [7, 7]),
        "You would have got about 3 papers a day, at most 3 on any day.",
        "",
    ),
    (
        "nothing, with something near",
        trial([5, 5], [6], [5]),
        "You would have got nothing on 3 of 3 days.",
        "No paper reached relevance 7; the nearest was “Paper 1” (6)."
        " Set min_relevance to 5 (about 1 paper a day), set at_least to 3 to get the nearest anyway,"
        " or say what you want in other words.",
    ),
    (
        "nothing, and the nearest are asked for",
        trial([5, 5], [6], [5], at_least=2),
        "Nothing would have passed on 3 of 3 days; your mail has the nearest instead.",
        "No paper reached relevance 7; the nearest was “Paper 1” (6)."
        " Set min_relevance to 5 (about 1 paper a day), or say what you want in other words.",
    ),
    (
        "the nearest on one day",
        trial([5], [9, 8], at_least=2),
        "You would have got about 1 paper a day, and only the nearest on 1 of 2 days.",
        "",
    ),
    (
        "nothing near",
        trial([2], [1]),
        "You would have got nothing on 2 of 2 days.",
        "No paper reached relevance 7, and none came near. Say what you want in other words, or add a category.",
    ),
    (
        "authors alone",
        trial([1], [1], profile=Profile(()), pinned_authors=("Grace Hopper",)),
        "You would have got nothing on 2 of 2 days.",
        "Papers of your authors come when they are announced; a topic in your own words would bring others.",
    ),
    *(
        (
            f"papers alone, of which nothing is known, by {name}",
            trial([1], [1], profile=Profile(()), **changes),
            "You would have got nothing on 2 of 2 days.",
            "Nothing is known yet of the papers you keep: papers like them come once it is.",
        )
        for name, changes in {
            "ids": {"papers": ("2510.99999",)},
            "Zotero": {"zotero": ZoteroLibrary("groups/12"), "pinned_authors": ("Grace Hopper",)},
        }.items()
    ),
    (
        "nothing announced",
        trial([], []),
        "You would have got nothing on 2 of 2 days.",
        "Nothing was announced in your categories; add one that has more papers.",
    ),
    (
        "too much each day",
        trial([7] * 5 + [8] * 3, [7] * 4 + [9]),
        "You would have got about 6 papers a day, of which at most 3 are sent.",
        "That is more than your mail takes on 2 of 2 days. Set min_relevance to 8 (about 2 papers a day),"
        " name what you do not want under irrelevant, or set max_papers to 8 to get all.",
    ),
    (
        "too much at the highest cut-off",
        trial([10] * 61),
        "You would have got 61 papers a day, of which at most 3 are sent.",
        "That is more than your mail takes on that day. Name what you do not want under irrelevant.",
    ),
    (
        "too much for a weekly mail",
        trial([7, 8], [7, 7], **WEEKLY),
        "You would have got 4 papers in 2 days, of which at most 3 are sent.",
        "That is more than your mail takes. Set min_relevance to 8 (1 paper in 2 days),"
        " name what you do not want under irrelevant, or set max_papers to 4 to get all.",
    ),
]


@pytest.mark.parametrize(("tried", "summary", "advice"), [case[1:] for case in TOLD], ids=[case[0] for case in TOLD])
def test_what_is_said_of_a_trial(tried: Trial, summary: str, advice: str) -> None:
    assert (trial_words.summarize(tried, ENGLISH), trial_words.advise(tried, ENGLISH)) == (summary, advice)


GRADES = st.lists(st.lists(st.integers(1, HIGHEST_GRADE), max_size=8), min_size=1, max_size=TRIED_DAYS)


@given(GRADES, st.integers(1, HIGHEST_GRADE), st.integers(1, 5), st.sampled_from([Frequency.DAILY, Frequency.WEEKLY]))
def test_a_remedy_that_is_followed_gives_the_number_it_names(
    grades: list[list[int]], cut: int, most: int, frequency: Frequency
) -> None:
    tried = trial(*grades, min_relevance=cut, max_papers=most, frequency=frequency)
    remedy = re.search(r"min_relevance to (\d+) \((?:still )?(.*?)\)", trial_words.advise(tried, ENGLISH))
    assume(remedy is not None)
    assert remedy is not None
    followed = replace(tried, subscriber=replace(tried.subscriber, min_relevance=int(remedy[1])))
    assert trial_words.summarize(followed, ENGLISH).startswith(f"You would have got {remedy[2]}")


@given(GRADES, st.integers(1, HIGHEST_GRADE), st.integers(1, 5))
def test_advice_is_given_to_who_gets_nothing_or_always_too_much_and_to_nobody_else(
    grades: list[list[int]], cut: int, most: int
) -> None:
    tried = trial(*grades, min_relevance=cut, max_papers=most)
    counts = tried.per_mail(cut)
    assert bool(trial_words.advise(tried, ENGLISH)) == (not any(counts) or all(count > most for count in counts))


def test_the_days_are_listed_latest_first_and_what_is_too_far_off_is_not_shown() -> None:
    lines = list(trial_words.tell(trial([2], [5], [9, 8]), ENGLISH, is_judged=False))
    assert lines[:4] == [
        "The 3 announcements of your categories kept so far, 6 January 2026 to 8 January 2026:",
        "- Thu, 8 Jan: 2 papers; best: “Paper 2” (9)",
        "- Wed, 7 Jan: nothing; nearest: “Paper 1” (5)",
        "- Tue, 6 Jan: nothing",
    ]


@pytest.mark.parametrize(
    ("count", "name"),
    [
        (1, "the one announcement of your categories kept so far"),
        (TRIED_DAYS, f"the last {TRIED_DAYS} announcements"),
    ],
)
def test_the_days_are_counted(count: int, name: str) -> None:
    assert trial_words.name_days(trial(*[[8]] * count), ENGLISH) == name


def test_what_is_missing_and_how_it_was_ranked_is_said_after_the_numbers() -> None:
    tried = replace(trial([8]), uncollected=("math.OC",))
    missing = (
        "Papers of math.OC are missing on days on which they were not collected; they come with the next announcement."
    )
    assert list(trial_words.tell(tried, ENGLISH, is_judged=True))[-2:] == [missing, ENGLISH["by_words"]]
    assert list(trial_words.tell(replace(tried, days=()), ENGLISH, is_judged=True)) == [missing]


def test_a_paper_that_is_there_for_its_author_is_named_with_them_and_not_with_a_grade() -> None:
    tried = trial([1])
    tried = replace(tried, days=(replace(tried.days[0], best_author="Grace Hopper"),))
    (line,) = trial_words.list_days(replace(tried, subscriber=replace(tried.subscriber, min_relevance=1)), ENGLISH)
    assert line == "- Tue, 6 Jan: 1 paper; best: “Paper 0” (★ Grace Hopper)"


@given(GRADES, st.integers(1, HIGHEST_GRADE), st.integers(1, 5))
def test_no_more_papers_are_promised_than_a_mail_takes(grades: list[list[int]], cut: int, most: int) -> None:
    told = trial_words.summarize(tried := trial(*grades, min_relevance=cut, max_papers=most), ENGLISH)
    counts = tried.per_mail(cut)
    mean = round(sum(counts) / len(counts))
    assert ("of which at most" in told) <= (mean >= most)
    assert ("at most" in told) == any(count > most for count in counts)


def test_a_title_is_readable_and_bounded() -> None:
    long = make.paper(title="On $O(n)$ " + "memory " * 400)
    tried = trial([9])
    tried = replace(tried, days=(replace(tried.days[0], best=long),))
    (line,) = (line for line in trial_words.list_days(tried, ENGLISH))
    assert "“On O(n) memory" in line
    assert len(line) < trial_words.MOST_TITLE_CHARS + 60


def test_words_that_no_paper_uses_are_named_with_a_remedy_and_not_without_end() -> None:
    assert trial_words.explain_unknown((), ENGLISH, is_judged=False) == ""
    assert trial_words.explain_unknown((UnknownWords("Schwarze Löcher"),), ENGLISH, is_judged=False) == (
        "No paper of the last years says “Schwarze Löcher”. Write it in English, or in another spelling."
    )
    words = [UnknownWords(f"word{n} " + "a" * 300) for n in range(20)]
    many = trial_words.explain_unknown(words, ENGLISH, is_judged=True)
    assert "before a model reads them. Write them in English" in many
    assert "and 15 more" in many
    assert len(many) < 600


def test_what_a_mistyped_word_is_read_as_is_told_before_the_others_are_named() -> None:
    words = (
        UnknownWords("nueral netwroks", "neural networks"),
        UnknownWords("Löcher"),
        UnknownWords("attntion", "attention"),
    )
    assert trial_words.explain_unknown(words, ENGLISH, is_judged=False) == (
        "No paper of the last years says “nueral netwroks”, “attntion”; they are read as “neural networks”, "
        "“attention”. If you mean something else, write them in other spellings. "
        "No paper of the last years says “Löcher”. Write it in English, or in another spelling."
    )
    many = [UnknownWords(f"wrod{n}", f"word{n}") for n in range(20)]
    told = trial_words.explain_unknown(many, ENGLISH, is_judged=True)
    assert "“wrod4” and 15 more; they are read as “word0”" in told
    assert "“word4”. If you mean" in told
