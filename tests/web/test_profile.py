"""Changing a profile on the page, as a form without script: nothing is lost, and nothing happens unasked."""

import html
import logging
import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from newsletter.app import build_local_scorer
from newsletter.errors import FetchError
from newsletter.model import MOST_PROFILE_CHARS, RevisionOrigin, Subscriber, SuppressionReason, ZoteroLibrary
from newsletter.run import Trial
from newsletter.services.live_libraries import refresh
from newsletter.services.profiles import ProfileService
from newsletter.services.reader_texts import trial_texts
from newsletter.signing import Purpose, Signer
from newsletter.stores.tinydb import TinyStore
from newsletter.subscribers.revisions import MAX_REVISIONS, MAX_REVISIONS_A_DAY
from newsletter.web import create_app
from tests import make
from tests.fake_profiles import FIRST, FakeProfiles
from tests.web.site import NOW, SIGNER, WHO, part_of, suppress_for

PROFILE = f"/profile/{SIGNER.link(Purpose.PROFILE, WHO)}"
CHANGED = FIRST.replace("max_papers: 3", "max_papers: 2")
WRONG = FIRST.replace("keywords:", "keywrods:")


@pytest.fixture
def client(store: TinyStore) -> FlaskClient:
    return create_app(replace(part_of(store), profiles=FakeProfiles(store, WHO))).test_client()


def press(client: FlaskClient, do: str, text: str, after: int | str = 0) -> TestResponse:
    return client.post(PROFILE, data={"do": do, "text": text.replace("\n", "\r\n"), "after": str(after)})


def in_form(answer: TestResponse) -> str:
    found = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", answer.text, re.DOTALL)
    assert found
    return html.unescape(found[1])


def after_of(answer: TestResponse) -> str:
    found = re.search(r'name="after" value="(\d+)"', answer.text)
    assert found
    return found[1]


def texts(store: TinyStore) -> list[str]:
    return [revision.text for revision in store.get_revisions(WHO)]


def test_the_page_has_the_profile_that_holds(store: TinyStore, client: FlaskClient) -> None:
    answer = client.get(PROFILE)
    assert in_form(answer) == FIRST
    assert after_of(answer) == "0"
    assert texts(store) == []


def test_a_preview_shows_what_would_come_and_saves_nothing(store: TinyStore, client: FlaskClient) -> None:
    answer = press(client, "preview", CHANGED)
    assert "The announcement of 7 October 2025" in answer.text
    assert "Selective recurrences with O(n) memory" in answer.text
    assert "&lt;Alternatives&gt;" in answer.text
    assert answer.text.count('<span class="why" lang="en">') == 2
    assert in_form(answer) == CHANGED
    assert texts(store) == []


def test_a_preview_says_in_numbers_what_the_last_days_would_have_brought(client: FlaskClient) -> None:
    page = " ".join(press(client, "preview", CHANGED).text.split())
    assert "<h2>The 2 announcements of your categories kept so far</h2>" in page
    assert "You would have got about 2 papers a day, at most 2 on any day, and nothing on 1 of 2 days." in page
    assert page.index("Tue, 7 Oct") < page.index("3 papers") < page.index("Mon, 6 Oct")
    assert 'nearest: <a href="https://arxiv.org/abs/2510.00009">Near, &amp; not it</a>' in page


def test_where_a_model_judges_the_mail_the_preview_says_that_it_is_by_words(store: TinyStore) -> None:
    profiles = FakeProfiles(store, WHO)
    profiles.is_judged = True
    client = create_app(replace(part_of(store), profiles=profiles)).test_client()
    assert trial_texts()["by_words"] in press(client, "preview", CHANGED).text


@pytest.mark.parametrize(("days", "is_told"), [(1, True), (0, False), (-1, False)])
def test_a_pause_is_told_whoever_asked_for_it(store: TinyStore, days: int, is_told: bool) -> None:
    class Pausing(FakeProfiles):
        def find_current(self, subscriber_id: str) -> Subscriber | None:
            return replace(make.subscriber(subscriber_id=subscriber_id), paused_until=NOW.date() + timedelta(days=days))

    client = create_app(replace(part_of(store), profiles=Pausing(store, WHO))).test_client()
    for page in (client.get(PROFILE), press(client, "save", CHANGED)):
        assert ("Your mails are paused; they come again from 7 January 2026 on." in page.text) == is_told


def test_saving_keeps_a_revision_and_says_what_is_different(store: TinyStore, client: FlaskClient) -> None:
    answer = press(client, "save", CHANGED)
    assert "What is different now:" in answer.text
    (revision,) = store.get_revisions(WHO)
    assert (revision.text, revision.origin, revision.at) == (CHANGED, RevisionOrigin.WEB, NOW)
    assert after_of(answer) == "1"
    assert in_form(client.get(PROFILE)) == CHANGED


@pytest.mark.parametrize("reason", SuppressionReason)
def test_who_gets_no_mail_is_told_so_and_led_back_where_they_may_return(
    store: TinyStore, client: FlaskClient, reason: SuppressionReason
) -> None:
    assert "gets no mail at present" not in client.get(PROFILE).text
    suppress_for(store, reason)
    for answer in (client.get(PROFILE), press(client, "save", CHANGED)):
        assert "gets no mail at present" in answer.text
        assert (">Get it again</a>" in answer.text) is (reason is SuppressionReason.UNSUBSCRIBED)


def test_saving_twice_is_saving_once(store: TinyStore, client: FlaskClient) -> None:
    press(client, "save", CHANGED)
    assert "conflict" not in press(client, "save", CHANGED).text
    assert texts(store) == [CHANGED]


def test_what_is_already_so_is_not_saved(store: TinyStore, client: FlaskClient) -> None:
    """Else the operator's later changes of subscribers.yaml would no longer reach this reader."""
    assert "nothing was saved" in press(client, "save", FIRST + "\n").text
    assert texts(store) == []


@pytest.mark.parametrize("do", ["save", "preview"])
def test_a_mistake_is_told_with_its_line_and_what_was_typed_stays(
    store: TinyStore, client: FlaskClient, do: str
) -> None:
    answer = press(client, do, WRONG)
    assert '<li data-line="8">' in answer.text
    assert "&#34;keywrods&#34; is no key" in answer.text
    assert "<code>" in answer.text
    assert 'aria-invalid="true"' in answer.text
    assert in_form(answer) == WRONG
    assert texts(store) == []


def test_a_change_made_meanwhile_is_explained_and_nothing_is_lost(store: TinyStore, client: FlaskClient) -> None:
    opened = after_of(client.get(PROFILE))
    store.add_revision(WHO, "max_papers: 1\n", origin=RevisionOrigin.REPLY, now=NOW)
    answer = press(client, "save", CHANGED, opened)
    assert "Your profile was changed meanwhile" in answer.text
    assert "<pre>max_papers: 1" in answer.text
    assert in_form(answer) == CHANGED
    assert texts(store) == ["max_papers: 1\n"]
    press(client, "save", CHANGED, after_of(answer))
    assert texts(store) == ["max_papers: 1\n", CHANGED]


def test_an_earlier_version_can_be_looked_at_and_brought_back(store: TinyStore, client: FlaskClient) -> None:
    for days, text in enumerate([CHANGED, "max_papers: 1\n"]):
        store.add_revision(WHO, text, origin=RevisionOrigin.REPLY, now=NOW + timedelta(days=days))
    page = client.get(PROFILE)
    assert 'value="show 1"' in page.text
    assert 'value="show 2"' not in page.text
    looked = press(client, "show 1", "what I was typing", after_of(page))
    assert in_form(looked) == CHANGED
    assert "<pre>what I was typing</pre>" in looked.text
    assert texts(store) == [CHANGED, "max_papers: 1\n"]
    press(client, "save", in_form(looked), after_of(looked))
    assert texts(store) == [CHANGED, "max_papers: 1\n", CHANGED]


def test_a_version_that_is_not_kept_any_more_is_said_to_be_so(store: TinyStore, client: FlaskClient) -> None:
    for number in range(MAX_REVISIONS + 2):
        store.add_revision(WHO, f"max_papers: {number}\n", origin=RevisionOrigin.REPLY, now=NOW)
    looked = press(client, "show 2", "what I was typing", MAX_REVISIONS + 2)
    assert "Version 2 is no longer there: the last 50 are kept." in looked.text
    assert in_form(looked) == "what I was typing"
    assert in_form(press(client, "show 3", "", MAX_REVISIONS + 2)) == "max_papers: 2\n"
    assert "was not clear" in press(client, "show 99", "x", MAX_REVISIONS + 2).text


def test_after_so_many_saves_a_day_it_says_so_and_keeps_what_was_typed(store: TinyStore, client: FlaskClient) -> None:
    assert "You can save 20 times a day, and the last 50 versions are kept." in client.get(PROFILE).text
    for number in range(MAX_REVISIONS_A_DAY):
        assert press(client, "save", f"max_papers: {number}\n", number).status_code == 200
    refused = press(client, "save", CHANGED, MAX_REVISIONS_A_DAY)
    assert "try again tomorrow" in refused.text
    assert in_form(refused) == CHANGED
    assert len(texts(store)) == MAX_REVISIONS_A_DAY


def test_the_operators_own_setting_can_be_brought_back_too(store: TinyStore, client: FlaskClient) -> None:
    press(client, "save", CHANGED)
    looked = press(client, "show 0", CHANGED, 1)
    assert in_form(looked) == ""
    assert "what the newsletter set up for you holds again" in looked.text
    assert texts(store) == [CHANGED]
    saved = press(client, "save", "", after_of(looked))
    assert texts(store) == [CHANGED, ""]
    assert "as the newsletter set it up" in saved.text
    assert in_form(client.get(PROFILE)) == FIRST


def test_who_is_no_longer_on_the_list_is_told_so(store: TinyStore, client: FlaskClient) -> None:
    link = f"/profile/{SIGNER.link(Purpose.PROFILE, 's_gone2345')}"
    answer = client.post(link, data={"do": "save", "text": CHANGED, "after": "0"})
    assert "Nothing was changed: nobody is called so." in answer.text
    assert store.get_revisions("s_gone2345") == []


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"text": CHANGED},
        {"text": CHANGED, "do": "save"},
        {"text": CHANGED, "do": "save", "after": "-1"},
        {"text": CHANGED, "do": "save", "after": "²"},
        {"text": CHANGED, "do": "save", "after": "9" * 40},
        {"text": CHANGED, "do": "SAVE", "after": "0"},
        {"text": CHANGED, "do": "show 7", "after": "0"},
        {"do": "save", "after": "0"},
    ],
)
def test_a_form_that_does_not_say_everything_changes_nothing_and_loses_nothing(
    store: TinyStore, client: FlaskClient, form: dict[str, str]
) -> None:
    answer = client.post(PROFILE, data=form)
    assert answer.status_code == 200
    assert in_form(answer) == form.get("text", FIRST)
    assert client.get(PROFILE, query_string=form).status_code == 200
    assert texts(store) == []


def test_a_text_without_end_is_refused_in_words(store: TinyStore, client: FlaskClient) -> None:
    long = "# " + "x" * MOST_PROFILE_CHARS
    answer = press(client, "save", long)
    assert "a profile has at most 32,000" in answer.text
    assert in_form(answer) == long
    assert press(client, "save", "x" * 900_000).status_code == 413
    assert texts(store) == []


def test_the_live_preview_is_the_same_without_the_page_around_it(store: TinyStore, client: FlaskClient) -> None:
    good = client.post(f"{PROFILE}/preview", data={"text": CHANGED})
    assert good.text.lstrip().startswith("<h2>The 2 announcements of your categories kept so far")
    assert "<html" not in good.text
    assert 'data-line="8"' in client.post(f"{PROFILE}/preview", data={"text": WRONG}).text
    assert client.post(f"{PROFILE}/preview").status_code == 400
    assert client.post("/profile/nonsense/preview", data={"text": CHANGED}).status_code == 400
    assert texts(store) == []


def test_only_a_few_live_previews_are_made_at_once(store: TinyStore) -> None:
    """The next is told to come back, so that threads are left for readers who leave."""
    profiles = Slow(store)
    client = profiles.client = create_app(replace(part_of(store), profiles=profiles)).test_client()
    assert client.post(f"{PROFILE}/preview", data={"text": CHANGED}).status_code == 200
    assert profiles.answers == [429, 200]
    assert client.post(f"{PROFILE}/preview", data={"text": CHANGED}).status_code == 200


class Slow(FakeProfiles):
    """While it makes a preview, another one is asked for; until that is refused."""

    def __init__(self, store: TinyStore) -> None:
        super().__init__(store, WHO)
        self.answers: list[int] = []
        self.client: FlaskClient | None = None

    def preview(self, subscriber_id: str, text: str, *, now: datetime) -> Trial | None:
        if self.client is not None and 429 not in self.answers:
            self.answers.append(self.client.post(f"{PROFILE}/preview", data={"text": text}).status_code)
        return super().preview(subscriber_id, text, now=now)


def test_foreign_text_stays_text(client: FlaskClient) -> None:
    evil = "</textarea><script>alert(1)</script>: '\"&amp;\n"
    answer = press(client, "preview", evil)
    assert "<script>alert" not in answer.text
    assert in_form(answer) == evil


@pytest.mark.parametrize(
    "token",
    [
        "",
        "nonsense",
        SIGNER.link(Purpose.UNSUBSCRIBE, WHO),
        Signer(["somebody else"]).link(Purpose.PROFILE, WHO),
        "a/b/c",
        "%00%ff",
    ],
)
def test_a_dead_link_says_how_to_get_the_profile(store: TinyStore, client: FlaskClient, token: str) -> None:
    for answer in (
        client.get(f"/profile/{token}"),
        client.post(f"/profile/{token}", data={"do": "save", "text": CHANGED, "after": "0"}),
    ):
        assert answer.status_code == 200
        assert "mailto:back@example.org?subject=profile" in answer.text
    assert texts(store) == []


def test_no_token_and_no_text_is_logged(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    press(client, "save", CHANGED)
    press(client, "save", WRONG)
    assert PROFILE.removeprefix("/profile/") not in caplog.text
    assert "Alternatives" not in caplog.text


def test_without_profiles_there_is_no_such_page(store: TinyStore) -> None:
    assert create_app(part_of(store)).test_client().get(PROFILE).status_code == 404


def fields(**changed: str) -> dict[str, str]:
    """Gives the posted form of FIRST, with these fields changed."""
    parts = {
        "topic-0-name": "Alternatives to attention",
        "topic-0-irrelevant": "Faster kernels for unchanged attention.",
    }
    parts["topic-0-relevant"] = " ".join(line.strip() for line in FIRST.splitlines()[4:6])
    lists = {"like": "state space model\r\nmixture of experts", "avoid": "survey"}
    return {"view": "form", "text": FIRST, "after": "0", "max_papers": "3", **parts, **lists, **changed}


def test_the_page_is_a_form_and_saving_it_changes_only_the_fields_that_changed(
    store: TinyStore, client: FlaskClient
) -> None:
    page = client.get(PROFILE)
    assert 'name="topic-0-name" value="Alternatives to attention"' in page.text
    assert "nothing was saved" in client.post(PROFILE, data=fields(do="save")).text
    client.post(PROFILE, data=fields(do="save", max_papers="2"))
    assert texts(store) == [CHANGED]


def test_the_form_and_the_yaml_are_the_same_thing(store: TinyStore, client: FlaskClient) -> None:
    as_yaml = client.post(PROFILE, data=fields(do="yaml", max_papers="2"))
    assert in_form(as_yaml) == CHANGED
    assert 'name="topic-0-name"' not in as_yaml.text
    as_form = client.post(PROFILE, data={"view": "yaml", "do": "form", "text": CHANGED, "after": "0"})
    assert 'name="max_papers" value="2"' in as_form.text
    assert texts(store) == []


def test_a_topic_is_added_moved_and_removed_by_buttons_alone(client: FlaskClient) -> None:
    second = {"topic-1-name": "Two", "topic-1-relevant": "more", "topic-1-irrelevant": ""}
    added = client.post(PROFILE, data=fields(do="form", **second))
    assert 'name="topic-1-name" value="Two"' in added.text
    moved = client.post(PROFILE, data=fields(do="up 1", **second))
    assert 'name="topic-0-name" value="Two"' in moved.text
    removed = client.post(PROFILE, data=fields(do="remove 0", **second))
    assert 'name="topic-0-name" value="Two"' in removed.text
    assert 'value="Alternatives to attention"' not in removed.text


def test_a_mistake_stands_at_its_field(store: TinyStore, client: FlaskClient) -> None:
    answer = client.post(PROFILE, data=fields(do="save", max_papers="many"))
    assert 'name="max_papers" value="many" autocomplete="off" aria-invalid="true"' in answer.text
    assert '<p class="wrong" id="wrong-max_papers">max_papers is a number' in answer.text
    assert texts(store) == []


class NobodyThere:
    """A reader of libraries that finds none."""

    def read(self, library: ZoteroLibrary, *, key: str = "", known_version: int = 0) -> None:
        raise FetchError(library.place, "There is no such library.")


def test_a_library_that_could_not_be_read_is_told_at_its_field(store: TinyStore) -> None:
    listed = make.subscriber(subscriber_id=WHO, zotero=ZoteroLibrary("groups/404"))
    profiles = ProfileService(lambda: [listed], store, build_local_scorer)
    client = create_app(replace(part_of(store), profiles=profiles)).test_client()
    said = "This library could not be read the last time."
    assert said not in client.get(PROFILE).text
    refresh([listed], store, NobodyThere(), {}, lambda: NOW)
    assert said in client.get(PROFILE).text
