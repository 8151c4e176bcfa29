"""A bundled arXiv announcement, so that a first look at the digest needs no network.

`PATH` is one combined Atom feed as arXiv serves it, for `sources.recorded`. Ids, titles, authors and categories
are arXiv's metadata (CC0) of papers announced on 7 October 2025. The abstracts are short descriptions written for
this sample, not the authors' words; version numbers and licences in it are placeholders.
"""

from pathlib import Path

PATH: Path = Path(__file__).with_name("announcement.atom")
