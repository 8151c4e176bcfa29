"""Finds the links to a paper: its abstract, PDF and HTML at its source, and the code that its abstract names. Pure.

Links to arXiv carry no version, so that they open the latest one; `version_url` alone is of a version. Those of other
sources come with the paper.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from newsletter.model import Paper

_FIRST_HTML = "2312"  # arXiv makes HTML of papers since December 2023 (blog.arxiv.org, 21 December 2023)
_MODERN_ID = re.compile(r"\d{4}\.\d{4,5}")
# A repository, not a page about one: two names after the host; of Hugging Face also what comes under a kind.
_CODE = re.compile(
    r"(?:https?://)?(?:www\.)?"
    r"(github\.com|gitlab\.com|codeberg\.org|bitbucket\.org|huggingface\.co(?:/(?:datasets|spaces))?)"
    r"/([A-Za-z0-9][A-Za-z0-9_.-]*)/([A-Za-z0-9_.-]*[A-Za-z0-9_-])",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class PaperLinks:
    """Addresses of one paper; an empty one has no such page. `name` is what its abstract's page is shown as."""

    name: str
    abstract: str
    pdf: str
    html: str
    code: str


def paper_links(paper: Paper) -> PaperLinks:
    if origin := paper.origin:
        return PaperLinks(origin.name, origin.url, origin.pdf, origin.html, code_url(paper.abstract))
    return PaperLinks(
        name=paper.arxiv_id,
        abstract=paper.abs_url,
        pdf=f"https://arxiv.org/pdf/{paper.arxiv_id}",
        html=f"https://arxiv.org/html/{paper.arxiv_id}" if has_html(paper.arxiv_id) else "",
        code=code_url(paper.abstract),
    )


def version_url(paper: Paper) -> str:
    """Gives the page of this very version; its history, with the other versions, is on it.

    Other sources than arXiv say themselves where a version lies.
    """
    return paper.abs_url if paper.origin else f"{paper.abs_url}v{paper.version}"


def has_html(arxiv_id: str) -> bool:
    """Whether arXiv has made HTML of papers of that age; of a few it could not."""
    return bool(_MODERN_ID.fullmatch(arxiv_id)) and _FIRST_HTML <= arxiv_id[:4] < "9000"


def code_url(abstract: str) -> str:
    r"""Finds the first repository that the abstract names, always as https; empty if there is none.

    TeX escapes (`\_`) are undone. What is cut off by a line break stays cut off: nobody can know the rest.
    """
    found = _CODE.search(abstract.replace("\\_", "_"))
    return f"https://{found[1].lower()}/{found[2]}/{found[3].removesuffix('.git')}" if found else ""
