"""A provider that says 429 to one of several senders with one memory is left alone by all of them."""

from collections.abc import Callable
from functools import partial

import pytest

from newsletter.senders.paced import MailTurns, PacedSender, Rest
from tests.contract.conftest import Opening
from tests.contract.senders.test_sender import message
from tests.contract.senders.test_sendgrid import Clock, sender_for, until
from tests.sendgrid_server import SendGridServer, sendgrid_server


class Waiting(Clock):
    """One process's time; `meanwhile` happens as soon as it begins to wait."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def monotonic(self) -> float:
        return sum(self.waits)

    def sleep(self, seconds: float) -> None:
        meanwhile, self.meanwhile = self.meanwhile, lambda: None
        meanwhile()
        super().sleep(seconds)


def process(server: SendGridServer, open_paces: Opening, clock: Waiting, per_minute: int | None) -> PacedSender:
    """What app/senders.py builds in a process of its own. The memory's clock does not know what was waited here."""
    paces = open_paces()
    rest = Rest(
        lambda: max(0.0, paces.held_s("mails") - clock.monotonic()), partial(paces.hold, "mails"), clock.monotonic
    )
    turns = MailTurns(per_minute, partial(paces.reserve, "mails"), clock.monotonic) if per_minute else None
    return PacedSender(sender_for(server, clock, hold=rest.hold), rest, turns, clock.sleep)


@pytest.mark.parametrize("per_minute", [None, 6000])
def test_what_one_is_told_the_other_waits_for(open_paces: Opening, per_minute: int | None) -> None:
    told_clock, other_clock = Waiting(), Waiting()
    with sendgrid_server(until(1)) as server:
        told = process(server, open_paces, told_clock, per_minute)
        other = process(server, open_paces, other_clock, per_minute)
        told_clock.meanwhile = partial(other.send, message())
        told.send(message())
    assert told_clock.waits == [1]
    assert other_clock.waits[0] == pytest.approx(1, abs=0.5), "before it asked for the first time"
    assert len(server.requests) == 3, "the refused one, and one for each mail"
