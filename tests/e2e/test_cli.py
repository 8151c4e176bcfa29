"""The morning as an operator has it: `newsletter …` in processes of their own (starts.py), in a folder of their own.

Nothing here looks inside; what counts is the exit code, what is printed, and the files that are there afterwards.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import click
import pytest
import yaml
from click.testing import CliRunner

import newsletter
from newsletter import cli
from newsletter.delivery import ledger
from newsletter.model import DeliveryState
from newsletter.sources import sample
from newsletter.stores.tinydb import TinyStore
from tests import ROOT
from tests.e2e import starts
from tests.http_server import Handler, free_port, serving
from tests.make import present, text_of
from tests.oai_server import Archive, Kept, handler_of

REBUILT = ROOT / "../shared/reference/feeds/rebuilt"
SUBSCRIBERS = (ROOT / "subscribers.yaml").read_text(encoding="utf-8")
SAMPLE_DAY = "2025-10-07"
CATEGORIES = ("astro-ph.CO", "astro-ph.GA", "cs.AI", "cs.CV", "cs.LG", "cs.RO")
ADA = "ada@example.org"
REST = " + 0 empty + 0 skipped + 0 failed + 0 in doubt"

Done = subprocess.CompletedProcess[str]


@dataclass(frozen=True)
class Place:
    """A folder with a subscribers.yaml, and the command line in it."""

    folder: Path

    def newsletter(self, *args: str, **settings: str) -> Done:
        """Runs one command; `settings` become NEWSLETTER_* variables, of which there are none else."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("NEWSLETTER_")}
        wanted = {f"NEWSLETTER_{name.upper()}": value for name, value in settings.items()}
        return starts.run(*args, folder=self.folder, env={**clean, **wanted, "NO_PROXY": "127.0.0.1"})

    def path(self, name: str) -> Path:
        return self.folder / name

    def mails(self, day: str = "") -> list[EmailMessage]:
        paths = sorted((self.folder / "outbox").glob(f"{day}*.eml"))
        return [message_from_bytes(path.read_bytes(), EmailMessage, policy=SMTP) for path in paths]

    def mail_files(self) -> dict[str, tuple[bytes, int, int]]:
        """Each file of the outbox with its bytes, its time and its inode: a rewritten file differs."""
        paths = [path for path in (self.folder / "outbox").glob("*") if path.is_file()]
        return {path.name: (path.read_bytes(), path.stat().st_mtime_ns, path.stat().st_ino) for path in paths}

    def remembered(self) -> list[str]:
        """Files of the memory that tell of announcements, deliveries or runs."""
        parts = [self.folder / "state" / part for part in ("announcements", "deliveries", "runs")]
        return [str(path) for part in parts for path in part.rglob("*") if path.is_file()]

    def copy(self, folder: Path) -> Place:
        """The same state in another folder, for a test that goes on from here."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        return Place(folder)


@pytest.fixture(scope="module")
def morning(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Done]:
    """One finished run, for tests that only look; `copy` it to go on."""
    place = Place(tmp_path_factory.mktemp("morning"))
    place.path("subscribers.yaml").write_text(SUBSCRIBERS, encoding="utf-8")
    return place, place.newsletter("run", "--sample")


@pytest.fixture(scope="module")
def only_ada(tmp_path_factory: pytest.TempPathFactory) -> tuple[Place, Done]:
    """A run for one of three subscribers."""
    place = Place(tmp_path_factory.mktemp("only_ada"))
    place.path("subscribers.yaml").write_text(SUBSCRIBERS, encoding="utf-8")
    return place, place.newsletter("run", "--sample", "--only", ADA)


def summary(done: Done) -> str:
    """The line that adds up, such as "3 subscribers = 2 sent + 0 empty + 1 skipped (paused) + …"."""
    (line,) = [line for line in done.stdout.splitlines() if re.match(r"\d+ subscribers = ", line)]
    return line


def one_of(mails: list[EmailMessage], address: str) -> EmailMessage:
    (found,) = [mail for mail in mails if address in mail["To"]]
    return found


# --- run ----------------------------------------------------------------------------------------------


def test_a_run_makes_one_mail_and_one_page_for_each_subscriber(morning: tuple[Place, Done]) -> None:
    place, done = morning
    assert (done.returncode, summary(done)) == (0, f"3 subscribers = 3 sent{REST}")
    assert sorted(mail["To"].addresses[0].addr_spec for mail in place.mails()) == [
        ADA,
        "henrietta@example.com",
        "konrad+papers@example.org",
    ]
    assert len({mail["Message-ID"] for mail in place.mails()}) == 3
    emls = sorted(path.stem for path in place.path("outbox").glob("*.eml"))
    assert emls == sorted(path.stem for path in place.path("outbox").glob("*.html"))
    assert {path.suffix for path in place.path("outbox").iterdir()} == {".eml", ".html"}
    for mail in place.mails():
        assert re.search(r"arxiv\.org/abs/\d{4}\.\d{5}", text_of(mail))
    assert " category=cs.LG outcome=announced papers=" in done.stderr
    assert "@" not in done.stdout + done.stderr, "a log names ids, never addresses"


def test_a_second_run_says_already_sent_and_touches_no_mail(morning: tuple[Place, Done], tmp_path: Path) -> None:
    place = morning[0].copy(tmp_path)
    before = place.mail_files()
    done = place.newsletter("run", "--sample")
    assert (done.returncode, summary(done)) == (0, f"3 subscribers = 3 sent (already sent){REST}")
    assert place.mail_files() == before


def test_a_run_for_one_subscriber_mails_nobody_else(only_ada: tuple[Place, Done]) -> None:
    place, done = only_ada
    assert (done.returncode, summary(done)) == (0, f"1 subscribers = 1 sent{REST}")
    assert [mail["To"].addresses[0].addr_spec for mail in place.mails()] == [ADA]


def test_a_dry_run_says_what_would_be_mailed_and_records_nothing(place: Place) -> None:
    done = place.newsletter("run", "--sample", "--dry-run")
    assert done.returncode == 0
    assert len(re.findall(r"^s_\w{8} would get [1-9]\d* of \d+ relevant papers", done.stdout, re.MULTILINE)) == 3
    assert place.remembered() == []
    assert place.mail_files() == {}


def test_a_quiet_run_goes_on_where_the_last_one_ended_and_says_nothing(
    only_ada: tuple[Place, Done], tmp_path: Path
) -> None:
    place = only_ada[0].copy(tmp_path)
    before = place.mail_files()
    done = place.newsletter("run", "--sample", "-q")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(place.mails()) == 3
    assert place.mail_files().items() >= before.items()


def test_a_missing_feed_costs_its_readers_a_notice_and_nobody_the_mail(place: Place) -> None:
    feeds = place.path("feeds")
    feeds.mkdir()
    for category in set(CATEGORIES) - {"cs.RO"}:
        shutil.copy(sample.PATH, feeds / f"{category}.atom")
    done = place.newsletter("run", "--feed", "feeds")
    assert done.returncode == 4
    assert " category=cs.RO outcome=failed papers=0 " in done.stderr
    assert "cs.RO: konnte nicht abgerufen werden" in text_of(one_of(place.mails(), "konrad"))  # who reads German
    for reader in ("ada", "henrietta"):
        assert "could not be fetched" not in text_of(one_of(place.mails(), reader))
    again = place.newsletter("run", "--feed", "feeds", "--quiet")
    assert (again.returncode, again.stdout) == (4, "")
    assert re.fullmatch(r"cs\.RO failed: .* has no recorded feed of cs\.RO .*\n", again.stderr), (
        "what failed, nothing else"
    )


def test_two_days_bring_no_paper_twice(place: Place) -> None:
    if not REBUILT.is_dir():
        pytest.skip("no ../shared/reference/feeds/rebuilt here: put the recorded days there")
    everything = re.sub(r"(min_\w+): \d", r"\1: 1", SUBSCRIBERS)  # full mails, whatever the scores
    place.path("subscribers.yaml").write_text(everything, encoding="utf-8")
    for day in ("2025-10-07", "2025-10-08"):
        done = place.newsletter("run", "--feed", str(REBUILT / day))
        assert (done.returncode, summary(done)) == (0, f"3 subscribers = 3 sent{REST}")
    for address in (ADA, "henrietta", "konrad"):
        first, second = (
            set(re.findall(r"arxiv\.org/abs/([\w./-]+)", text_of(one_of(place.mails(day), address))))
            for day in ("2025-10-07", "2025-10-08")
        )
        assert len(first) >= 10
        assert len(second) >= 10
        assert not first & second


# --- live, against a server of our own ----------------------------------------------------------------


@contextmanager
def feed_server(feed: bytes) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Its address, and the (path, User-Agent) of each request as they come."""
    asked: list[tuple[str, str]] = []

    class FeedHandler(Handler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["User-Agent"]))
            self.answer(200, feed, content_type="application/atom+xml")

    with serving(FeedHandler) as address:
        yield f"{address}/atom", asked


#: The days of these two are 25 hours apart, so at any moment one of them has another date than arXiv.
FAR_AWAY = {
    "defaults": {"frequency": "daily", "categories": ["cs.LG"], "min_relevance": 1, "min_novelty": 1},
    "subscribers": [
        {
            "email": f"{name}@example.org",
            "name": name,
            "time_zone": zone,
            "topics": [{"name": "Training", "relevant": "optimisation, pruning and the choice of hyperparameters"}],
        }
        for name, zone in (("west", "Pacific/Pago_Pago"), ("east", "Pacific/Kiritimati"))
    ],
}


def test_a_live_run_asks_once_a_day_and_says_who_asks(place: Place) -> None:
    place.path("subscribers.yaml").write_text(yaml.safe_dump(FAR_AWAY), encoding="utf-8")
    feed = (ROOT / "tests/recordings/feeds/2025-10-07/cs.LG.atom").read_bytes()
    with feed_server(feed) as (url, asked):
        done = place.newsletter("run", contact="Olga <olga@example.org>", feed_url=url)
        assert (done.returncode, summary(done)) == (0, f"2 subscribers = 2 sent{REST}")
        ((path, agent),) = asked
        assert path == "/atom/cs.LG"
        assert "mailto:olga@example.org" in agent
        assert newsletter.__version__ in agent
        again = place.newsletter("run", contact="Olga <olga@example.org>", feed_url=url)
        assert (again.returncode, summary(again)) == (0, f"2 subscribers = 2 sent (already sent){REST}")
        assert len(asked) == 1
    status = place.newsletter("status")
    assert len(re.findall(r"^s_\w{8} +sent +accepted ", status.stdout, re.MULTILINE)) == 2


def test_a_new_memory_begins_with_the_days_before(place: Place) -> None:
    place.path("subscribers.yaml").write_text(yaml.safe_dump(FAR_AWAY), encoding="utf-8")
    feed = (ROOT / "tests/recordings/feeds/2025-10-07/cs.LG.atom").read_bytes()
    received_at = datetime.now(UTC) - timedelta(days=5)  # announced one to four days ago
    archive = Archive({"cs:cs:LG": [Kept("2510.00001", [received_at], changed_on=received_at.date())]})
    with feed_server(feed) as (url, _), serving(handler_of(archive)) as records:
        settings = {"contact": "olga@example.org", "feed_url": url, "oai_url": records}
        done = place.newsletter("run", **settings)
        assert (done.returncode, summary(done)) == (0, f"2 subscribers = 2 sent{REST}")
        assert "The memory is new: 1 paper of the 5 weekdays before came from arXiv's records." in done.stdout
        again = place.newsletter("run", **settings)
    assert (again.returncode, len(archive.queries)) == (0, 1)


def test_a_new_memory_does_without_the_days_before(place: Place) -> None:
    place.path("subscribers.yaml").write_text(yaml.safe_dump(FAR_AWAY), encoding="utf-8")
    feed = (ROOT / "tests/recordings/feeds/2025-10-07/cs.LG.atom").read_bytes()
    with feed_server(feed) as (url, _):
        nowhere = f"http://127.0.0.1:{free_port()}"
        done = place.newsletter("run", contact="olga@example.org", feed_url=url, oai_url=nowhere)
    assert (done.returncode, summary(done)) == (0, f"2 subscribers = 2 sent{REST}")
    assert "lacks the days before for cs.LG; 'newsletter backfill' says why" in done.stdout


def test_a_live_run_without_a_contact_says_what_to_set(place: Place) -> None:
    done = place.newsletter("run")
    assert (done.returncode, done.stdout) == (3, "")
    assert "set NEWSLETTER_CONTACT to your e-mail address" in done.stderr


# --- when something is broken -------------------------------------------------------------------------


def test_a_broken_subscribers_file_lets_the_last_good_one_serve(only_ada: tuple[Place, Done], tmp_path: Path) -> None:
    place = only_ada[0].copy(tmp_path)
    place.path("subscribers.yaml").write_text(SUBSCRIBERS.replace("max_papers: 15", "max_paper: 15"), encoding="utf-8")
    done = place.newsletter("run", "--sample")
    assert (done.returncode, summary(done)) == (3, f"3 subscribers = 3 sent (1 already sent, 2 sent){REST}")
    assert re.search(r"subscribers\.yaml:\d+: .*max_paper: unknown key, expected max_papers", done.stderr)
    assert "The last good version serves" in done.stderr
    assert len(place.mails()) == 3


def test_a_broken_subscribers_file_without_a_good_one_stops_the_run(place: Place) -> None:
    place.path("subscribers.yaml").write_text("subscribers: [", encoding="utf-8")
    done = place.newsletter("run", "--sample")
    assert (done.returncode, done.stdout) == (3, "")
    assert "subscribers.yaml:" in done.stderr
    assert "mend the file and run newsletter check" in done.stderr
    assert "Traceback" not in done.stderr
    assert place.mail_files() == {}


def test_a_memory_that_cannot_be_read_stops_the_run(morning: tuple[Place, Done], tmp_path: Path) -> None:
    place = morning[0].copy(tmp_path)
    broken = next(place.path("state/deliveries").rglob("*.json"))
    broken.write_bytes(broken.read_bytes()[:100])
    before = place.mail_files()
    done = place.newsletter("run", "--sample")
    assert (done.returncode, done.stdout) == (7, "")
    assert str(broken.relative_to(place.folder)) in done.stderr
    assert "Traceback" not in done.stderr
    assert place.mail_files() == before


# --- preview ------------------------------------------------------------------------------------------

STARTS = {"html": "<!DOCTYPE html", "text": "", "markdown": "#", "eml": "From: "}
WRITTEN: dict[str, tuple[str, ...]] = {"html": (), "markdown": ("-o", "pages/ada.md")}


@pytest.mark.parametrize("form", STARTS)
def test_a_preview_is_shown_or_written_and_records_nothing(place: Place, form: str) -> None:
    shown = place.newsletter("preview", "--sample", ADA, "--format", form, "--output", "-")
    assert shown.returncode == 0
    assert shown.stdout.lower().startswith(STARTS[form].lower())
    assert re.search(r"arxiv\.org/abs/\d{4}\.\d{5}", shown.stdout.replace("=\n", ""))
    if (to := WRITTEN.get(form)) is not None:
        written = place.newsletter("preview", "--sample", ADA, "--format", form, *to)
        assert place.path(written.stdout.strip()).read_text(encoding="utf-8") == shown.stdout
    assert place.remembered() == []
    assert place.mail_files() == {}


def test_a_preview_after_the_mail_shows_that_mail(morning: tuple[Place, Done]) -> None:
    place, _ = morning
    shown = place.newsletter("preview", "--sample", ADA, "--output", "-")
    row = next(name for name in place.mail_files() if name.endswith(".html") and in_mail_of_ada(place, name))
    assert shown.stdout == place.path(f"outbox/{row}").read_text(encoding="ascii")
    assert re.search(r"^You would have got \d+ papers? a day", shown.stderr, re.MULTILINE)


def in_mail_of_ada(place: Place, page: str) -> bool:
    return ADA in place.path(f"outbox/{page}").with_suffix(".eml").read_text(encoding="ascii")


# --- status, subscribers, deliveries ------------------------------------------------------------------


def test_the_status_before_any_run_says_how_to_start_one(place: Place) -> None:
    done = place.newsletter("status")
    assert (done.returncode, done.stdout) == (0, "No run yet; start one with 'newsletter run'.\n")


def test_the_status_tells_of_feeds_and_mails(morning: tuple[Place, Done]) -> None:
    place, _ = morning
    done = place.newsletter("status")
    assert done.returncode == 0
    assert done.stdout.startswith(f"{SAMPLE_DAY}: latest run ")
    for category in CATEGORIES:
        assert re.search(rf"^{category} +announced +[1-9]", done.stdout, re.MULTILINE)
    assert len(re.findall(r"^s_\w{8} +sent +accepted ", done.stdout, re.MULTILINE)) == 3
    assert "In doubt" not in done.stdout + done.stderr


def test_the_status_as_json_is_the_run(morning: tuple[Place, Done]) -> None:
    place, _ = morning
    run = json.loads(place.newsletter("status", "--json", "--date", SAMPLE_DAY).stdout)
    assert run["digest_on"] == SAMPLE_DAY
    assert [entry["outcome"] for entry in run["subscribers"]] == ["sent"] * 3
    assert [feed["category"] for feed in run["feeds"]] == list(CATEGORIES)


def test_subscribers_are_listed_or_shown_in_full(place: Place) -> None:
    listed = place.newsletter("subscribers")
    assert listed.returncode == 0
    assert len(re.findall(r"^s_\w{8} +\S+@example", listed.stdout, re.MULTILINE)) == 3
    shown = yaml.safe_load(place.newsletter("subscribers", "HENRIETTA@example.com").stdout)
    assert (shown["zone"], shown["max_papers"], shown["min_novelty"]) == ("Europe/London", 15, 4)
    nobody = place.newsletter("subscribers", "nobody@example.org")
    assert nobody.returncode == 2
    assert "'newsletter subscribers' lists everybody" in nobody.stderr


def test_deliveries_are_listed_and_shown_step_by_step(morning: tuple[Place, Done]) -> None:
    place, _ = morning
    listed = place.newsletter("deliveries", "--date", SAMPLE_DAY, "--state", "accepted")
    ids = re.findall(r"^(s_\w{8}/2025-10-07) +accepted ", listed.stdout, re.MULTILINE)
    assert len(ids) == 3
    shown = place.newsletter("deliveries", "show", ids[0])
    assert shown.returncode == 0
    steps = re.findall(r"^  2\d{3}-\d\d-\d\d \d\d:\d\d:\d\d  (\w+)", shown.stdout, re.MULTILINE)
    assert steps == ["claimed", "handed_over", "accepted"]
    assert f"Message-ID: <{SAMPLE_DAY}.{ids[0].partition('/')[0]}@" in shown.stdout
    settled = place.newsletter("deliveries", "resolve", ids[0], "--not-accepted")
    assert settled.returncode == 2
    assert "there is nothing to settle" in settled.stderr


def test_a_doubt_is_shown_and_settled_by_the_operator(place: Place) -> None:
    row = in_doubt(place)
    shown = place.newsletter("deliveries", "--state", "in_doubt")
    assert re.search(rf"^{row} +in_doubt ", shown.stdout, re.MULTILINE)
    settled = place.newsletter("deliveries", "resolve", row, "--not-accepted")
    assert (settled.returncode, settled.stdout) == (0, f"{row} is deferred\n")
    done = place.newsletter("run", "--sample", "--only", row.partition("/")[0])
    assert (done.returncode, summary(done)) == (0, f"1 subscribers = 1 sent{REST}")


def test_the_status_names_what_is_in_doubt(morning: tuple[Place, Done], tmp_path: Path) -> None:
    place = morning[0].copy(tmp_path)
    row = in_doubt(place, on=date(2025, 10, 6))
    done = place.newsletter("status")
    assert f"In doubt: {row}" in done.stderr
    assert "newsletter deliveries resolve" in done.stderr


def in_doubt(place: Place, on: date = date(2025, 10, 7)) -> str:
    """Ada's delivery of that day, as a sender leaves it that cannot tell; its id."""
    now = datetime(2025, 10, 7, 6, 0, tzinfo=UTC)
    store = TinyStore(place.path("state"))
    store.start_run("r1")
    row = present(store.claim("s_z7qa3xsg", on, run_id="r1", now=now))
    row = ledger.hand_over(row, paper_ids=("2510.00001",), announced_on=(on,), message_id="<m@x>", now=now)
    row = ledger.doubt(row, "the connection broke after the last byte", now)
    store.move(row)
    store.end_run("r1")
    assert row.state is DeliveryState.IN_DOUBT
    return row.delivery_id


# --- check, config, schema and help -------------------------------------------------------------------


def test_check_wants_a_contact_and_then_is_content(place: Place) -> None:
    without = place.newsletter("check")
    assert without.returncode == 3
    assert "set NEWSLETTER_CONTACT" in without.stdout
    fine = place.newsletter("check", contact="olga@example.org")
    assert fine.returncode == 0
    lines = [line for line in fine.stdout.splitlines() if "the memory in state may begin anew" not in line]  # on tmpfs
    marks = [line[0] for line in lines if line[1:2] == " "]
    assert set(marks) == {"✓"}
    assert len(marks) > 5
    assert sorted(path.name for path in place.folder.iterdir()) == ["subscribers.yaml"], "check writes nothing"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "✓ web part: no address, so mails have no links"),
        ({"base_url": "http://papers.example.org"}, "http://papers.example.org, with no proxy that tells who asks"),
        ({"base_url": "https://papers.example.org"}, "! advice: https://papers.example.org needs a proxy"),
        ({"base_url": "https://papers.example.org", "trusted_proxies": "2"}, "behind 2 proxies that tell who asks"),
    ],
)
def test_check_says_whom_the_web_part_takes_for_a_client(place: Place, changes: dict[str, str], said: str) -> None:
    assert said in place.newsletter("check", contact="olga@example.org", **changes).stdout


def test_check_points_out_what_is_valid_and_may_not_be_meant(place: Place) -> None:
    text = "subscribers:\n  - email: ada@example.org\n    categories: [cs.LG]\n    keywords: {like: [x]}\n    about: "
    (place.folder / "new.yaml").write_text(f"{text}our #1 topic\n")
    done = place.newsletter("check", "new.yaml")
    assert done.returncode == 0
    assert 'new.yaml:5: about: the text ends before "#1 topic"' in done.stdout


def test_check_names_the_lines_that_ask_for_words_no_paper_uses_and_is_content(place: Place) -> None:
    text = (
        "subscribers:\n  - email: ada@example.org\n    categories: [astro-ph.GA]\n    topics:\n"
        "      - name: Galaxies\n        relevant: >\n          Galaxies, and their Grüne\n          Löcher\n"
        "  - email: eve@example.org\n    categories: [cs.CL]\n    keywords: {like: [machine trasnlation, LoRA]}\n"
    )
    place.path("new.yaml").write_text(text, encoding="utf-8")
    done = place.newsletter("check", "new.yaml")
    assert done.returncode == 0
    assert "new.yaml:7: No paper of the last years says “Grüne Löcher”. Write it in English" in done.stdout
    assert "new.yaml:11: No paper of the last years says “trasnlation”; it is read as “translation”." in done.stdout
    assert done.stdout.count("No paper of") == 2
    assert done.stdout.count("Or set NEWSLETTER_MODEL") == 1
    assert "NEWSLETTER_MODEL" not in place.newsletter("check", "new.yaml", model="gpt-5-mini").stdout


def test_check_names_line_and_remedy_of_a_typing_mistake(place: Place) -> None:
    lines = SUBSCRIBERS.splitlines()
    number = next(i for i, line in enumerate(lines, 1) if "max_papers: 15" in line)
    lines[number - 1] = "    max_paper: 15"
    place.path("new.yaml").write_text("\n".join(lines), encoding="utf-8")
    done = place.newsletter("check", "new.yaml")
    assert done.returncode == 3
    assert f"new.yaml:{number}: max_paper: unknown key, expected max_papers" in done.stdout


def test_the_printed_settings_are_an_env_file_that_says_the_same(place: Place) -> None:
    """Names may hold what means something in a .env file: quotes, a number sign, a backslash."""
    first = place.newsletter(
        "config",
        name="Ada's #1 papers \\ day",
        sender='"Papers, daily" <news@example.org>',
        outbox="mails",
        subscribers="subscribers.yaml",
    )
    assert first.returncode == 0
    assert first.stdout.count("NEWSLETTER_") >= 8
    place.path(".env").write_text(first.stdout, encoding="utf-8")
    assert place.newsletter("config").stdout == first.stdout
    assert place.newsletter("run", "--sample", "--only", ADA).returncode == 0
    place.path("mails").rename(place.path("outbox"))
    (mail,) = place.mails()
    assert str(mail["From"].addresses[0]) == '"Papers, daily" <news@example.org>'
    assert "Ada's #1 papers \\ day" in text_of(mail)


def test_a_setting_that_cannot_be_used_is_named(place: Place) -> None:
    done = place.newsletter("status", sender="nobody", feed_url="ftp://example.org")
    assert done.returncode == 3
    assert "NEWSLETTER_SENDER: found 'nobody'" in done.stderr
    assert "NEWSLETTER_FEED_URL: found 'ftp://example.org'" in done.stderr


def test_the_schema_is_the_one_editors_are_pointed_to(place: Place) -> None:
    assert place.newsletter("schema").stdout == (ROOT / "subscribers.schema.json").read_text(encoding="utf-8")


def test_version_help_and_a_command_that_is_none(place: Place) -> None:
    assert place.newsletter("--version").stdout == f"newsletter, version {newsletter.__version__}\n"
    shown = place.newsletter("--help").stdout
    assert all(f"  {name} " in shown for name in cli.COMMANDS)
    unknown = place.newsletter("fetch")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "No such command 'fetch'" in unknown.stderr


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        yield (*path, name)
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)


def test_the_help_of_each_command_and_of_its_parts_teaches() -> None:
    for path in commands(cli.group):
        result = CliRunner().invoke(cli.group, [*path, "--help"])
        assert result.exit_code == 0
        about, _, rest = result.output.partition("\n\n")[2].partition("Options:")
        assert len(about.split()) >= 12, f"{path} says neither what it does nor what it leaves alone"
        assert "Example" in about or "Exit codes" in rest, path
