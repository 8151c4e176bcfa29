"""The URLs of an archive's pages, relative to one another, since all lie in one folder. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class ArchiveUrls:
    """How pages are linked: in the web part and in a folder of files names end differently, and files cannot search."""

    page_end: str = ""  # ".html" in files
    overview: str = "./"  # the latest month
    style: str = "/"  # the folder of the stylesheets
    base_url: str = ""  # of this archive with a slash at its end, where it is known
    is_served: bool = True  # can search, and export a choice
    is_public: bool = False  # anybody may read, and find, it
    save: Callable[[str], str] | None = None  # to save the paper with this arXiv id; None: this archive has no list
    listing: str = ""  # of all public archives; empty: not for who reads this one

    def day(self, on: date) -> str:
        return f"{on}{self.page_end}"

    def month(self, on: date) -> str:
        return f"{on:%Y-%m}{self.page_end}"

    def file(self, on: date, ending: str) -> str:
        return f"{on}.{ending}"

    feed = "feed.atom"
    search = "search"
    saved = "saved"
    saved_feed = "saved.atom"

    def saved_file(self, ending: str) -> str:
        return f"{self.saved}.{ending}"

    def absolute(self, page: str) -> str:
        """Puts the base URL in front of a page's, where it is known."""
        return self.base_url if self.base_url and page == self.overview else f"{self.base_url}{page}"
