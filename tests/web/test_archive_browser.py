"""The archive's pages in a real browser: by keyboard, small and dark, with text that wants to break them."""

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from newsletter.files import resources
from newsletter.model import SavedPaper, Usage
from newsletter.papers.latex.mathml import typeset
from newsletter.signing import Purpose
from newsletter.theme import stylesheet
from newsletter.web import Archives, create_app
from newsletter.web.archive.editions import ArchivedDigests
from newsletter.web.archive.export import edition_of_files, write_edition, write_listing
from tests import TESTS, make
from tests.archives import WHO, digest, entry, mail, pages
from tests.browser import AXE, HOW_TO_GET, IS_MISSING, NO_AXE, TOOLS, axe_problems, overflow, served, set_screen, show
from tests.fakes import MemoryStore
from tests.web.site import SIGNER, part_of

pytestmark = pytest.mark.skipif(IS_MISSING, reason=HOW_TO_GET)
NODE = shutil.which("node")
TOKEN = SIGNER.link(Purpose.ARCHIVE, WHO)
ROOTLESS = """
@font-face { font-family: Rootless; src: local("DejaVu Sans"); unicode-range: U+0-7F; }
math { font: 17px Rootless, sans-serif; }
"""
ENDLESS = "x" * 300
FORMULA = "$" + "+".join(f"\\alpha_{number % 10}" for number in range(60)) + "$"
LENGTHS = " ".join(f"$\\mathrm{{{'W' * number}}}$" for number in range(8, 44, 4))
LAST = make.TUESDAY + timedelta(days=1)
PAGES = (
    *(
        f"{TOKEN}/2026-01-06",
        f"{TOKEN}/{LAST}",
        f"{TOKEN}/2026-01",
        f"{TOKEN}/search?q=paper",
        f"{TOKEN}/search",
        f"{TOKEN}/saved",
    ),
    *(
        f"{TOKEN}/2026-01-01",
        "dead/",
        "",
        "local-group/2026-01",
        "local-group/2026-01-06?lang=de",
        "empty/",
    ),
)


def filled() -> MemoryStore:
    store = MemoryStore()
    plain = [replace(entry(1, categories=("cs.LG", "cs.AI")), pinned_author="Ada Lovelace"), entry(2, relevance=10)]
    usage = Usage(81_234, 4_321, 1_024, Decimal("0.02"), Decimal("0.01"))
    mail(store, digest(make.TUESDAY, plain, usage=usage, notices=("A notice.",), prompt="Choose.\n\n  - this"))
    hostile = {
        "title": f"{ENDLESS} {FORMULA}",
        "abstract": f"{ENDLESS} {FORMULA} {LENGTHS} github.com/{'a' * 80}/{'b' * 80}",
    }
    broken = entry(3, "2312.00003", **hostile, authors=(ENDLESS,), categories=("cs.LG",) * 40)
    broken = replace(broken, score=replace(broken.score, comment=f"{ENDLESS} {FORMULA}"), pinned_author=ENDLESS)
    for kept in (plain[0], broken):
        store.save_paper(SavedPaper(WHO, make.NOW, kept.paper), most=9)
    mail(store, digest(LAST, [broken], notices=(ENDLESS,), prompt=ENDLESS, scorer=ENDLESS))
    return store


@dataclass(frozen=True)
class Site:
    browser: webdriver.Chrome
    base: str

    def open(self, page: str, *, width: int = 1200, mode: str = "light") -> None:
        set_screen(self.browser, width, mode)
        self.browser.get(f"{self.base}/archive/{page}")
        self.browser.execute_script("document.querySelectorAll('details').forEach((each) => each.open = true)")

    def all(self, css: str):  # type: ignore[no-untyped-def]
        return self.browser.find_elements(By.CSS_SELECTOR, css)


@pytest.fixture
def site(browser: webdriver.Chrome) -> Iterator[Site]:
    archives = Archives(pages(), public=lambda: {"local-group": WHO, "empty": "s_empty234"})
    app = create_app(replace(part_of(filled()), archives=archives))
    with served(app, browser) as base:
        yield Site(browser, base)


@pytest.mark.parametrize(("width", "mode"), [(320, "dark"), (1200, "light")])
def test_no_page_is_wider_than_its_screen_whatever_it_says_and_axe_finds_nothing(
    site: Site, width: int, mode: str
) -> None:
    for page in PAGES:
        site.open(page, width=width, mode=mode)
        for narrower in (600, width) if mode == "light" else (width,):
            set_screen(site.browser, narrower, mode)
            assert overflow(site.browser) <= 0, (page, narrower)
        if AXE.is_file():
            assert axe_problems(site.browser) == [], page
    if not AXE.is_file():
        pytest.skip(NO_AXE)


@pytest.mark.parametrize("width", [320, 600, 1200])
def test_a_formula_that_scrolls_does_so_by_keyboard(site: Site, width: int) -> None:
    site.open(f"{TOKEN}/{LAST}", width=width)
    found = """return [...document.querySelectorAll('main *')].filter((each) =>
        each.scrollWidth > each.clientWidth + 1 && /auto|scroll/.test(getComputedStyle(each).overflowX))"""
    scrolling = site.browser.execute_script(found)
    assert scrolling
    for each in scrolling:
        link = each if each.tag_name == "a" else next(iter(each.find_elements(By.TAG_NAME, "a")), None)
        if not link:
            assert each.get_attribute("tabindex") == "0", each.get_attribute("outerHTML")[:200]
            assert each.get_attribute("role")
            assert each.get_attribute("aria-label").startswith("Formula ")
        (link or each).send_keys(Keys.ARROW_RIGHT)
        WebDriverWait(site.browser, 5, 0.05).until(lambda _, at=each: int(at.get_property("scrollLeft")) > 0)


@pytest.mark.parametrize("tex", [r"\sqrt{N}", r"O(\sqrt{N+1})", r"\sqrt[3]{N}", r"\frac{1}{\sqrt{N}}", r"\sqrt{N}^2"])
def test_a_root_is_drawn_by_a_font_that_has_none(browser: webdriver.Chrome, tex: str) -> None:
    """Of <msqrt> Chromium draws nothing but the N then."""
    browser.get("about:blank")
    plain = re.sub(r"\\sqrt(?:\[3\])?", "", tex)
    formulas = "<br>".join(typeset(f"${each}$")[0].mathml for each in (plain, tex))
    show(browser, f"<!doctype html><meta charset='utf-8'><style>{ROOTLESS}</style>{formulas}")
    browser.execute_async_script("document.fonts.ready.then(arguments[0])")
    without, with_root = (each.rect["width"] for each in browser.find_elements(By.TAG_NAME, "math"))
    assert with_root - without > 5


@pytest.mark.skipif(not (TOOLS.is_dir() and NODE), reason="no html-validate here; ./run tools brings it")
def test_every_page_is_valid_html() -> None:
    archives = Archives(pages(), public=lambda: {"local-group": WHO, "empty": "s_empty234"})
    client = create_app(replace(part_of(filled()), archives=archives)).test_client()
    shown = json.dumps({page: client.get(f"/archive/{page}").text for page in PAGES})
    judge = [str(NODE), str(TESTS / "tools/pages.mjs")]
    done = subprocess.run(judge, input=shown, capture_output=True, text=True, check=True)
    assert {page: problems for page, problems in json.loads(done.stdout).items() if problems} == {}


def test_a_choice_is_made_and_exported_by_keyboard_alone(site: Site) -> None:
    site.open(f"{TOKEN}/2026-01-06")
    seen: list[str] = []

    def press(key: str) -> None:
        site.browser.switch_to.active_element.send_keys(key)

    def tab_to(is_there) -> None:  # type: ignore[no-untyped-def]
        for _ in range(40):
            press(Keys.TAB)
            at = site.browser.switch_to.active_element
            seen.append(at.get_attribute("outerHTML")[:80])
            outline = site.browser.execute_script("return getComputedStyle(document.activeElement).outlineStyle")
            assert outline == "solid", seen[-1]
            if is_there(at):
                return
        raise AssertionError(seen)

    tab_to(lambda at: at.text == "Skip to the content")
    press(Keys.ENTER)
    tab_to(lambda at: at.get_attribute("value") == "2601.00002")
    press(Keys.SPACE)
    tab_to(lambda at: at.text == "Markdown")
    request = site.browser.execute_script(
        "const button = document.activeElement, form = button.form;"
        "return button.getAttribute('formaction') + '?' + new URLSearchParams(new FormData(form, button))"
    )
    assert request == "2026-01-06.md?paper=2601.00002"


def test_the_contents_lead_to_the_paper_and_results_to_it_on_its_day(site: Site) -> None:
    site.open(f"{TOKEN}/search?q=00002")
    site.all(".hits a")[0].click()
    assert site.browser.current_url.endswith("/2026-01-06#p2")
    assert site.all(":target h3 a")[0].text == "On the paper 2601.00002"


def test_pages_of_a_folder_work_from_the_disk_with_their_looks(browser: webdriver.Chrome, tmp_path: Path) -> None:
    """file:// has no server that could guess: every link names its file."""
    each = edition_of_files(ArchivedDigests(filled(), WHO, "local-group"))
    parts = {name: resources.read_text(f"templates/web/{name}") for name in ("archive.css", "papers.js")}
    write_listing(pages(), [each], tmp_path, {"style.css": stylesheet(), **parts})
    write_edition(pages(), each, tmp_path / "local-group")
    site = Site(browser, "")
    set_screen(browser, 1200, "light")
    browser.get((tmp_path / "index.html").as_uri())
    site.all(".best a")[0].click()
    assert site.all("h1")[0].text == "January 2026"
    site.all(".calendar a")[0].click()
    assert site.all("h1")[0].text == "Tuesday, 6 January 2026"
    site.all("[rel=next]")[0].click()
    assert site.all("h1")[0].text == "Wednesday, 7 January 2026"
    assert browser.execute_script("return getComputedStyle(document.querySelector('.skip')).position") == "absolute"
    browser.get("about:blank")


@pytest.mark.parametrize("width", [320, 1200])
def test_every_paper_leads_back_to_the_contents_and_to_its_neighbours(site: Site, width: int) -> None:
    site.open(f"{TOKEN}/2026-01-06", width=width)
    steps = [[link.get_attribute("href").partition("#")[2] for link in site.all(f"#p{n} .step a")] for n in (1, 2)]
    assert steps == [["contents", "p2"], ["p1", "contents"]]
    assert min(link.rect["height"] for link in site.all(".step a")) >= 24
    site.all("#p1 .step a")[1].click()
    assert site.all(":target h3 a")[0].text == "On the paper 2601.00002"
    site.all("#p2 .step a")[1].click()
    assert site.all(":target")[0].text == "CONTENTS"


def test_j_and_k_go_from_paper_to_paper_and_no_key_is_taken_from_a_field_or_a_shortcut(site: Site) -> None:
    site.open(f"{TOKEN}/2026-01-06")

    def press(*keys: str) -> str:
        site.browser.switch_to.active_element.send_keys(*keys)
        return site.browser.current_url.partition("#")[2]

    assert [press("j"), press("j"), press("j"), press("k"), press("k")] == ["p1", "p2", "p2", "p1", "p1"]
    assert site.browser.switch_to.active_element.text == "On the paper 2601.00001"
    assert [press(Keys.ALT, "j"), press(Keys.CONTROL, "j"), press(Keys.SHIFT, "j")] == ["p1"] * 3
    site.browser.execute_script("document.querySelector('main').append(document.createElement('textarea'))")
    site.browser.execute_script("document.querySelector('textarea').focus()")
    assert press("j") == "p1"
    assert site.all("textarea")[0].get_property("value") == "j"


def test_the_keys_can_be_switched_off_for_good(site: Site) -> None:
    site.open(f"{TOKEN}/2026-01-06")
    site.all(".keys input")[0].click()
    for _ in range(2):
        site.browser.switch_to.active_element.send_keys("j")
        assert "#" not in site.browser.current_url
        site.open(f"{TOKEN}/2026-01-06")
    assert not site.all(".keys input")[0].is_selected()
    site.all(".keys input")[0].click()
    site.browser.switch_to.active_element.send_keys("j")
    assert site.browser.current_url.endswith("#p1")
