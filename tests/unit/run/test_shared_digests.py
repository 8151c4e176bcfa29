"""What readers share: who stands together, what makes another digest, and that a crowd gets what each gets alone."""

from dataclasses import fields, replace
from datetime import date, time, timedelta
from operator import attrgetter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import AnnounceType, Frequency, PastMail, Profile, Subscriber, Topic, Updates, ZoteroLibrary
from newsletter.run.compose import compose
from newsletter.run.select import Selection
from newsletter.run.shared_digests import MAX_DIGESTS, SharedDigests, in_groups, split_by_profile
from tests import make
from tests.unit.test_flow import ScriptedScorer, morning, two_papers

READER = make.subscriber()
MONDAY = make.TUESDAY - timedelta(days=1)
# What says who a reader is and when they are mailed, and with what a reader differs who would get the same digest.
WHO = {
    "subscriber_id": "s_bbbb2222",
    "email": "b@example.org",
    "name": "Another",
    "zone": "Asia/Tokyo",
    "send_at": time(23, 30),
    "frequency": Frequency.WEEKLY,
    "weekday": 4,
    "paused_until": MONDAY,
    "public_archive": "another",
    "welcome": False,
    "updates": Updates.SENT,
    "has_chosen_relevance": False,
}
# What a reader asks for, with another wish for each.
WISHES = {
    "categories": ("astro-ph.GA",),
    "announce_types": (AnnounceType.REPLACE,),
    "profile": Profile((Topic("Galaxies", "Dwarf galaxies."),)),
    "pinned_authors": ("Ada Lovelace",),
    "min_relevance": 9,
    "min_novelty": 9,
    "max_papers": 1,
    "group_by_topic": True,
    "at_least": 2,
    "empty_mail": True,
    "papers": ("2601.00001",),
    "full": 1,
    "weekly_best": True,
    "updates": Updates.ALL,
    "zotero": ZoteroLibrary("groups/7"),
}


def selection(subscriber: Subscriber = READER, **other: object) -> Selection:
    shown = tuple(make.announcement(f"2601.0000{number}") for number in range(4))
    made = Selection(
        subscriber=subscriber,
        digest_on=make.TUESDAY,
        days=(),
        announced=shown,
        candidates=shown,
        history=(),
        settled_on=(),
        readings=(),
        failed_feeds=(),
    )
    return replace(made, **other)  # type: ignore[arg-type]


def test_every_field_of_a_subscriber_is_told_to_be_a_wish_or_not() -> None:
    assert {field.name for field in fields(Subscriber)} == WHO.keys() | WISHES.keys()


@given(st.sets(st.sampled_from(sorted(WHO))))
def test_who_a_reader_is_makes_no_other_digest(changed: set[str]) -> None:
    scorer, shared = ScriptedScorer(), SharedDigests()
    other = replace(READER, **{name: WHO[name] for name in changed})  # type: ignore[arg-type]
    first, report = compose(scorer, selection(), shared=shared)
    second, again = compose(scorer, selection(other, mailed=(PastMail(MONDAY, ("2601.00001",)),)), shared=shared)
    assert len(scorer.scored) == 1
    assert (second, again) == (replace(first, subscriber=other), report)


@pytest.mark.parametrize("changed", sorted(WISHES))
def test_another_wish_makes_another_digest(changed: str) -> None:
    scorer, shared = ScriptedScorer(), SharedDigests()
    other = replace(READER, **{changed: WISHES[changed]})  # type: ignore[arg-type]
    compose(scorer, selection(), shared=shared)
    digest, _ = compose(scorer, selection(other), shared=shared)
    assert len(scorer.scored) == 2
    assert digest == compose(scorer, selection(other))[0]


@pytest.mark.parametrize(
    "other",
    [
        {"digest_on": make.WEDNESDAY},
        {"announced": ()},
        {"candidates": ()},
        {"history": ((make.paper("2512.00001"),),)},
        {"failed_feeds": ("cs.LG",)},
        {"is_first": True},
    ],
)
def test_other_papers_or_another_day_make_another_digest(other: dict[str, object]) -> None:
    scorer, shared = ScriptedScorer(), SharedDigests()
    for each in (selection(), selection(**other)):
        compose(scorer, each, shared=shared)
    assert len(scorer.scored) == 2


@pytest.mark.parametrize("trouble", [{"problem": "no money"}, {"broken": frozenset({"2601.00002"})}])
def test_a_digest_with_trouble_is_nobody_elses(trouble: dict[str, object]) -> None:
    scorer, shared = ScriptedScorer(**trouble), SharedDigests()  # type: ignore[arg-type]
    for _ in range(2):
        compose(scorer, selection(), shared=shared)
    assert len(scorer.scored) == 2


def test_only_the_latest_digests_are_remembered() -> None:
    scorer, shared = ScriptedScorer(), SharedDigests()
    dates = [date(2026, 1, day) for day in range(1, MAX_DIGESTS + 2)]
    for on in (*dates, *dates[::-1]):
        compose(scorer, selection(digest_on=on), shared=shared)
    assert len(scorer.scored) == len(dates) + 1


PROFILES = [READER.profile, WISHES["profile"]]


KINDS = [("categories",), ("categories", "profile"), ("categories", "profile", "min_relevance")]


@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "categories": st.sampled_from([("cs.LG",), ("cs.LG", "cs.AI")]),
                "profile": st.sampled_from(PROFILES),
                "min_relevance": st.integers(5, 6),
            }
        ),
        max_size=12,
    )
)
def test_equal_readers_stand_together_each_group_where_its_first_one_stood(wishes: list[dict[str, Any]]) -> None:
    readers = [replace(READER, subscriber_id=f"s_{place:08}", **wish) for place, wish in enumerate(wishes)]
    grouped = in_groups(readers)
    assert sorted(grouped, key=lambda one: one.subscriber_id) == readers
    for names in KINDS:
        kinds = [attrgetter(*names)(one) for one in grouped]
        assert kinds == sorted(kinds, key=list(dict.fromkeys(kinds)).index)
    parts = split_by_profile(grouped)
    assert [one for part in parts for one in part] == grouped
    assert len(parts) == len({(one.categories, one.profile) for one in readers})
    assert list(dict.fromkeys(one.categories for one in grouped)) == list(
        dict.fromkeys(one.categories for one in readers)
    )


def test_in_a_crowd_everybody_gets_what_they_would_get_alone() -> None:
    wishes = [replace(READER, **{name: wish}) for name, wish in WISHES.items() if name != "announce_types"]  # type: ignore[arg-type]
    readers = [
        replace(each, subscriber_id=f"s_{place:08}", email=f"r{place}@example.org", name=f"Reader {place}")
        for place, each in enumerate(3 * [READER, *wishes])
    ]
    together = morning(*two_papers(), subscribers=readers)
    together.run()
    mails = {mail.delivery_id: mail.mime.as_bytes() for mail in together.sender.mails}
    for reader in readers:
        alone = morning(*two_papers(), subscribers=[reader])
        alone.run()
        assert [mails.get(mail.delivery_id) for mail in alone.sender.mails] == [
            mail.mime.as_bytes() for mail in alone.sender.mails
        ]
    assert len(mails) > len(readers) / 2
