"""Words dates, kinds, names and cut-offs of a digest in its reader's language. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from newsletter import formatting
from newsletter.model import AnnounceType, Digest
from newsletter.papers import is_arxiv, show_category
from newsletter.texts import Texts, write_short_date

_KINDS = {
    AnnounceType.NEW: "new",
    AnnounceType.CROSS: "cross",
    AnnounceType.REPLACE: "replace",
    AnnounceType.REPLACE_CROSS: "replace_cross",
}


def join_names(t: Texts, names: Sequence[str], most: int) -> str:
    """Joins names by commas; of more than `most` the first ones, and how many more."""
    rest = len(names) - most
    return ", ".join(names) if rest <= 0 else t("and_more", names=", ".join(names[:most]), n=rest)


def short_authors(names: Sequence[str]) -> str:
    """Names one or two authors, and of more the first and how many others there are: "Ada Lovelace +4"."""
    return ", ".join(names) if len(names) <= 2 else f"{names[0]} +{len(names) - 1}"


def date_range(t: Texts, announced_on: Sequence[date]) -> str:
    """Writes "7 October 2025", or the first and the last of several days."""
    days = [write_short_date(on, t.language) for on in announced_on]
    if len(days) > 1:
        return t("from_to", first=days[0], last=days[-1])
    return days[0] if days else t["no_day"]


def looked_through(t: Texts, digest: Digest) -> str:
    """Says on which days and in which categories papers were announced; "on arXiv" of arXiv's categories alone."""
    key = "looked_through" if all(map(is_arxiv, digest.subscriber.categories)) else "looked_through_sources"
    return t(key, days=date_range(t, digest.announced_on), categories=category_names(digest))


def category_names(digest: Digest) -> str:
    """Names the reader's categories; a feed by its title, where one of its papers says it."""
    titles = {entry.paper.primary: entry.paper.origin.name for entry in digest.entries if entry.paper.origin}
    wanted = digest.subscriber.categories
    return ", ".join(show_category(each, feed_title=titles.get(each, "")) for each in wanted)


def kind_label(t: Texts, announce_type: AnnounceType, version: int) -> str:
    """Names the kind of an announcement, with the paper's version where that is the news."""
    key = _KINDS[announce_type]
    return t(key, version=f"{version}") if key.startswith("replace") else t[key]


def cut_offs(t: Texts, digest: Digest) -> str:
    """Says what a paper had to reach; novelty only as far as a model judged it."""
    subscriber, judged = digest.subscriber, digest.judged
    words = [t("min_relevance", relevance=f"{subscriber.min_relevance}")]
    if judged or not digest.is_by_words:
        words.append(t("min_novelty", novelty=f"{subscriber.min_novelty}"))
        words += [t["where_judged"]] * (judged < len(digest.entries))
    filled = t("filled", n=subscriber.at_least) if subscriber.at_least else ""
    return " ".join(words) + t("at_most", n=subscriber.max_papers) + filled


def nearest_heading(t: Texts, digest: Digest) -> str:
    """Writes what stands over the nearest papers, empty without any.

    Where nothing passed it is a sentence at the head of the digest. What shares nothing with the profile is not called
    near.
    """
    if not digest.counts.nearest:
        return ""
    place = "group" if digest.counts.passed else "heading"
    return t[f"{place}_{formatting.nearest_kind(digest)}"]
