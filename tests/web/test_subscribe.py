"""The page to subscribe, asked as people, programs and scanners ask: raw requests, a real store, a real service."""

import random
import re
from dataclasses import dataclass, replace
from datetime import timedelta
from email.headerregistry import Address
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from newsletter.addresses import subscriber_id
from newsletter.delivery import suppression
from newsletter.files import resources
from newsletter.mail.message import MailIdentity
from newsletter.model import Subscriber, Suppression, SuppressionReason, UnknownWords
from newsletter.papers.categories import SUBJECTS
from newsletter.papers.taxonomy import CATEGORIES
from newsletter.services.service_mail import ServiceMails
from newsletter.services.signup import FILE, MOST_FORMS, SLOTS, SignupService
from newsletter.signing import Purpose
from newsletter.stores import Store
from newsletter.stores.tinydb import TinyStore
from newsletter.subscribers.enrolment import subscriber_from_signup
from newsletter.subscribers.schema import Preferences
from newsletter.web import check_app, create_app, subscribe
from tests import make
from tests.fakes import FlakySender, MemoryStore
from tests.web.site import NOW, SIGNER, part_of

SITE = "https://papers.example.org"
FORM = {
    "do": "subscribe",
    "email": "eve@example.org",
    "name": "Eve",
    "categories": ["cs.LG", "hep-th"],
    "words": "Graphs & <trees>.\r\nAnd more.",
    "frequency": "weekly",
    "zone": "Europe/Berlin",
    "language": "en",
}
EVE = subscriber_id("eve@example.org")
CONFIRM = f"/confirm/{SIGNER.short_link(Purpose.CONFIRM, EVE, NOW.date().isoformat())}"
READER = make.subscriber(subscriber_id=subscriber_id("reader@example.org"))


@dataclass
class SignUpSite:
    """The site where everybody can subscribe. `work` sends what was promised."""

    store: Store
    most: int = 3
    offers_venues: bool = False

    def __post_init__(self) -> None:
        self.now = NOW
        self.woken = 0
        self.sender = FlakySender(lambda: self.now)
        identity = MailIdentity(Address("Tea", addr_spec="tea@example.org"), "back@example.org", SIGNER, SITE)
        self.signups = SignupService(
            store=self.store,
            open_sender=lambda: self.sender,
            mails=ServiceMails(
                identity,
                Address("Tea (service)", addr_spec="service@example.org"),
                "Tea & Papers",
                resources.load_texts(FILE),
            ),
            find=lambda who: next((one for one in self.subscribers() if one.subscriber_id == who), None),
            is_in_file=lambda who: who == READER.subscriber_id,
            subscriber_from_signup=lambda sign_up: subscriber_from_signup(sign_up, Preferences()),
            max_subscribers=self.most,
            now=lambda: self.now,
            wake=self.wake,
            log_outcome=lambda who, outcome: None,
            find_unknown_words=lambda profile: [UnknownWords(t.relevant) for t in profile.topics if "<" in t.relevant],
            offers_venues=self.offers_venues,
        )
        part = replace(part_of(self.store), now=lambda: self.now, signups=self.signups)
        self.client: FlaskClient = create_app(part).test_client()

    def subscribers(self) -> list[Subscriber]:
        return [READER, *(subscriber_from_signup(one, Preferences()) for one in self.store.get_enrolled())]

    def get(self, path: str = "/subscribe") -> TestResponse:
        return self.client.get(path)

    def post(self, path: str = "/subscribe", *, by: str = "93.184.216.34", **changes: Any) -> TestResponse:
        """The form with these changes; None leaves a field out."""
        data = {name: value for name, value in (FORM | changes).items() if value is not None}
        return self.client.post(path, data=data, environ_base={"REMOTE_ADDR": by})

    def wake(self) -> None:
        self.woken += 1

    def work(self) -> None:
        while self.signups.send_next("a run"):
            pass
        self.woken = 0

    def link(self) -> str:
        """The path in the last mail."""
        self.work()
        found = re.search(rf"{SITE}(/confirm/\S+)", str(self.sender.mails[-1].mime.get_content()))
        assert found
        return found[1]

    def press(self, link: str, wish: str = "confirm") -> TestResponse:
        return self.client.post(link, data={"wish": wish})

    def state(self) -> tuple[object, ...]:
        return self.store.get_enrolled(), self.store.get_address_statuses(), len(self.sender.mails), self.woken


@pytest.fixture
def site(tmp_path: Path) -> SignUpSite:
    return SignUpSite(TinyStore(tmp_path))


def title(answer: TestResponse) -> str:
    (found,) = re.findall(r"<h1>(.*?)</h1>", answer.text)
    return str(found)


class Fields(HTMLParser):
    """What a browser would send back, and which fields are marked as wrong."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.values: dict[str, list[str]] = {}
        self.wrong: set[str] = set()
        self.ids: set[str] = set()
        self.described: set[str] = set()
        self._in: str = ""
        self._select = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        self.ids |= {given["id"]} if "id" in given else set()
        self.described |= set(given.get("aria-describedby", "").split())
        name = given.get("name", "")
        if given.get("aria-invalid"):
            self.wrong.add(name or tag)
        if tag == "input" and (given.get("type") != "checkbox" or "checked" in given):
            self.values.setdefault(name, []).append(given.get("value", ""))
        if tag == "textarea":
            self._in = name
            self.values[name] = [""]
        if tag == "select":
            self._select = name
        if tag == "option" and "selected" in given:
            self.values[self._select] = [given["value"]]

    def handle_endtag(self, tag: str) -> None:
        self._in = "" if tag == "textarea" else self._in

    def handle_data(self, data: str) -> None:
        if self._in:
            self.values[self._in][0] += data


# --- the form -------------------------------------------------------------------------------------------


def test_where_it_is_not_allowed_there_is_no_page_and_no_link_to_it(tmp_path: Path) -> None:
    client = create_app(part_of(TinyStore(tmp_path))).test_client()
    for path in ("/subscribe", "/confirm", "/confirm/x"):
        for answer in (client.get(path), client.post(path, data=FORM)):
            assert answer.status_code == 404
            assert "ubscribe" not in answer.text


def test_where_it_is_allowed_a_lost_visitor_finds_it(site: SignUpSite) -> None:
    assert 'href="/subscribe"' in site.get("/").text
    check_app(site.client.application)  # each page, with that link


def test_a_blank_form_has_sensible_values_and_every_category_once(site: SignUpSite) -> None:
    page = site.get()
    values = Fields(page.text).values
    assert (values["frequency"], values["zone"], values["language"]) == (["weekdays"], ["UTC"], ["en"])
    codes = re.findall(r'name="categories" value="([^"]*)"', page.text)
    preprints = [f"{source}:{subject}" for source, subjects in SUBJECTS.items() for subject in subjects]
    assert sorted(codes) == sorted([*CATEGORIES, *preprints])
    assert "<details open>" not in page.text
    assert site.state() == ([], [], 0, 0)


@pytest.mark.parametrize(
    ("changes", "field", "message"),
    [
        ({"email": "eve"}, "email", "Please give an e-mail address"),
        ({"email": ""}, "email", "Please fill in your address."),
        ({"name": "x" * 101}, "name", "Please give a name on one line, of at most 100 characters"),
        ({"categories": None}, "fieldset", "Please choose at least one category."),
        ({"words": ""}, "words", "Please say in a few words"),
        ({"words": "x" * 4001}, "words", "Please give text of at most 4,000 characters"),
        ({"zone": "Berlin"}, "zone", "nearest: Europe/Berlin."),
        ({"frequency": "hourly"}, "frequency", "Please choose from the list"),
        ({"language": "tlh"}, "language", "Please choose from the list"),
    ],
)
def test_a_mistake_is_told_beside_its_field_and_nothing_typed_is_lost(
    site: SignUpSite, changes: dict[str, Any], field: str, message: str
) -> None:
    answer = site.post(**changes)
    assert answer.status_code == 200
    fields = Fields(answer.text)
    assert fields.wrong == {field}
    assert message in answer.text
    assert fields.described <= fields.ids
    for name, value in (FORM | changes).items():
        if name not in {"do", "frequency", "language"} or (name not in changes and name != "do"):
            sent = value if isinstance(value, list) else [value]
            found = fields.values.get(name, [None])
            texts = [None if one is None else one.replace("\r\n", "\n").removeprefix("\n") for one in found]
            assert texts == [None if one is None else one.replace("\r\n", "\n") for one in sent], name
    assert site.state() == ([], [], 0, 0)


def test_all_mistakes_are_told_at_once(site: SignUpSite) -> None:
    fields = Fields(site.post(email="x", words="", categories=None, zone="x").text)
    assert fields.wrong == {"email", "words", "fieldset", "zone"}


def test_what_is_typed_is_shown_as_text(site: SignUpSite) -> None:
    answer = site.post(email='"><script>', name="<b>", words="</textarea><i>", zone="'\"", categories=["<u>"])
    for bad in ("<script>", "<b>", "</textarea><i>", "<u>"):
        assert bad not in answer.text


def test_a_post_that_does_not_say_so_sends_nothing(site: SignUpSite) -> None:
    for answer in (
        site.client.post("/subscribe"),
        site.post(do=None),
        site.post(do="preview"),
        site.client.post("/subscribe", data=b"\xff\xfe\0", content_type="multipart/form-data; boundary=x"),
        site.client.post("/subscribe?do=subscribe&email=eve@example.org", data={"words": "x"}),
        site.client.get("/subscribe", query_string=FORM),
        site.client.head("/subscribe"),
    ):
        assert answer.status_code == 200
        assert "Nothing was sent" not in answer.text
    assert site.state() == ([], [], 0, 0)


def test_more_than_a_form_can_hold_is_refused(site: SignUpSite) -> None:
    assert site.post(words="x" * subscribe.MAX_BODY_BYTES).status_code == 413
    longest = site.post(words="字" * 4000, name="字" * 100, categories=list(CATEGORIES)[:50])
    assert title(longest) == "Look into your mailbox"
    assert site.post(site.link(), words="x" * 5000).status_code == 413


def test_a_field_that_people_do_not_see_is_a_trap(site: SignUpSite) -> None:
    caught, free = site.post(**{subscribe.TRAP: "https://pills.example"}), site.post()
    assert caught.data == free.data
    assert site.woken == 1


NONSENSE = ("", "x", "subscribe", "\0", "\ud7ff", "a@b", "eve@example.org", "\r\nBcc: a@b.org", "字" * 500, "UTC")


def test_many_broken_forms_give_no_error_and_let_nobody_in() -> None:
    site, chance, seen = SignUpSite(MemoryStore()), random.Random(20_260_106), set[int]()
    site.post()
    site.work()
    paths = ["/subscribe", "/subscribe", CONFIRM, "/confirm/x"]
    kinds = ["application/x-www-form-urlencoded"] * 4 + ["multipart/form-data; boundary=x", "text/plain"]
    for number in range(1_200):
        fields = [(name, chance.choice(NONSENSE)) for name in (*FORM, subscribe.TRAP, "x") if chance.random() < 0.4]
        if chance.random() < 0.5:
            whole = dict(FORM) | {"categories": "cs.LG", "email": f"reader{number % 7}@example.org"} | dict(fields[:1])
            fields = [(name, str(value)) for name, value in whole.items()]
        raw = urlencode(fields).encode()
        if raw and chance.random() < 0.5:
            at = chance.randrange(len(raw))
            raw = raw[:at] + bytes([chance.randrange(256)]) + raw[at + chance.randrange(3) :]
        site.now += timedelta(minutes=10)
        answer = site.client.post(chance.choice(paths), data=raw, content_type=chance.choice(kinds))
        site.work()
        seen.add(answer.status_code)
    assert seen <= {200, 413, 429}
    assert site.store.get_enrolled() == []
    assert len(site.sender.mails) > 20  # the forms were no mere noise


# --- nobody learns who is on the list -------------------------------------------------------------------


def kinds(site: SignUpSite) -> dict[str, str]:
    """An address of each kind."""
    asked, left, returning = "asked@example.org", "left@example.org", "bounced.left@example.org"
    site.post(email=asked)
    site.work()
    site.store.change_address_status(subscriber_id(left), lambda known: suppression.unsubscribe(known, NOW))
    addresses = {"new": "new@example.org", "subscribed": READER.email, "asked today": asked, "left": left}
    for reason in SuppressionReason:
        email = f"{reason.name.lower()}@example.org"
        away = Suppression(reason, NOW)
        site.store.change_address_status(subscriber_id(email), lambda known, why=away: suppression.suppress(known, why))  # type: ignore[misc]
        addresses[reason] = email
    bounce = Suppression(SuppressionReason.HARD_BOUNCE, NOW)
    site.store.change_address_status(
        subscriber_id(returning), lambda known: suppression.unsubscribe(suppression.suppress(known, bounce), NOW)
    )
    return addresses | {"left after a bounce": returning, "ours": "back@example.org"}


def test_the_answer_is_the_same_for_every_kind_of_address(site: SignUpSite) -> None:
    addresses = kinds(site)
    answers = {kind: site.post(email=email, by="") for kind, email in addresses.items()}
    first = answers["new"]
    assert title(first) == "Look into your mailbox"
    for kind, answer in answers.items():
        assert (answer.status_code, answer.data, list(answer.headers)) == (200, first.data, list(first.headers)), kind
    assert site.woken == len(addresses)  # all that an address decides comes after the answer
    before = len(site.sender.mails)
    site.work()
    mailed = {mail.to: str(mail.mime["Subject"]) for mail in site.sender.mails[before:]}
    confirm = "Please confirm your subscription"
    assert mailed == {
        "new@example.org": confirm,
        READER.email: "You are subscribed already",
        "left@example.org": confirm,
        "unsubscribed@example.org": confirm,
    }


def test_what_an_address_costs_of_the_days_forms_is_the_same_for_every_kind(site: SignUpSite, tmp_path: Path) -> None:
    """Else the form at which the day is full would tell."""
    for email in kinds(site).values():
        before = taken(tmp_path)
        site.post(email=email, by="")
        site.work()
        assert taken(tmp_path) == before + 1


def taken(state: Path) -> int:
    """How many forms of the day are spent."""
    (path,) = (state / "once" / SLOTS).glob("*.json")
    return path.read_text(encoding="utf-8").count('"key"')


# --- the link -------------------------------------------------------------------------------------------


def test_the_whole_way_from_the_form_to_the_profile(site: SignUpSite) -> None:
    site.post()
    assert site.state() == ([], [], 0, 1)
    link = site.link()
    page = site.get(link)
    assert title(page) == "Get these mails?"
    assert "Graphs &amp; &lt;trees&gt;.\nAnd more." in page.text
    assert "Machine Learning, High Energy Physics - Theory" in page.text
    assert "eve@" not in page.text
    welcome = site.press(link)
    assert title(welcome) == "You are subscribed"
    assert "Monday, 12 January 2026, from 07:10 on (Europe/Berlin)" in welcome.text
    assert f'href="/profile/{SIGNER.link(Purpose.PROFILE, EVE)}"' in welcome.text
    assert "No paper of the last years says “Graphs &amp; &lt;trees&gt;." in welcome.text
    assert [one.email for one in site.subscribers()] == [READER.email, "eve@example.org"]
    assert site.press(link).data == site.get(link).data == welcome.data


def test_who_is_in_the_file_is_not_promised_what_the_form_says(site: SignUpSite) -> None:
    site.store.change_address_status(
        READER.subscriber_id, lambda known: suppression.unsubscribe(known, NOW - timedelta(days=1))
    )
    site.post(email=READER.email)
    page = site.get(site.link())
    assert title(page) == "Get these mails?"
    assert "chosen by your profile of before, not by the form" in page.text
    assert "trees" not in page.text


def test_a_scanner_that_follows_the_link_changes_nothing(site: SignUpSite) -> None:
    site.post()
    link = site.link()
    before = site.state()
    for _ in range(2):
        for ask in (
            lambda: site.client.get(link),
            lambda: site.client.head(link),
            lambda: site.client.options(link),
            lambda: site.client.post(link),
            lambda: site.client.post(f"{link}?wish=confirm"),
            lambda: site.client.get(f"{link}?wish=confirm"),
            lambda: site.client.post(link, data={"wish": "leave"}),
            lambda: site.client.post(link, data="List-Unsubscribe=One-Click"),
        ):
            assert ask().status_code == 200
            assert site.state() == before


def test_after_leaving_an_old_link_says_what_to_do_and_does_nothing(site: SignUpSite) -> None:
    site.post()
    link = site.link()
    site.press(link)
    site.now += timedelta(days=1)
    site.client.post(f"/u/{SIGNER.link(Purpose.UNSUBSCRIBE, EVE)}", data={"wish": "leave"})
    for answer in (site.get(link), site.press(link)):
        assert title(answer) == "This link is over"
        assert 'href="/subscribe"' in answer.text
    assert site.store.get_address_status(EVE).suppression is not None
    site.now += timedelta(minutes=1)
    site.post()
    assert title(site.press(site.link())) == "You are subscribed"
    assert site.store.get_address_status(EVE).suppression is None


def test_a_link_ends_after_a_week(site: SignUpSite) -> None:
    site.post()
    link = site.link()
    site.now += timedelta(days=8)
    assert title(site.press(link)) == "This link is over"
    assert "It works for a week." in site.get(link).text
    assert site.store.get_enrolled() == []


@pytest.mark.parametrize(
    "token",
    [
        "",
        "x",
        "é",
        "../u/x",
        SIGNER.short_link(Purpose.CONFIRM, EVE, "no day"),
        SIGNER.short_link(Purpose.VOTE, EVE, "2026-01-06"),
        SIGNER.link(Purpose.PROFILE, EVE),
        SIGNER.short_link(Purpose.CONFIRM, EVE, "2026-01-06")[:-1],
        "A" * 500,
    ],
)
def test_a_link_that_is_not_ours_gets_a_page_that_says_what_to_do(site: SignUpSite, token: str) -> None:
    site.post()
    site.work()
    for answer in (site.get(f"/confirm/{token}"), site.press(f"/confirm/{token}")):
        assert answer.status_code == 200
        assert "Copy the whole link" in answer.text
    assert site.press("/confirm").status_code == 200
    assert site.store.get_enrolled() == []


def test_a_link_to_nothing_that_was_asked_for_is_old(site: SignUpSite) -> None:
    token = SIGNER.short_link(Purpose.CONFIRM, EVE, NOW.date().isoformat())
    assert title(site.press(f"/confirm/{token}")) == "This link is over"


def test_who_complained_meanwhile_is_told_whom_to_write_to(site: SignUpSite) -> None:
    site.post()
    link = site.link()
    complaint = Suppression(SuppressionReason.COMPLAINT, NOW)
    site.store.change_address_status(EVE, lambda known: suppression.suppress(known, complaint))
    answer = site.press(link)
    assert title(answer) == "This cannot go on by itself"
    assert "mailto:back@example.org" in answer.text


# --- limits ---------------------------------------------------------------------------------------------


def test_one_client_may_send_so_many_forms_a_day(site: SignUpSite) -> None:
    for number in range(subscribe.FORMS_PER_CLIENT):
        assert site.post(email=f"a{number}@example.org").status_code == 200
    refused = site.post(email="b@example.org")
    assert (refused.status_code, title(refused)) == (429, "Not today, please")
    assert 0 < int(refused.headers["Retry-After"]) <= 86_400
    assert site.post(email="b@example.org", by="1.1.1.1").status_code == 200
    assert "Please give" in site.post(email="b").text  # a mistake costs nothing
    assert site.woken == subscribe.FORMS_PER_CLIENT + 1


def test_all_clients_together_may_send_so_many_forms_a_day(site: SignUpSite) -> None:
    for number in range(MOST_FORMS):
        assert site.post(by=f"1.1.1.{number}").status_code == 200
    refused = site.post(by="1.1.2.1")
    assert (refused.status_code, title(refused)) == (429, "Not today, please")
    assert site.woken == MOST_FORMS
    site.now += timedelta(days=1)
    assert site.post(by="1.1.2.1").status_code == 200


def test_one_client_may_ask_so_often_a_minute(site: SignUpSite) -> None:
    answers = [site.get().status_code for _ in range(subscribe.PAGE.limits.per_client + 1)]
    assert answers == [200] * subscribe.PAGE.limits.per_client + [429]


def test_when_all_places_are_taken_everybody_is_told_so(tmp_path: Path) -> None:
    site = SignUpSite(TinyStore(tmp_path), most=1)
    site.post(email="ann@example.org")
    ann = site.link()
    site.post()
    eve = site.link()
    site.press(ann)
    for answer in (site.get(), site.post(), site.post(email=READER.email), site.press(eve)):
        assert title(answer) == "No place left"
    assert title(site.get(ann)) == "You are subscribed"
    assert site.woken == 0


def test_every_page_has_the_headers_that_protect_a_reader(site: SignUpSite) -> None:
    site.post()
    for answer in (site.get(), site.post(email="x"), site.post(), site.get(site.link())):
        assert answer.headers["Cache-Control"] == "no-store"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "Set-Cookie" not in answer.headers
        assert set(re.findall("<script.*?>", answer.text)) <= {'<script src="/zone.js" defer>'}
        assert "style=" not in answer.text


def test_search_engines_find_the_form_and_nothing_behind_it(site: SignUpSite) -> None:
    assert site.get().headers["X-Robots-Tag"] == "all"
    assert 'name="description"' in site.get().text
    for answer in (site.post(email="x"), site.post(), site.get(site.link())):
        assert "noindex" in answer.headers["X-Robots-Tag"]


def test_journals_of_openreview_are_offered_where_it_knows_the_operator(tmp_path: Path) -> None:
    box = 'value="openreview:TMLR"'
    assert box not in SignUpSite(TinyStore(tmp_path / "none")).get().text
    site = SignUpSite(TinyStore(tmp_path / "account"), offers_venues=True)
    page = site.get().text
    assert box in page
    assert "OpenReview: reviewed journals" in page
    site.post(categories=["openreview:TMLR"])
    site.press(site.link())
    assert [one.categories for one in site.subscribers()[1:]] == [("openreview:TMLR",)]
