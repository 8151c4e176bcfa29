"""When a collected morning is shared out, before what may take minutes and no mail needs; and in how much memory."""

import gc
from pathlib import Path
from threading import Event

from newsletter import app
from newsletter.model import Feed, FeedOutcome, FeedReport
from newsletter.papers import arxiv_day
from newsletter.run.backfill import last_weekdays
from newsletter.scoring.local import LocalScorer
from newsletter.settings import Settings
from newsletter.worker.jobs import Jobs
from tests import make
from tests.contract.worker.conftest import Place
from tests.contract.worker.test_retries import work_once
from tests.e2e import killed_run
from tests.e2e.killed_worker import FeedHandler
from tests.e2e.test_clock import zone_at_six
from tests.http_server import Handler, serving
from tests.oai_server import NO_RECORDS


class NoRecordsHandler(Handler):
    """arXiv's records, without any."""

    def do_GET(self) -> None:
        self.answer(200, NO_RECORDS.encode(), content_type="text/xml")


def scorers() -> int:
    """How many there are in this process, each with the words of the papers that it has scored."""
    gc.collect()
    return sum(isinstance(one, LocalScorer) for one in gc.get_objects())


def test_readers_do_not_wait_while_late_papers_are_looked_for(place: Place, tmp_path: Path) -> None:
    killed_run.prepare(tmp_path, 1, time_zone=zone_at_six(), send_at="05:00")
    now = app.utc_now()
    (yesterday,) = last_weekdays(arxiv_day(now), 1)  # a day is kept, so none is missing
    read = FeedReport("cs.LG", FeedOutcome.ANNOUNCED, 1, "", now)
    place.store.add_feeds(yesterday, [Feed("cs.LG", yesterday, (make.announcement("2401.00001"),))], [read])
    waiting: list[int] = []

    class RecordHandler(NoRecordsHandler):
        def do_GET(self) -> None:
            waiting.append(len(place.waiting("deliver")))
            super().do_GET()

    with serving(FeedHandler) as feed_url, serving(RecordHandler) as oai_url:
        changes = {"feed_url": f"{feed_url}/atom", "oai_url": oai_url, "contact": "operator@example.org"}
        place.settings = Settings.model_validate(place.settings.model_dump() | changes)
        place.queue.put_collect()
        work_once(place)
    assert waiting == [1]


def test_who_collects_for_all_holds_no_words_of_papers_from_the_mails_before(place: Place, tmp_path: Path) -> None:
    """Words and the list are the two that are large: a worker needs memory for one of them at a time."""
    killed_run.prepare(tmp_path, 2, time_zone=zone_at_six(), send_at="05:00")
    there: list[int] = []

    class CountingHandler(FeedHandler):
        def do_GET(self) -> None:
            there.append(scorers())
            super().do_GET()

    with serving(CountingHandler) as feed_url, serving(NoRecordsHandler) as oai_url:
        changes = {"feed_url": f"{feed_url}/atom", "oai_url": oai_url, "contact": "operator@example.org"}
        settings = Settings.model_validate(place.settings.model_dump() | changes)
        jobs, before = Jobs(settings, place.queue, Event()), scorers()
        jobs.deliver([one.subscriber_id for one in app.load_subscribers(settings, place.store).subscribers])
        assert scorers() == before + 1
        jobs.collect()
    assert there == [before + 1]  # the one of collecting itself, which has scored nothing
