"""`newsletter subscribers add` on a real folder: who is added, who is not and why, and what the operator is told."""

from dataclasses import replace
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter import app
from newsletter.addresses import subscriber_id
from newsletter.cli.subscriber_add import ask_for
from newsletter.delivery.suppression import lift, pause, unsubscribe
from newsletter.model import Frequency, PromisedMail, RevisionOrigin, SignUp, SignUpOrigin
from newsletter.services.additions import Wishes, build, read_wishes
from newsletter.settings import load_settings
from newsletter.stores.tinydb import TinyStore
from newsletter.subscribers import parse_file
from newsletter.subscribers.signup_rules import topic_name
from newsletter.subscribers.values import MAX_LINE
from tests.command import newsletter
from tests.make import text_of

YAML = """defaults: {time_zone: Asia/Tokyo, max_papers: 7}
subscribers:
  - email: ada@example.org
    categories: [cs.LG]
    topics: [{name: T, relevant: all of it}]
"""
AT = datetime(2026, 1, 6, 8, tzinfo=UTC)
EVE = subscriber_id("eve@example.org")
FILE = parse_file(YAML, source="subscribers.yaml")
SAID = ("--name", "Eve", "--categories", "cs.LG, stat.ML", "--topic", "State space models.", "--topic", "Trees")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TinyStore:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "subscribers.yaml").write_text(YAML, encoding="utf-8")
    return TinyStore(tmp_path / "state")


def welcomes(folder: Path) -> list[EmailMessage]:
    paths = sorted((folder / "outbox").glob("service_*welcome.eml"))
    return [message_from_bytes(path.read_bytes(), EmailMessage, policy=SMTP) for path in paths]


@pytest.mark.parametrize("how", [(), ("--dry-run",)], ids=str)
def test_whose_profile_would_find_nothing_or_always_too_much_is_told_of_at_once(
    store: TinyStore, how: tuple[str, ...]
) -> None:
    def told(name: str, *said: str) -> str:
        who = f"{name}@example.org"
        done = newsletter("subscribers", "add", who, "--categories", "cs.LG", *said, "--no-welcome", *how)
        assert done.exit_code == 0
        return done.stderr

    nothing, much = ("--topic", "Byzantine coinage"), ("--topic", "Attention for language models")
    assert "You would have got" not in told("early", *nothing)  # no announcement is kept yet
    assert newsletter("run", "--sample", "--quiet").exit_code == 0
    assert "You would have got nothing on that day. No paper reached relevance 6" in told("ann", *nothing)
    assert told("ben", *much) == ""
    (Path.cwd() / "subscribers.yaml").write_text(YAML.replace("max_papers: 7", "max_papers: 1"), encoding="utf-8")
    assert "That is more than your mail takes on that day." in told("cem", *much)
    assert "You would have got" not in told("dan", "--author", "Ada Lovelace")  # who says nothing of papers


def test_a_reader_is_added_beside_the_file_and_welcomed_once(store: TinyStore, tmp_path: Path) -> None:
    done = newsletter("subscribers", "add", "Eve@Example.org", *SAID, "--zone", "Europe/Berlin", "--language", "fr")
    assert (done.exit_code, f"{EVE} (Eve@example.org) is added." in done.output) == (0, True)
    assert "A welcome has left; it is in outbox." in done.output
    eve = app.load_subscribers(load_settings(), store).subscribers[1]
    assert (eve.email, eve.name, eve.categories) == ("Eve@example.org", "Eve", ("cs.LG", "stat.ML"))
    assert (eve.zone, eve.max_papers, eve.profile.language) == ("Europe/Berlin", 7, "fr")
    assert [(topic.name, topic.relevant) for topic in eve.profile.topics] == [
        ("State space models", "State space models."),
        ("Trees", "Trees"),
    ]
    (mail,) = welcomes(tmp_path)
    assert (mail["To"], mail["Subject"]) == ("Eve <Eve@example.org>", "Bienvenue chez Morning Papers")
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert (tmp_path / "subscribers.yaml").read_text(encoding="utf-8") == YAML
    lines = newsletter("subscribers").stdout.splitlines()
    assert [line.split()[-1] for line in lines[1:]] == ["file", "added"]
    shown = newsletter("subscribers", "show", EVE).output
    assert "# added by you on " in shown
    assert "# their welcome has left (they were new on " in shown
    assert "what you added them with holds" in newsletter("subscribers", "revisions", EVE).output


def test_the_same_again_changes_nothing_and_is_no_mistake(store: TinyStore, tmp_path: Path) -> None:
    newsletter("subscribers", "add", "eve@example.org", *SAID)
    before = store.get_enrolled()
    again = newsletter("subscribers", "add", "EVE+news@example.org", *SAID)
    assert (again.exit_code, "with just that; nothing was changed" in again.output) == (0, True)
    assert (store.get_enrolled(), len(welcomes(tmp_path))) == (before, 1)


def test_something_else_for_the_same_reader_is_refused_with_the_remedy(store: TinyStore) -> None:
    newsletter("subscribers", "add", "eve@example.org", *SAID)
    before = store.get_enrolled()
    done = newsletter("subscribers", "add", "eve@example.org", "--categories", "cs.LG", "--like", "LoRA")
    assert (done.exit_code, f"newsletter subscribers remove {EVE}" in done.output) == (2, True)
    assert store.get_enrolled() == before


def test_who_is_in_the_file_is_named_with_the_line(store: TinyStore, tmp_path: Path) -> None:
    done = newsletter("subscribers", "add", "ADA@example.org", *SAID)
    assert (done.exit_code, "is in subscribers.yaml:3 already" in done.output) == (0, True)
    assert (store.get_enrolled(), welcomes(tmp_path)) == ([], [])


def test_who_came_by_the_web_stays_as_they_asked(store: TinyStore) -> None:
    asked = SignUp(EVE, AT, "eve@example.org", "Eve", ("hep-th",), "Black holes.")
    store.enrol(asked)
    done = newsletter("subscribers", "add", "eve@example.org", *SAID)
    assert (done.exit_code, "came by the web on 2026-01-06" in done.output) == (2, True)
    assert store.get_enrolled() == [asked]


def test_who_left_is_not_added_before_you_have_let_them_in_again(store: TinyStore, tmp_path: Path) -> None:
    store.change_address_status(EVE, lambda known: unsubscribe(known, AT))
    done = newsletter("subscribers", "add", "eve@example.org", *SAID)
    assert (done.exit_code, store.get_enrolled()) == (2, [])
    assert "newsletter suppressions lift eve@example.org" in done.output
    store.change_address_status(EVE, lambda known: lift(known, AT))
    assert newsletter("subscribers", "add", "eve@example.org", *SAID).exit_code == 0
    assert len(welcomes(tmp_path)) == 1


def test_who_is_added_anew_begins_anew_and_is_welcomed_anew(store: TinyStore, tmp_path: Path) -> None:
    newsletter("subscribers", "add", "eve@example.org", *SAID)
    (tmp_path / "outbox").rename(tmp_path / "before")
    assert newsletter("subscribers", "remove", "eve@example.org").exit_code == 0
    store.add_revision(EVE, "max_papers: 3", origin=RevisionOrigin.WEB, now=AT)
    store.change_address_status(EVE, lambda known: replace(pause(known, AT.date()), frequency=Frequency.WEEKLY))
    assert newsletter("subscribers", "add", "eve@example.org", *SAID).exit_code == 0
    eve = app.load_subscribers(load_settings(), store).subscribers[1]
    assert (eve.max_papers, eve.frequency, eve.paused_until) == (7, Frequency.WEEKDAYS, None)
    assert len(welcomes(tmp_path)) == 1


def test_without_a_welcome_there_is_none_later_either(store: TinyStore, tmp_path: Path) -> None:
    done = newsletter("subscribers", "add", "eve@example.org", *SAID, "--no-welcome")
    assert (done.exit_code, "No welcome is sent." in done.output) == (0, True)
    assert [one.mail for one in store.get_welcomes() or ()] == [PromisedMail.NONE]
    app.build_welcome_service(load_settings(), store).send_due("r1")
    assert EVE not in {subscriber_id(mail["To"].addresses[0].addr_spec) for mail in welcomes(tmp_path)}


def test_a_profile_of_a_file_is_taken_as_it_is(store: TinyStore, tmp_path: Path) -> None:
    text = "categories: [cs.LG]\nkeywords: {like: [graph], avoid: [survey]}\nmax_papers: 3\n"
    (tmp_path / "eve.yaml").write_text(text, encoding="utf-8")
    assert newsletter("subscribers", "add", "eve@example.org", "--profile", "eve.yaml").exit_code == 0
    eve = app.load_subscribers(load_settings(), store).subscribers[1]
    assert (eve.max_papers, eve.profile.like, eve.profile.avoid) == (3, ("graph",), ("survey",))
    both = newsletter("subscribers", "add", "eve@example.org", "--profile", "eve.yaml", "--like", "x")
    assert (both.exit_code, "--profile FILE says it all" in both.output) == (2, True)


def test_a_profile_with_mistakes_is_answered_with_its_lines(store: TinyStore, tmp_path: Path) -> None:
    (tmp_path / "eve.yaml").write_text("categories: [cs.LGG]\nmin_relevence: 3\n", encoding="utf-8")
    done = newsletter("subscribers", "add", "eve@example.org", "--profile", "eve.yaml")
    assert (done.exit_code, store.get_enrolled()) == (2, [])
    assert 'line 1: categories: found "cs.LGG", expected an arXiv category; nearest: cs.LG' in done.output
    assert "line 2: min_relevence: unknown key, expected min_relevance" in done.output


def test_a_dry_run_shows_profile_and_welcome_and_changes_nothing(store: TinyStore, tmp_path: Path) -> None:
    done = newsletter("subscribers", "add", "eve@example.org", *SAID, "--dry-run")
    assert done.exit_code == 0
    assert "relevant: >-\n      State space models." in done.output
    assert "min_relevance: 6\n" in done.output, "what holds without a model"
    assert "Subject: Welcome to Morning Papers" in done.output
    assert "eve@example.org" in done.output
    assert (store.get_enrolled(), store.get_welcomes(), welcomes(tmp_path)) == ([], None, [])


def test_without_an_address_and_a_terminal_it_says_what_to_type(store: TinyStore) -> None:
    done = newsletter("subscribers", "add")
    assert (done.exit_code, "newsletter subscribers add EMAIL" in done.output) == (2, True)


def test_a_welcome_that_cannot_leave_is_told_and_the_reader_is_added(store: TinyStore, tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("in the way")
    done = newsletter("subscribers", "add", "eve@example.org", *SAID)
    assert (done.exit_code, "could not leave yet" in done.stderr) == (6, True)
    assert [one.subscriber_id for one in store.get_enrolled()] == [EVE]
    (tmp_path / "outbox").unlink()
    store.change_welcome(EVE, lambda known: known and replace(known, retry_at=None))
    app.build_welcome_service(load_settings(), store).send_due("r1")
    assert len(welcomes(tmp_path)) == 2  # with that of the file, who is as new here
    assert "State space models" in text_of(welcomes(tmp_path)[1]) + text_of(welcomes(tmp_path)[0])


@pytest.mark.parametrize(
    ("wishes", "problem"),
    [
        (Wishes(("cs.LGG",), ("x",)), '--categories: found "cs.LGG", expected an arXiv category; nearest: cs.LG'),
        (Wishes(("cs",), ("x",)), '--categories: found "cs", expected a category, not a whole archive; cs has cs.AI'),
        (Wishes((), ("x",)), "--categories: missing, expected arXiv categories such as cs.LG"),
        (Wishes(("cs.LG",)), "--topic: missing, expected what they want to read about; or --like, or --author"),
        (Wishes(("cs.LG",), ("x", "x")), '--topic: found "x" again'),
        (Wishes(("cs.LG",), ("x" * 4001,)), "--topic: found"),
        (Wishes(("cs.LG",), like=("x" * 101,)), "--like: found"),
        (Wishes(("cs.LG",), authors=("0000-0002-1825-0097",)), "--author: found"),
        (Wishes(("cs.LG",), ("x",), zone="berlin"), '--zone: found "berlin", expected an IANA time zone'),
        (Wishes(("cs.LG",), ("x",), send_at="7am"), '--send-at: found "7am"'),
        (Wishes(("cs.LG",), ("x",), frequency="hourly"), '--frequency: found "hourly", expected one of daily'),
        (Wishes(("cs.LG",), ("x",), language="tlh"), '--language: found "tlh", expected one of en'),
    ],
)
def test_a_mistake_is_told_by_the_name_of_its_option(wishes: Wishes, problem: str) -> None:
    with pytest.raises(Exception, match="Nobody was added") as refused:
        read_wishes("eve@example.org", "", wishes, FILE, AT)
    assert [str(one)[: len(problem)] for one in refused.value.problems] == [problem]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("email", "name", "problem"),
    [
        ("eve(at)example.org", "", "email: found 'eve(at)example.org', expected an e-mail address"),
        ("eve@example", "", "email: found 'eve@example', expected an e-mail address with a whole domain after the @"),
        ("eve@example.org", "x\ny", "--name: found 'x\\ny', expected text on one line, 1 to 100 characters"),
    ],
)
def test_an_address_or_a_name_that_cannot_be_one_is_told(email: str, name: str, problem: str) -> None:
    with pytest.raises(Exception, match="Nobody was added") as refused:
        read_wishes(email, name, Wishes(("cs.LG",), ("x",)), FILE, AT)
    assert refused.value.problems == (problem,)  # type: ignore[attr-defined]


LINES = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), min_size=1, max_size=MAX_LINE)


TOPICS = st.lists(LINES.map(str.strip).filter(bool), min_size=1, max_size=3, unique_by=topic_name)


@given(topics=TOPICS, like=st.lists(LINES))
def test_what_is_said_is_kept_word_by_word(topics: list[str], like: list[str]) -> None:
    """Whatever YAML, or the repair of what mail programs break, would make of it."""
    wishes = Wishes(("cs.LG",), tuple(topics), tuple(filter(None, map(str.strip, like))))
    enrolment = read_wishes("eve@example.org", "", wishes, FILE, AT)
    eve = build(enrolment, FILE)
    assert [topic.relevant for topic in eve.profile.topics] == topics
    assert list(eve.profile.like) == list(dict.fromkeys(wishes.like))
    assert enrolment.origin is SignUpOrigin.OPERATOR


def test_on_a_terminal_each_question_is_asked_until_the_answer_is_right() -> None:
    answers = iter(
        [
            *("eve", "eve@example.org", "Eve", "cs.LGG", "", "cs.LG,cs.CL", "", "Trees", "Graphs", ""),
            *("berlin", "Europe/Berlin", "7am", "06:50"),
        ]
    )
    asked: list[tuple[str, str]] = []

    def ask(question: str, default: str) -> str:
        asked.append((question, default))
        return next(answers)

    assert ask_for(ask, FILE) == (
        "eve@example.org",
        "Eve",
        Wishes(("cs.LG", "cs.CL"), ("Trees", "Graphs"), zone="Europe/Berlin", send_at="06:50"),
    )
    assert next(answers, None) is None
    assert ("Time zone", "Asia/Tokyo") in asked
