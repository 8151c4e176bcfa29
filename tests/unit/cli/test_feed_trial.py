"""`newsletter check --feeds`: which feeds are tried, and what is said of what they hold."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from newsletter.cli.feed_trial import describe, feed_trials
from newsletter.errors import ConfigError
from newsletter.model import Feed, Origin
from newsletter.settings import Settings
from newsletter.sources.feed_papers import parse_entries
from tests import make
from tests.command import newsletter
from tests.feed_samples import CATEGORY, SAMPLES, rss
from tests.openreview_server import PASSWORD, USERNAME, note, serving_openreview

FILE = """
subscribers:
  - email: ada@example.org
    categories: [cs.LG, "biorxiv:Cell Biology", "feed:https://journal.example.org/rss"]
    keywords: {like: [cells]}
  - email: ben@example.org
    categories: ["feed:https://journal.example.org/rss"]
    keywords: {like: [cells]}
"""


def feed(*papers: tuple[str, date | None]) -> Feed:
    shown = [
        make.announcement(
            f"feed:{n}", abstract=abstract, published_on=on, origin=Origin("A Journal", "https://a.example")
        )
        for n, (abstract, on) in enumerate(papers)
    ]
    return Feed(CATEGORY, make.TUESDAY, tuple(shown))


@pytest.mark.parametrize(
    ("read", "said"),
    [
        (feed(), "it can be read, and has no papers now"),
        (feed(("We show.", make.TUESDAY)), "“A Journal”, 1 paper, the newest of 2026-01-06, all with abstracts"),
        (
            feed(("", make.TUESDAY), ("We show.", make.WEDNESDAY)),
            "“A Journal”, 2 papers, the newest of 2026-01-07, 1 with abstracts; the others are ranked by their titles",
        ),
        (feed(("", None)), "“A Journal”, 1 paper, none with a date, none with an abstract"),
    ],
)
def test_what_a_feed_holds_is_said_in_a_line(read: Feed, said: str) -> None:
    assert describe(read) == said


def test_a_real_feed_is_described_with_what_was_left_out_of_it() -> None:
    body = rss().replace(
        f'<guid isPermaLink="false">{SAMPLES[0].word}</guid>'.encode(), b"<guid>1</guid><guid>2</guid>"
    )
    said = describe(parse_entries(body, CATEGORY, make.TUESDAY))
    assert said.startswith(f"“Invented”, {len(SAMPLES) - 1} papers, the newest of 2026-01-06, all with abstracts\n")
    assert "more than one guid" in said


def test_each_feed_of_the_file_is_tried_once_and_arxivs_are_not(tmp_path: Path) -> None:
    path = tmp_path / "subscribers.yaml"
    path.write_text(FILE, encoding="utf-8")
    names = [name for name, _ in feed_trials(Settings(contact="ops@example.org", state=tmp_path), path)]
    assert names == ["biorxiv:cell_biology", "feed:https://journal.example.org/rss"]
    path.write_text(FILE.replace("biorxiv:Cell Biology", "biorxiv:cells"), encoding="utf-8")
    assert not list(feed_trials(Settings(contact="ops@example.org", state=tmp_path), path))


def test_without_a_contact_nobody_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "subscribers.yaml"
    path.write_text(FILE, encoding="utf-8")
    ((name, trial),) = feed_trials(Settings(state=tmp_path), path)
    assert name == "feeds"
    with pytest.raises(ConfigError, match="NEWSLETTER_CONTACT"):
        trial()


def test_a_venue_of_openreview_is_tried_with_the_account_of_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "subscribers.yaml"
    file.write_text(
        "subscribers:\n  - {email: ada@example.org, categories: [openreview:TMLR], keywords: {like: [cells]}}\n"
    )
    with serving_openreview({"TMLR": [note("one")]}) as server:
        for name, value in {
            "NEWSLETTER_OPENREVIEW_URL": server.url,
            "OPENREVIEW_USERNAME": USERNAME,
            "OPENREVIEW_PASSWORD": PASSWORD,
        }.items():
            monkeypatch.setenv(name, value)
        settings = Settings(contact="ada@example.org", state=tmp_path / "state")
        ((name, trial),) = feed_trials(settings, file)
        assert (name, trial()) == ("openreview:TMLR", "it can be read, and has no papers now")
        server.venues["TMLR"] = [note("one", on=datetime.now(UTC).date())]
        assert trial().startswith("“TMLR”, 1 paper, the newest of ")


@pytest.mark.parametrize("has_account", [True, False])
def test_check_says_that_a_venue_needs_an_account(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, has_account: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscribers.yaml").write_text(
        "subscribers:\n  - {email: ada@example.org, categories: [openreview:TMLR], keywords: {like: [cells]}}\n"
    )
    for name in ("OPENREVIEW_USERNAME", "OPENREVIEW_PASSWORD"):
        monkeypatch.setenv(name, "given" if has_account else "")
    said = newsletter("check").output
    assert ("openreview:TMLR: OpenReview wants a login" in said) is not has_account
