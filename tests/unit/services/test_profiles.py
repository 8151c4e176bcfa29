"""Changing a profile on a real folder: what is kept, what is answered, and what the next morning makes of it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given

from newsletter.app import build_local_scorer
from newsletter.delivery import suppression
from newsletter.errors import ConfigError
from newsletter.files import resources
from newsletter.mail.responses import FILE as SERVICE_FILE
from newsletter.model.deliveries import AddressStatus
from newsletter.model.papers import AnnouncementDay, FeedOutcome, FeedReport
from newsletter.model.subscribers import Frequency, Profile, RevisionOrigin, Subscriber, Topic, UnknownWords
from newsletter.papers.announcements import merge_feeds
from newsletter.services import trial_words
from newsletter.services.profiles import ProfileService
from newsletter.services.reader_texts import answer_texts, trial_texts
from newsletter.sources import sample
from newsletter.sources.recorded import RecordedSource
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from newsletter.subscribers.overrides import resolve
from newsletter.subscribers.profile_diff import differences
from newsletter.subscribers.revisions import MAX_REVISIONS, MAX_REVISIONS_A_DAY
from newsletter.subscribers.subscribers_yaml import parse_file
from newsletter.texts import LANGUAGES, join_sentences, write_short_date
from tests import ROOT, make
from tests.unit.subscribers.test_profile_yaml import subscribers
from tests.unit.test_flow import ScriptedScorer, morning

REPLY, WEB, OPERATOR = RevisionOrigin
DAY = date(2025, 10, 7)
NOW = datetime(2025, 10, 7, 9, tzinfo=UTC)
ENGLISH = answer_texts()
LATER = NOW + timedelta(minutes=5)
ADA = parse_file((ROOT / "subscribers.yaml").read_bytes(), source="subscribers.yaml").subscribers[0]
WHO = ADA.subscriber_id

scorer = cache(build_local_scorer)


@cache
def sample_day() -> AnnouncementDay:
    source = RecordedSource(sample.PATH)
    feeds = [source.fetch(category) for category in ("cs.AI", "cs.LG", "cs.CV", "astro-ph.GA")]
    reports = [FeedReport(f.category, FeedOutcome.ANNOUNCED, len(f.announcements)) for f in feeds]
    return AnnouncementDay(DAY, merge_feeds(feeds), tuple(reports))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = TinyStore(tmp_path / "state")
    store.remember_day(sample_day())
    return store


@pytest.fixture
def profiles(store: Store) -> ProfileService:
    return ProfileService(lambda: [ADA], store, scorer)


def served(store: Store, listed: Subscriber = ADA) -> Subscriber:
    return resolve(listed, store.get_address_status(WHO), store.get_revisions(WHO)).subscriber


# --- what is answered


def test_a_change_is_kept_and_answered_with_the_difference_and_what_it_would_have_given(
    store: Store, profiles: ProfileService
) -> None:
    text = profiles.current(WHO).replace("min_relevance: 8", "min_relevance: 5").replace("    - survey\n", "")
    told = profiles.change(WHO, text, origin=REPLY, now=NOW, after=0)
    assert told.startswith("Your profile is changed (revision 1); the next mail follows it.\n\nWhat is different now:")
    assert "- keywords, avoid: without survey\n- min_relevance: 5 instead of 8\n" in told
    before = profiles_digest(store, ADA)
    after = profiles_digest(store, served(store))
    assert len(after) > len(before) > 0
    assert f"\n{len(after)} papers instead of {len(before)}.\nNew:\n- " in told
    assert f"\nYou would have got {len(after)} papers a day.\n" in f"{told}\n"
    assert "no model was asked" not in told
    (revision,) = store.get_revisions(WHO)
    assert (revision.text, revision.origin, revision.at) == (text, REPLY, NOW)


def profiles_digest(store: Store, one: Subscriber) -> list[str]:
    digest = make.present(ProfileService(lambda: [one], store, scorer).preview(WHO, "", now=NOW)).latest
    return [entry.paper.arxiv_id for entry in digest.entries]


def test_a_trial_records_nothing(store: Store, profiles: ProfileService, tmp_path: Path) -> None:
    files = sorted(path for path in (tmp_path / "state").rglob("*") if path.is_file())
    assert profiles.preview(WHO, "max_papers: 1", now=NOW) is not None
    assert sorted(path for path in (tmp_path / "state").rglob("*") if path.is_file()) == files


def test_trying_out_cut_offs_scores_the_day_once(store: Store) -> None:
    asked = ScriptedScorer()
    profiles = ProfileService(lambda: [ADA], store, lambda: asked)
    for papers in (3, 4, 5):
        digest = make.present(profiles.preview(WHO, f"max_papers: {papers}\nmin_relevance: {papers}", now=NOW)).latest
        assert digest.counts.shown == papers
    assert len(asked.scored) == 1
    profiles.preview(WHO, "about: I read something else now.", now=NOW)
    assert len(asked.scored) == 2


def test_titles_are_readable_and_no_more_than_a_few(profiles: ProfileService) -> None:
    text = "min_relevance: 1\nmin_novelty: 1\ncategories: [cs.LG, cs.AI, cs.CV, math.OC]"
    told = profiles.change(WHO, text, origin=REPLY, now=NOW)
    new = told.partition("New:\n")[2].partition("\n\n")[0].splitlines()
    assert len(new) == 6
    assert new[5].startswith("- and ")
    assert "\nPapers of math.OC are missing on days on which they were not collected; they come with" in told
    assert "$" not in told


def test_where_a_model_judges_the_mail_the_answer_says_that_it_is_by_words(store: Store) -> None:
    profiles = ProfileService(lambda: [ADA], store, scorer, is_judged=True)
    assert profiles.change(WHO, "max_papers: 2", origin=REPLY, now=NOW).endswith(trial_texts()["by_words"])


def test_the_page_is_not_told_the_numbers_that_its_preview_has(profiles: ProfileService) -> None:
    told = profiles.change(WHO, "max_papers: 2", origin=WEB, now=NOW)
    assert "would have given:" in told
    assert "You would have got" not in told


def test_words_that_no_paper_uses_are_named_when_a_profile_gets_them(store: Store) -> None:
    found = [UnknownWords("Schwarze Löcher")]
    profiles = ProfileService(lambda: [ADA], store, scorer, find_unknown_words=lambda profile: found)
    named = trial_words.explain_unknown(found, trial_texts(), is_judged=False)
    assert profiles.change(WHO, "about: I like Schwarze Löcher.", origin=REPLY, now=NOW).endswith(f"\n\n{named}")
    same = "about: I like Schwarze Löcher.\nmax_papers: 2"
    assert named not in profiles.change(WHO, same, origin=REPLY, now=LATER)


def test_what_changes_no_choice_is_not_tried(profiles: ProfileService) -> None:
    told = profiles.change(WHO, "send_at: 9:05\nlanguage: fr", origin=WEB, now=NOW)
    assert told.splitlines()[-2:] == ["- language\u00a0: fr au lieu de en", "- send_at\u00a0: 09:05 au lieu de 06:50"]


def test_without_an_announcement_that_is_said(tmp_path: Path) -> None:
    profiles = ProfileService(lambda: [ADA], TinyStore(tmp_path / "state"), scorer)
    told = profiles.change(WHO, "max_papers: 3", origin=WEB, now=NOW)
    assert told.endswith("No announcement is kept yet that it could be tried on.")
    assert profiles.preview(WHO, "", now=NOW) is None


def test_a_time_zone_that_is_easily_misunderstood_is_answered_with_cities(profiles: ProfileService) -> None:
    answer = profiles.change(WHO, "time_zone: Etc/GMT-8", origin=WEB, now=NOW)
    assert "Etc/GMT-8 is UTC+08:00" in answer
    assert "Asia/Shanghai" in answer
    assert "name a city" not in profiles.change(WHO, "time_zone: Asia/Tokyo", origin=WEB, now=LATER)


def test_mistakes_are_answered_with_their_lines_and_nothing_is_kept(store: Store, profiles: ProfileService) -> None:
    told = profiles.change(WHO, "max_papers: 3\nmin_relevence: 9", origin=REPLY, now=NOW)
    assert told == (
        "Nothing was changed. The profile has 1 problem:\n"
        "line 2: min_relevence: unknown key, expected min_relevance\n\nMend these, and try again."
    )
    assert store.get_revisions(WHO) == []


def test_what_was_sent_back_unchanged_is_no_revision(store: Store, profiles: ProfileService) -> None:
    told = profiles.change(WHO, profiles.current(WHO), origin=REPLY, now=NOW)
    assert told == "Nothing is different: your profile says this already."
    assert store.get_revisions(WHO) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_whole_mail_with_the_profile_may_be_sent_back_above_a_signature(
    store: Store, profiles: ProfileService, language: str
) -> None:
    ours = resources.load_texts(SERVICE_FILE)[language]("profile.text", profile=profiles.current(WHO))
    letter = f"{ours.replace('max_papers: 30', 'max_papers: 9')}\n\nBest wishes,\nAda Lovelace\nTel.: 12 34\n"
    assert "max_papers: 9 instead of 30" in profiles.change(WHO, letter, origin=REPLY, now=NOW)
    assert "Ada Lovelace" not in store.get_revisions(WHO)[-1].text


@pytest.mark.parametrize(
    "text",
    [
        "topics\n\nmax_papers: 9\n  - a list",  # what stands above is no profile, what is left is none either
        "min_relevence: 8\n\nmax_papers: 9\n",  # a mistyped key is no prose
        "max_papers: 9\n\nmin_relevence: 8\n",
        "Topics:\n  - name: A\n    relevant: b\n\nmax_papers: 9\n",
        "max_papers: 9\n\nabout: I build telescopes.\n\nAnd I read.\n",  # whose text goes on, it seems
    ],
)
def test_what_may_be_meant_as_part_of_a_profile_is_not_left_out(
    store: Store, profiles: ProfileService, text: str
) -> None:
    assert "line " in profiles.change(WHO, text, origin=REPLY, now=NOW)
    assert store.get_revisions(WHO) == []


def test_a_change_of_an_old_profile_is_refused_in_a_sentence(store: Store, profiles: ProfileService) -> None:
    profiles.change(WHO, "max_papers: 3", origin=REPLY, now=NOW, after=0)
    told = profiles.change(WHO, "max_papers: 4", origin=WEB, now=LATER, after=0)
    assert told.startswith("Nothing was changed: the profile has been changed elsewhere")
    assert served(store).max_papers == 3


@pytest.mark.parametrize("origin", [REPLY, WEB])
def test_a_profile_has_a_greatest_length_however_it_comes(
    store: Store, profiles: ProfileService, origin: RevisionOrigin
) -> None:
    assert "at most 32,000 characters" in profiles.change(WHO, "# " + "x" * 31_999, origin=origin, now=LATER)
    assert store.get_revisions(WHO) == []
    assert "revision 1" in profiles.change(WHO, "max_papers: 3 # " + "x" * 31_000, origin=origin, now=LATER)


def test_somebody_who_is_not_on_the_list_changes_nothing(store: Store, profiles: ProfileService) -> None:
    assert "no longer on the list" in profiles.change("s_other234", "max_papers: 3", origin=WEB, now=NOW)
    assert profiles.current("s_other234").startswith("# Nothing was changed: this address is no longer")
    assert store.get_revisions("s_other234") == []


def test_an_empty_reply_changes_nothing_but_an_emptied_page_is_back_to_the_file(
    store: Store, profiles: ProfileService
) -> None:
    profiles.change(WHO, "max_papers: 3", origin=REPLY, now=NOW)
    assert "no profile in what you sent" in profiles.change(WHO, "> \n", origin=REPLY, now=LATER)
    assert served(store).max_papers == 3
    told = profiles.change(WHO, " \n", origin=WEB, now=LATER)
    assert told.startswith("Your profile is again as it was set up for you (revision 2).")
    assert "- max_papers: 30 instead of 3" in told
    assert served(store) == ADA


def test_a_changed_profile_overrules_the_frequency_by_reply_but_a_pause_stays(
    store: Store, profiles: ProfileService
) -> None:
    until = date(2027, 1, 31)
    store.change_address_status(WHO, lambda s: replace(s, frequency=Frequency.WEEKLY, paused_until=until))
    text = profiles.current(WHO)
    assert "frequency: weekly" in text
    profiles.change(WHO, text.replace("frequency: weekly", "frequency: daily"), origin=WEB, now=NOW)
    assert (served(store).frequency, served(store).paused_until) == (Frequency.DAILY, until)
    assert store.get_address_status(WHO) == AddressStatus(WHO, paused_until=until)


@pytest.mark.parametrize("origin", [REPLY, OPERATOR])
@pytest.mark.parametrize("language", LANGUAGES)
def test_who_gets_no_mail_for_now_is_not_promised_the_next_one(
    store: Store, profiles: ProfileService, origin: RevisionOrigin, language: str
) -> None:
    def told(number: int) -> str:
        text = f"language: {language}\nmax_papers: {number}"
        return profiles.change(WHO, text, origin=origin, now=NOW).splitlines()[0]

    t = answer_texts(language)
    store.change_address_status(WHO, lambda s: replace(s, paused_until=NOW.date()))
    assert told(3) == t("changed", number="1")
    store.change_address_status(WHO, lambda s: replace(s, paused_until=NOW.date() + timedelta(days=1)))
    paused = t("paused", day=write_short_date(NOW.date() + timedelta(days=1), language))
    assert told(4) == join_sentences([t("changed", number="2"), paused], language)
    store.change_address_status(WHO, lambda s: suppression.unsubscribe(s, NOW, suppression.BY_REPLY))
    assert told(5) == join_sentences([t("changed", number="3"), t["no_mail_now"]], language)


# --- old revisions


def test_a_revision_is_brought_back_as_a_new_one(store: Store, profiles: ProfileService) -> None:
    for text in ("max_papers: 3", "max_papers: 4"):
        profiles.change(WHO, text, origin=REPLY, now=NOW)
    assert "- max_papers: 3 instead of 4" in profiles.revert(WHO, 1, now=LATER)
    assert [(r.number, r.text, r.origin) for r in store.get_revisions(WHO)][2] == (3, "max_papers: 3", OPERATOR)
    profiles.revert(WHO, 0, now=LATER)
    assert served(store) == ADA
    assert "max_papers: 30" in profiles.current(WHO)


def test_going_back_to_the_file_frees_keys_that_happen_to_say_the_same(store: Store, profiles: ProfileService) -> None:
    profiles.change(WHO, "max_papers: 3", origin=REPLY, now=NOW)
    now_listed = ProfileService(lambda: [replace(ADA, max_papers=3)], store, scorer)
    assert "Nothing that it says is different now." in now_listed.revert(WHO, 0, now=LATER)
    assert served(store, replace(ADA, max_papers=5)).max_papers == 5
    assert now_listed.revert(WHO, 0, now=LATER) == "Nothing is different: your profile says this already."


def test_what_cannot_be_brought_back_is_an_error_with_the_remedy(store: Store, profiles: ProfileService) -> None:
    with pytest.raises(ConfigError, match="has no revision 7; 'newsletter subscribers revisions"):
        profiles.revert(WHO, 7, now=NOW)
    with pytest.raises(ConfigError, match="is no subscriber; 'newsletter subscribers' lists"):
        profiles.revert("s_other234", 0, now=NOW)
    store.add_revision(WHO, "colour: blue", origin=REPLY, now=NOW)
    with pytest.raises(ConfigError, match="colour: unknown key"):
        profiles.revert(WHO, 1, now=NOW)


def test_a_reader_changes_so_much_a_day_by_all_ways_together(store: Store, profiles: ProfileService) -> None:
    for number in range(MAX_REVISIONS_A_DAY):
        profiles.change(WHO, f"max_papers: {number + 1}", origin=(REPLY, WEB)[number % 2], now=NOW)
    for origin in (REPLY, WEB):
        told = profiles.change(WHO, "max_papers: 29", origin=origin, now=LATER)
        assert told.startswith("Nothing was changed: a profile can be changed 20 times a day")
    assert served(store).max_papers == MAX_REVISIONS_A_DAY
    assert "(revision 21)" in profiles.revert(WHO, 1, now=LATER)
    assert "(revision 22)" in profiles.change(WHO, "max_papers: 29", origin=WEB, now=NOW + timedelta(days=1))


def test_a_revision_that_is_no_longer_kept_is_said_to_be_so(store: Store, profiles: ProfileService) -> None:
    for number in range(MAX_REVISIONS + 1):
        store.add_revision(WHO, f"max_papers: {number + 1}", origin=REPLY, now=NOW - timedelta(days=1))
    with pytest.raises(ConfigError, match="has no revision 1 any more: the last 50 are kept; 'newsletter"):
        profiles.revert(WHO, 1, now=NOW)
    with pytest.raises(ConfigError, match="has no revision 99; 'newsletter"):
        profiles.revert(WHO, 99, now=NOW)
    assert "the last 50 revisions are kept" in profiles.revert(WHO, 2, now=NOW)
    assert served(store).max_papers == 2


# --- the difference in words


@given(subscribers())
def test_equal_profiles_have_no_difference(one: Subscriber) -> None:
    assert differences(one, one, ENGLISH) == ()
    assert differences(one, replace(one, email="x@example.org", name="X", paused_until=DAY), ENGLISH) == ()


@given(subscribers(), subscribers())
def test_different_profiles_have_a_difference(one: Subscriber, other: Subscriber) -> None:
    assert bool(differences(one, other, ENGLISH)) == (one != other)


def test_a_difference_names_what_is_new_gone_and_changed() -> None:
    rita = make.subscriber(profile=Profile((Topic("A", "x"), Topic("B", "y", "z")), "me", ("p", "q")))
    other = replace(rita, profile=Profile((Topic("C", "w"), Topic("B", "yy")), "", ("q", "p")), categories=("cs.AI",))
    assert differences(rita, other, ENGLISH) == (
        "topics: new “C”",
        "topics: without “A”",
        "topic “B”, relevant: now “yy”",
        "topic “B”, irrelevant: empty now",
        "about: empty now",
        "keywords, like: in another order",
        "categories: new cs.AI",
        "categories: without cs.LG",
    )


# --- the morning after


def test_the_morning_after_a_change_mails_under_the_new_profile() -> None:
    one, two = make.announcement("2601.00001"), make.announcement("2601.00002", authors=("Bo Berg",))
    given_ = morning(one, two)
    rita = given_.subscribers[0]
    profiles = ProfileService(lambda: [rita], given_.store, scorer)
    profiles.change(rita.subscriber_id, "min_relevance: 10\npinned_authors: [Bo Berg]", origin=REPLY, now=make.NOW)
    status, kept = given_.store.get_address_status(rita.subscriber_id), given_.store.get_revisions(rita.subscriber_id)
    given_.subscribers = [resolve(rita, status, kept).subscriber]
    given_.run()
    assert given_.sent() == {"2601.00002"}


def test_the_page_has_the_readers_own_lines_and_a_cut_off_left_out_stays_out(
    store: Store, profiles: ProfileService
) -> None:
    text = "# mine\ntopics:\n  - name: One\n    relevant: graphs  # all of them\n"
    profiles.change(WHO, text, origin=RevisionOrigin.WEB, now=NOW, after=0)
    assert profiles.editable(WHO) == text
    store.change_address_status(WHO, lambda status: replace(status, frequency=Frequency.WEEKLY))
    assert profiles.editable(WHO) == text + "frequency: weekly\n"
