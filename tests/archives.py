"""A store with digests that were mailed, for tests of the archive."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from newsletter.delivery import ledger
from newsletter.files import resources
from newsletter.mail.render import Brand, Renderer
from newsletter.model import AnnounceType, Counts, DeliveryState, Digest, DigestEntry
from newsletter.run.digest import anonymize
from newsletter.stores import Store
from newsletter.web.archive.pages import TEMPLATES, Pages
from newsletter.web.archive.wording import load_archive_texts
from tests import make

WHO = "s_abcd2345"
RENDERER = Renderer(Brand("Morning Papers", "back@example.org"), resources.folders("templates/email"))

TEXTS = load_archive_texts()


def pages() -> Pages:
    return Pages(
        resources.folders(TEMPLATES),
        brand_name="Morning Papers",
        reply_address="back@example.org",
        authority="example.org",
        profile_text=RENDERER.profile_text,
        markdown=RENDERER.markdown,
    )


def entry(
    number: int = 1, arxiv_id: str = "", *, relevance: int = 8, novelty: int | None = 6, **changes: Any
) -> DigestEntry:
    arxiv_id = arxiv_id or f"2601.{number:05}"
    paper = make.paper(arxiv_id, **changes)
    return DigestEntry(number, paper, AnnounceType.NEW, make.score(arxiv_id, relevance, novelty))


def digest(on: date = make.TUESDAY, entries: Sequence[DigestEntry] = (), **changes: Any) -> Digest:
    shown = tuple(entries) or (entry(),)
    plain = Digest(
        subscriber=make.subscriber(),
        digest_on=on,
        announced_on=(on,),
        entries=shown,
        counts=Counts(announced=40, scanned=30, relevant=len(shown), shown=len(shown), not_scored=0),
        scorer="a model",
        usage=None,
    )
    return anonymize(replace(plain, **changes))


def mail(store: Store, digest: Digest, state: DeliveryState = DeliveryState.ACCEPTED) -> None:
    """Keep the digest, with a delivery in that state, as a run does it."""
    store.start_run("r")
    claimed = make.present(store.claim(digest.subscriber.subscriber_id, digest.digest_on, run_id="r", now=make.NOW))
    ids = tuple(each.paper.arxiv_id for each in digest.entries)
    row = ledger.hand_over(
        claimed, paper_ids=ids, announced_on=digest.announced_on, message_id="<m@example.org>", now=make.NOW
    )
    assert store.hand_over(row, digest)
    if state is DeliveryState.ACCEPTED:
        store.move(ledger.accept(row, "receipt", make.NOW))
    elif state is DeliveryState.REJECTED:
        store.move(ledger.reject(row, "no", make.NOW))
    elif state is DeliveryState.IN_DOUBT:
        store.move(ledger.doubt(row, "who knows", make.NOW))
    store.end_run("r")
