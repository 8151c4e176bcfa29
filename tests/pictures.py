"""Screenshots of sample mails, and a page that shows them side by side: what `./run pictures [FOLDER]` makes.

Takes the mails of mail_samples.py and the browser of browser.py. Judges nothing beyond what a picture must be; the
tests in tests/mail/ do.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from itertools import product
from pathlib import Path

from selenium import webdriver

from tests.browser import HEIGHT, HOW_TO_GET, IS_MISSING, open_browser, overflow, picture, set_screen, show
from tests.mail_samples import COUNTS, HAS_CORPUS, Sample, samples

ROOT = Path(__file__).parents[1]
WIDTHS = (320, 390, 600, 1200)
MODES = ("light", "dark")
README_SIZE = (660, 614)  # pixels of the screen: up to the second paper


@dataclass(frozen=True)
class Picture:
    mail: str
    width: int
    mode: str
    overflow: int  # pixels by which the mail is wider than the screen
    png: bytes  # the whole mail
    first: bytes  # what one sees of it without scrolling

    @property
    def file(self) -> str:
        return f"{self.mail}-{self.width}-{self.mode}.png"

    @property
    def file_of_first(self) -> str:
        return f"{self.mail}-{self.width}-{self.mode}-first.png"


def take(
    browser: webdriver.Chrome, name: str, html: str, widths: Sequence[int] = WIDTHS, modes: Sequence[str] = MODES
) -> Iterator[Picture]:
    """One mail on each screen."""
    for width, mode in product(widths, modes):
        set_screen(browser, width, mode)
        show(browser, html)
        yield Picture(name, width, mode, overflow(browser), picture(browser, width), picture(browser, width, HEIGHT))


def usual() -> list[Sample]:
    """What one looks at after each change: 5, 30 and 81 papers, recorded if possible, and five of the worst."""
    chosen = ("real-5", "real-30", "real-81", "made-5") if HAS_CORPUS else ("made-5", "made-30", "made-81")
    return [sample for sample in samples((5, 30, 81)) if sample.name in chosen]


def index(mails: Sequence[str], pictures: Sequence[Picture]) -> str:
    """A page with all of them, the narrow screens beside the wide one."""
    rows = []
    for mail, mode in product(mails, MODES):
        shown = [
            f'<a href="{escape(p.file)}"><img src="{escape(p.file)}" width="{min(p.width, 600)}" loading="lazy"'
            f' alt="{p.width} pixels, {p.mode}{f", too wide by {p.overflow}" if p.overflow > 0 else ""}"></a>'
            for p in pictures
            if (p.mail, p.mode) == (mail, mode)
        ]
        links = f'<a href="{escape(mail)}.html">HTML</a> <a href="{escape(mail)}.txt">text</a>'
        rows.append(f"<h2>{escape(mail)}, {mode}</h2><p>{links}</p><div>{''.join(shown)}</div>")
    style = "body{font:16px sans-serif;margin:2em}div{display:flex;gap:1em;align-items:start;overflow-x:auto}"
    head = f'<!DOCTYPE html><html lang="en"><meta charset="utf-8"><title>Mails</title><style>{style}</style>'
    return head + "".join(rows)


def make_folder(folder: Path, chosen: Sequence[Sample]) -> list[Picture]:
    """Every mail as HTML, as text and on every screen; index.html shows all."""
    folder.mkdir(parents=True, exist_ok=True)
    taken: list[Picture] = []
    with open_browser() as browser:
        for sample in chosen:
            mail = sample.render()
            (folder / f"{sample.name}.html").write_text(mail.html, encoding="ascii")
            (folder / f"{sample.name}.txt").write_text(f"Subject: {mail.subject}\n\n{mail.text}", encoding="utf-8")
            for one in take(browser, sample.name, mail.html):
                (folder / one.file).write_bytes(one.png)
                (folder / one.file_of_first).write_bytes(one.first)
                taken.append(one)
            print(f"{sample.name}: {len(mail.html):,} bytes of HTML")  # noqa: T201
    (folder / "index.html").write_text(index([sample.name for sample in chosen], taken), encoding="utf-8")
    return taken


def make_for_readme(mail: Path) -> None:
    """Writes docs/digest-light.png and docs/digest-dark.png: the beginning of this mail."""
    with open_browser() as browser:
        for mode in MODES:
            set_screen(browser, README_SIZE[0], mode)
            show(browser, mail.read_text(encoding="utf-8"))
            (ROOT / "docs" / f"digest-{mode}.png").write_bytes(picture(browser, *README_SIZE))


def main(arguments: Sequence[str]) -> None:
    options = argparse.ArgumentParser(prog="./run pictures", description="Screenshots of sample mails.")
    options.add_argument("folder", nargs="?", type=Path, default=ROOT / "pictures")
    options.add_argument("--all", action="store_true", help="200 papers too, and as many made-up ones each time")
    options.add_argument("--readme", type=Path, metavar="MAIL", help="only those of README.md, of this mail (HTML)")
    chosen = options.parse_args(arguments)
    if IS_MISSING:
        sys.exit(f"error: {HOW_TO_GET}")
    if chosen.readme:
        make_for_readme(chosen.readme)
        return
    for one in make_folder(chosen.folder, samples(COUNTS) if chosen.all else usual()):
        if one.overflow > 0:
            print(f"{one.file}: {one.overflow} pixels wider than the screen")  # noqa: T201
    print(f"file://{(chosen.folder / 'index.html').resolve()}")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
