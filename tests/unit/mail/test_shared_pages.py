"""Equal readers share the work on a mail, and each gets it as if it had been made for them alone."""

from collections.abc import Callable
from dataclasses import replace
from email.headerregistry import Address
from itertools import product
from pathlib import Path

import pytest

from newsletter.files import resources
from newsletter.mail.message import MailIdentity, MailLinks
from newsletter.mail.render import Brand, Renderer
from newsletter.mail.shared_pages import SharedPages
from newsletter.model import Digest, RenderedDigest
from newsletter.signing import Signer
from tests.mail_samples import made_digest

BRAND = Brand("Morning Papers", "back@example.org")
SENDER = Address("Morning Papers", addr_spec="digest@example.org")
WITHOUT_LINKS = MailIdentity(SENDER, "back@example.org")
TAGGED = MailIdentity(SENDER, "back@example.org", Signer(["a key"]))
WITH_LINKS = replace(TAGGED, base_url="https://news.example.org", is_read=True)
NO_TAGS = replace(WITH_LINKS, has_tags=False)
# Of the second, third and fifth, who have names, the same mail is made, whatever the length of their addresses
EMAILS = (
    "o'neill@example.org",
    "ada.lovelace@example.org",
    "katherine.johnson+papers@example.org",
    "a@b.de",
    "e.noether-1882@example.org",
    "g_h-hardy@sub.example.org",
    "grace.hopper@example.org",
    "dorothy@example.org",
)
ENDS = ("org", "org", "com", "net")


def renderer(folder: Path | None = None) -> Renderer:
    folders = resources.folders("templates/email")
    return Renderer(BRAND, [folder, *folders] if folder else folders)


def readers_of(digest: Digest, count: int = 8) -> list[Digest]:
    letters = "abcdefghijklmnopqrstuvwxyz"
    return [
        replace(
            digest,
            subscriber=replace(
                digest.subscriber,
                subscriber_id=f"s_reader{letters[number]}{letters[-number]}",
                email=EMAILS[number % len(EMAILS)] if number < 8 else f"reader{number}@example.{ENDS[number % 4]}",
                name=f"Reader {number}" if number % 3 else "",
            ),
        )
        for number in range(count)
    ]


class Counted:
    """A renderer that counts."""

    def __init__(self, render: Callable[[Digest, MailLinks], RenderedDigest]) -> None:
        self._render = render
        self.count = 0

    def __call__(self, digest: Digest, links: MailLinks) -> RenderedDigest:
        self.count += 1
        return self._render(digest, links)


def alone(made_by: Renderer, digest: Digest, identity: MailIdentity) -> RenderedDigest:
    return made_by.render(digest, identity.links_for(digest.subscriber.subscriber_id, digest.digest_on))


IDENTITIES, LANGUAGES = (WITHOUT_LINKS, TAGGED, WITH_LINKS, NO_TAGS), ("en", "fr", "ja")
COUNTS = (0, 1, 12)
CUT_TO_FIT = (60, 60, 120)  # papers: in each language, and with links of each length; of the most only some are named


@pytest.mark.parametrize(
    ("papers", "identity", "language", "readers"),
    [
        # any two of these three meet
        *(
            (COUNTS[i], IDENTITIES[j], LANGUAGES[(i + j) % len(LANGUAGES)], 8)
            for i, j in product(range(len(COUNTS)), range(len(IDENTITIES)))
        ),
        # two mails are rendered, each reader's after them is made of those
        *((*each, 5) for each in zip(CUT_TO_FIT, (WITHOUT_LINKS, WITH_LINKS, NO_TAGS), LANGUAGES, strict=True)),
    ],
)
def test_a_shared_mail_is_what_its_reader_would_get_alone(
    papers: int, identity: MailIdentity, language: str, readers: int
) -> None:
    made_by = renderer()
    digest = made_digest(papers)
    profile = replace(digest.subscriber.profile, language=language)
    digest = replace(digest, subscriber=replace(digest.subscriber, profile=profile))
    for each in readers_of(digest, readers):
        assert made_by.render_mail(each, identity) == alone(made_by, each, identity)


def test_readers_with_equal_digests_are_rendered_twice_however_many_they_are() -> None:
    counted = Counted(renderer().render)
    shared = SharedPages(counted)
    digest = made_digest(3)
    for number in range(100, 150):
        email = f"reader{'er' * (number % 12)}{number}@example.org"  # of 21 to 43 characters
        reader = replace(
            digest.subscriber,
            subscriber_id=f"s_ab{'abcdefghij'[number % 10]}{'klmnopqrst'[number // 10 % 10]}abcd",
            email=email,
        )
        shared.render(replace(digest, subscriber=reader), WITH_LINKS)
    assert counted.count == 2 + 4  # addresses of 41 and of 43 have no company but their own


@pytest.mark.parametrize(
    "footer",
    [
        "{{ d.name }}",
        "{% if d.name %}Good morning{% endif %}",
        "{% if d.email.endswith('.com') %}Room B{% endif %}",
        "{{ d.email | upper }}",
        "{{ d.email | replace('@', ' at ') }}",
        "{{ d.unsubscribe_url[-7:] }}",
    ],
)
def test_an_operators_template_may_say_who_reads_and_go_by_it(tmp_path: Path, footer: str) -> None:
    shipped = resources.read_text("templates/email/digest.txt", resources.SHIPPED)
    (tmp_path / "digest.txt").write_text(f"{shipped}\n{footer}\n", encoding="utf-8")
    made_by = renderer(tmp_path)
    for each in readers_of(made_digest(2), 24):
        assert made_by.render_mail(each, WITH_LINKS) == alone(made_by, each, WITH_LINKS)


def test_other_papers_make_another_mail() -> None:
    made_by = renderer()
    for count in (1, 2, 1, 2, 3):
        for each in readers_of(made_digest(count), 4):
            assert made_by.render_mail(each, WITH_LINKS) == alone(made_by, each, WITH_LINKS)


class Interrupting(str):
    """A text that does something whenever it is compared, as another thread may at that moment."""

    __slots__ = ()
    interrupt: Callable[[], object] = staticmethod(lambda: None)

    def __eq__(self, other: object) -> bool:
        self.interrupt()
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def test_threads_may_render_at_once() -> None:
    """As those of a worker do, which share a renderer."""
    shared = SharedPages(lambda digest, links: RenderedDigest(digest.scorer, "", ""))
    digests = [made_digest(0), *(replace(made_digest(0), scorer=f"scorer {number}") for number in range(3))]
    others = iter(each for one in digests[1:] for each in readers_of(one, 3))

    def render_another() -> None:
        if (other := next(others, None)) is not None:
            shared.render(other, WITH_LINKS)

    for each in readers_of(replace(digests[0], scorer=Interrupting("a scorer")), 12):
        Interrupting.interrupt = staticmethod(render_another)
        assert shared.render(each, WITH_LINKS).subject == "a scorer"
    assert next(others, None) is None
