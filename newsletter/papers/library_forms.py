"""Reads the text of a BibTeX, RIS, PubMed or CSL-JSON file record by record, and says what of it cannot be read. Pure.

A file is cut at the beginnings of its records, and its parser reads one record at a time, so that a broken one takes
no other along.
"""

from __future__ import annotations

import json
import re
from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import pairwise
from typing import Any, NamedTuple


class Record(NamedTuple):
    """A record as the file has it, with the line (from 1) on which it begins; "" for what it does not say."""

    line: int
    title: str
    abstract: str
    year: str


class Flaw(NamedTuple):
    """What cannot be read: the line (from 1), and what is wrong with the remedy."""

    line: int
    text: str


Found = Iterator[Record | Flaw]

_BREAKS_OFF = "the record breaks off; export the file anew"
NO_TITLE = "the record has no title that can be read; add one, or take the record out"
_UNBALANCED = "cannot be read; look for a brace or a quotation mark that is missing or too many"


def decode(data: bytes) -> tuple[str, list[Flaw]]:
    """Gives the text, with line feeds at the ends of its lines, and where it is in no Unicode.

    UTF-16 and UTF-32 are told by their first bytes. A line that is no UTF-8 is read as Windows-1252. Never raises.
    """
    encoding = json.detect_encoding(data)
    if not encoding.startswith("utf-8"):
        return _with_line_feeds(data.decode(encoding, "replace")), []
    lines, others = list[str](), list[int]()
    for number, line in enumerate(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"), 1):
        try:
            lines.append(line.decode())
        except UnicodeDecodeError:
            lines.append(line.decode("cp1252", "replace"))
            others.append(number)
    told = "this is no UTF-8 and is read as Windows-1252; export the file in UTF-8"
    return _with_line_feeds("\n".join(lines)), [Flaw(number, told) for number in others[:1]]


def _with_line_feeds(text: str) -> str:
    return text.replace("\ufeff", "").replace("\r\n", "\n").replace("\r", "\n")


# --- BibTeX -------------------------------------------------------------------------------------------

# At the beginning of a line, or behind another record. "{bee,ant}@hive (Rome)" is none.
_ENTRY = re.compile(
    r"^[ \t]*+,?[ \t]*+@[ \t]*+(?P<type>[A-Za-z][\w.:-]*+)?\s*+(?:[{(]|\Z)"
    r"|(?<=[})])[ \t]*+,?[ \t]*+@(?P<next_type>[A-Za-z][\w-]*+)[ \t]*+\{[^{}=\",\s]*+,",
    re.MULTILINE,
)
_FIELD = re.compile(
    r"(?:(?<=[\n,{(])|(?<=[}\"]\s))[ \t]*+[A-Za-z][\w.+:/-]*+(?: [A-Za-z][\w-]*+){0,3}\s*+="
    r"\s*+(?=[\"{\d]|[A-Za-z]\w*+\s*+[,}#])"
)
_OPENING = re.compile(r"[{(]|\Z")
_ESCAPED_BRACES = {"\\{": "\\lbrace ", "\\}": "\\rbrace "}  # which nobody balances, as BibTeX would have it
_COMMENT = re.compile(r"(?:^|(?<=[,}\"]))[ \t]*+%.*+$", re.MULTILINE)
_WANTED = ("title", "abstract", "year", "date")
_NO_RECORDS = ("string", "preamble")


def read_bibtex(text: str) -> Found:
    """Reads BibTeX, and biblatex's. What a record does not say of its title and year, that of its `crossref` says."""
    reader, records = _BibtexReader(), list[tuple[int, dict[str, Any]]]()
    line_of, begins = _line_counter(text), [*_ENTRY.finditer(text)]
    ends = [*(begin.start() for begin in begins[1:]), len(text)]
    for match, end in zip(begins, ends, strict=False):  # of a file without records there is an end alone
        kind = (match["type"] or match["next_type"] or "").lower()
        piece, line = text[text.index("@", match.start()) : end], line_of(match.start())
        if kind == "comment":
            continue
        entries = reader.read(piece)
        if entries is None and kind in _NO_RECORDS:
            yield Flaw(line, f"@{kind} {_UNBALANCED}")
        elif entries is None:
            entry, flaw = _read_fields(piece, reader)
            records += [(line, entry)] if entry else []
            if flaw:
                yield Flaw(line, flaw)
        else:
            records += [(line, entry) for entry in entries]
    spelt = [(line, {name: _spell(value) for name, value in entry.items()}) for line, entry in records]
    parents = {entry["ID"].lower(): entry for _, entry in reversed(spelt)}
    for line, entry in spelt:
        parent = parents.get(entry.get("crossref", "").lower(), {})
        title, year, date = (entry.get(name) or parent.get(name, "") for name in ("title", "year", "date"))
        yield _record(line, title or entry.get("booktitle", ""), entry.get("abstract", ""), year or date)


class _BibtexReader:
    """Gives pieces of one file to bibtexparser, which remembers the abbreviations that earlier pieces explain."""

    def __init__(self) -> None:
        from bibtexparser.bparser import BibTexParser  # noqa: PLC0415  half a second: who names no file waits for none

        self._parser = BibTexParser(common_strings=True, ignore_nonstandard_types=False, interpolate_strings=False)
        self._parser.expect_multiple_parse = True

    def read(self, piece: str) -> list[dict[str, Any]] | None:
        """Reads the records of a piece; None if it has something that is none and no abbreviation either."""
        database = self._parser.bib_database
        database.entries.clear()
        database.comments.clear()
        try:
            self._parser.parse(piece)
        except Exception:  # noqa: BLE001  it promises no kind of error, and some pieces are nested too deeply for it
            return None
        if any(comment.lstrip(" \t\n,").startswith("@") for comment in database.comments):
            return None
        return [*database.entries]


def _spell(value: Any) -> str:
    """Spells a value with its abbreviations; one that the file leaves to a style, "month = juli", says nothing here."""
    from bibtexparser.bibdatabase import BibDataStringExpression, UndefinedString, as_text  # noqa: PLC0415

    if isinstance(value, BibDataStringExpression):
        return "".join(map(_spell, value.expr))
    try:
        return str(as_text(value))
    except (UndefinedString, RecursionError):  # or one that is explained by itself
        return ""


def _read_fields(piece: str, reader: _BibtexReader) -> tuple[dict[str, Any], str]:
    """Reads a record that is broken field by field; says also what of it is lost, "" if that is nothing wanted."""
    piece, begin = _COMMENT.sub("", piece), f"@misc{(_OPENING.search(piece) or piece)[0]}x,"
    for brace, name in _ESCAPED_BRACES.items():
        piece = piece.replace(brace, name)
    starts = [match.start() for match in _FIELD.finditer(piece)]
    entry, lost, is_closed = dict[str, Any](ID=""), list[str](), False
    for start, end in pairwise([*starts, len(piece)]):
        field = piece[start:end].strip().removesuffix(",")
        whole = reader.read(f"{begin}\n{field}")
        is_closed = bool(whole)
        if found := whole or reader.read(f"@misc{{x,\n{field}\n}}"):
            entry = {**found[0], **entry}
        elif (name := field.partition("=")[0].strip().lower()) in _WANTED:
            lost.append(name)
    if "title" in lost or not starts:
        return {}, _BREAKS_OFF if piece.rstrip()[-1:] not in ("}", ")") else f"the record {_UNBALANCED}"
    if lost:
        return entry, f"the {' and the '.join(lost)} of the record {_UNBALANCED}"
    return entry, "" if is_closed else _BREAKS_OFF


# --- RIS ----------------------------------------------------------------------------------------------

# "TY  - JOUR" begins a record, and some programs write it with one blank; "PMID- 1" begins one of PubMed's. A file may
# break off within these letters.
_RIS_BEGIN = re.compile(r"^[ \t]*+(?:TY(?P<blank>[ \t]*+)-|PMID *+-|T(?:Y[ \t]*+)?\Z)", re.MULTILINE)
_RIS_END = re.compile(r"^[ \t]*+ER[ \t]{0,2}-[ \t]*+$", re.MULTILINE)
_RIS_TAG = re.compile(r"^(?:TI|T1|AB|N2|AU|A1)  -", re.MULTILINE)
_PUBMED_TAG = re.compile(r"^([A-Z]{2,4}) {0,2}- ?", re.MULTILINE)
_PUBMED_END = re.compile(r"^SO  - ", re.MULTILINE)
_PUBMED_IN_RIS = {"TI": "TI", "TT": "TT", "AB": "AB", "BTI": "BT", "DP": "PY"}

_RIS_TITLES = ("primary_title", "title", "title_of_unpublished", "title_of_book", "translated_title", "short_title")
_RIS_ABSTRACTS, _RIS_YEARS = ("abstract", "notes_abstract"), ("year", "publication_year", "date")
# Of these records T2 is the title of a book or a conference, of others that of a journal or a site.
_IN_BOOKS = frozenset("BOOK CHAP CONF CPAPER EBOOK ECHAP EDBOOK SER".split())


def read_ris(text: str) -> Found:
    """Reads RIS, and the form of PubMed. A record without its first or its last line is read as far as it goes."""
    import rispy  # noqa: PLC0415

    mapping = rispy.config.TAG_KEY_MAPPING | {"BT": "title_of_book", "CT": "title_of_unpublished"}
    line_of = _line_counter(text)
    marks = {match.start() for match in _RIS_BEGIN.finditer(text)} | {m.end() for m in _RIS_END.finditer(text)}
    for start, end in pairwise(sorted({0, *marks, len(text)})):
        piece = text[start:end]
        begin, tag = _RIS_BEGIN.search(piece), _RIS_TAG.search(piece)
        first = begin or tag
        if not first:
            continue
        line = line_of(start + first.start())
        if begin is None:
            piece, is_whole = f"TY  - GEN\n{piece}", False
        elif begin["blank"] is None:
            piece, is_whole = _pubmed_to_ris(piece), bool(_PUBMED_END.search(piece))
        else:
            tag_of_record = rf"^[ \t]*+([A-Z][A-Z0-9]){re.escape(begin['blank'])}-[ \t]?"
            piece, is_whole = re.sub(tag_of_record, r"\1  - ", piece, flags=re.MULTILINE), bool(_RIS_END.search(piece))
        if not is_whole:
            yield Flaw(line, _BREAKS_OFF if begin else "the record has no line TY; export the file anew")
        for record in rispy.loads(f"{piece}\nER  - ", mapping=mapping, skip_unknown_tags=True):
            is_in_book = record.get("type_of_reference", "").strip().upper() in _IN_BOOKS
            titles = (*_RIS_TITLES, "secondary_title") if is_in_book else _RIS_TITLES
            found = _record(line, *(_first(record, keys) for keys in (titles, _RIS_ABSTRACTS, _RIS_YEARS)))
            if is_whole or isinstance(found, Record):
                yield found


def _pubmed_to_ris(piece: str) -> str:
    """Writes the tags that are read as RIS has them; ZZ is none of RIS."""
    return "TY  - JOUR\n" + _PUBMED_TAG.sub(lambda match: f"{_PUBMED_IN_RIS.get(match[1], 'ZZ')}  - ", piece)


# --- CSL-JSON -----------------------------------------------------------------------------------------


def read_csl(text: str) -> Found:
    """Reads the items of a list, of an object that holds them in whatever way, or one by one.

    Of a broken file each whole item is read.
    """
    decoder, line_of = json.JSONDecoder(strict=False), _line_counter(text)
    first = re.search(r"[\[{]", text)
    place, sound_until = first.start() if first else len(text), 0
    items = re.compile(r"\{")
    try:
        if first:
            sound_until = decoder.raw_decode(text, place)[1]
    except json.JSONDecodeError as error:
        yield _no_json(error)
        sound_until = error.pos
    except RecursionError:
        yield Flaw(line_of(place), "this is nested too deeply; export the file anew")
        return
    while match := items.search(text, place):
        place = match.end()
        try:
            item, end = decoder.raw_decode(text, match.start())
        except json.JSONDecodeError as error:
            if error.pos > sound_until:
                yield _no_json(error)
                sound_until = error.pos
            continue
        if "title" not in item and _holds_items(item):
            continue
        place = end
        if "title" in item or "type" in item or "id" in item:
            issued = item.get("issued") or item.get("date")
            titles = _first(item, ("title", "title-short"))
            abstract = _first(item, ("abstract", "abstractNote"))
            yield _record(line_of(match.start()), titles, abstract, json.dumps(issued) if issued else "")


def _no_json(error: json.JSONDecodeError) -> Flaw:
    return Flaw(error.lineno, f"this is no JSON ({error.msg}), and the record around it is lost; export the file anew")


def _holds_items(document: dict[str, Any]) -> bool:
    """Tells whether there are items inside: in lists, as values, or as values of a value."""
    for value in document.values():
        inner = value if isinstance(value, list) else [value, *value.values()] if isinstance(value, dict) else []
        if any(isinstance(each, dict) and "title" in each for each in inner):
            return True
    return False


READERS: Mapping[str, tuple[str, Callable[[str], Found]]] = {
    "bib": ("BibTeX", read_bibtex),
    "bibtex": ("BibTeX", read_bibtex),
    "ris": ("RIS", read_ris),
    "nbib": ("PubMed", read_ris),
    "json": ("CSL-JSON", read_csl),
}


def _record(line: int, title: str, abstract: str, year: str) -> Record | Flaw:
    return Record(line, title, abstract, year) if title.strip() else Flaw(line, NO_TITLE)


def _first(record: Mapping[str, Any], keys: Iterable[str]) -> str:
    """Gives the first of these that says something; Crossref writes a title as a list of one."""
    found = next((record[key] for key in keys if record.get(key)), "")
    return " ".join(map(str, found)) if isinstance(found, list) else str(found)


def _line_counter(text: str) -> Callable[[int], int]:
    """Gives what tells the line, from 1 on, of the first sign at a place of the text or behind it."""
    feeds = [match.start() for match in re.finditer("\n", text)]
    signs = re.compile(r"\S|\Z")

    def line_of(place: int) -> int:
        sign = signs.search(text, place)
        return bisect(feeds, sign.start() if sign else place) + 1

    return line_of
