"""The exit codes of a run: failures by weight, and, if it is asked for, why nobody was mailed."""

import pytest

from newsletter.cli.exits import EXIT_FEED, EXIT_NO_ANNOUNCEMENT, EXIT_NOTHING_RELEVANT, EXIT_SCORING
from newsletter.cli.run import detailed_code, exit_code
from newsletter.model import FeedOutcome, FeedReport, RunOutcome, RunReport, SubscriberReport
from tests import make

Said = RunOutcome


def report(*outcomes: RunOutcome, feed: FeedOutcome = FeedOutcome.ANNOUNCED) -> RunReport:
    entries = tuple(SubscriberReport(f"s_{n:08}", outcome) for n, outcome in enumerate(outcomes))
    return RunReport("run", make.TUESDAY, make.NOW, make.NOW, (FeedReport("cs.LG", feed, 0),), entries)


@pytest.mark.parametrize(
    ("outcomes", "feed", "code"),
    [
        ((Said.NO_ANNOUNCEMENT,), FeedOutcome.NO_ANNOUNCEMENT, 0),
        ((Said.NO_ANNOUNCEMENT,), FeedOutcome.STALE, 0),
        ((Said.WAITING,), FeedOutcome.HALF_STALE, 0),
        ((Said.NOTHING_RELEVANT,), FeedOutcome.ANNOUNCED, 0),
        ((Said.FEED_FAILED,), FeedOutcome.FAILED, EXIT_FEED),
        ((Said.SENT,), FeedOutcome.FAILED, EXIT_FEED),
        ((Said.SCORING_FAILED,), FeedOutcome.ANNOUNCED, EXIT_SCORING),
    ],
)
def test_a_failed_feed_and_failed_scoring_end_with_codes_of_their_own(
    outcomes: tuple[RunOutcome, ...], feed: FeedOutcome, code: int
) -> None:
    assert exit_code(report(*outcomes, feed=feed)) == code


@pytest.mark.parametrize(
    ("outcomes", "code"),
    [
        ((Said.NO_ANNOUNCEMENT, Said.NOT_DUE), EXIT_NO_ANNOUNCEMENT),
        ((Said.WAITING,), EXIT_NO_ANNOUNCEMENT),
        ((Said.NOTHING_RELEVANT, Said.NO_ANNOUNCEMENT), EXIT_NOTHING_RELEVANT),
        ((Said.SENT, Said.NOTHING_RELEVANT), 0),
        ((Said.ALREADY_SENT, Said.NO_ANNOUNCEMENT), 0),
        ((Said.NOT_DUE, Said.PAUSED), 0),
        ((), 0),
    ],
)
def test_a_run_that_mailed_nobody_can_say_why(outcomes: tuple[RunOutcome, ...], code: int) -> None:
    assert detailed_code(report(*outcomes)) == code
