"""The pages in a real browser: by mouse and by keyboard, small and dark, with and without script.

Needs Debian's chromium and chromium-driver; axe-core, which judges accessibility, comes from npm (`./run tools`).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from newsletter.model import RevisionOrigin, SuppressionReason
from newsletter.signing import Purpose
from newsletter.web import create_app, subscribe
from tests.browser import AXE, HOW_TO_GET, IS_MISSING, NO_AXE, axe_problems, overflow, served, set_screen
from tests.fake_profiles import FIRST, FakeProfiles
from tests.fakes import MemoryStore
from tests.web.site import NOW, SIGNER, WHO, part_of
from tests.web.test_subscribe import EVE, FORM, SignUpSite

pytestmark = pytest.mark.skipif(IS_MISSING, reason=HOW_TO_GET)
PATHS = {
    "subscribe": "/subscribe",
    "confirm": f"/confirm/{SIGNER.short_link(Purpose.CONFIRM, EVE, NOW.date().isoformat())}",
    "u": f"/u/{SIGNER.link(Purpose.UNSUBSCRIBE, WHO)}",
    "pause": f"/pause/{SIGNER.link(Purpose.PAUSE, WHO)}",
    "profile": f"/profile/{SIGNER.link(Purpose.PROFILE, WHO)}",
    "dead": "/profile/dead",
}


@dataclass(frozen=True)
class Visit:
    """A browser in front of the site."""

    browser: webdriver.Chrome
    store: MemoryStore
    base: str
    site: SignUpSite  # where everybody can subscribe

    def open(self, page: str, *, width: int = 1200, mode: str = "light", script: bool = True) -> None:
        set_screen(self.browser, width, mode)
        self.browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not script})
        self.browser.get(self.base + PATHS[page])

    def find(self, css: str):  # type: ignore[no-untyped-def]
        return self.browser.find_element(By.CSS_SELECTOR, css)

    def press(self, value: str) -> None:
        """The button with this value; returns when the next page is there."""
        page = self.find("html")
        self.find(f"button[value='{value}']").click()
        self.wait(lambda: is_gone(page))

    def wait(self, until, seconds: float = 15) -> None:  # type: ignore[no-untyped-def]
        WebDriverWait(self.browser, seconds, poll_frequency=0.05).until(lambda _: until())

    def title(self) -> str:
        return str(self.find("h1").text)

    def type_at_the_end(self, text: str) -> None:
        if not self.browser.find_elements(By.ID, "text"):
            self.press("yaml")
        field = self.find("#text")
        field.send_keys(Keys.CONTROL, Keys.END)
        field.send_keys(text)


def is_gone(element) -> bool:  # type: ignore[no-untyped-def]
    from selenium.common.exceptions import WebDriverException

    try:
        element.is_enabled()
    except WebDriverException:
        return True
    return False


@pytest.fixture
def visit(browser: webdriver.Chrome) -> Iterator[Visit]:
    store = MemoryStore()
    site = SignUpSite(store)
    app = create_app(replace(part_of(store), profiles=FakeProfiles(store, WHO), signups=site.signups))
    with served(app, browser) as base:
        yield Visit(browser, store, base, site)
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


WITHOUT_TOO = pytest.mark.parametrize("script", [True, False], ids=["with script", "without script"])


@WITHOUT_TOO
def test_leaving_undoing_pausing_and_resuming(visit: Visit, script: bool) -> None:
    visit.open("u", script=script)
    visit.press("leave")
    suppression = visit.store.get_address_status(WHO).suppression
    assert suppression is not None
    assert suppression.why is SuppressionReason.UNSUBSCRIBED
    visit.press("return")
    assert visit.title() == "You are subscribed again"
    visit.open("u", script=script)
    visit.find("summary").click()
    visit.press("2")
    assert visit.title() == "Your digest rests"
    assert visit.store.get_address_status(WHO).paused_until is not None
    visit.press("resume")
    assert visit.store.get_address_status(WHO).paused_until is None


@WITHOUT_TOO
def test_a_profile_is_edited_with_an_error_previewed_saved_and_brought_back(visit: Visit, script: bool) -> None:
    visit.store.add_revision(WHO, FIRST, origin=RevisionOrigin.REPLY, now=NOW)
    visit.open("profile", script=script)
    visit.type_at_the_end("frequncy: daily\n")
    visit.press("save")
    typed = visit.find("#text").get_attribute("value")
    assert typed.endswith("frequncy: daily\n")
    assert visit.find(".problems li b").text == "Line 12"
    assert len(visit.store.get_revisions(WHO)) == 1
    visit.type_at_the_end(str(Keys.BACKSPACE) * len("frequncy: daily\n") + "# mended\n")
    visit.press("preview")
    assert len(visit.browser.find_elements(By.CSS_SELECTOR, ".papers li")) == 3
    visit.press("save")
    assert visit.title() == "Saved"
    assert visit.store.get_revisions(WHO)[-1].text == FIRST + "# mended\n"
    visit.press("show 1")
    assert visit.find("#text").get_attribute("value") == FIRST
    visit.press("save")
    assert [revision.text for revision in visit.store.get_revisions(WHO)] == [FIRST, FIRST + "# mended\n", FIRST]


def test_mistakes_are_marked_and_the_preview_follows_while_one_types(visit: Visit) -> None:
    visit.open("profile")
    visit.wait(lambda: len(visit.browser.find_elements(By.CSS_SELECTOR, ".papers li")) == 3)
    visit.press("yaml")
    visit.wait(lambda: len(visit.browser.find_elements(By.CSS_SELECTOR, ".papers li")) == 3)
    assert visit.find(".live pre .k").text == "topics"
    visit.type_at_the_end("frequncy: daily")
    visit.wait(lambda: visit.browser.find_elements(By.CSS_SELECTOR, ".live .bad"))
    assert visit.find(".live .bad").text == "frequncy: daily"
    assert visit.find("#state").text == "1 to mend."
    visit.find(".problems a").click()
    where = visit.browser.execute_script("return document.getElementById('text').selectionStart")
    assert where == len(FIRST)
    visit.type_at_the_end(str(Keys.BACKSPACE) * len("frequncy: daily"))
    visit.wait(lambda: not visit.browser.find_elements(By.CSS_SELECTOR, ".live .bad"))
    assert visit.store.get_revisions(WHO) == []


def test_the_coloured_copy_lies_under_every_letter_of_the_field(visit: Visit) -> None:
    """Same text, same width, and a field that never scrolls by itself."""
    for width in (320, 1200):
        visit.open("profile", width=width)
        visit.type_at_the_end("# ")
        pasted = "a long line without an end " * 12 + "\n" * 30 + "#" * 119
        assert visit.browser.execute_script("return document.execCommand('insertText', false, arguments[0])", pasted)
        visit.type_at_the_end("#")
        same, seen, whole = visit.browser.execute_script(
            "const f = document.getElementById('text'), c = f.previousElementSibling;"
            "const lines = [...c.children].map((row) => row.textContent).join('\\n');"
            "return [lines === f.value, [f.clientWidth, f.clientHeight], [c.clientWidth, f.scrollHeight]]"
        )
        assert same
        assert seen == whole


# What has the focus: its id, value and words, the ring around it, and the whole of it.
FOCUSED = """
const e = document.activeElement, ring = getComputedStyle(e.id === "text" ? e.parentElement : e);
return [e.id, e.value, e.innerText.trim(), ring.outlineStyle + ring.outlineWidth, e.outerHTML];
"""


def test_everything_can_be_done_by_keyboard_alone(visit: Visit) -> None:
    visit.open("profile")
    pressed: list[str] = []

    def tab_to(name: str) -> None:
        for _ in range(60):
            ActionChains(visit.browser, duration=0).send_keys(Keys.TAB).perform()
            key, value, text, outline, element = visit.browser.execute_script(FOCUSED)
            pressed.append(value or text)
            assert outline == "solid3px", element
            if name in (key, value, text):
                return
        raise AssertionError(f"{name} is not reached by Tab: {pressed}")

    tab_to("fold-amount")
    visit.browser.switch_to.active_element.send_keys(Keys.ENTER)
    tab_to("f-max_papers")
    visit.browser.switch_to.active_element.send_keys(str(Keys.END) + str(Keys.BACKSPACE) + "2")
    tab_to("save")
    page = visit.find("html")
    visit.browser.switch_to.active_element.send_keys(Keys.ENTER)
    visit.wait(lambda: is_gone(page))
    assert visit.store.get_revisions(WHO)[-1].text == FIRST.replace("max_papers: 3", "max_papers: 2")
    visit.open("subscribe")
    for name in ("email", "name", "words"):
        tab_to(name)
        visit.browser.switch_to.active_element.send_keys(str(FORM[name]).replace("\r\n", "\n"))
    tab_to("Computer science")
    visit.browser.switch_to.active_element.send_keys(Keys.ENTER)
    tab_to("cs.LG")
    visit.browser.switch_to.active_element.send_keys(Keys.SPACE)
    tab_to("subscribe")
    page = visit.find("html")
    visit.browser.switch_to.active_element.send_keys(Keys.ENTER)
    visit.wait(lambda: is_gone(page))
    assert visit.title() == "Look into your mailbox"
    visit.open("u")
    tab_to("leave")
    tab_to("Just a rest? Pause instead")
    visit.browser.switch_to.active_element.send_keys(Keys.ENTER)
    tab_to("4")
    page = visit.find("html")
    visit.browser.switch_to.active_element.send_keys(Keys.SPACE)
    visit.wait(lambda: is_gone(page))
    assert visit.store.get_address_status(WHO).paused_until is not None


def offered(visit: Visit) -> str:
    """What the page says of a draft; nothing if it offers none."""
    return str(visit.find("#draft").text)


def type_into(visit: Visit, name: str, text: str) -> None:
    field = visit.find(f"#f-{name}")
    field.clear()
    field.send_keys(text)


@pytest.mark.parametrize("view", ["form", "yaml"])
def test_a_draft_is_offered_after_a_reload_restored_and_gone_after_saving(visit: Visit, view: str) -> None:
    visit.open("profile")
    assert offered(visit) == ""
    if view == "yaml":
        visit.type_at_the_end("# a draft\n")
    else:
        type_into(visit, "topic-0-name", "A draft")
    visit.open("profile")
    assert re.match(r"Your draft of \d.* was not saved\.\s+Restore it\s+Discard it", offered(visit))
    page = visit.find("html")
    visit.find("#restore").click()
    visit.wait(lambda: is_gone(page))
    text = visit.find("#yaml" if view == "form" else "#text").get_attribute("value")
    assert ("# a draft\n" if view == "yaml" else "- name: A draft\n") in text
    assert visit.store.get_revisions(WHO) == []
    visit.open("profile")
    assert "was not saved" in offered(visit)
    page = visit.find("html")
    visit.find("#restore").click()
    visit.wait(lambda: is_gone(page))
    visit.press("save")
    assert visit.store.get_revisions(WHO)[-1].text == text
    visit.open("profile")
    assert offered(visit) == ""


def test_a_draft_is_never_put_over_a_newer_version_unasked(visit: Visit) -> None:
    visit.open("profile")
    type_into(visit, "topic-0-name", "A draft")
    newer = FIRST.replace("max_papers: 3", "max_papers: 1")
    visit.store.add_revision(WHO, newer, origin=RevisionOrigin.REPLY, now=NOW)
    visit.open("profile")
    assert "The profile has been changed since then." in offered(visit)
    assert visit.find("#f-topic-0-name").get_attribute("value") == "Alternatives to attention"
    page = visit.find("html")
    visit.find("#restore").click()
    visit.wait(lambda: is_gone(page))
    visit.press("save")
    assert "Not saved yet." in visit.find(".note").text
    assert visit.store.get_revisions(WHO)[-1].text == newer


def test_a_discarded_draft_does_not_come_back_and_what_is_undone_is_none(visit: Visit) -> None:
    visit.open("profile")
    type_into(visit, "topic-0-name", "A draft")
    visit.open("profile")
    visit.find("#discard").click()
    visit.open("profile")
    assert offered(visit) == ""
    type_into(visit, "topic-0-name", "A draft")
    type_into(visit, "topic-0-name", "Alternatives to attention")
    visit.open("profile")
    assert offered(visit) == ""


def test_a_draft_is_kept_by_reader_and_not_by_the_secret_of_a_link(visit: Visit) -> None:
    visit.open("profile")
    type_into(visit, "topic-0-name", "A draft")
    keys = visit.browser.execute_script("return Object.keys(localStorage)")
    assert keys == [f"draft {WHO}"]
    assert PATHS["profile"].rpartition("/")[2] not in visit.browser.execute_script(
        "return JSON.stringify(localStorage)"
    )


def by_key(visit: Visit, css: str) -> None:
    """Presses a button with the keyboard alone."""
    visit.browser.execute_script("arguments[0].focus()", visit.find(css))
    visit.browser.switch_to.active_element.send_keys(Keys.ENTER)


@pytest.mark.parametrize(("width", "script"), [(320, True), (1200, False)])
def test_after_a_topic_was_added_moved_or_removed_the_reader_goes_on_there(
    visit: Visit, width: int, script: bool
) -> None:
    visit.open("profile", width=width, script=script)

    def act(css: str, focus: str, said: str) -> None:
        before = visit.find("#topics details")
        by_key(visit, css)
        visit.wait(lambda: is_gone(before))
        visit.wait(lambda: visit.browser.switch_to.active_element.get_attribute("id") == focus)
        assert said in visit.find("#state").text
        at = visit.browser.execute_script("return document.activeElement.getBoundingClientRect().top")
        assert 0 <= at < 900

    by_key(visit, "#topic-1")
    act("button[value=add]", "f-topic-1-name", "")
    visit.browser.switch_to.active_element.send_keys("A second one")
    type_into(visit, "topic-1-relevant", "More of it.")
    act("button[value=add]", "topic-1", "Topic added: A second one.")
    act("#topic-1-up", "topic-0-down", "Topic A second one is number 1 now.")
    act("#topic-0-down", "topic-1-up", "Topic A second one is number 2 now.")
    act("button[value='remove 1']", "topic-1", "Topic removed: A second one.")
    assert visit.store.get_revisions(WHO) == []


@WITHOUT_TOO
def test_a_line_that_is_wrong_leads_to_its_field(visit: Visit, script: bool) -> None:
    visit.open("profile", width=320, script=script)
    by_key(visit, "#fold-amount")
    type_into(visit, "max_papers", "many")
    visit.press("save")
    link = visit.find(".problems a")
    assert link.text == "Line 11, Most papers in a mail"
    visit.browser.execute_script("document.getElementById('fold-amount').parentElement.open = false")
    by_key(visit, ".problems a")
    visit.wait(lambda: visit.browser.switch_to.active_element.get_attribute("id") == "f-max_papers")
    assert visit.find("#f-max_papers").is_displayed()


def test_a_profile_of_many_topics_is_short_on_a_phone(visit: Visit) -> None:
    topics = "".join(f"  - name: Topic number {n}\n    relevant: What it is about.\n" for n in range(4))
    visit.store.add_revision(WHO, f"topics:\n{topics}max_papers: 3\n", origin=RevisionOrigin.REPLY, now=NOW)
    visit.open("profile", width=390)
    visit.wait(lambda: visit.browser.find_elements(By.CSS_SELECTOR, ".papers li"))
    assert visit.browser.execute_script("return document.documentElement.scrollHeight") < 2_300
    above = visit.browser.execute_script(
        "return document.getElementById('preview').offsetTop < document.getElementById('fold-about').offsetTop"
    )
    assert above


def fill_in(visit: Visit, **changes: str) -> None:
    """By hand, as a person does; what is there already gives way."""
    for name in ("email", "name", "words", "zone"):
        field = visit.find(f"#{name}")
        field.clear()
        field.send_keys(changes.get(name, str(FORM[name])).replace("\r\n", "\n"))
    visit.find(f"#frequency option[value='{FORM['frequency']}']").click()


def tick(visit: Visit, code: str) -> None:
    box = visit.find(f"input[value='{code}']")
    if not box.is_displayed():
        box.find_element(By.XPATH, "ancestor::details/summary").click()
    box.click()


@WITHOUT_TOO
def test_subscribing_with_a_mistake_then_right_and_confirming(visit: Visit, script: bool) -> None:
    visit.open("subscribe", script=script)
    fill_in(visit, email="eve at example.org", zone="Berlin")
    visit.press("subscribe")
    assert visit.title() == "New papers that matter to you"
    assert [one.text for one in visit.browser.find_elements(By.CSS_SELECTOR, ".wrong")] == [
        "Please give an e-mail address.",
        "Please choose at least one category.",
        "Please give a time zone such as Europe/Berlin; nearest: Europe/Berlin.",
    ]
    assert visit.find("#words").get_attribute("value") == str(FORM["words"]).replace("\r\n", "\n")
    assert visit.find("#frequency").get_attribute("value") == "weekly"
    fill_in(visit)
    tick(visit, "cs.LG")
    tick(visit, "hep-th")
    visit.press("subscribe")
    assert visit.title() == "Look into your mailbox"
    assert visit.site.link() == PATHS["confirm"]
    visit.open("confirm", script=script)
    assert visit.store.get_enrolled() == []
    visit.press("confirm")
    assert visit.title() == "You are subscribed"
    (eve,) = visit.store.get_enrolled()
    assert (eve.email, eve.categories) == ("eve@example.org", ("cs.LG", "hep-th"))


def test_nobody_can_reach_the_trap(visit: Visit) -> None:
    visit.open("subscribe", width=320)
    trap = visit.find(f"#{subscribe.TRAP}")
    assert visit.browser.execute_script("return arguments[0].getBoundingClientRect().right < 0", trap)
    names = list[str]()
    for _ in range(40):
        ActionChains(visit.browser, duration=0).send_keys(Keys.TAB).perform()
        names.append(visit.browser.execute_script("return document.activeElement.name || ''"))
    assert "do" in names
    assert subscribe.TRAP not in names


def states(visit: Visit, width: int, mode: str) -> Iterator[str]:
    """Each page, in each state that looks different."""
    visit.open("subscribe", width=width, mode=mode)
    yield "subscribe"
    visit.press("subscribe")
    for summary in visit.browser.find_elements(By.CSS_SELECTOR, "summary"):
        summary.click()
    yield "wrong form"
    fill_in(visit)
    tick(visit, "cs.LG")
    visit.press("subscribe")
    yield "asked"
    visit.site.work()
    visit.open("confirm", width=width, mode=mode)
    yield "confirm"
    visit.press("confirm")
    yield "welcome"
    visit.store.forget_enrolled(EVE)
    visit.open("confirm", width=width, mode=mode)
    yield "old"
    for page in ("u", "pause", "dead"):
        visit.open(page, width=width, mode=mode)
        for summary in visit.browser.find_elements(By.CSS_SELECTOR, "summary"):
            summary.click()
        yield page
    visit.open("pause", width=width, mode=mode)
    visit.press("1")
    yield "paused"
    visit.press("resume")
    yield "resumed"
    visit.open("profile", width=width, mode=mode)
    visit.wait(lambda: visit.browser.find_elements(By.CSS_SELECTOR, ".papers li"))
    yield "profile"
    visit.type_at_the_end(f"frequncy: daily {mode} {width}")
    visit.wait(lambda: visit.browser.find_elements(By.CSS_SELECTOR, ".live .bad"))
    yield "typing"
    visit.press("save")
    yield "mistake"
    visit.type_at_the_end(str(Keys.BACKSPACE) * len(f"frequncy: daily {mode} {width}") + f"# {mode} {width}")
    visit.press("save")
    yield "saved"


# Words of buttons that stand in more than one line, by the boxes of their letters. The trap is off the screen.
BROKEN_WORDS = """
return [...document.querySelectorAll("button:not(.trap), .button")].flatMap((button) =>
    [...button.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).flatMap((node) =>
        [...node.data.matchAll(/[^\\s-]+/g)].filter((word) => {
            const range = document.createRange();
            range.setStart(node, word.index);
            range.setEnd(node, word.index + word[0].length);
            return new Set([...range.getClientRects()].map((box) => Math.round(box.top))).size > 1;
        }).map((word) => word[0])));
"""


@pytest.mark.parametrize("language", ["en", "de", "fr", "es", "pt", "it"])
def test_no_button_of_the_profile_breaks_a_word_on_a_phone(browser: webdriver.Chrome, language: str) -> None:
    store = MemoryStore()
    app = create_app(replace(part_of(store), profiles=FakeProfiles(store, WHO, language=language)))
    with served(app, browser) as base:
        set_screen(browser, 320, "light")
        browser.get(base + PATHS["profile"])
        assert browser.execute_script("return document.documentElement.lang") == language
        assert browser.execute_script(BROKEN_WORDS) == []
        tops = "return [...document.querySelectorAll('.dock button')].map((one) => one.offsetTop)"
        assert len(set(browser.execute_script(tops))) == 1, "in one row, so that they leave room for the form"


@pytest.mark.parametrize(("width", "mode"), [(320, "dark"), (1200, "light")])
def test_no_page_is_wider_than_its_screen_and_axe_finds_nothing(visit: Visit, width: int, mode: str) -> None:
    for state in states(visit, width, mode):
        assert overflow(visit.browser) <= 0, state
        if AXE.is_file():
            assert axe_problems(visit.browser) == [], state
    if not AXE.is_file():
        pytest.skip(NO_AXE)


def test_the_zone_is_the_browsers_until_somebody_types_another(visit: Visit) -> None:
    visit.browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "Asia/Tokyo"})
    visit.open("subscribe", script=False)
    assert visit.find("#zone").get_attribute("value") == "UTC"
    visit.open("subscribe")
    visit.wait(lambda: visit.find("#zone").get_attribute("value") == "Asia/Tokyo")
    fill_in(visit, zone="America/Lima", email="no address")
    visit.press("subscribe")
    assert visit.find("#zone").get_attribute("value") == "America/Lima"
    visit.browser.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": ""})


@pytest.mark.skipif(not AXE.is_file(), reason=NO_AXE)
@pytest.mark.parametrize(
    ("path", "width", "mode"),
    [
        *((path, 320, "dark") for path in ("/?lang=de", "/subscribe?lang=fr", "/u/dead?lang=es", "/nowhere?lang=zh")),
        ("/?lang=ja", 1200, "light"),
    ],
)
def test_what_strangers_see_fits_and_axe_finds_nothing(visit: Visit, path: str, width: int, mode: str) -> None:
    set_screen(visit.browser, width, mode)
    visit.browser.get(visit.base + path)
    assert overflow(visit.browser) <= 0
    assert axe_problems(visit.browser) == []
