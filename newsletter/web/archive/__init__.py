"""The archive: every digest that left, as pages, files and a feed, for the web part and for a folder of files.

`editions.py` says which digests there are, `pages.py` fills the templates, `month.py`, `charts.py` and `search.py`
are pure and know no page; `export.py` writes files. What is kept of a digest is run/digest.py's business.
"""

from newsletter.web.archive.editions import Catalogue
from newsletter.web.archive.export import INDEX, Built, build, build_list, count_pages, edition
from newsletter.web.archive.pages import BIBTEX, MARKDOWN, RIS, Edition

__all__ = [
    "BIBTEX",
    "INDEX",
    "MARKDOWN",
    "RIS",
    "Built",
    "Catalogue",
    "Edition",
    "build",
    "build_list",
    "count_pages",
    "edition",
    "urls",
]
