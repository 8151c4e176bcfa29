"""The mail on screens: pictures of it, its width, its dark side, and what axe-core says. Pages: web/test_browser.py."""

import pytest
from selenium import webdriver

from tests.browser import AXE, HOW_TO_GET, IS_MISSING, NO_AXE, axe_problems, brightness, overflow, set_screen, show
from tests.mail_samples import HAS_CORPUS, samples
from tests.pictures import MODES, WIDTHS, index, take
from tests.welcome_sample import render as render_welcome

pytestmark = pytest.mark.skipif(IS_MISSING, reason=HOW_TO_GET)
PNG = b"\x89PNG\r\n\x1a\n"
# A mail is read inside of somebody else's page, which has its landmarks: a second "main" there would be one too many.
OF_PAGES_ONLY = ("landmark-one-main", "region")
COUNTS = (5, 30, 81)
MAILS = {sample.name: sample for sample in samples(COUNTS)}
LONGER = "real" if HAS_CORPUS else "made"
# Pictures of long mails take seconds each: those of all sizes on all screens are what `./run pictures` makes.
SHORT = [name for name in ("made-5", "real-5") if name in MAILS]
PICTURED = [
    *((name, WIDTHS, (mode,)) for name, mode in zip(SHORT, MODES, strict=False)),
    ("made-5", (390,), ("dark",)),
    (f"{LONGER}-30", (390,), ("light",)),
    (f"{LONGER}-81", (1200,), ("dark",)),
]


@pytest.mark.parametrize(("name", "widths", "modes"), PICTURED, ids=[name for name, *_ in PICTURED])
def test_a_picture_shows_the_whole_mail_dark_for_who_wants_it_dark(
    browser: webdriver.Chrome, name: str, widths: tuple[int, ...], modes: tuple[str, ...]
) -> None:
    taken = list(take(browser, name, MAILS[name].render().html, widths, modes))
    assert len(taken) == len(widths) * len(modes)
    for one in taken:
        assert one.png.startswith(PNG), one.file
        width, height = (int.from_bytes(one.png[at : at + 4], "big") for at in (16, 20))
        assert width == one.width, one.file
        assert height > 2_000, one.file
        shade = brightness(browser, one.first)
        assert shade < 80 if one.mode == "dark" else shade > 180, one.file
    assert index([name], taken).count("<img") == len(taken)


@pytest.mark.parametrize("name", MAILS)
def test_no_mail_is_wider_than_any_screen(browser: webdriver.Chrome, name: str) -> None:
    html = MAILS[name].render().html
    for width in WIDTHS:
        set_screen(browser, width, "light")
        show(browser, html)
        assert overflow(browser) <= 0, width


def test_the_measure_of_width_sees_a_mail_that_is_too_wide(browser: webdriver.Chrome) -> None:
    set_screen(browser, 320, "light")
    show(browser, "<!DOCTYPE html><html><body style='margin:0'><table width=500><tr><td>wide</td></tr></table>")
    assert overflow(browser) == 180


def test_the_welcome_fits_each_screen_and_is_dark_for_who_wants_it_dark(browser: webdriver.Chrome) -> None:
    for one in take(browser, "welcome", render_welcome().html):
        assert one.overflow <= 0, one.file
        shade = brightness(browser, one.first)
        assert shade < 80 if one.mode == "dark" else shade > 180, one.file


@pytest.mark.skipif(not AXE.is_file(), reason=NO_AXE)
@pytest.mark.parametrize("mode", MODES)
def test_axe_finds_nothing_in_the_welcome(browser: webdriver.Chrome, mode: str) -> None:
    set_screen(browser, 320, mode)
    show(browser, render_welcome().html)
    assert axe_problems(browser, but=OF_PAGES_ONLY) == []


@pytest.mark.skipif(not AXE.is_file(), reason=NO_AXE)
@pytest.mark.parametrize("name", SHORT)
@pytest.mark.parametrize(("width", "mode"), [(320, "dark"), (1200, "light")])
def test_axe_finds_nothing_in_the_mail(browser: webdriver.Chrome, name: str, width: int, mode: str) -> None:
    set_screen(browser, width, mode)
    show(browser, MAILS[name].render().html)
    assert axe_problems(browser, but=OF_PAGES_ONLY) == []


@pytest.mark.skipif(not AXE.is_file(), reason=NO_AXE)
def test_axe_sees_grey_on_grey_in_a_mail(browser: webdriver.Chrome) -> None:
    set_screen(browser, 320, "light")
    html = "<!DOCTYPE html><html lang='en'><title>T</title><body><h1 style='color:#999'>Grey</h1>"
    show(browser, html)
    assert [rule for rule, _ in axe_problems(browser, but=OF_PAGES_ONLY)] == ["color-contrast"]
