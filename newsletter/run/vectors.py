"""Has a sentence model read the day's papers, once for all readers and before anybody's are scored.

Later nobody waits for it: an answer, a preview or a page ranks by what was read here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from newsletter.errors import EmbedderError
from newsletter.model import AnnouncementDay, AnnounceType, Paper, Subscriber
from newsletter.run.context import Morning, RunContext

_REPLACEMENTS = {AnnounceType.REPLACE, AnnounceType.REPLACE_CROSS}


def read_papers(
    context: RunContext,
    morning: Morning,
    subscribers: Sequence[Subscriber],
    should_stop: Callable[[], bool] = lambda: False,
) -> list[str]:
    """Has read what these subscribers may be mailed of today, then what the scorer looks back at. Raises StoreError.

    Gives sentences for the operator, if the model does not work: the mails go out without it.
    """
    if context.vectors is None or not morning.today.announcements:
        return []
    wanted = {kind for subscriber in subscribers for kind in subscriber.candidate_types}
    earlier = morning.earlier[::-1][: context.scorer.history_days]
    for day in (morning.today, *earlier):
        papers = list(_choose(day, wanted))
        try:
            context.vectors.prepare(papers, announced_on=day.announced_on, should_stop=should_stop)
        except EmbedderError as error:
            return [str(error)]
    return []


def _choose(day: AnnouncementDay, wanted: set[AnnounceType]) -> Iterable[Paper]:
    """Leaves out replacements, half of what arXiv announces, where nobody asks for them."""
    unwanted = _REPLACEMENTS - wanted
    return (shown.paper for shown in day.announcements if shown.announce_type not in unwanted)
