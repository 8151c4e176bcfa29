"""When a run stops offering mails to a sender that fails."""

from collections.abc import Callable, Iterable

import pytest

from newsletter.errors import SendDeferred, SendError, SendInDoubt, SendRejected, SendStopped
from newsletter.model import Accepted, Evidence, Message, RunOutcome
from newsletter.run.circuit_breaker import CircuitBreaker
from newsletter.senders import do_nothing
from tests import make
from tests.contract.senders.test_sender import ID, message


def deferred(strikes: int) -> SendDeferred:
    return SendDeferred(ID, f"deferred with {strikes}", retry_after_s=60, strikes=strikes)


DOUBT, REFUSED, STOPPED = SendInDoubt(ID, "no answer"), SendRejected(ID, "never"), SendStopped(ID, "mend the key")
GREYLISTED, LOST, AWAY = deferred(0), deferred(1), deferred(2)


class Scripted:
    name = "scripted:here"

    def __init__(self, script: Iterable[SendError | None]) -> None:
        self._script = iter(script)

    def send(self, message: Message, *, on_hand_over: Callable[[], None] = do_nothing) -> Accepted:
        if error := next(self._script):
            raise error
        return Accepted("taken", make.NOW)

    def find(self, delivery_id: str) -> Evidence:
        return Evidence(accepted=True, receipt=delivery_id)

    def close(self) -> None: ...


def after(*script: SendError | None) -> CircuitBreaker:
    sender = CircuitBreaker(Scripted(script))
    for error in script:
        if error is None:
            sender.send(message())
            continue
        with pytest.raises(type(error)):
            sender.send(message())
    return sender


@pytest.mark.parametrize(
    "script",
    [
        [],
        [None, None],
        [DOUBT],
        [LOST],
        [DOUBT, None, DOUBT],
        [LOST, REFUSED, LOST],
        [DOUBT, GREYLISTED, DOUBT],
        [GREYLISTED] * 9,
        [REFUSED] * 9,
    ],
)
def test_a_run_goes_on_while_the_sender_answers(script: list[SendError | None]) -> None:
    assert after(*script).halt is None


@pytest.mark.parametrize(
    "script", [[AWAY], [None, AWAY], [DOUBT, DOUBT], [LOST, LOST], [LOST, DOUBT], [DOUBT, LOST], [None, DOUBT, DOUBT]]
)
def test_no_connection_or_two_that_were_lost_in_a_row_end_it(script: list[SendError | None]) -> None:
    halt = make.present(after(*script).halt)
    assert halt.outcome is RunOutcome.DEFERRED
    assert halt.detail == f"not offered to scripted:here in this run, after what it did with {ID}"


def test_a_refused_key_is_told_apart_from_a_server_that_is_away() -> None:
    assert make.present(after(STOPPED).halt).outcome is RunOutcome.STOPPED


def test_everything_else_is_the_senders_own_business() -> None:
    sender = after(None)
    assert sender.name == "scripted:here"
    assert sender.find(ID) == Evidence(accepted=True, receipt=ID)
    sender.close()
