"""The funnel: who is asked, what is not asked twice, and what a reader sees when the model cannot be asked."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations

import numpy as np
import numpy.typing as npt
import pytest

from newsletter.files import resources
from newsletter.model import LibraryPaper, Notice, NoticeKind, Paper, Profile, Score, ScoreReport, Topic, Votes
from newsletter.scoring.funnel import FunnelScorer
from newsletter.scoring.llm.answers import COMMENT_CHARS
from newsletter.scoring.llm.grader import profile_key
from newsletter.scoring.llm.prompts import load_prompts
from newsletter.scoring.ranking.learned import Example, FindVectors, LearnedScores, Learner
from newsletter.scoring.ranking.shortlist import Policy
from tests import make
from tests.fake_grader import ByNumber, FakeGrader
from tests.fakes import MemoryStore

PROFILE = make.subscriber().profile
GOOD_WORDS = ("sparse attention", "attention kernels", "sparse kernels", "kernel attention")
BAD_WORDS = ("medical images", "images of lungs", "plants and lungs", "medical gardens")


class FunnelBench:
    """A funnel with its grader and store, on some morning."""

    def __init__(self, policy: Policy | None = None, **grader: object) -> None:
        self.now = make.NOW
        self.store = MemoryStore()
        self.policy = policy or Policy()
        self.find_vectors: FindVectors | None = None
        self.grader = self.replace_grader(**grader)

    def replace_grader(self, relevance: dict[str, int] | None = None, **more: object) -> FakeGrader:
        self.grader = FakeGrader(self.store, lambda: self.now, relevance or {}, **more)  # type: ignore[arg-type]
        return self.grader

    def score(
        self,
        papers: Sequence[Paper],
        history: Sequence[Sequence[Paper]] = (),
        profile: Profile = PROFILE,
        floor: int = 7,
        votes: Votes = (),
        local_topic: str = "",
    ) -> ScoreReport:
        def now() -> datetime:
            return self.now

        return FunnelScorer(
            ByNumber(local_topic), self.grader, self.store, self.policy, now, find_vectors=self.find_vectors
        ).score(profile, papers, history, floor=floor, votes=votes)


def day(number: int, count: int, good: int = 0) -> list[Paper]:
    """`count` papers of which the last `good` ones speak of what the model likes."""
    words = [BAD_WORDS[n % 4] for n in range(count - good)] + [GOOD_WORDS[n % 4] for n in range(good)]
    return [make.paper(f"2601.{number:02d}{n:03d}", title=text, abstract=text) for n, text in enumerate(words)]


def scores_of(report: ScoreReport) -> dict[str, Score]:
    return {score.arxiv_id: score for score in report.scores}


def test_papers_that_pass_get_the_models_words_and_the_others_a_score_below_the_floor() -> None:
    papers = day(1, 3)
    bench = FunnelBench(relevance={papers[0].arxiv_id: 8})
    report = bench.score(papers)
    assert report.scorer == "wise-1"
    assert report.usage is not None
    assert report.usage.prompt_tokens == 300
    assert (report.notices, report.problem, report.passed_over) == ((), "", ())
    passed, turned_down = scores_of(report)[papers[0].arxiv_id], scores_of(report)[papers[1].arxiv_id]
    assert (passed.relevance, passed.novelty, passed.comment) == (8, 5, "It meets the first criterion.")
    assert (turned_down.relevance, turned_down.novelty) == (6, None)
    assert turned_down.comment == make.score(papers[1].arxiv_id).comment


@pytest.mark.parametrize(
    ("comment", "topic"),
    [
        ("Graphs: of sums.", "Graphs"),
        ("Matches Trees/Graphs: sums.", "Trees"),
        ("A proof of sums.", "Nearest by words"),
    ],
)
def test_a_graded_paper_has_the_topic_that_the_models_comment_speaks_of(comment: str, topic: str) -> None:
    """The ranker's stays where the model names none."""
    names = ("Nearest by words", "Trees", "Graphs")
    profile = Profile(tuple(Topic(name, "sums") for name in names))
    (paper,) = day(1, 1)
    bench = FunnelBench(relevance={paper.arxiv_id: 8}, comment=comment)
    assert bench.score([paper], profile=profile, local_topic=names[0]).scores[0].topic == topic


BY_NAME = Topic("Trees", "sums"), Topic("Graphs", "products"), Topic("Ales", "brews")
SHARED = [  # topics of equal profiles
    *permutations(BY_NAME),
    (*BY_NAME[::-1], BY_NAME[1], BY_NAME[2]),
    (Topic("Graphs", " products "), Topic("Graphs", "products"), *BY_NAME),
]


@pytest.mark.parametrize("asking", SHARED)
@pytest.mark.parametrize("reading", SHARED)
def test_who_shares_a_grading_with_topics_in_another_order_is_told_of_the_same_topic(
    asking: tuple[Topic, ...], reading: tuple[Topic, ...]
) -> None:
    """A number means what it meant to the model, which is told the topics in one order, whoever reads the answer."""
    (paper,) = day(1, 1)
    bench = FunnelBench(relevance={paper.arxiv_id: 8}, comment="Meets topic 2: sums, as in topics 1 and 3.")
    told = load_prompts(resources.read_text).profile_text(Profile(asking))
    names = sorted((topic.name for topic in BY_NAME), key=told.index)  # as the model counts them
    for topics in (asking, reading):
        (score,) = bench.score([paper], profile=Profile(topics), local_topic="Trees").scores
        assert score.topic == names[1]
        assert score.comment == f"Meets {names[1]}: sums, as in {names[0]} and {names[2]}."
    assert len(bench.grader.asked) == 1


def test_a_comment_that_long_names_made_longer_is_cut() -> None:
    (paper,) = day(1, 1)
    profile = Profile((Topic("All about " + "very " * 40 + "long sums"), Topic("Graphs")))
    bench = FunnelBench(relevance={paper.arxiv_id: 8}, comment="Topic 1, topic 1 and topic 1. " + "So it is. " * 20)
    (score,) = bench.score([paper], profile=profile).scores
    assert score.comment.startswith("All about very very")
    assert len(score.comment) <= COMMENT_CHARS


def test_of_many_papers_only_a_shortlist_is_asked_about_and_the_rest_is_passed_over() -> None:
    papers = day(1, 100)
    bench = FunnelBench(Policy(cold_share=0.7, random_share=0.1))
    report = bench.score(papers)
    asked = set(bench.grader.asked[0])
    assert {paper.arxiv_id for paper in papers[:70]} < asked
    assert asked - {paper.arxiv_id for paper in papers[:70]} == bench.grader.random_ids[0]
    assert set(report.passed_over) == {paper.arxiv_id for paper in papers} - asked
    assert set(scores_of(report)) == {paper.arxiv_id for paper in papers}
    floor = 7
    assert all(one.relevance < floor for one in report.scores if one.arxiv_id in report.passed_over)


def test_a_second_run_the_same_day_asks_nothing_and_gives_the_same_report() -> None:
    history = [day(n, 60, good=20) for n in range(1, 6)]
    liked = {paper.arxiv_id: 9 for earlier in history for paper in earlier[40:]}
    bench = FunnelBench(relevance=liked)
    for n, earlier in enumerate(history):
        bench.score(earlier, history[:n])
    papers = day(9, 60, good=20)
    first = bench.score(papers, history)
    asked = len(bench.grader.asked)
    bench.now += timedelta(hours=3)
    again = bench.score(papers, history)
    assert len(bench.grader.asked) == asked
    assert again == replace(first, usage=None)


def test_equal_profiles_share_what_the_model_said() -> None:
    bench = FunnelBench()
    papers = day(1, 10)
    bench.score(papers)
    bench.score(papers[5:], profile=replace(PROFILE))
    assert len(bench.grader.asked) == 1
    bench.score(papers[5:], profile=replace(PROFILE, about="Somebody else"))
    assert bench.grader.asked[1] == [paper.arxiv_id for paper in papers[5:]]


def test_a_new_version_another_model_and_another_floor_are_asked_again() -> None:
    bench = FunnelBench()
    papers = day(1, 2)
    bench.score(papers)
    bench.score([replace(papers[0], version=2), papers[1]])
    assert bench.grader.asked[1:] == [[papers[0].arxiv_id]]
    bench.score(papers, floor=5)
    assert bench.grader.asked[2:] == [[paper.arxiv_id for paper in papers]]
    bench.replace_grader(model="wise-2")
    bench.score(papers, floor=5)
    assert bench.grader.asked == [[paper.arxiv_id for paper in papers]]


def test_what_the_model_liked_before_is_asked_about_though_the_words_rank_it_last() -> None:
    history = [day(n, 60, good=20) for n in range(1, 6)]
    papers = day(9, 60, good=15)
    liked = {paper.arxiv_id: 9 for earlier in history for paper in earlier[40:]}
    bench = FunnelBench(Policy(cold_share=1.0, max_share=0.5, random_share=0.0), relevance=liked)
    for n, earlier in enumerate(history):
        bench.score(earlier, history[:n])
    bench.score(papers, history)
    asked = bench.grader.asked[-1]
    assert set(asked[:15]) == {paper.arxiv_id for paper in papers[45:]}
    assert len(asked) <= 30


def test_the_ranking_learns_from_what_a_sentence_model_made_of_graded_papers_and_todays() -> None:
    asked: list[Sequence[Paper]] = []

    def read(papers: Sequence[Paper]) -> npt.NDArray[np.float32]:
        asked.append(papers)
        return np.zeros((len(papers), 0), dtype=np.float32)

    history, papers = [day(1, 40, good=8)], day(2, 40, good=8)
    bench = FunnelBench(relevance={paper.arxiv_id: 9 for paper in history[0][32:]})
    bench.find_vectors = read
    bench.score(history[0])
    assert asked == []  # nothing has been graded yet
    bench.score(papers, history)
    assert [{paper.arxiv_id for paper in each} for each in asked] == [{p.arxiv_id for p in (*history[0], *papers)}]
    assert set(asked[0][-40:]) == set(papers)


def test_papers_that_passed_in_the_random_sample_make_the_next_day_send_more() -> None:
    history = [day(n, 60, good=20) for n in range(1, 6)]
    papers = day(9, 60, good=15)
    liked = {paper.arxiv_id: 9 for earlier in history for paper in earlier[40:]}
    counts = []
    for was_random in (False, True):
        bench = FunnelBench(Policy(cold_share=1.0, min_share=0.05, max_share=0.9), relevance=liked)
        for n, earlier in enumerate(history):
            bench.score(earlier, history[:n])
        gradings = bench.store.get_gradings(profile_key(PROFILE), since=bench.now.date())
        bench.store.put_gradings([replace(one, was_random=was_random) for one in gradings])
        bench.score(papers, history)
        counts.append(len(bench.grader.asked[-1]))
    assert counts[0] < counts[1]


def test_many_failures_reach_the_operator_and_a_few_do_not() -> None:
    papers = day(1, 40)
    ids = [paper.arxiv_id for paper in papers]
    few, many = FunnelBench(broken=set(ids[:4])), FunnelBench(broken=set(ids[:5]))
    assert few.score(papers).problem == ""
    assert many.score(papers).problem.startswith("The model gave no usable answer about 5 of 40 papers (no answer)")


def test_a_paper_that_fails_is_a_failure_and_is_asked_again_later() -> None:
    papers = day(1, 3)
    bench = FunnelBench(relevance={papers[0].arxiv_id: 8}, broken={papers[1].arxiv_id})
    report = bench.score(papers)
    assert [failure.arxiv_id for failure in report.failures] == [papers[1].arxiv_id]
    assert set(scores_of(report)) == {papers[0].arxiv_id, papers[2].arxiv_id}
    bench.replace_grader(relevance={papers[1].arxiv_id: 9})
    assert scores_of(bench.score(papers))[papers[1].arxiv_id].relevance == 9
    assert bench.grader.asked == [[papers[1].arxiv_id]]


def test_papers_left_over_by_a_stop_are_ranked_by_their_words_and_the_reader_is_told() -> None:
    papers = day(1, 5)
    bench = FunnelBench(relevance={papers[0].arxiv_id: 8}, stop_after=2)
    report = bench.score(papers)
    assert report.notices == (Notice(NoticeKind.NOT_JUDGED, {"n": 3}),)
    assert report.problem == "The daily budget is spent; raise it to score more."
    assert report.scorer == "wise-1"
    assert [scores_of(report)[paper.arxiv_id].relevance for paper in papers] == [8, 6, 9, 9, 9]


def test_a_model_that_graded_nothing_leaves_the_local_report_and_never_an_empty_one() -> None:
    papers = day(1, 60)
    bench = FunnelBench(stop_after=0)
    report = bench.score(papers)
    local = ByNumber().score(PROFILE, papers, [])
    assert report.scores == local.scores
    assert (report.scorer, report.failures, report.passed_over) == ("local ranker", (), ())
    assert report.notices == (Notice(NoticeKind.MODEL_NOT_REACHED),)
    assert report.problem == "The daily budget is spent; raise it to score more."


def test_a_model_that_fails_on_every_paper_is_the_operators_problem() -> None:
    papers = day(1, 3)
    bench = FunnelBench(broken={paper.arxiv_id for paper in papers})
    report = bench.score(papers)
    assert report.scores == ByNumber().score(PROFILE, papers, []).scores
    assert report.failures == ()
    assert report.notices == (Notice(NoticeKind.MODEL_WITHOUT_ANSWER),)
    assert "none of 3 papers (no answer)" in report.problem
    assert report.problem.endswith(".")


def test_no_papers_cost_nothing() -> None:
    bench = FunnelBench()
    report = bench.score([], [day(1, 3)])
    assert (report.scores, report.failures, report.passed_over, report.problem) == ((), (), (), "")
    assert bench.grader.asked == []


def test_votes_change_which_papers_the_model_is_asked_about_and_no_grading() -> None:
    history = [day(n, 60, good=20) for n in range(1, 6)]
    relevance = {paper.arxiv_id: 9 for earlier in history for paper in earlier[40:]}
    papers = day(9, 60, good=20)
    bench = FunnelBench(Policy(min_share=0.2, max_share=0.5, random_share=0.0), relevance=relevance)
    for n, earlier in enumerate(history):
        bench.score(earlier, history[:n])
    plain = bench.score(papers, history)
    graded = {one.arxiv_id for one in plain.scores} - set(plain.passed_over)
    likes = [(paper, 1) for earlier in history for paper in earlier[:40:4]]  # one kind of what the model turned down
    asked = len(bench.grader.asked)
    voted = bench.score(papers, history, votes=likes)
    assert {i for ids in bench.grader.asked[asked:] for i in ids}.isdisjoint(graded)
    for arxiv_id in graded:
        before, after = scores_of(plain)[arxiv_id], scores_of(voted)[arxiv_id]
        assert after == replace(before, rank=after.rank)
    liked = [paper.arxiv_id for paper in papers[:40:4]]
    mean = [sum(scores_of(report)[i].rank for i in liked) / len(liked) for report in (plain, voted)]
    assert mean[1] > mean[0]
    assert bench.score(papers, history, votes=likes[::-1]).scores == voted.scores


LIKE_LUNGS = [make.paper(f"2401.{n:05d}", title=BAD_WORDS[1], abstract=BAD_WORDS[1]) for n in range(40)]


def library(weight: float) -> tuple[LibraryPaper, ...]:
    """Papers with different titles: of the same title one counts."""
    numbered = enumerate(LIKE_LUNGS)
    return tuple(LibraryPaper("zotero:users/1", f"{one.title} {n}", one.abstract, weight) for n, one in numbered)


@pytest.mark.parametrize("n_days", [1, 3, 5])
def test_the_older_the_papers_of_a_library_the_less_they_teach_in_front_of_a_model(n_days: int) -> None:
    """A weight halves every half year: five years are a thousandth, and 40 such papers less than a single new one."""
    history = [day(n, 60, good=20) for n in range(1, 1 + n_days)]
    papers = day(9, 60, good=20)
    ranks = []
    for weight in (1.0, 0.25, 0.001):
        bench = FunnelBench(relevance={paper.arxiv_id: 9 for earlier in history for paper in earlier[40:]})
        profile = replace(PROFILE, papers=library(weight))
        for n, earlier in enumerate(history):
            bench.score(earlier, history[:n], profile=profile)
        report = scores_of(bench.score(papers, history, profile=profile))
        of_lungs = [report[one.arxiv_id].rank for one in papers[:40] if one.title == BAD_WORDS[1]]
        good = [report[one.arxiv_id].rank for one in papers[40:]]
        ranks.append(sum(of_lungs) / len(of_lungs) - sum(good) / len(good))
    assert ranks[0] > ranks[1] > ranks[2]
    assert ranks[2] < -1


def test_papers_of_a_library_come_before_the_gradings_and_votes_behind_them(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = list[Sequence[Example]]()

    def rank(self: Learner, *args: Sequence[Example], **more: object) -> LearnedScores:
        seen.append(args[2])
        return LearnedScores(tuple(map(float, args[3])), ())  # type: ignore[arg-type]

    monkeypatch.setattr(Learner, "rank", rank)
    history = [day(n, 6) for n in (1, 2)]
    profile = replace(PROFILE, papers=library(0.25)[:3])
    bench = FunnelBench(relevance={history[1][0].arxiv_id: 8})
    bench.score(history[0], profile=profile)
    bench.score(history[1], history[:1], profile=profile)
    bench.score(day(3, 6), history, profile=profile, votes=[(history[0][1], 1), (history[1][2], -1)])
    graded = [paper.arxiv_id for earlier in history for paper in earlier if paper not in (history[0][1], history[1][2])]
    assert [(one.paper.arxiv_id, one.relevance, one.weight, one.is_graded) for one in seen[-1]] == [
        *((f"library:{n}", 10, 0.25, False) for n in range(3)),
        *((each, 8 if each == history[1][0].arxiv_id else 0, 1.0, True) for each in graded),
        (history[0][1].arxiv_id, 10, 1.0, False),
        (history[1][2].arxiv_id, 0, 1.0, False),
    ]


def test_votes_alone_teach_the_funnel_nothing_before_the_model_has_answered() -> None:
    papers = day(9, 60, good=20)
    votes = [(paper, 1) for paper in day(1, 10)] + [(paper, -1) for paper in day(2, 10, good=10)]
    assert FunnelBench().score(papers, votes=votes) == FunnelBench().score(papers)


def test_who_changes_a_keyword_keeps_what_was_learned_and_pays_for_today_alone() -> None:
    """The model's gradings under the same topics are examples: the first day after the change is no cold start."""
    history = [day(n, 60, good=20) for n in range(1, 6)]
    papers = day(9, 60, good=15)
    liked = {paper.arxiv_id: 9 for earlier in history for paper in earlier[40:]}
    changed = {"keyword": replace(PROFILE, like=("moss",)), "topic": replace(PROFILE, topics=(Topic("Moss"),))}
    asked = {}
    for name, profile in changed.items():
        bench = FunnelBench(Policy(cold_share=1.0, min_share=0.05, max_share=0.5), relevance=liked)
        for n, earlier in enumerate(history):
            bench.score(earlier, history[:n])
        bench.score(papers, history, profile=profile)
        asked[name] = bench.grader.asked[-1]
    assert set(asked["keyword"][:15]) == {paper.arxiv_id for paper in papers[45:]}
    assert len(asked["keyword"]) <= 30
    assert len(asked["topic"]) == 60


def test_a_paper_turned_down_for_a_reader_in_another_language_is_not_asked_about_again() -> None:
    papers = day(1, 40)
    bench = FunnelBench(relevance={papers[0].arxiv_id: 9})
    bench.score(papers)
    report = bench.score(papers, profile=replace(PROFILE, language="de"))
    assert bench.grader.asked[-1] == [papers[0].arxiv_id]  # its comment is to be in German
    assert scores_of(report)[papers[0].arxiv_id].relevance == 9


def test_what_is_mistyped_is_ranked_as_it_was_meant_and_the_model_reads_it_as_it_is_written() -> None:
    history, papers = [day(n, 60, good=20) for n in range(1, 6)], day(6, 60, good=20)
    reports = []
    for words in ("sparse attention", "sparse attntion"):
        profile = Profile((Topic("Mine", words),))
        liked = {paper.arxiv_id: 9 for earlier in history for paper in earlier[40:]}
        bench = FunnelBench(Policy(random_share=0.0), relevance=liked)  # no lots, which each profile draws its own
        for n, earlier in enumerate(history):
            bench.score(earlier, history[:n], profile=profile)
        reports.append(bench.score(papers, history, profile=profile))
        assert bench.store.get_gradings(profile_key(profile), since=make.NOW.date() - timedelta(days=90))
    usual, mistyped = ({key: score.rank for key, score in scores_of(report).items()} for report in reports)
    assert mistyped == pytest.approx(usual)
