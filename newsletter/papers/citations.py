"""Writes papers as BibTeX and RIS, for reference managers. Pure; which papers is for others to say.

BibTeX keeps a title's TeX, with what would break the file made harmless, and everything else in Unicode (UTF-8), which
biber, BibTeX with inputenc, JabRef and Zotero read. RIS knows no TeX: there all is readable text. arXiv gives names as
"First Last (Affiliation)"; both formats want "Last, First" and no affiliation.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from newsletter.model import Origin, Paper
from newsletter.papers.categories import TITLES, is_arxiv, is_feed, is_openreview, show_category, within_source
from newsletter.papers.latex import readable, readable_name
from newsletter.papers.venues import OFFERED, is_meeting

_MODERN_ID = re.compile(r"(\d\d)(\d\d)\.\d{4,5}")
_OLD_ID = re.compile(r"[a-z-]+(?:\.[A-Z]{2})?/(\d\d)(\d\d)\d{3}")
_SUFFIX = re.compile(r"(?:Jr|Sr)\.?|I{2,3}|IV", re.IGNORECASE)
# Words of which a person's name has none; whoever has one is several.
_GROUP = re.compile(r"\b(?:collaborations?|consorti(?:um|a)|team|group|project|network|survey|et al)\b", re.IGNORECASE)
_ESCAPED = re.compile(r"\\[\\{}]|[{}]")
_BARE = re.compile(r"(?<!\\)((?:\\\\)*)([%&#])")
_IN_TEXT = {"%": r"\%", "&": r"\&", "#": r"\#", "_": r"\_", "$": r"\$", "~": r"\textasciitilde{}"}
_IN_TEXT |= {"^": r"\textasciicircum{}", "\\": r"\textbackslash{}", "{": "(", "}": ")"}


def bibtex(papers: Iterable[Paper], keywords: Mapping[str, str] = MappingProxyType({})) -> str:
    """Writes a BibTeX entry for each paper; its key holds the id and is therefore no other paper's.

    `keywords` are plain words by arXiv id, which reference managers show and bibliographies do not print.
    """
    return "\n".join(_bibtex_entry(paper, keywords.get(paper.arxiv_id, "")) for paper in papers)


def ris(papers: Iterable[Paper], keywords: Mapping[str, str] = MappingProxyType({})) -> str:
    """Writes an RIS record for each paper, lines ended by CR LF as the format has it. `keywords` as in `bibtex`."""
    return "".join(_ris_record(paper, keywords.get(paper.arxiv_id, "")) for paper in papers)


def _bibtex_entry(paper: Paper, keyword: str) -> str:
    fields = (
        ("title", f"{{{_tex_title(paper.title)}}}"),  # twice in braces: a style may not change its capitals
        ("author", " and ".join(map(_tex_name, people(paper.authors)))),
        *_bibtex_place(paper),
        ("url", _plain_url(paper.abs_url)),
        ("keywords", keyword),
    )
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields if value)
    return f"@{_bibtex_type(paper)}{{{_key(paper)},\n{lines}\n}}\n"


def _bibtex_type(paper: Paper) -> str:
    if _is_at_meeting(paper):
        return "inproceedings"
    return "article" if _is_article(paper) else "misc"


def _bibtex_place(paper: Paper) -> tuple[tuple[str, str], ...]:
    """Where it appeared: arXiv's papers with the three fields that styles know, a journal's with its DOI."""
    if paper.origin is None:
        category = paper.primary if is_arxiv(paper.primary) else ""
        eprint = (("eprint", paper.arxiv_id), ("archivePrefix", "arXiv"), ("primaryClass", category))
        return (("year", year_of(paper)), *eprint)
    name = _plain(_one_line(_place_name(paper, paper.origin)))
    field = "booktitle" if _is_at_meeting(paper) else "journal" if _is_article(paper) else "howpublished"
    return ((field, name), ("year", year_of(paper)), ("doi", _plain_url(paper.origin.doi)))


def _is_article(paper: Paper) -> bool:
    """Whether it can be cited as one: what has a DOI stands in a journal, or on a preprint server that is cited so.

    OpenReview's journals give none.
    """
    return paper.origin is not None and (bool(paper.origin.doi) or is_openreview(paper.primary))


def _is_at_meeting(paper: Paper) -> bool:
    return paper.origin is not None and is_openreview(paper.primary) and is_meeting(within_source(paper.primary))


def _place_name(paper: Paper, origin: Origin) -> str:
    """What it appeared in: of a venue its own name, since what a paper says of it ("ICLR 2026 Oral") tells its rank."""
    if not is_openreview(paper.primary):
        return origin.name
    return OFFERED.get(within_source(paper.primary), show_category(paper.primary))


def _ris_record(paper: Paper, keyword: str) -> str:
    words = [show_category(each) for each in paper.categories if not is_feed(each)]
    values = (
        ("TY", _ris_type(paper)),
        ("TI", readable(paper.title)),
        *(("AU", name) for name in people(paper.authors)),
        ("PY", year_of(paper)),
        ("AB", readable(paper.abstract)),
        *(("KW", word) for word in (*words, keyword)),
        *_ris_place(paper),
        ("UR", paper.abs_url),
    )
    lines = [f"{tag}  - {line}" for tag, value in values if (line := _one_line(value))]
    return "".join(f"{line}\r\n" for line in (*lines, "ER  - "))


def _ris_type(paper: Paper) -> str:
    if paper.origin is None or _is_preprint(paper.origin):
        return "UNPB"
    if _is_at_meeting(paper):
        return "CPAPER"
    return "JOUR" if _is_article(paper) else "BLOG"


def _ris_place(paper: Paper) -> tuple[tuple[str, str], ...]:
    if paper.origin is None:
        return ("AN", f"arXiv:{paper.arxiv_id}"), ("PB", "arXiv")
    name = ("PB" if _ris_type(paper) == "UNPB" else "T2", _place_name(paper, paper.origin))
    on = f"{paper.published_on:%Y/%m/%d}" if paper.published_on else ""
    return name, ("DA", on), ("DO", paper.origin.doi)


def _is_preprint(origin: Origin) -> bool:
    return origin.name in TITLES.values()


def year_of(paper: Paper) -> str:
    """The year of publication, or else of the id; empty if nothing says it."""
    return f"{paper.published_on.year}" if paper.published_on else year(paper.arxiv_id)


def year(arxiv_id: str) -> str:
    """The year of submission, as the id says; empty for an id that does not."""
    match = _MODERN_ID.fullmatch(arxiv_id) or _OLD_ID.fullmatch(arxiv_id)
    if not match:
        return ""
    return f"{19 if '/' in arxiv_id and match[1] >= '91' else 20}{match[1]}"


# --- names --------------------------------------------------------------------------------------------


def people(authors: Sequence[str]) -> list[str]:
    """Each author as "Last, First" or, for a group and for a single word, as it is; what is no name is left out."""
    names = (_one_line(_without_affiliation(readable_name(author))) for author in authors)
    return [last_first(name) for name in names if any(char.isalpha() for char in name)]


def last_first(name: str) -> str:
    """ "van der Berg, Anna" for "Anna van der Berg": lower-case words before the last one belong to it.

    "Jr." and the like stand between, as BibTeX wants it: "Davidson, Jr., James W.".
    """
    if is_group(name):
        return name
    words = name.replace(",", " ").split()
    suffix = words.pop() if len(words) > 2 and _SUFFIX.fullmatch(words[-1]) else ""
    at = len(words) - 1
    while at > 0 and words[at - 1][:1].islower():
        at -= 1
    first, last = " ".join(words[:at]), " ".join(words[at:])
    return ", ".join(part for part in (last, suffix, first) if part) if first else " ".join((last, suffix)).strip()


def is_group(name: str) -> bool:
    return bool(_GROUP.search(name))


def _without_affiliation(name: str) -> str:
    """Removes what is in parentheses, in one pass; a name of nothing else stays as it is."""
    chars: list[str] = []
    depth = 0
    for char in name:
        depth += char == "("
        if depth == 0:
            chars.append(char)
        depth -= char == ")" and depth > 0
    return "".join(chars).strip(" ,;:") or name


# --- TeX ----------------------------------------------------------------------------------------------


def _key(paper: Paper) -> str:
    """`noether_2510.05064`: ASCII letters of the first author's last name, and the id."""
    first = next(iter(people(paper.authors)), "")
    letters = unicodedata.normalize("NFKD", first if is_group(first) else first.partition(",")[0])
    name = "".join(char for char in letters.lower() if "a" <= char <= "z")[:20]
    return f"{name or ('paper' if paper.origin else 'arxiv')}_{re.sub(r'[^A-Za-z0-9.-]', '_', paper.arxiv_id)}"


def _tex_name(name: str) -> str:
    """Puts braces around a group, and around what BibTeX would take for two names."""
    safe = _plain(name)
    return f"{{{safe}}}" if is_group(name) or "," not in name or " and " in f" {name.lower()} " else safe


def _plain_url(text: str) -> str:
    """An address or a DOI: reference managers take it as it is, so only what would end the field is written anew."""
    return "".join({"{": "%7B", "}": "%7D", "\\": "%5C"}.get(char, char) for char in text if char.isprintable())


def _plain(text: str) -> str:
    return "".join(_IN_TEXT.get(char, char) for char in text)


def _tex_title(title: str) -> str:
    """The title in its own TeX, if that is whole: braces and dollars in pairs. Else as readable text."""
    text = _one_line(title)
    if not _is_whole(text):
        return _plain(readable(title))
    return _BARE.sub(r"\1\\\2", text)


def _is_whole(text: str) -> bool:
    """Whether braces and dollars come in pairs. BibTeX counts braces behind a backslash, too."""
    depth = 0
    for found in _ESCAPED.findall(text):
        depth += {"{": 1, "}": -1, "\\{": 1, "\\}": -1}.get(found, 0)
        if depth < 0:
            return False
    dollars = len(re.findall(r"(?<!\\)\$", text))
    outside_math = re.sub(r"(?<!\\)\$[^$]*\$", "", text)
    return depth == 0 and dollars % 2 == 0 and not text.endswith("\\") and not re.search(r"(?<!\\)[_^]", outside_math)


def _one_line(text: str) -> str:
    """Printable characters, single spaces: nothing in a title begins a line of its own."""
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.split())
