"""`newsletter status` of a day on which later runs merely passed over who had their mail, or their answer, by then."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from newsletter.addresses import subscriber_id
from newsletter.cli.exits import EXIT_CONFIG
from newsletter.delivery import ledger
from newsletter.model import RunOutcome, RunReport, SubscriberReport, delivery_id_of
from newsletter.stores.tinydb import TinyStore
from tests.command import newsletter

AN_HOUR = timedelta(hours=1)
ADA, EMMY = map(subscriber_id, ("ada@example.org", "emmy@example.org"))
ENTRIES = """subscribers:
  - {{email: ada@example.org, categories: [cs.LG, cs.AI], keywords: {{like: [attention]}}, {wish}}}
  - {{email: emmy@example.org, categories: [cs.LG], announce_types: [replace-cross], papers: [A title], {wish}}}
"""


@pytest.fixture(autouse=True)
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    listed("full: 3")


def listed(wish: str) -> None:
    Path("subscribers.yaml").write_text(ENTRIES.format(wish=wish), encoding="utf-8")


def row(who: str) -> list[str]:
    [line] = [line for line in newsletter("status").stdout.splitlines() if line.startswith(who)]
    return line.split()


@pytest.mark.parametrize("wish", ["frequency: weekly, weekday: sunday", "paused_until: 2999-01-01", "full: 3"])
def test_it_tells_what_became_of_each_mail_whatever_a_later_run_passed_over(wish: str) -> None:
    assert newsletter("run", "--sample", "--quiet").exit_code == 0
    before = row(ADA), row(EMMY)
    assert before[0][1:3] == ["sent", "accepted"]
    assert before[1][1:4] == ["nothing", "relevant", "skipped"]
    listed(wish)
    assert newsletter("run", "--sample", "--quiet").exit_code == 0
    assert (row(ADA), row(EMMY)) == before
    for who in (ADA, EMMY):
        newsletter("suppressions", "add", who)
    assert newsletter("run", "--sample", "--quiet").exit_code == 0
    assert (row(ADA), row(EMMY)) == before


@pytest.mark.parametrize("has_run", [False, True])
@pytest.mark.parametrize(
    ("file", "said"),
    [("subscribers: [", "subscribers.yaml:2"), ("", "subscribers.yaml:1"), (None, "subscribers.yaml cannot be read")],
)
def test_it_says_that_the_list_of_subscribers_cannot_be_read_and_what_holds(
    file: str | None, said: str, has_run: bool
) -> None:
    if has_run:
        assert newsletter("run", "--sample", "--quiet").exit_code == 0
        assert newsletter("status").exit_code == 0
    path = Path("subscribers.yaml")
    path.unlink() if file is None else path.write_text(file, encoding="utf-8")
    done = newsletter("status")
    assert done.exit_code == EXIT_CONFIG
    assert said in done.stderr
    assert ("The last good version serves" in done.stderr) is has_run
    assert not has_run or ADA in done.stdout


def test_a_list_that_was_changed_and_is_well_is_no_trouble_and_is_not_kept_by_looking() -> None:
    assert newsletter("run", "--sample", "--quiet").exit_code == 0
    kept = Path("state/documents/subscribers.last-good.yaml").read_bytes()
    listed("max_papers: 4")
    assert newsletter("status").exit_code == 0
    assert Path("state/documents/subscribers.last-good.yaml").read_bytes() == kept


def serve(store: TinyStore, run_id: str, who: str, *, on: date) -> None:
    now = datetime.now(UTC)  # the commands before and after ask the same clock
    claim = store.claim(who, on, run_id=run_id, now=now)
    assert claim is not None
    store.move(ledger.skip(claim, "nothing relevant", now))


@pytest.mark.parametrize("has_run_before", [False, True])
def test_it_tells_of_a_run_that_has_no_report_whether_it_still_runs_or_broke_off(has_run_before: bool) -> None:
    if has_run_before:
        assert newsletter("run", "--sample", "--quiet").exit_code == 0
    assert "Under way" not in newsletter("status").output
    store, on = TinyStore(Path("state")), date(2025, 10, 8)
    store.start_run("r9")
    assert store.claim(EMMY, on, run_id="r9", now=datetime.now(UTC))
    serve(store, "r9", ADA, on=on)
    for told in (newsletter("status"), newsletter("status", "--date", f"{on}")):
        assert f"Under way: run r9 has served 1 reader of {on} so far." in told.output
        assert "No run" not in told.output
    store.end_run("r9")
    for told in (newsletter("status"), newsletter("status", "--date", f"{on}")):
        assert f"Broken off: run r9 served 1 reader of {on} and left no report; the next" in told.output
        assert "No run" not in told.output
    assert newsletter("run", "--sample", "--quiet").exit_code == 0
    assert "r9" not in newsletter("status", "--date", f"{on}").output, "another run has gone on"
    other_day = newsletter("status", "--date", "2025-10-01").output
    assert "No run on 2025-10-01." in other_day
    assert "r9" not in other_day


@pytest.mark.parametrize("is_told_before", [True, False])
def test_a_report_tells_of_what_was_claimed_before_it_ended(is_told_before: bool) -> None:
    """As that of a run tells of its helpers' mails. What another run claims after it is not told."""
    store, on, now = TinyStore(Path("state")), date(2025, 10, 8), datetime.now(UTC)
    store.start_run("r9")
    serve(store, "r9", ADA, on=on)
    store.end_run("r9")
    told = SubscriberReport(ADA, RunOutcome.NOTHING_RELEVANT, delivery_id=delivery_id_of(ADA, on))
    began, ended = (now - AN_HOUR, now - AN_HOUR / 2) if is_told_before else (now - AN_HOUR, now + AN_HOUR)
    store.record_run(RunReport("r8", on, began, ended, (), (told,)))
    assert ("Broken off: run r9" in newsletter("status").output) == is_told_before


def test_it_tells_of_a_run_with_a_report_as_before_wherever_the_readers_live() -> None:
    text = ENTRIES.format(wish="full: 3, time_zone: Pacific/Kiritimati")
    Path("subscribers.yaml").write_text(text, encoding="utf-8")
    assert newsletter("run", "--sample", "--quiet").exit_code == 0
    assert "Broken off" not in newsletter("status").output
