"""How a Zotero library is written in subscribers.yaml and in profiles, as keys, as one word, and wrongly."""

import pytest

from newsletter.errors import ConfigError
from newsletter.model import Subscriber, ZoteroLibrary
from newsletter.subscribers import parse_file, profile_form, profile_yaml
from tests import make

FILE = "subscribers:\n  - email: ada@example.org\n    categories: [cs.LG]\n    zotero: {}\n"
FORM = "topics:\n  - name: Bees\n    relevant: Bees.\n"


def in_file(value: str) -> ZoteroLibrary | None:
    return parse_file(FILE.format(value), source="file").subscribers[0].zotero


def in_profile(value: str, reader: Subscriber | None = None) -> ZoteroLibrary | None:
    return profile_yaml.read(f"zotero: {value}\n", reader or make.subscriber()).zotero


@pytest.mark.parametrize(
    ("value", "place"),
    [
        ("{library: users/475425}", "users/475425"),
        ("{library: groups/2259720, collection: abcd2345}", "groups/2259720/ABCD2345"),
        ("{library: groups/2259720, collection: ''}", "groups/2259720"),
        ("groups/2259720", "groups/2259720"),
        ("groups/2259720/ABCD2345", "groups/2259720/ABCD2345"),
        ("https://www.zotero.org/groups/2259720", "groups/2259720"),
        ("https://www.zotero.org/groups/2259720/arxiv_papers", "groups/2259720"),
        ("https://www.zotero.org/groups/2259720/arxiv_papers/library", "groups/2259720"),
        ("https://www.zotero.org/groups/2259720/arxiv_papers/collections/ABCD2345", "groups/2259720/ABCD2345"),
        ("https://www.zotero.org/groups/2259720/arxiv_papers/collections/ABCD2345/library", "groups/2259720/ABCD2345"),
    ],
)
def test_a_library_is_its_number_however_it_is_written(value: str, place: str) -> None:
    for found in (in_file(value), in_profile(value)):
        assert found is not None
        assert found.place == place


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("ada", "expected a Zotero library by its number"),
        ("https://www.zotero.org/ada/library", "expected a Zotero library by its number"),
        ("{library: users/ada}", "expected a Zotero library by its number"),
        ("{library: users/0}", "expected a Zotero library by its number"),
        ("{library: ../../keys/1}", "expected a Zotero library by its number"),
        ("{collection: ABCD2345}", "missing, expected a Zotero library by its number"),
        ("{library: users/1, collection: ABC}", "expected the eight letters and digits"),
        ("{library: users/1, collection: '../items'}", "expected the eight letters and digits"),
        ("[users/1]", "expected keys and values"),
        ("{library: users/1, extra: 1}", "unknown key"),
    ],
)
def test_what_is_no_library_is_named_with_what_was_expected(value: str, says: str) -> None:
    for read in (in_file, in_profile):
        with pytest.raises(ConfigError) as caught:
            read(value)
        assert says in str(caught.value)


def test_the_operator_alone_names_a_key_and_never_the_key_itself() -> None:
    assert in_file("{library: users/1, key: ZOTERO_KEY_ADA}") == ZoteroLibrary("users/1", "", "ZOTERO_KEY_ADA")
    for name in ("P9NiFoyLeZu2bZNvvuQPDWsd", "SENDGRID_API_KEY", "zotero_key", "ZOTERO_KEYRING"):
        with pytest.raises(ConfigError, match="never the key itself") as caught:
            in_file(f"{{library: users/1, key: {name}}}")
        assert name not in str(caught.value), "it may be the key"
    with pytest.raises(ConfigError, match="unknown key"):
        in_profile("{library: users/1, key: ZOTERO_KEY_ADA}")


@pytest.mark.parametrize("value", ["", "''", "null", "~"])
def test_an_empty_one_is_none(value: str) -> None:
    text = f"{FORM}zotero: {value}\n"
    assert profile_yaml.read(text, make.subscriber(zotero=ZoteroLibrary("users/1"))).zotero is None


def test_a_library_is_enough_of_a_profile() -> None:
    bare = make.subscriber(profile=make.subscriber().profile.__class__(()))
    assert in_profile("users/1", bare) == ZoteroLibrary("users/1")
    with pytest.raises(ConfigError):
        in_profile("''", bare)


@pytest.mark.parametrize("value", ["users/1", "{library: users/1, collection: ABCD2345}", "\n  library: users/1"])
def test_the_form_shows_it_as_one_word_and_changes_it(value: str) -> None:
    text = f"{FORM}zotero: {value}\n"
    fields = profile_form.fields_of(text)
    assert fields is not None
    assert fields.single["zotero"].startswith("users/1")
    assert profile_form.write_fields(text, fields) == text
    changed = profile_form.write_fields(
        text, profile_form.posted_fields({"topic-0-name": "Bees", "topic-0-relevant": "Bees.", "zotero": "groups/7"})
    )
    assert profile_yaml.read(changed, make.subscriber()).zotero == ZoteroLibrary("groups/7")
