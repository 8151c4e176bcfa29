"""What follows every link and posts anything to it: nothing changes that was not asked for in full."""

import html
import random
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email.headerregistry import Address
from urllib.parse import urlencode, urljoin

import flask
from flask.testing import FlaskClient

from newsletter.files import resources
from newsletter.mail.message import MailIdentity, build_message
from newsletter.mail.render import Brand, Renderer
from newsletter.model import AddressStatus, Suppression, SuppressionReason
from newsletter.run.digest import anonymize
from newsletter.signing import Purpose
from newsletter.web import Archives, create_app
from newsletter.web.pause import LONGEST
from tests import make
from tests.archives import mail, pages
from tests.fake_profiles import FIRST, FakeProfiles, a_digest
from tests.fakes import MemoryStore
from tests.web.site import NOW, SIGNER, WHO, Clock, part_of

SITE = "https://papers.example.org"
IDENTITY = MailIdentity(Address("Tea", addr_spec="tea@example.org"), "back@example.org", SIGNER, SITE)
BODIES = 1_600
SEED = 20_260_106
TODAY = NOW.date()


def site() -> tuple[MemoryStore, FlaskClient, Clock]:
    store, clock = MemoryStore(), Clock()
    archives = Archives(pages(), SITE)
    part = replace(part_of(store), now=clock, profiles=FakeProfiles(store, WHO), archives=archives)
    return store, create_app(part).test_client(), clock


def links_of_a_mail() -> list[str]:
    """Every address of ours in a digest: headers, text and HTML."""
    folders = [resources.SHIPPED / "templates/email"]
    digest = a_digest(3)
    links = IDENTITY.links_for(WHO, digest.digest_on)
    rendered = Renderer(Brand("Tea", "back@example.org"), folders).render(digest, links)
    mime = build_message(digest, rendered, IDENTITY, now=NOW).mime
    everything = "\n".join([*map(str, mime.values()), rendered.text, html.unescape(rendered.html)])
    return sorted(set(re.findall(rf"{SITE}([^\s\"'<>,]*)", everything)))


def links_of_a_page(at: str, text: str) -> list[str]:
    """Every address of a reader's that this page names, relative ones too."""
    named = re.findall(r'(?:href|src|action|formaction|data-preview)="([^"#]+)', html.unescape(text))
    whole = (urljoin(at, link) for link in named)
    return [link for link in whole if link.startswith("/") and link.count("/") > 1]


def state(store: MemoryStore) -> tuple[list[AddressStatus], int, int]:
    return store.get_address_statuses(), len(store.get_revisions(WHO)), len(store.get_saved(WHO))


def test_a_link_scanner_changes_nothing() -> None:
    """It asks for every link of a mail, and every link found there, by GET, HEAD and an empty POST; twice."""
    store, client, clock = site()
    mailed = links_of_a_mail()
    assert {link.split("/")[1] for link in mailed} == {"profile", "u", "v", "archive", "amount", "s"}
    mail(store, anonymize(replace(a_digest(3), subscriber=make.subscriber(subscriber_id=WHO))))
    found = dict.fromkeys(mailed)
    for link in mailed:
        found |= dict.fromkeys(links_of_a_page(link, client.get(link).text))
    assert {link.split("/")[1] for link in found} == {"u", "profile", "pause", "v", "archive", "amount", "s"}
    before = state(store)
    for link in [*found, *found]:
        for method in ("GET", "HEAD", "POST"):
            clock.at += timedelta(seconds=5)
            answer = client.open(link, method=method)
            assert answer.status_code in {200, 405, 400}, (method, link)
            assert answer.status_code == 200 or link.endswith("/preview") or (method, link[:9]) == ("POST", "/archive/")
            assert "Location" not in answer.headers
            assert state(store) == before, (method, link)


NAMES = ("wish", "weeks", "until", "do", "text", "after", "List-Unsubscribe", "Wish", "wish[]", "", "x", "wish\0")
VALUES = (
    *("leave", "return", "pause", "resume", "save", "preview", "show 1", "show 0", "One-Click", "one-click"),
    *("0", "1", "2", "3", "4", "-1", "²", "9" * 40, "2026-02-03", "2026-02-30", "0000-00-00"),
    *("", " leave", "leave\r\n", "\ud7ff", "\0", FIRST, FIRST + "x: 1\n", "max_papers: 2\n", "max_papers: [\n"),
    *("&a [*a]", "!!python/object:x {}", "- " * 500),
)
WHOLE = (
    (("wish", "pause"), ("weeks", "2")),
    (("wish", "pause"), ("until", "2026-02-03")),
    (("wish", "leave"),),
    (("wish", "return"),),
    *((("do", "save"), ("text", f"{FIRST}# {n}\n"), ("after", str(n))) for n in range(4)),
)
TYPES = (
    *("application/x-www-form-urlencoded",) * 4,
    *("application/x-www-form-urlencoded; charset=utf-16", "multipart/form-data; boundary=x", "multipart/form-data"),
    *("application/json", "text/plain", "", "\xff"),
)


def bodies(chance: random.Random) -> Iterator[tuple[bytes, str]]:
    """Forms of our own fields, their neighbours and nonsense, some of them broken on the way."""
    while True:
        fields = [(chance.choice(NAMES), chance.choice(VALUES)) for _ in range(chance.randrange(4))]
        if chance.random() < 0.4:
            whole = chance.choice(WHOLE)
            fields += [field for field in whole if chance.random() < 0.9]
            chance.shuffle(fields)
        kind = chance.choice(TYPES)
        if kind.endswith("boundary=x") and chance.random() < 0.8:
            parts = "".join(f'--x\r\nContent-Disposition: form-data; name="{n}"\r\n\r\n{v}\r\n' for n, v in fields)
            raw = f"{parts}--x--\r\n".encode()
        else:
            raw = urlencode(fields).encode()
        if raw and chance.random() < 0.3:
            at = chance.randrange(len(raw))
            raw = chance.choice(
                [raw[:at], raw[:at] + bytes([chance.randrange(256)]) + raw[at + 1 :], raw[at:] + raw[:at]]
            )
        yield raw, kind


def asked_for(form: dict[str, list[str]], raw: bytes) -> set[str]:
    """What a body that the server reads as this form may change at most."""

    def has(name: str, *values: str) -> bool:
        return form.get(name, [""])[0] in values

    allowed = set[str]()
    if has("List-Unsubscribe", "One-Click") or raw.strip() == b"List-Unsubscribe=One-Click" or has("wish", "leave"):
        allowed.add("suppression")
    if has("wish", "return"):
        allowed |= {"suppression", "lifted_at", "soft_bounces_on"}
    if has("wish", "resume") or (has("wish", "pause") and (has("weeks", "1", "2", "4") or has("until", "2026-02-03"))):
        allowed.add("paused_until")
    if has("do", "save") and "text" in form and has("after", "0", "1", "2", "3", "4"):
        allowed.add("revision")
    return allowed


def changed(before: AddressStatus, after: AddressStatus) -> set[str]:
    names = ("suppression", "lifted_at", "soft_bounces_on", "paused_until", "frequency")
    return {name for name in names if getattr(before, name) != getattr(after, name)}


def test_thousands_of_broken_forms_give_no_error_and_change_nothing_unasked() -> None:
    store, client, clock = site()
    chance = random.Random(SEED)
    links = [
        f"/{area}/{SIGNER.link(purpose, WHO)}"
        for area, purpose in (("u", Purpose.UNSUBSCRIBE), ("pause", Purpose.PAUSE), ("profile", Purpose.PROFILE))
    ]
    others = [f"{links[2]}/preview", "/u/", "/pause", "/profile/x", links[0][:-1]]
    happened = set[str]()
    for _, (raw, kind) in zip(range(BODIES), bodies(chance), strict=False):
        link = chance.choice(links if chance.random() < 0.8 else others)
        clock.at += timedelta(seconds=5)
        if clock.at.date() > TODAY:
            clock.at = NOW + timedelta(seconds=chance.randrange(60))
        before, revisions = store.get_address_status(WHO), len(store.get_revisions(WHO))
        with client:
            answer = client.post(link, data=raw, headers={"Content-Type": kind} if kind else {})
            form = flask.request.form.to_dict(flat=False) if answer.status_code == 200 else {}
        assert answer.status_code in {200, 400, 413}, (link, raw, kind)
        differences = changed(before, store.get_address_status(WHO))
        if len(store.get_revisions(WHO)) != revisions:
            differences.add("revision")
        assert differences <= asked_for(form, raw), (link, raw, kind)
        assert link in links or not differences, (link, raw, kind)
        happened |= differences
    assert happened == {"suppression", "lifted_at", "paused_until", "revision"}  # the bodies were no mere noise
    until = store.get_address_status(WHO).paused_until
    assert until is None or until <= TODAY + LONGEST


def test_what_keeps_mail_away_is_never_lifted_by_any_form() -> None:
    store, client, clock = site()
    complaint = Suppression(SuppressionReason.COMPLAINT, NOW)
    store.change_address_status(WHO, lambda known: replace(known, suppression=complaint))
    chance = random.Random(SEED + 1)
    link = f"/u/{SIGNER.link(Purpose.UNSUBSCRIBE, WHO)}"
    for _, (raw, kind) in zip(range(400), bodies(chance), strict=False):
        clock.at += timedelta(seconds=5)
        client.post(link, data=raw, headers={"Content-Type": kind} if kind else {})
        assert store.get_address_status(WHO) == AddressStatus(WHO, suppression=complaint)
