"""The URLs of an archive's pages, relative to one another, as all lie in one folder; and the links that act. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from newsletter.mail import VoteLinks
from newsletter.signing import Signer, amount_token


@dataclass(frozen=True, slots=True)
class ReaderLinks:
    """The links of a reader's own archive that act for them, as a mail has them: each opens a page that asks first."""

    signer: Signer = field(repr=False)
    subscriber_id: str
    has_amounts: bool  # whether there is a page that sends more papers a day, or fewer

    @property
    def _of_papers(self) -> VoteLinks:
        return VoteLinks("", self.signer, self.subscriber_id)

    def more(self, arxiv_id: str) -> str:
        return self._of_papers.url(arxiv_id, 1)

    def less(self, arxiv_id: str) -> str:
        return self._of_papers.url(arxiv_id, -1)

    def save(self, arxiv_id: str) -> str:
        return self._of_papers.save_url(arxiv_id)

    def send_more(self, on: date) -> str:
        return self._of_amount(on, 1)

    def send_fewer(self, on: date) -> str:
        return self._of_amount(on, -1)

    def _of_amount(self, on: date, direction: int) -> str:
        token = amount_token(self.signer, self.subscriber_id, on, direction, is_from_mail=False)
        return f"/amount/{token}"


@dataclass(frozen=True, slots=True)
class ArchiveUrls:
    """How pages are linked: in the web part and in a folder of files names end differently, and files cannot search."""

    page_end: str = ""  # ".html" in files
    style: str = "/"  # the folder of the stylesheets and the script
    base_url: str = ""  # of this archive with a slash at its end, where it is known
    index: str = "./"  # the latest month
    is_served: bool = True  # can search, and export a choice
    is_public: bool = False  # anybody may read, and find, it
    acts: ReaderLinks | None = None  # None: a page for others than its reader, who has no list of saved papers either
    listing_page: str = ""  # of all public archives; empty: not for who reads this one
    query: str = ""  # "?lang=de" where the address asked for a language: links to other pages keep it
    languages: Mapping[str, str] = field(default_factory=dict)  # names by code, for a visitor to choose from

    @property
    def overview(self) -> str:
        return f"{self.index}{self.query}"

    @property
    def listing(self) -> str:
        return f"{self.listing_page}{self.query}" if self.listing_page else ""

    def day(self, on: date) -> str:
        return f"{on}{self.page_end}{self.query}"

    def month(self, on: date) -> str:
        return f"{on:%Y-%m}{self.page_end}{self.query}"

    def file(self, on: date, ending: str) -> str:
        return f"{on}.{ending}"

    search_page = "search"
    saved = "saved"
    saved_feed = "saved.atom"
    feed_page = "feed.atom"

    @property
    def search(self) -> str:
        return f"{self.search_page}{self.query}"

    @property
    def feed(self) -> str:
        return f"{self.feed_page}{self.query}"

    def found(self, query: str) -> str:
        """Gives the address of a search, to which "&page=2" may be added; `query` is encoded already."""
        return f"{self.search}{'&' if self.query else '?'}q={query}"

    def saved_file(self, ending: str) -> str:
        return f"{self.saved}.{ending}"

    def absolute(self, page: str) -> str:
        """Puts the base URL in front of a page's, where it is known."""
        return f"{self.base_url}{page.removeprefix('./') if self.base_url else page}"
