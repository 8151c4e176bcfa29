"""What a profile would have got of the last days: the numbers are those of the mails, each by the memory of its day."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import (
    HIGHEST_GRADE,
    AnnouncementDay,
    Digest,
    FeedOutcome,
    FeedReport,
    Frequency,
    Paper,
    Profile,
    ReaderHistory,
    Score,
    ScoreReport,
    Subscriber,
    Votes,
)
from newsletter.run import TRIED_DAYS, Morning, Trial, compose, count_days, try_days
from newsletter.run.select import select_from
from newsletter.scoring import Scorer
from newsletter.scoring.protocols import History
from tests import make
from tests.fakes import MemoryStore
from tests.unit.test_flow import ScriptedScorer


class GivenGrades:
    """Gives each paper the relevance that its abstract says, and one more for each day that it remembers."""

    history_days = 2

    def score(
        self, profile: Profile, papers: Sequence[Paper], history: History, *, floor: int = 1, votes: Votes = ()
    ) -> ScoreReport:
        grades = [min(HIGHEST_GRADE, int(paper.abstract) + len(history)) for paper in papers]
        scores = [Score(p.arxiv_id, grade, 6, "Why.", float(grade)) for p, grade in zip(papers, grades, strict=True)]
        return ScoreReport(tuple(scores), (), "local ranker")


def announced(number: int, grades: Sequence[int], category: str = "cs.LG") -> AnnouncementDay:
    papers = [
        make.announcement(f"26{number:02}.{place:05}", abstract=str(grade), authors=(f"Author {grade}",))
        for place, grade in enumerate(grades)
    ]
    report = FeedReport(category, FeedOutcome.ANNOUNCED, len(papers))
    return AnnouncementDay(make.TUESDAY + timedelta(days=number), tuple(papers), (report,))


def mailed(scorer: Scorer, one: Subscriber, days: Sequence[AnnouncementDay]) -> Digest:
    """The mail that this reader would have had of the last of these days, if it was not their first."""
    morning = Morning("run", days[-1], days[:-1])
    selection = select_from(ReaderHistory(), morning, one, days[-1].announced_on, history_days=scorer.history_days)
    return compose(scorer, replace(selection, is_first=False))[0]


def tried(scorer: Scorer, days: Sequence[AnnouncementDay], **changes: object) -> Trial:
    return try_days(scorer, MemoryStore(), make.subscriber(**changes), days)


DAYS = st.lists(st.lists(st.integers(1, HIGHEST_GRADE), min_size=1, max_size=5), min_size=1, max_size=7)


@given(DAYS, st.integers(1, HIGHEST_GRADE), st.integers(1, HIGHEST_GRADE))
def test_the_numbers_are_those_of_the_mails_whatever_the_cut_off(grades: list[list[int]], cut: int, other: int) -> None:
    days = [announced(number, each) for number, each in enumerate(grades)]
    scorer, one = GivenGrades(), make.subscriber(min_relevance=cut, max_papers=500, pinned_authors=("Author 3",))
    trial = try_days(scorer, MemoryStore(), one, days)
    places = range(max(0, len(days) - TRIED_DAYS), len(days))
    digests = [mailed(scorer, replace(one, min_relevance=other), days[: place + 1]) for place in places]
    assert [day.announced_on for day in trial.days] == [days[place].announced_on for place in places]
    assert trial.per_mail(other) == [digest.counts.relevant for digest in digests]
    assert trial.latest == mailed(scorer, one, days)


def test_the_best_is_the_first_of_the_mail_and_else_the_nearest() -> None:
    trial = tried(GivenGrades(), [announced(0, [4, 2]), announced(1, [3, 7])], min_relevance=7)
    assert [(make.present(day.best).abstract, day.best_relevance) for day in trial.days] == [("4", 4), ("7", 8)]


def test_a_paper_that_is_there_for_its_author_says_whose_it_is() -> None:
    pinned = ("Author 2", "Author 8")
    trial = tried(GivenGrades(), [announced(0, [2, 1]), announced(1, [7, 1])], min_relevance=7, pinned_authors=pinned)
    assert [day.best_author for day in trial.days] == ["Author 2", ""]


def test_each_day_remembers_the_days_before_it_as_its_morning_did() -> None:
    scorer = ScriptedScorer(history_days=2)
    days = [announced(number, [9]) for number in range(count_days(scorer))]
    tried(scorer, days)
    assert scorer.histories == [2] * TRIED_DAYS
    assert scorer.earlier[0] == [["2600.00000"], ["2601.00000"]]
    assert scorer.scored[-1] == ["2606.00000"]


def test_a_day_on_which_nothing_of_the_reader_was_collected_says_nothing() -> None:
    days = [announced(0, [9]), announced(1, [9], category="math.OC"), announced(2, [9, 9])]
    trial = tried(GivenGrades(), days, categories=("cs.LG",))
    assert [day.announced_on for day in trial.days] == [days[0].announced_on, days[2].announced_on]
    assert trial.uncollected == ("cs.LG",)
    assert tried(GivenGrades(), days[:1], categories=("cs.LG",)).uncollected == ()
    nowhere = tried(GivenGrades(), days, categories=("q-bio.NC",))
    assert (nowhere.days, nowhere.latest.entries) == ((), ())


def test_a_weekly_mail_has_the_papers_of_all_days() -> None:
    days = [announced(0, [9, 9]), announced(1, [9])]
    assert tried(GivenGrades(), days, frequency=Frequency.DAILY).per_mail(8) == [2, 1]
    assert tried(GivenGrades(), days, frequency=Frequency.WEEKLY).per_mail(8) == [3]
