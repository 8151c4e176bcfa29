"""A welcome with something of everything in it, and hostile text: for looking at and for checking."""

from dataclasses import replace
from datetime import UTC, date, datetime
from email.headerregistry import Address

from newsletter.files import resources
from newsletter.mail.message import MailIdentity
from newsletter.mail.render import Brand, Renderer
from newsletter.mail.welcome import FILE, FORMER_KEYS, WelcomeContent
from newsletter.model import DigestEntry, Frequency, Profile, RenderedDigest, Subscriber, Topic
from newsletter.signing import Signer
from tests import archives, make

TEXTS = resources.load_texts(FILE, former=FORMER_KEYS)
NOW = datetime(2026, 1, 6, 12, tzinfo=UTC)
RENDERER = Renderer(
    Brand("Morning Papers", "digest@example.org", "Morning Papers, 1 Pot Lane"),
    [resources.SHIPPED / "templates/email"],
)
PLAIN = MailIdentity(Address("Morning Papers", addr_spec="digest@example.org"), "digest@example.org")
WHOLE = replace(
    PLAIN,
    signer=Signer(["a key that everybody knows"]),
    base_url="https://papers.example.org",
    bounce_to="bounces@example.org",
    is_read=True,
)
HOSTILE = "<script>alert(1)</script> {name} {{ 7*7 }} & \u202e"
PROFILE = Profile(
    (
        Topic("Sparse attention", "Attention whose cost grows slower than the square of the length. " * 9),
        Topic("trees", "Trees."),
    ),
    like=("LoRA", "tokenizer"),
)


def reader(**changes: object) -> Subscriber:
    wanted: dict[str, object] = {
        **{"email": "ada@example.org", "name": "Ada Lovelace", "profile": PROFILE, "pinned_authors": ("Emmy Noether",)},
        **{"categories": ("cs.LG", "q-bio.BM"), "frequency": Frequency.WEEKDAYS},
        **changes,
    }
    return make.subscriber(**wanted)


def entry(number: int, title: str, comment: str = "Matches “Sparse attention”: kernels, memory.") -> DigestEntry:
    shown = archives.entry(number, title=title)
    return replace(shown, score=replace(shown.score, comment=comment))


BEST = (
    entry(1, r"Folding $\alpha$-helices"),
    entry(2, HOSTILE, HOSTILE),
    entry(3, "A tokenizer and its discontents"),
    entry(4, "A fourth one"),
)
CONTENT = WelcomeContent(reader(), date(2026, 1, 7), BEST, date(2026, 1, 5))


def render(content: WelcomeContent = CONTENT, identity: MailIdentity = WHOLE) -> RenderedDigest:
    return RENDERER.render_welcome(content, TEXTS, identity.links_for(content.reader.subscriber_id, NOW.date()))
