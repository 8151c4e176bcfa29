"""A work comes once to a reader of several sources: from two places at once, days later, and when it is published."""

from dataclasses import replace
from datetime import timedelta

from newsletter.model import Announcement, AnnounceType, Origin, RunOutcome
from newsletter.run.sent_works import REMEMBERED, reads_several_sources
from tests import make
from tests.unit.test_flow import Morning, ScriptedScorer, ScriptedSource

ARXIV, BIORXIV, JOURNAL = "q-bio.NC", "biorxiv:neuroscience", "feed:https://journal.example.org/rss"
READER = make.subscriber(categories=(ARXIV, BIORXIV, JOURNAL))
TITLE = "Two maps of one cave in the hippocampus of bats"
IDS = {ARXIV: "2601.00001", BIORXIV: "doi:10.64898/1", JOURNAL: "doi:10.5555/1"}


def work(category: str, title: str = TITLE) -> list[Announcement]:
    place = None if category == ARXIV else Origin("Somewhere", "https://example.org/1", IDS[category][4:])
    paper = make.paper(IDS[category], title=title, categories=(category,), origin=place, published_on=None)
    return [Announcement(paper, AnnounceType.NEW, (category,))]


def mornings(*days: dict[str, list[Announcement]], every: timedelta = timedelta(days=1)) -> Morning:
    """Runs a morning for each of these."""
    given = Morning(ScriptedSource({}), ScriptedScorer(), subscribers=[READER])
    for number, feeds in enumerate(days):
        given.source.on = make.TUESDAY + number * every
        given.now = make.NOW + number * every
        given.source.days[given.source.on] = dict(feeds)
        given.run()
    return given


def test_what_stands_in_two_places_the_same_morning_is_scored_and_mailed_once() -> None:
    given = mornings({ARXIV: work(ARXIV), BIORXIV: work(BIORXIV), JOURNAL: work(JOURNAL)})
    assert given.scorer.scored == [[IDS[ARXIV]]]
    digest = make.present(given.store.get_digest(READER.subscriber_id, make.TUESDAY))
    assert (digest.counts.announced, digest.counts.shown) == (1, 1)


def test_what_was_mailed_as_a_preprint_does_not_come_again_when_it_is_published() -> None:
    given = mornings({BIORXIV: work(BIORXIV)}, {ARXIV: work(ARXIV)}, {JOURNAL: work(JOURNAL)}, every=timedelta(days=90))
    assert given.scorer.scored[0] == [IDS[BIORXIV]]
    assert not any(given.scorer.scored[1:])
    assert given.sent() == {IDS[BIORXIV]}


def published(category: str, version: int = 1) -> list[Announcement]:
    """The preprint, of which its server knows that the journal published it."""
    (shown,) = work(category)
    paper = replace(
        shown.paper, version=version, origin=Origin("S", "https://a.example", "10.64898/1", published_doi=DOI)
    )
    return [Announcement(paper, AnnounceType.NEW if version == 1 else AnnounceType.REPLACE, (category,))]


RETITLED, DOI = "An altogether different title for the same bats", IDS[JOURNAL][4:]


def test_an_article_with_another_title_is_known_by_the_doi_that_its_preprint_names() -> None:
    at_once = mornings({BIORXIV: published(BIORXIV), JOURNAL: work(JOURNAL, RETITLED)})
    assert at_once.sent() == {IDS[BIORXIV]}
    later = mornings({BIORXIV: published(BIORXIV)}, {JOURNAL: work(JOURNAL, RETITLED)})
    assert later.sent() == {IDS[BIORXIV]}
    before = mornings({JOURNAL: work(JOURNAL, RETITLED)}, {BIORXIV: published(BIORXIV)})
    assert before.sent() == {IDS[JOURNAL]}


def test_a_later_version_says_that_what_was_sent_before_became_an_article() -> None:
    mails = {BIORXIV: work(BIORXIV)}, {BIORXIV: published(BIORXIV, version=2)}, {JOURNAL: work(JOURNAL, RETITLED)}
    assert mornings(*mails).sent() == {IDS[BIORXIV]}


def test_a_paper_of_a_venue_that_names_its_arxiv_id_later_does_not_come_again() -> None:
    venue = "openreview:TMLR"
    reader = make.subscriber(categories=(venue,))
    given = Morning(ScriptedSource({}), ScriptedScorer(), subscribers=[reader])
    for on, paper_id in ((make.TUESDAY, "openreview:abcd1"), (make.WEDNESDAY, "2601.00001")):
        paper = make.paper(paper_id, title=TITLE, categories=(venue,), published_on=make.TUESDAY)
        given.source.on = on
        given.source.days[on] = {venue: [Announcement(paper, AnnounceType.NEW, (venue,))]}
        given.run()
    assert given.sent() == {"openreview:abcd1"}


def test_what_was_not_good_enough_as_a_preprint_may_come_as_a_paper() -> None:
    given = Morning(ScriptedSource({}), ScriptedScorer(dull=frozenset({IDS[BIORXIV]})), subscribers=[READER])
    better = make.announcement("2601.00002", categories=(ARXIV,))
    tuesday = {BIORXIV: work(BIORXIV), ARXIV: [better]}
    given.source.days = {make.TUESDAY: dict(tuesday), make.WEDNESDAY: {JOURNAL: work(JOURNAL)}}
    given.run()
    given.source.on = make.WEDNESDAY
    assert given.outcomes() == [RunOutcome.SENT]
    assert given.sent() == {"2601.00002", IDS[JOURNAL]}


def test_after_more_than_a_year_a_title_is_another_work() -> None:
    given = mornings({BIORXIV: work(BIORXIV)}, {JOURNAL: work(JOURNAL)}, every=REMEMBERED + timedelta(days=1))
    assert given.sent() == {IDS[BIORXIV], IDS[JOURNAL]}


def test_only_readers_of_several_sources_need_it() -> None:
    one = [(ARXIV,), (ARXIV, "cs.LG"), (BIORXIV, "biorxiv:genetics"), (JOURNAL,)]
    several = [(ARXIV, BIORXIV), (JOURNAL, ARXIV), (JOURNAL, f"{JOURNAL}2"), (BIORXIV, "medrxiv:oncology")]
    several.append(("openreview:TMLR",))
    assert not any(reads_several_sources(replace(READER, categories=each)) for each in one)
    assert all(reads_several_sources(replace(READER, categories=each)) for each in several)
