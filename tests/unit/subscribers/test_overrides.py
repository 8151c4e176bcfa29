"""What holds for a subscriber when the file, the profile's revisions and single words of the reader disagree."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.model import AddressStatus, Frequency, ProfileRevision, RevisionOrigin, Subscriber
from newsletter.subscribers.overrides import resolve
from newsletter.subscribers.profile_yaml import write
from tests import make
from tests.unit.subscribers.test_profile_yaml import subscribers

RITA = make.subscriber(max_papers=12)
WHO = RITA.subscriber_id
JANUARY, MARCH = date(2027, 1, 31), date(2027, 3, 1)
BROKEN = "colours: [blue]"  # as if the key had been there once


def revisions(*texts: str) -> list[ProfileRevision]:
    return [
        ProfileRevision(WHO, number, make.NOW + timedelta(days=number), text, RevisionOrigin.REPLY)
        for number, text in enumerate(texts, start=1)
    ]


def test_nothing_said_leaves_the_file_as_it_is() -> None:
    assert resolve(RITA, AddressStatus(WHO), []).subscriber == RITA


def test_the_latest_revision_holds_key_by_key_over_the_file() -> None:
    served = resolve(
        RITA, AddressStatus(WHO), revisions("max_papers: 3\nmin_novelty: 9", "min_relevance: 9")
    ).subscriber
    assert (served.min_relevance, served.max_papers, served.min_novelty) == (9, 12, 4)
    assert served.email == RITA.email


def test_an_empty_revision_hands_the_profile_back_to_the_file() -> None:
    assert resolve(RITA, AddressStatus(WHO), revisions("max_papers: 3", "")).subscriber == RITA
    assert resolve(RITA, AddressStatus(WHO), revisions("max_papers: 3", "")).revision is None


def test_a_word_on_frequency_holds_over_the_revision_too() -> None:
    standing = AddressStatus(WHO, frequency=Frequency.WEEKLY)
    assert (
        resolve(RITA, standing, revisions("frequency: weekdays\nweekday: friday")).subscriber.frequency
        is Frequency.WEEKLY
    )
    assert resolve(RITA, standing, []).has_frequency


@pytest.mark.parametrize(
    ("of_file", "of_reader", "until"),
    [(None, MARCH, MARCH), (JANUARY, MARCH, MARCH), (MARCH, JANUARY, MARCH), (MARCH, None, MARCH), (None, None, None)],
)
def test_the_later_pause_ends_the_silence(of_file: date | None, of_reader: date | None, until: date | None) -> None:
    reader = resolve(make.subscriber(paused_until=of_file), AddressStatus(WHO, paused_until=of_reader), [])
    assert reader.subscriber.paused_until == until
    assert reader.has_pause == (of_reader is not None and of_reader == until)


def test_a_revision_that_cannot_be_read_any_more_leaves_the_one_before_it_and_says_so() -> None:
    kept = revisions("max_papers: 3", BROKEN)
    reader = resolve(RITA, AddressStatus(WHO), kept)
    assert (reader.subscriber.max_papers, reader.revision) == (3, kept[0])
    assert "revision 2 of the profile of s_abcd2345 cannot be read any more (line 1: colours: unknown" in reader.problem
    assert "newsletter subscribers revert s_abcd2345" in reader.problem
    alone = resolve(RITA, AddressStatus(WHO), revisions(BROKEN))
    assert (alone.subscriber, alone.revision) == (RITA, None)


def test_the_origin_of_each_part_is_told() -> None:
    reader = resolve(RITA, AddressStatus(WHO), revisions("max_papers: 3\nkeywords: {avoid: [survey]}"))
    assert reader.keys == ("keywords.avoid", "max_papers")
    assert (reader.has_frequency, reader.has_pause, reader.problem) == (False, False, "")


@given(
    subscribers(),
    st.lists(subscribers().map(write) | st.sampled_from(["", BROKEN, "max_papers: 3"]), max_size=3),
    st.none() | st.dates(),
    st.none() | st.sampled_from(Frequency),
)
def test_applying_twice_is_applying_once(
    one: Subscriber, texts: list[str], until: date | None, often: Frequency | None
) -> None:
    standing, kept = AddressStatus(WHO, paused_until=until, frequency=often), revisions(*texts)
    served = resolve(one, standing, kept).subscriber
    assert resolve(served, standing, kept).subscriber == served
