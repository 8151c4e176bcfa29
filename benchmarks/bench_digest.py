"""What a digest asks of its reader: bytes, words, minutes and phone screens, for few papers and for many.

    python -m benchmarks.bench_digest [--papers 3 12 30 81 200] [--keep FOLDER]

The papers are recorded ones with a model's comments: the best of 7 October 2025 and, where that day has too few, of the
days after it (`tests/mail_samples.py` says where they lie). `minutes` are those that the mail names; `words` are the
visible ones of its HTML. `inlining` is how many times as long it takes to render the same mail by moving the styles
into the elements of each page: the baseline of bench_mails.py. Words and screens need Chromium. `--keep` writes each
mail's two parts to a folder, to look at.
"""

import argparse
import re
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import astuple, dataclass
from pathlib import Path

from selenium.webdriver import Chrome

from benchmarks.bench_mails import InliningEach
from newsletter.mail.render import Renderer
from newsletter.model import RenderedDigest
from tests import browser
from tests.mail_samples import CORPUS, HAS_CORPUS, RENDERER, Sample, real_digest

COUNTS = (3, 12, 30, 81, 200)
WIDTH, HEIGHT = 390, 844  # pixels of a usual phone
ROUNDS = 3
COLUMNS = ("papers", "HTML bytes", "text bytes", "words", "minutes", "screens", "ms", "inlining")
_MINUTES = re.compile(r"(\d+)\s+min\s+to\s+read")  # the digests are in English


@dataclass(frozen=True, slots=True)
class Row:
    papers: int
    html_bytes: int
    text_bytes: int
    words: int | None
    minutes: int
    screens: float | None
    render_ms: float
    inlining_ratio: float


def row(sample: Sample, count: int, chrome: Chrome | None) -> Row:
    mail = sample.render()
    words, screens = seen(mail.html, chrome) if chrome else (None, None)
    took = render_s(sample, RENDERER, ROUNDS)
    return Row(
        papers=count,
        html_bytes=len(mail.html.encode()),
        text_bytes=len(mail.text.encode()),
        words=words,
        minutes=minutes(mail),
        screens=screens,
        render_ms=1000 * took,
        inlining_ratio=render_s(sample, InliningEach(), 1) / took,
    )


def seen(html: str, chrome: Chrome) -> tuple[int, float]:
    """The visible words of a page, and how many screens of a phone it is long."""
    browser.set_screen(chrome, WIDTH, "light")
    browser.show(chrome, html)
    height = chrome.execute_script("return document.documentElement.scrollHeight")
    return len(chrome.execute_script("return document.body.innerText").split()), height / HEIGHT


def minutes(mail: RenderedDigest) -> int:
    """Raises ValueError for a mail that does not say it."""
    match = _MINUTES.search(mail.text)
    if match is None:
        raise ValueError("the text part does not say how many minutes it takes")
    return int(match[1])


def render_s(sample: Sample, renderer: Renderer, rounds: int) -> float:
    """Processor time of the fastest round; templates and papers are read before the clock runs."""
    sample.render(renderer)
    spent = []
    for _ in range(rounds):
        began = time.process_time()
        sample.render(renderer)
        spent.append(time.process_time() - began)
    return min(spent)


def cell(value: float | None) -> str:
    return "-" if value is None else f"{value:,}" if isinstance(value, int) else f"{value:.1f}"


def print_rows(counts: Sequence[int], keep: Path | None) -> None:
    print("".join(f"{name:>12}" for name in COLUMNS))
    with ExitStack() as stack:
        chrome = None if browser.IS_MISSING else stack.enter_context(browser.open_browser())
        for count in counts:
            sample = Sample(f"digest-{count}", real_digest(count))
            print("".join(f"{cell(value):>12}" for value in astuple(row(sample, count, chrome))), flush=True)
            if keep:
                write(sample, keep)
    if browser.IS_MISSING:
        print(f"words and screens are not measured: {browser.HOW_TO_GET}")


def write(sample: Sample, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    mail = sample.render()
    (folder / f"{sample.name}.html").write_text(mail.html, encoding="utf-8")
    (folder / f"{sample.name}.txt").write_text(mail.text, encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--papers", type=int, nargs="+", default=COUNTS, metavar="COUNT")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="write the parts of each mail there")
    options = parser.parse_args()
    if not HAS_CORPUS:
        parser.error(f"no recorded days at {CORPUS}; put the labelled corpus there")
    print_rows(options.papers, options.keep)


if __name__ == "__main__":
    main()
