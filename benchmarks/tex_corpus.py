"""Counts what readers would stumble over in titles, names, abstracts and comments of recorded days, after conversion.

    python benchmarks/tex_corpus.py FOLDER… [--examples 5]

Each argument is a folder, searched for days (*.jsonl.gz), labels (*.jsonl) and feeds (*.atom, *.rss). Prints a table of
the kinds of text, the places that are left, formulas that stay text by reason, and texts a second.
"""

import argparse
import gzip
import json
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from newsletter.papers.latex import Part, Readable, parts, readable, readable_name, readable_report
from newsletter.papers.latex.mathml import mathml_or_reason
from newsletter.papers.latex.tables import SILENT
from newsletter.sources.feed import parse_feed

READERS: dict[str, Callable[[str], str]] = {
    "title": readable,
    "author": readable_name,
    "abstract": readable,
    "comment": readable,
}
_TEX = re.compile(r"[\\${}~`^_]|--|''")
_URL = re.compile(r"(?:https?://|www\.|git(?:hub|lab)\.com/|huggingface\.co/)\S+")
# What stops a reader. Not counted, as they are the plain spelling and meant: $5, x_max, e^(ab), {0,1} in pairs, ~10.
STUMBLES = {
    "command": re.compile(r"\\[A-Za-z]+"),
    "backslash": re.compile(r"\\(?![A-Za-z])"),
    "dollar": re.compile(r"\$(?!\s?[\d.])"),
    "script": re.compile(r"[\^_]\{|\^(?=[\s,.;]|$)"),
    "power": re.compile(r"(?<=[\w)\]])\^[-+]?\d+(?![\w.^])"),
    "tie": re.compile(r"(?<=[A-Za-z])~(?=[A-Z])|~~"),
    "dashes": re.compile(r"(?<=\w)--(?=\w)"),
    "quotes": re.compile(r"``|(?<!\d)''|`"),
    "gap": re.compile(r"\(\s*\)|\[\s*\]|(?<![_^])\(\s*[,;]|  "),
    "unseen": re.compile("[\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufffd]"),
}
_MACRO = re.compile(r"\\(?:[A-Za-z]+|.)", re.S)
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\s*\{[A-Za-z]+\*?\}")
_LEFT_OUT_ON_PURPOSE = re.compile(
    rf"\\(?:{'|'.join(sorted(SILENT))}|textcolor|unicode|hyperlink)\*?\s*(?:\[[^\]]*\]){{0,2}}\s*\{{(?:[^{{}}]|\{{[^{{}}]*\}})*\}}"
    r"|\\replaced\s*\{[^}]*\}\s*\{[^}]*\}|\\sqrt\[[34]\]|\\i?on\s*\{[^}]*\}\s*\{\d\}|\\[a-z]\{[a-z]{2,7}\}"
)
_HREF = re.compile(r"\\href\s*\{([^}]*)\}")


@dataclass
class Census:
    """The counts of one kind of text, and the places behind them."""

    texts: int = 0
    with_tex: int = 0
    changed: int = 0
    fell_back: int = 0
    swollen: int = 0  # grown by more than a tenth and ten characters
    lost: list[str] = field(default_factory=list)
    stumbles: dict[str, list[str]] = field(default_factory=dict)

    def add(self, kind: str, text: str) -> None:
        report = Readable(readable_name(text), fell_back=False) if kind == "author" else readable_report(text)
        shown, plain = report.text, " ".join(text.split())
        self.texts += 1
        self.changed += shown != plain
        self.fell_back += report.fell_back
        if not _TEX.search(text) and shown == plain:
            return
        self.with_tex += 1
        self.swollen += len(shown) > 1.1 * len(plain) + 10
        if lost := characters_lost(text, shown):
            self.lost.append(f"{lost}: {plain[:200]}")
        self._look_for_stumbles(_URL.sub("URL", shown))

    def _look_for_stumbles(self, shown: str) -> None:
        for name, pattern in STUMBLES.items():
            for match in pattern.finditer(shown):
                place = shown[max(0, match.start() - 40) : match.end() + 30]
                self.stumbles.setdefault(name, []).append(place)
        if shown.count("{") != shown.count("}"):
            self.stumbles.setdefault("brace", []).append(shown[max(0, shown.find("{") - 40) :][:90])


def characters_lost(text: str, shown: str) -> str:
    """Letters and digits of the source that are neither shown nor part of a macro that stands for something else."""
    text = _HREF.sub(lambda match: "" if match[1].rstrip("/") in shown else match[0], text)  # shown once is enough
    source = _MACRO.sub(" ", _ENVIRONMENT.sub(" ", _LEFT_OUT_ON_PURPOSE.sub(" ", text)))
    return "".join((_letters(source) - _letters(shown)).elements())


def _letters(text: str) -> Counter[str]:
    counted = Counter(unicodedata.normalize("NFKD", text).lower())  # all first: a filter in front is ten times slower
    return Counter({char: number for char, number in counted.items() if char.isalnum()})


@dataclass
class Formulas:
    """How many formulas became MathML, and why the others did not."""

    seen: int = 0
    different: set[Part] = field(default_factory=set)
    failed: dict[str, list[str]] = field(default_factory=dict)

    def add(self, text: str) -> None:
        for part in parts(text):
            if part.tex:
                self.seen += 1
                self._typeset(part)

    def _typeset(self, part: Part) -> None:
        if part not in self.different:
            self.different.add(part)
            reason = mathml_or_reason(part)[1]
            if reason:
                self.failed.setdefault(reason, []).append(part.tex)

    @property
    def n_failed(self) -> int:
        return sum(map(len, self.failed.values()))


def files_of(folder: Path) -> list[Path]:
    return [file for ending in ("*.jsonl.gz", "*.jsonl", "*.atom", "*.rss") for file in sorted(folder.rglob(ending))]


def read_texts(files: Iterable[Path]) -> Iterator[tuple[str, str]]:
    """(kind, text) of everything recorded in them; the same text may come more than once."""
    for file in files:
        if file.suffix == ".gz":
            with gzip.open(file, "rt", encoding="utf-8") as lines:
                for line in lines:
                    paper = json.loads(line)
                    yield from _texts_of(paper["title"], paper["abstract"], paper["authors"])
        elif file.suffix == ".jsonl":
            for line in file.read_text(encoding="utf-8").splitlines():
                labels = json.loads(line)["labels"]
                yield from (("comment", label["comment"]) for label in labels if label.get("comment"))
        else:
            category = re.split(r"-\d", file.stem)[0].replace("combined", "cs.LG")
            for announcement in parse_feed(file.read_bytes(), category).announcements:
                yield from _texts_of(announcement.paper.title, announcement.paper.abstract, announcement.paper.authors)


def _texts_of(title: str, abstract: str, authors: Iterable[str]) -> Iterator[tuple[str, str]]:
    yield "title", title
    yield "abstract", abstract
    yield from (("author", name) for name in authors)


def count(texts: Iterable[tuple[str, str]]) -> dict[str, Census]:
    counted = {kind: Census() for kind in READERS}
    for kind, text in dict.fromkeys(texts):
        counted[kind].add(kind, text)
    return counted


def print_table(counted: dict[str, Census], n_examples: int) -> None:
    print("| | texts | with TeX | changed | fell back | letters lost | swollen | places left |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for kind, census in counted.items():
        left = sum(map(len, census.stumbles.values()))
        changes = (census.texts, census.with_tex, census.changed)
        faults = (census.fell_back, len(census.lost), census.swollen, left)
        print(f"| {kind} |", " | ".join(f"{number:,}" for number in (*changes, *faults)), "|")
    for kind, census in counted.items():
        for name, places in sorted([*census.stumbles.items(), ("letters lost", census.lost)]):
            if places:
                print(f"\n{kind}: {name}: {len(places)}")
            for place in places[:n_examples]:
                print("   ", place)


def count_formulas(texts: Iterable[str]) -> Formulas:
    formulas = Formulas()
    for text in texts:
        formulas.add(text)
    return formulas


def print_formulas(formulas: Formulas, n_examples: int) -> None:
    n_different = len(formulas.different)
    n_typeset = n_different - formulas.n_failed
    print(f"\n{formulas.seen:,} formulas, {n_different:,} different, {n_typeset:,} of them MathML")
    for reason, sources in sorted(formulas.failed.items(), key=lambda item: -len(item[1])):
        print(f"  {len(sources)} {reason}")
        for source in sources[:n_examples]:
            print("     ", source[:150])


def print_speed(kind: str, texts: list[str]) -> None:
    started = time.process_time()
    for text in texts:
        READERS[kind](text)
    seconds = time.process_time() - started
    least = time.process_time()
    for text in texts:
        " ".join(text.split())
    least = time.process_time() - least
    print(f"{kind}: {len(texts) / seconds:,.0f} a second, {seconds / least:.0f} times as long as joining its lines")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--examples", type=int, default=5)
    options = parser.parse_args()
    texts = list(dict.fromkeys(pair for folder in options.folders for pair in read_texts(files_of(folder))))
    print_table(count(texts), options.examples)
    print_formulas(count_formulas(text for kind, text in texts if kind != "author"), options.examples)
    print()
    readable(r"$\alpha$")
    for kind in READERS:
        print_speed(kind, [text for other, text in texts if other == kind])


if __name__ == "__main__":
    main()
