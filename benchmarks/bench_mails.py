"""Mails composed and rendered in a second, beside inlining the styles of each mail, on the same made-up digests.

    python benchmarks/bench_mails.py [--papers 10 81] [--mails 10]

Both sides compose the digest from scores, fit it under the size at which mails are cut, and render subject, HTML and
text; they differ in when styles are moved into elements. Readers share their papers, as on a morning: TeX is read once.
The two take turns, some mails each, and the ratio of their processor time is what travels between machines.
"""

import argparse
import time
from dataclasses import replace

from jinja2 import DictLoader, Environment

from newsletter.files import resources
from newsletter.mail.inline_css import ascii_html, inline
from newsletter.mail.message import MailLinks, VoteLinks
from newsletter.mail.render import Renderer, environment_of
from newsletter.mail.view import Brand, DigestView
from newsletter.model import Announcement, Digest, RenderedDigest, Score, ScoreReport, Subscriber
from newsletter.run.digest import build_digest
from newsletter.signing import Signer
from newsletter.texts import Texts
from newsletter.theme import load_theme
from tests import make

ROUNDS = 5
FOLDERS = resources.folders("templates/email")
BRAND = Brand("Morning Papers", "digest@example.org")
TEXT = "Layers that mix tokens in $\\mathcal{O}(n)$ keep what a sequence says; we measure how much, and show why. "


class InliningEach(Renderer):
    """As most newsletters do it: fill the template, then inline the page."""

    def __init__(self, brand: Brand = BRAND) -> None:
        super().__init__(brand, FOLDERS)
        names = ("digest.html", "_updates.html")
        sources = {name: (FOLDERS[0] / name).read_text(encoding="utf-8") for name in names}
        sources["digest.html"] = load_theme().fill(sources["digest.html"])
        self._plain: Environment = environment_of(DictLoader(sources))

    def _page(self, view: DigestView, t: Texts) -> str:
        return ascii_html(inline(self._plain.get_template("digest.html").render(d=view, t=t)))


def material(papers: int) -> tuple[list[Announcement], ScoreReport]:
    announcements = [
        make.announcement(
            f"2601.{number:05}", title=f"{TEXT[:70]} ({number})", abstract=TEXT * 12, authors=("Ada Lovelace",) * 5
        )
        for number in range(papers)
    ]
    scores = [
        Score(shown.paper.arxiv_id, 10 - i % 4, 9 - i % 3, f"Meets your topic: {TEXT}", -float(i))
        for i, shown in enumerate(announcements)
    ]
    return announcements, make.score_report(*scores)


def mail(
    renderer: Renderer, subscriber: Subscriber, announcements: list[Announcement], score_report: ScoreReport
) -> RenderedDigest:
    digest: Digest = build_digest(
        subscriber,
        digest_on=make.TUESDAY,
        announced_on=[make.TUESDAY],
        announced=1350,
        candidates=announcements,
        score_report=score_report,
    )
    site = "https://papers.example.org"
    links = VoteLinks(site, Signer(["a key"]), subscriber.subscriber_id)
    return renderer.render(
        digest, MailLinks("replies@example.org", f"{site}/u/token", web_url=f"{site}/archive/token", vote_links=links)
    )


def compare(papers: int, mails: int) -> None:
    announcements, score_report = material(papers)
    once, each = Renderer(BRAND, FOLDERS), InliningEach()
    spent = {once: 0.0, each: 0.0}
    for renderer in spent:  # templates and TeX are read before the clock runs
        mail(renderer, make.subscriber(max_papers=500), announcements, score_report)
    readers = [replace(make.subscriber(max_papers=500), email=f"reader{n}@example.org") for n in range(mails)]
    for _ in range(ROUNDS):
        for renderer in spent:
            began = time.process_time()
            for reader in readers:
                mail(renderer, reader, announcements, score_report)
            spent[renderer] += time.process_time() - began
    a_second = {renderer: ROUNDS * mails / seconds for renderer, seconds in spent.items()}
    print(
        f"{papers:3} papers: {a_second[once]:7.1f} mails a second, {a_second[each]:6.1f} inlining each: "
        f"{a_second[once] / a_second[each]:.1f} times as many"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--papers", type=int, nargs="+", default=[10, 81])
    parser.add_argument("--mails", type=int, default=10)
    chosen = parser.parse_args()
    for papers in chosen.papers:
        compare(papers, chosen.mails)


if __name__ == "__main__":
    main()
