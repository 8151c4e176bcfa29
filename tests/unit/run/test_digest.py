"""Who passes into a digest, in which order, and what is counted."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import Digest, Profile, Score, ScoreFailure, Topic
from newsletter.run.digest import MOST_UNSENT, build_digest, topic_of
from tests import make


def digest_of(scores: list[Score], *, failures: int = 0, announced: int | None = None, **subscriber: object) -> Digest:
    failed = [ScoreFailure(f"2602.{i:05}", "no answer") for i in range(failures)]
    candidates = [make.announcement(s.arxiv_id) for s in scores] + [make.announcement(f.arxiv_id) for f in failed]
    return build_digest(
        make.subscriber(**subscriber),
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=len(candidates) if announced is None else announced,
        candidates=candidates,
        score_report=make.score_report(*scores, failures=tuple(failed)),
    )


def ids(digest: Digest) -> list[str]:
    return [entry.paper.arxiv_id for entry in digest.entries]


def test_both_cut_offs_must_be_reached() -> None:
    scores = [make.score("2601.00001", 7, 4), make.score("2601.00002", 6, 9), make.score("2601.00003", 9, 3)]
    assert ids(digest_of(scores)) == ["2601.00001"]


def test_novelty_cuts_only_where_a_model_judged_it() -> None:
    scores = [make.score("2601.00001", 7, None), make.score("2601.00002", 6, None), make.score("2601.00003", 9, 3)]
    assert ids(digest_of(scores, min_novelty=4)) == ["2601.00001"]
    assert ids(digest_of(scores, min_novelty=10)) == ["2601.00001"]


def test_of_equal_relevance_a_paper_that_no_model_judged_comes_last() -> None:
    scores = [make.score("2601.00001", 8, None, rank=9.0), make.score("2601.00002", 8, 4), make.score("2601.00003", 7)]
    assert ids(digest_of(scores)) == ["2601.00002", "2601.00001", "2601.00003"]


def test_papers_are_ordered_by_relevance_then_novelty_then_rank() -> None:
    scores = [
        make.score("2601.00001", 8, 6, rank=0.1),
        make.score("2601.00002", 8, 6, rank=0.2),
        make.score("2601.00003", 8, 7),
        make.score("2601.00004", 9, 4),
    ]
    assert ids(digest_of(scores)) == ["2601.00004", "2601.00003", "2601.00002", "2601.00001"]


def test_max_papers_keeps_the_best_and_counts_the_rest_as_relevant() -> None:
    digest = digest_of([make.score("2601.00001", 8), make.score("2601.00002", 10)], max_papers=1)
    assert ids(digest) == ["2601.00002"]
    assert (digest.counts.relevant, digest.counts.shown) == (2, 1)


@given(
    grades=st.lists(st.tuples(st.integers(1, 10), st.none() | st.integers(1, 10)), max_size=40),
    most=st.integers(1, 40),
)
def test_what_passed_is_either_sent_or_remembered_as_unsent(grades: list[tuple[int, int | None]], most: int) -> None:
    scores = [make.score(f"2601.{n:05}", *grade) for n, grade in enumerate(grades)]
    digest, whole = digest_of(scores, max_papers=most), digest_of(scores, max_papers=500)
    assert ids(digest) + [paper.arxiv_id for paper in digest.unsent] == ids(whole)
    assert len(digest.unsent) == digest.counts.relevant - digest.counts.passed
    assert all((paper.relevance, paper.novelty) == grades[int(paper.arxiv_id[5:])] for paper in digest.unsent)


def test_of_very_many_unsent_papers_the_best_are_remembered() -> None:
    scores = [make.score(f"2601.{n:05}", 10 if n > MOST_UNSENT else 8) for n in range(MOST_UNSENT + 10)]
    digest = digest_of(scores, max_papers=1)
    assert len(digest.unsent) == MOST_UNSENT
    assert [paper.relevance for paper in digest.unsent[:9]] == [10] * 8 + [8]


def test_a_pinned_author_passes_and_is_not_cut_by_max_papers() -> None:
    scores = [make.score("2601.00001", 1, 1), make.score("2601.00002", 10)]
    digest = build_digest(
        make.subscriber(pinned_authors=("Grace Hopper",), max_papers=1),
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=2,
        candidates=[
            make.announcement("2601.00001", authors=("Ada Lovelace", "Grace B. Hopper")),
            make.announcement("2601.00002"),
        ],
        score_report=make.score_report(*scores),
    )
    assert ids(digest) == ["2601.00001"]
    assert digest.entries[0].pinned_author == "Grace Hopper"
    assert digest.counts.relevant == 2


def test_who_is_there_for_the_author_alone_is_not_said_to_share_little_with_the_profile() -> None:
    grades: list[tuple[int, int | None]] = [(1, None), (3, None), (4, None), (1, 9), (9, None)]
    scores = [make.score(f"2601.0000{place}", *each) for place, each in enumerate(grades)]
    digest = build_digest(
        make.subscriber(pinned_authors=("Grace Hopper",)),
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=len(scores),
        candidates=[make.announcement(each.arxiv_id, authors=("Grace Hopper",)) for each in scores],
        score_report=make.score_report(*scores),
    )
    said = {entry.paper.arxiv_id: bool(entry.score.comment) for entry in digest.entries}
    assert [said[each.arxiv_id] for each in scores] == [False, False, True, True, True]


def test_a_paper_that_could_not_be_scored_is_counted_and_not_shown() -> None:
    digest = digest_of([make.score("2601.00001")], failures=2)
    assert digest.counts.not_scored == 2
    assert digest.counts.scanned == 3
    assert ids(digest) == ["2601.00001"]


def test_papers_a_model_was_not_asked_about_are_not_counted_as_scanned() -> None:
    digest = build_digest(
        make.subscriber(),
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=2,
        candidates=[make.announcement("2601.00001"), make.announcement("2601.00002")],
        score_report=make.score_report(
            make.score("2601.00001"), make.score("2601.00002", 2), passed_over=("2601.00002",)
        ),
    )
    assert (digest.counts.announced, digest.counts.scanned) == (2, 1)


SCORES = st.lists(
    st.tuples(st.integers(1, 10), st.none() | st.integers(1, 10), st.floats(-1, 1)).map(
        lambda t: Score("", t[0], t[1], "", t[2])
    ),
    max_size=40,
).map(lambda many: [make.score(f"2601.{i:05}", s.relevance, s.novelty, s.rank) for i, s in enumerate(many)])


@given(SCORES, st.integers(1, 10), st.integers(1, 10), st.integers(1, 40))
def test_a_digest_is_sorted_bounded_and_counts_add_up(
    scores: list[Score], min_relevance: int, min_novelty: int, max_papers: int
) -> None:
    digest = digest_of(scores, min_relevance=min_relevance, min_novelty=min_novelty, max_papers=max_papers)
    shown = [entry.score for entry in digest.entries]
    passing = [s for s in scores if s.relevance >= min_relevance and (s.novelty or 10) >= min_novelty]
    assert len(shown) == min(len(passing), max_papers) == digest.counts.shown
    assert digest.counts.relevant == len(passing) <= digest.counts.scanned <= digest.counts.announced
    assert [entry.number for entry in digest.entries] == list(range(1, len(shown) + 1))
    keys = [(-s.relevance, -(s.novelty or 0), -s.rank) for s in shown]
    assert keys == sorted(keys)
    left_out = [s for s in passing if s not in shown]
    assert all((-s.relevance, -(s.novelty or 0), -s.rank) >= keys[-1] for s in left_out)


@given(SCORES, st.randoms())
def test_the_order_in_which_scores_come_does_not_matter(scores: list[Score], random: object) -> None:
    shuffled = sorted(scores, key=lambda _: random.random())  # type: ignore[attr-defined]
    assert ids(digest_of(scores)) == ids(digest_of(shuffled))


TOPICS = ("Attention", "Sparse attention", "Scaling")


def test_a_papers_topic_is_the_scorers_or_else_the_one_that_the_comment_names() -> None:
    said = replace(make.score(), topic="Scaling", comment="Meets attention.")
    assert topic_of(said, TOPICS) == "Scaling"
    assert topic_of(replace(said, topic="Gone since"), TOPICS) == "Attention"
    assert topic_of(replace(said, topic="", comment="SPARSE ATTENTION: it is."), TOPICS) == "Sparse attention"
    assert topic_of(replace(said, topic="", comment="A proof."), TOPICS) == ""


def test_a_paper_stands_under_the_topic_that_its_comment_begins_with() -> None:
    """Whatever the scorer thought nearest: the reader sees both side by side."""
    said = replace(make.score(), topic="Scaling", comment="Attention: scaling of it.")
    assert topic_of(said, TOPICS) == "Attention"


def test_a_paper_that_no_model_judged_stands_under_the_topic_of_the_scorer() -> None:
    """It wrote the comment, with a long name cut to what may be the name of another topic."""
    names = ["Attention", "Attention heads of very large models, and what they attend to in long documents"]
    said = replace(make.score(novelty=None), topic=names[1], comment="Attention heads of very large models…: heads.")
    assert topic_of(said, names) == names[1]
    assert topic_of(replace(said, novelty=5), names) == "Attention"


def test_papers_by_topic_come_in_the_profiles_order_and_last_those_of_none() -> None:
    named = {"2601.00001": "", "2601.00002": "Scaling", "2601.00003": "Attention", "2601.00004": "Scaling"}
    scores = [
        replace(make.score(arxiv_id, 7 + i), topic=topic, comment="It is.")
        for i, (arxiv_id, topic) in enumerate(named.items())
    ]
    profile = Profile(tuple(Topic(name, "what") for name in TOPICS))
    digest = digest_of(scores, profile=profile, group_by_topic=True)
    assert ids(digest) == ["2601.00003", "2601.00004", "2601.00002", "2601.00001"]
    assert [entry.number for entry in digest.entries] == [1, 2, 3, 4]
    assert [entry.topic for entry in digest.entries] == ["Attention", "Scaling", "Scaling", ""]
    assert ids(digest_of(scores, profile=profile)) == ["2601.00004", "2601.00003", "2601.00002", "2601.00001"]


@given(
    relevances=st.lists(st.integers(1, 10), min_size=1, max_size=12),
    max_papers=st.integers(1, 5),
    at_least=st.integers(0, 5),
)
def test_comments_are_written_for_what_is_shown_and_for_nothing_else(
    relevances: list[int], max_papers: int, at_least: int
) -> None:
    ids_by_place = [f"2601.{place:05}" for place in range(len(relevances))]
    written: list[str] = []

    def explain(arxiv_id: str) -> tuple[str, str]:
        written.append(arxiv_id)
        return "", f"Why {arxiv_id} is here."

    scores = [replace(make.score(each, r, None), comment="") for each, r in zip(ids_by_place, relevances, strict=True)]
    digest = build_digest(
        make.subscriber(max_papers=max_papers, at_least=at_least),
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=len(scores),
        candidates=[make.announcement(each) for each in ids_by_place],
        score_report=replace(make.score_report(*scores), explain=explain),
    )
    assert sorted(written) == sorted(ids(digest))
    assert all(entry.score.comment == f"Why {entry.paper.arxiv_id} is here." for entry in digest.entries)
