"""Digests of every recorded day, for every second profile, and made-up ones: small, ASCII, no wider than a phone."""

import re
from collections.abc import Iterator

import pytest
from selenium import webdriver

from newsletter.mail.message import MailLinks
from tests.browser import HOW_TO_GET, IS_MISSING, overflow, set_screen, show
from tests.mail_samples import HAS_CORPUS, IDENTITY, Sample, corpus_samples, samples

# Gmail hides what comes after 104,448 bytes of HTML; up to here there is room for what providers add.
MOST_HTML_BYTES = 102_400
PHONE = 320


@pytest.fixture(scope="module")
def mails() -> list[tuple[Sample, str]]:
    chosen: Iterator[Sample] | list[Sample] = corpus_samples() if HAS_CORPUS else []
    return [(sample, sample.render().html) for sample in (*samples(), *chosen)]


def ways_of(sample: Sample) -> MailLinks:
    return IDENTITY.links_for(sample.digest.subscriber.subscriber_id, sample.digest.digest_on)


def test_no_mail_is_cut(mails: list[tuple[Sample, str]]) -> None:
    assert [f"{sample.name}: {len(html):,}" for sample, html in mails if len(html) > MOST_HTML_BYTES] == []


def test_every_mail_is_ascii_and_ends_with_the_way_to_leave(mails: list[tuple[Sample, str]]) -> None:
    for sample, html in mails:
        assert html.isascii(), sample.name
        links = re.findall(r'href="([^"]*)"', html)
        assert ways_of(sample).unsubscribe_url in links[-6:], sample.name


@pytest.mark.skipif(IS_MISSING, reason=HOW_TO_GET)
def test_no_mail_is_wider_than_a_phone(mails: list[tuple[Sample, str]], browser: webdriver.Chrome) -> None:
    set_screen(browser, PHONE, "light")
    too_wide = []
    for sample, html in mails:
        show(browser, html)
        too_wide += [sample.name] if overflow(browser) > 0 else []
    assert too_wide == []
