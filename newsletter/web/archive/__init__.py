"""The archive: every digest that left, as pages, files and a feed, for the web part and for a folder of files.

`editions.py` says which digests are shown, `pages.py` fills the templates, `month.py` and `charts.py` are
pure and know no page; `export.py` writes files. What is kept of a digest is run/digest.py's business.
"""

from newsletter.web.archive.editions import ArchivedDigests, Edition
from newsletter.web.archive.export import INDEX, FileCounts, count_pages, edition_of_files, write_edition, write_listing
from newsletter.web.archive.pages import BIBTEX, MARKDOWN, RIS
from newsletter.web.archive.urls import ArchiveUrls

__all__ = [
    "BIBTEX",
    "INDEX",
    "MARKDOWN",
    "RIS",
    "ArchiveUrls",
    "ArchivedDigests",
    "Edition",
    "FileCounts",
    "count_pages",
    "edition_of_files",
    "write_edition",
    "write_listing",
]
