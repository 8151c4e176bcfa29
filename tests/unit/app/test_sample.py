"""The sample for strangers: made of the bundled announcement, in each language once, with no link of a reader's."""

import re

from newsletter.app.sample import build_sample
from newsletter.settings import Settings


def test_the_sample_is_a_digest_that_belongs_to_nobody() -> None:
    settings = Settings(sender="Papers <papers@example.org>", base_url="https://papers.example.org")
    make_sample = build_sample(settings)
    html = make_sample("en")
    assert len(re.findall(r'href="https://arxiv.org/abs/', html)) >= 6
    assert "https://papers.example.org/" not in html
    assert make_sample("en") is html
    assert make_sample("de") != html
