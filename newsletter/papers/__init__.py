"""Describes papers apart from any reader: announcements, categories, authors, links, citations, TeX as text.

Fetches nothing (sources/) and judges nothing (scoring/).
"""

from newsletter.papers.acknowledgements import acknowledgements
from newsletter.papers.announcement_schedule import arxiv_day, is_weekday
from newsletter.papers.announcements import (
    add_feeds,
    find_announced,
    find_candidates,
    find_elsewhere,
    has_papers,
    latest,
    merge_announcements,
)
from newsletter.papers.categories import is_arxiv, show_category
from newsletter.papers.citations import bibtex, ris
from newsletter.papers.differences import Mark, Piece, find_difference, shorten, words_of
from newsletter.papers.feed_retries import begin_asking, is_current, plan_retry
from newsletter.papers.freshness import read_feed
from newsletter.papers.holidays import holiday_of
from newsletter.papers.html_text import html_to_text
from newsletter.papers.id_months import announced_since
from newsletter.papers.key_sentences import key_sentence
from newsletter.papers.latex import readable, readable_name
from newsletter.papers.latex.mathml import TypesetPart, typeset
from newsletter.papers.library import LibraryFile, arxiv_id, is_library_file, keep_each_once, may_exist, read_library
from newsletter.papers.links import PaperLinks, paper_links, version_url
from newsletter.papers.newness import take_new
from newsletter.papers.pinned_authors import author_problem, find_pinned_author
from newsletter.papers.withdrawals import WITHOUT_WORDS, find_withdrawn, withdrawal_notice
from newsletter.papers.works import Works, merge_works

__all__ = [
    "WITHOUT_WORDS",
    "LibraryFile",
    "Mark",
    "PaperLinks",
    "Piece",
    "TypesetPart",
    "Works",
    "acknowledgements",
    "add_feeds",
    "announced_since",
    "announcement_schedule",
    "announcements",
    "arxiv_day",
    "arxiv_id",
    "author_problem",
    "begin_asking",
    "bibtex",
    "categories",
    "find_announced",
    "find_candidates",
    "find_difference",
    "find_elsewhere",
    "find_pinned_author",
    "find_withdrawn",
    "has_papers",
    "holiday_of",
    "html_to_text",
    "is_arxiv",
    "is_current",
    "is_library_file",
    "is_weekday",
    "keep_each_once",
    "key_sentence",
    "latest",
    "library",
    "may_exist",
    "merge_announcements",
    "merge_works",
    "paper_links",
    "plan_retry",
    "read_feed",
    "read_library",
    "readable",
    "readable_name",
    "ris",
    "search",
    "shorten",
    "show_category",
    "take_new",
    "taxonomy",
    "typeset",
    "venues",
    "version_url",
    "withdrawal_notice",
    "words_of",
]
