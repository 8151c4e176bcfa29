"""After a mail has left, its preview is the digest that was mailed, whatever has changed since."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from newsletter.flow import run_morning
from newsletter.model import Digest, Notice, NoticeKind, Usage
from newsletter.run.preview import preview
from tests import make
from tests.fakes import Act, FlakySender, Silent
from tests.unit.test_flow import Morning, ScriptedScorer, morning, two_papers

SPENT = Notice(NoticeKind.MODEL_NOT_REACHED)
COST = Usage(1000, 200, 900, Decimal("0.01"), Decimal("0.02"))


class Costly(ScriptedScorer):
    def score(self, *args: object, **named: object) -> object:  # type: ignore[override]
        return replace(super().score(*args, **named), usage=COST, scorer="a model", notices=(SPENT,))  # type: ignore[arg-type]


def shown(given: Morning, *, anew: bool = False) -> Digest | None:
    return preview(given.context, given.subscribers[0], Silent(), digest_on=make.TUESDAY, anew=anew).digest


def test_it_is_what_was_sent_with_its_cost_though_all_else_has_changed() -> None:
    given = morning(*two_papers(), scorer=Costly())
    given.run()
    given.scorer = ScriptedScorer(dull=frozenset({"2601.00001"}))
    given.source.asked.clear()
    given.source.days[make.TUESDAY] = {"cs.LG": "no answer"}
    given.subscribers = [replace(given.subscribers[0], max_papers=1, name="Rita R.")]
    digest = make.present(shown(given))
    assert (digest.usage, digest.scorer, digest.notices) == (COST, "a model", (SPENT,))
    assert [entry.paper.arxiv_id for entry in digest.entries] == ["2601.00001", "2601.00002"]
    assert (digest.subscriber.email, digest.subscriber.name) == ("reader@example.org", "Rita R.")
    assert digest.subscriber.max_papers == 30
    assert given.scorer.scored == []
    assert given.source.asked == []


def test_it_is_composed_anew_on_demand() -> None:
    given = morning(*two_papers(), scorer=Costly())
    given.run()
    given.scorer = ScriptedScorer(dull=frozenset({"2601.00001"}))
    digest = make.present(shown(given, anew=True))
    assert [entry.paper.arxiv_id for entry in digest.entries] == ["2601.00002"]
    assert digest.usage is None


@pytest.mark.parametrize("act", [Act.REJECT, Act.DEFER])
def test_a_digest_that_was_kept_and_never_left_is_composed_anew(act: Act) -> None:
    given = morning(*two_papers(), scorer=Costly(), sender=FlakySender(lambda: make.NOW, [act]))
    given.run()
    given.scorer = ScriptedScorer()
    assert make.present(shown(given)).usage is None


def test_each_subscribers_own_date_is_looked_at() -> None:
    given = morning(*two_papers(), scorer=Costly())
    run_morning(given.context, given.subscribers, Silent())
    given.now += timedelta(hours=1)
    given.scorer = ScriptedScorer()
    assert make.present(preview(given.context, given.subscribers[0], Silent()).digest).usage == COST
