"""Whole mails for looking at and for checking: made-up digests of the worst text there is, and recorded days.

The recorded days are those of a labelled corpus beside the checkout (`../shared/corpus`, as `newsletter eval` reads
it): real papers, scores and comments. Where it is missing there are only the made-up ones. Each mail has every way to
answer it, with tokens as long as real ones. Checks nothing.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, time, timedelta
from decimal import Decimal
from email.headerregistry import Address
from functools import cache, lru_cache
from pathlib import Path

from newsletter.files import resources
from newsletter.mail.message import MailIdentity
from newsletter.mail.render import Brand, Renderer
from newsletter.model.digests import Digest, PaperUpdate, RenderedDigest, SentPaper
from newsletter.model.notices import Notice, NoticeKind
from newsletter.model.papers import Announcement, AnnounceType, Paper
from newsletter.model.scores import Score, ScoreReport, Usage
from newsletter.model.subscribers import Profile, Subscriber, Topic
from newsletter.run.digest import build_digest
from newsletter.scoring.evaluation.corpus import load_days
from newsletter.scoring.evaluation.markdown_profile import parse_profile
from newsletter.scoring.llm.prompts import Prompts, load_prompts
from newsletter.signing import Signer
from tests import make

COUNTS = (5, 30, 81, 200)
CORPUS = Path(__file__).parents[1] / ".." / "shared" / "corpus"
HAS_CORPUS = (CORPUS / "days").is_dir()
SITE = "https://papers.example.org"
# The mail of `ml-architecture-and-systems` of this day is the one with 81 papers.
LONGEST_DAY = date(2025, 10, 7)
LONGEST = "ml-architecture-and-systems"

IDENTITY = MailIdentity(
    Address("Morning Papers", addr_spec="digest@papers.example.org"),
    "replies@papers.example.org",
    Signer(["no secret at all, but as long as one is"]),
    SITE,
    is_read=True,
)
RENDERER = Renderer(
    Brand("Morning Papers", "replies@papers.example.org"),
    resources.folders("templates/email", resources.SHIPPED),
)


@dataclass(frozen=True)
class Sample:
    name: str
    digest: Digest

    def render(self, renderer: Renderer = RENDERER) -> RenderedDigest:
        links = IDENTITY.links_for(self.digest.subscriber.subscriber_id, self.digest.digest_on)
        return renderer.render(self.digest, links)


def samples(counts: Sequence[int] = COUNTS) -> list[Sample]:
    """A digest of each count: recorded papers where there are some, and the same number of made-up ones."""
    made = [Sample(f"made-{count}", made_digest(count)) for count in counts]
    return [Sample(f"real-{count}", real_digest(count)) for count in counts if HAS_CORPUS] + made


# --- recorded days ------------------------------------------------------------------------------------


def real_digest(count: int) -> Digest:
    """The best papers of the longest day; of several days when one is not enough, as in a weekly digest."""
    days = [on for on in sorted(_labels(LONGEST)) if on >= LONGEST_DAY]
    for last in range(1, len(days) + 1):
        digest = corpus_digest(LONGEST, days[:last], count)
        if len(digest.entries) == count:
            return digest
    raise ValueError(f"the corpus has no {count} papers for {LONGEST} from {LONGEST_DAY} on")


def corpus_samples() -> Iterator[Sample]:
    """Every day of the corpus for every second profile, the longest mail among them, with every paper that passes."""
    for first, file in enumerate(sorted((CORPUS / "labels").glob("*.jsonl"))):
        for number, on in enumerate(sorted(_labels(file.stem)), first):
            if number % 2 == 0 or (file.stem, on) == (LONGEST, LONGEST_DAY):
                yield Sample(f"{on}-{file.stem}", corpus_digest(file.stem, [on], 500))


def corpus_digest(profile: str, days: Sequence[date], max_papers: int) -> Digest:
    """What a model chose from these days, with what it said and what it used."""
    labelled = [_labels(profile)[on] for on in days]
    scores = {label["id"]: _score(label) for day in labelled for label in day["labels"]}
    shown = [Announcement(_papers()[key], _kind(key), ("cs.LG",)) for key in scores if key in _papers()]
    header = {key: sum(day["header"][key] or 0 for day in labelled) for key in labelled[0]["header"] if key != "model"}
    return _compose(
        shown,
        [scores[a.paper.arxiv_id] for a in shown],
        days=days,
        announced=int(header["total"]),
        max_papers=max_papers,
        profile=parse_profile((CORPUS / f"profiles/{profile}.md").read_text(encoding="utf-8")),
        usage=Usage(
            int(header["prompt_tokens"]),
            int(header["completion_tokens"]),
            completion_cost_usd=Decimal(str(header["cost"])),
            prompt_cost_usd=Decimal(0),
        ),
    )


@lru_cache
def _labels(profile: str) -> dict[date, dict]:  # type: ignore[type-arg]
    lines = (CORPUS / f"labels/{profile}.jsonl").read_text(encoding="utf-8").splitlines()
    return {date.fromisoformat(record["date"]): record for record in map(json.loads, lines)}


@lru_cache
def _papers() -> dict[str, Paper]:
    return {
        paper.arxiv_id: replace(paper, authors=_whole_names(paper.authors))
        for day in load_days(CORPUS)
        for paper in day.papers
    }


def _whole_names(parts: Sequence[str]) -> tuple[str, ...]:
    """The corpus cuts names at each comma, those inside an affiliation among them."""
    names: list[str] = []
    for part in parts:
        if names and names[-1].count("(") > names[-1].count(")"):
            names[-1] += f", {part}"
        else:
            names.append(part)
    return tuple(names)


def _kind(arxiv_id: str) -> AnnounceType:
    """The corpus knows no replacements; a few papers become some."""
    return {"3": AnnounceType.CROSS, "7": AnnounceType.REPLACE}.get(arxiv_id[-1], AnnounceType.NEW)


def _score(label: dict) -> Score:  # type: ignore[type-arg]
    one, two = (min(10, max(1, round(label[key]))) for key in ("relevance", "novelty"))
    return Score(label["id"], one, two, label["comment"], label["relevance"] + label["novelty"])


# --- made-up papers -----------------------------------------------------------------------------------

LONG_ADDRESS = "https://example.org/" + "unbreakable" * 3 + "/x"  # 56 characters without a place to break
LONG_WORD = "Donaudampfschifffahrtselektrizitaetenhauptbetriebswerkbauunterbeamtengesellschaft"
HOSTILE_TITLES = (
    '</td></table></body><script>alert("title")</script> & <b>bold</b>',
    r"Bounds of $\mathcal{O}(n^{3/2}\log\log n)$ on $\|\nabla f(x_{t+1})\|_2 \leq \epsilon$ for {\it every} $p$",
    f"{LONG_WORD}: a case study in words that end nowhere",
    "תורת הגלים: מבוא ללומדים בלילה, with English in the middle, ומשפט אחרון",
    "深度学习中的稀疏性与可解释性研究综述以及未来的展望与挑战以及更多没有空格的文字一直写到行尾",
    "=?utf-8?q?An_encoded?= title {{ d.brand.name }} {% raw %} %s %(x)s ${y}",
    "Short",
)
HOSTILE_ABSTRACTS = (
    "<style>body { display: none }</style><!-- no comment --> ]]> & &amp; &#0; \u202eright to left for ever\u202c. ",
    f"The code is at {LONG_ADDRESS} and at https://github.com/example-org/an-example-of-a-repository. ",
    r"We show $\sum_{i=1}^{n} \frac{\alpha_i}{\sqrt{\beta_i}} \geq \Omega(\sqrt{n})$ \emph{surely}, with 95\% of it. ",
    f"A word of its own is {LONG_WORD * 2}. ",
    "טקסט בעברית בתוך תקציר באנגלית, עם מספרים 123 ועם סוגריים (כאלה). ",
)
FILLER = (
    "Measured on three held-out sets, the estimate stays within two per cent of the exact value while it needs a tenth "
    "of the memory. "
)
ABSTRACT_CHARS = 1_920  # the longest arXiv takes
MOST_AUTHORS = 395  # seen on one paper


def made_digest(count: int) -> Digest:
    """A mail in which every text is as long as arXiv takes it, and every third one means harm."""
    shown = [_made_announcement(number) for number in range(1, count + 1)]
    scores = [_made_score(number, a.paper) for number, a in enumerate(shown, 1)]
    digest = _compose(
        shown,
        scores,
        days=[make.TUESDAY - timedelta(1), make.TUESDAY],
        announced=2_134,
        max_papers=500,
        profile=Profile((Topic("Efficient learning", "pruning, <b>sparsity</b>", "surveys"),), "I read in the tram."),
        usage=None,
        failures=3,
    )
    hidden = replace(digest.counts, relevant=digest.counts.relevant + 12)
    notice = Notice(NoticeKind.FEEDS_FAILED, {"feeds": ("cs.CV",)})
    return replace(digest, counts=hidden, notices=(notice,), updates=tuple(_made_updates()))


def _made_updates() -> Iterator[PaperUpdate]:
    """News of papers with all that their authors may write: other words, none any more, and why they are withdrawn."""
    for number in range(1, 9):
        paper, other = (_made_announcement(each).paper for each in (number, number + 1))
        known = replace(paper, arxiv_id=f"2512.{number:05d}", version=1)
        later = replace(known, version=2, title=other.title, abstract=f"{other.abstract} {LONG_WORD}")
        notice = HOSTILE_ABSTRACTS[number % len(HOSTILE_ABSTRACTS)] if number % 3 == 0 else ""
        sent = SentPaper(known.arxiv_id, make.TUESDAY - timedelta(number), number)
        yield PaperUpdate(replace(later, withdrawal=notice[:300]), known, sent)


def _made_announcement(number: int) -> Announcement:
    titles, parts = HOSTILE_TITLES, HOSTILE_ABSTRACTS
    title = titles[number % len(titles)] if number % 3 == 1 else f"{FILLER[:40]}, the {number}th time " * 3
    start = parts[number % len(parts)] if number % 3 == 1 else ""
    abstract = (start + FILLER * 20)[:ABSTRACT_CHARS]
    names = [f"Author{n:03d} Rodríguez-Ó'Súilleabháin" for n in range(MOST_AUTHORS if number == 2 else 3 + number % 9)]
    paper = Paper(f"2601.{number:05d}", 1 + number % 4, title[:207], tuple(names), abstract, ("cs.LG", "stat.ML"))
    return Announcement(paper, list(AnnounceType)[number % 4], ("cs.LG",))


def _made_score(number: int, paper: Paper) -> Score:
    comment = f'Meets "Efficient learning": {FILLER}{HOSTILE_ABSTRACTS[number % len(HOSTILE_ABSTRACTS)]}'
    return Score(paper.arxiv_id, 10 - number % 4, 9 - number % 5, comment[:300], -number, "Efficient learning")


# --- both ---------------------------------------------------------------------------------------------


def _compose(
    shown: Sequence[Announcement],
    scores: Sequence[Score],
    *,
    days: Sequence[date],
    announced: int,
    max_papers: int,
    profile: Profile,
    usage: Usage | None,
    failures: int = 0,
) -> Digest:
    pinned = [name for a in shown[1:2] for name in a.paper.authors[:1]]
    subscriber = _subscriber(profile, max_papers, [name.split(" (")[0] for name in pinned])
    prompt = _prompts().render(profile, (), subscriber.min_relevance)
    score_report = ScoreReport(
        tuple(scores if usage else (replace(score, novelty=None) for score in scores)),
        (),
        "gpt-5-mini" if usage else "local ranker",
        usage,
        prompt=f"{prompt.system}\n\n{prompt.head}".strip() if usage else "",
    )
    digest = build_digest(
        subscriber,
        digest_on=days[-1],
        announced_on=days,
        announced=announced,
        candidates=shown,
        score_report=score_report,
    )
    scanned = max(digest.counts.scanned, announced // 3)
    return replace(digest, counts=replace(digest.counts, scanned=scanned, not_scored=failures))


@cache
def _prompts() -> Prompts:
    return load_prompts(lambda name: resources.read_text(name, resources.SHIPPED))


def _subscriber(profile: Profile, max_papers: int, pinned: Sequence[str]) -> Subscriber:
    return make.subscriber(
        name="Rita Reader",
        send_at=time(7),
        categories=("cs.LG", "cs.AI"),
        announce_types=tuple(AnnounceType),
        profile=profile,
        pinned_authors=tuple(pinned),
        min_relevance=5,
        min_novelty=3,
        max_papers=max_papers,
    )
