"""Says what follows from each answer of SendGrid's API, and from each stage at which a request can fail.

`RESPONSE_RULES` and `FAILURE_RULES` are tables; facts: https://www.twilio.com/docs/sendgrid/api-reference/mail-send and
its page of errors. Which exception comes at which stage was seen against a real socket
(tests/contract/senders/test_sendgrid.py).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum

from newsletter.errors import SendDeferred, SendError, SendInDoubt, SendRejected, SendStopped


class Outcome(StrEnum):
    """What became of the mail, or has to be done next."""

    ACCEPTED = "accepted"
    TRIED = "tried"  # valid, and not sent: sandbox mode
    WAIT = "wait"  # surely not accepted; the limit ends soon
    DEFERRED = "deferred"
    STOPPED = "stopped"
    REJECTED = "rejected"
    IN_DOUBT = "in doubt"


@dataclass(frozen=True, slots=True)
class ResponseRule:
    """What follows from an answer. `what` and `remedy` complete a sentence for the operator."""

    outcome: Outcome
    what: str = ""
    remedy: str = ""
    strikes: int = 0  # as in SendDeferred


_RESOLVE = "look for it in SendGrid's Activity and settle it with 'newsletter deliveries resolve'"
_BY_ITSELF = "a later run sends it"
URL_REMEDY = "set NEWSLETTER_SENDGRID_URL to where SendGrid's API is"
_NOT_THE_API = ResponseRule(Outcome.STOPPED, "was sent to a place that is not SendGrid's API", URL_REMEDY)

_TRIED = 200

RESPONSE_RULES: dict[int, ResponseRule] = {
    _TRIED: ResponseRule(Outcome.TRIED),
    202: ResponseRule(Outcome.ACCEPTED),
    **dict.fromkeys((301, 302, 307, 308), _NOT_THE_API),  # a redirect is not followed: the key would go along
    400: ResponseRule(
        Outcome.REJECTED, "was refused by SendGrid", "correct what it names, or the address in subscribers.yaml"
    ),
    401: ResponseRule(
        Outcome.STOPPED,
        "was not taken: SendGrid refuses the key, or the account has no credits left",
        "set SENDGRID_API_KEY to a key with the permission Mail Send, and look at the account's plan",
    ),
    403: ResponseRule(
        Outcome.STOPPED,
        "was not taken: SendGrid does not let this account or key send it",
        "verify the domain of NEWSLETTER_SENDER at SendGrid (Settings, Sender Authentication), and give the key the "
        "permission Mail Send",
    ),
    **dict.fromkeys((404, 405, 406, 415), _NOT_THE_API),  # these speak of where and how we ask, not of the mail
    408: ResponseRule(Outcome.DEFERRED, "did not reach SendGrid whole", _BY_ITSELF, strikes=1),  # RFC 9110 §15.5.9
    413: ResponseRule(Outcome.REJECTED, "is too large for SendGrid", "lower max_papers in subscribers.yaml"),
    429: ResponseRule(
        Outcome.WAIT, "was not taken: SendGrid's rate limit is reached", _BY_ITSELF, strikes=2
    ),  # after much patience
    # "An error occurred on a SendGrid server": before or after the mail was queued, nobody says.
    500: ResponseRule(Outcome.IN_DOUBT, "may have been taken: SendGrid had an error of its own", _RESOLVE),
    # A gateway passed the request on and got no answer it could use; what stands behind it may have done the work.
    502: ResponseRule(Outcome.IN_DOUBT, "may have been taken: a gateway of SendGrid got no proper answer", _RESOLVE),
    504: ResponseRule(Outcome.IN_DOUBT, "may have been taken: a gateway of SendGrid got no answer in time", _RESOLVE),
    503: ResponseRule(
        Outcome.DEFERRED, "was not taken: SendGrid's API is not available", _BY_ITSELF, strikes=1
    ),  # it says so itself
}
_OTHER_4XX = ResponseRule(Outcome.REJECTED, "was refused by SendGrid", "correct what it names")
_OTHER = ResponseRule(Outcome.IN_DOUBT, "may have been taken: the answer is none that SendGrid documents", _RESOLVE)


class RequestStage(StrEnum):
    """How far a request came."""

    CONNECTING = "connecting"
    SENDING = "sending"
    WAITING = "waiting"


FAILURE_RULES: dict[RequestStage, ResponseRule] = {
    # Refused, no such host, TLS: not a byte of the mail left.
    RequestStage.CONNECTING: ResponseRule(
        Outcome.DEFERRED, "could not be handed over: no connection to SendGrid", _BY_ITSELF, strikes=2
    ),
    # Some bytes of the body never left this machine, and a request is whole only with all of Content-Length.
    RequestStage.SENDING: ResponseRule(
        Outcome.DEFERRED, "could not be handed over: the connection broke on the way", _BY_ITSELF, strikes=1
    ),
    # All of it left: too late an answer, none, or one that is no HTTP.
    RequestStage.WAITING: ResponseRule(Outcome.IN_DOUBT, "may have been taken: SendGrid's answer was lost", _RESOLVE),
}


def rule_for(status: int, body: bytes = b"", *, sandbox: bool = False) -> ResponseRule:
    """Finds what follows from an answer with this HTTP status to a request in sandbox mode, or to one that mails."""
    if status == _TRIED:  # what is no mailing is answered so, and by whatever else than SendGrid stands at the address
        if not sandbox:
            return _OTHER
        return RESPONSE_RULES[status] if is_of_the_api(body) else _NOT_THE_API
    return RESPONSE_RULES.get(status) or (_OTHER_4XX if 400 <= status < 500 else _OTHER)


def send_error(delivery_id: str, rule: ResponseRule, detail: str, retry_s: float, *, sandbox: bool) -> SendError:
    subject, remedy = f"the mail of {delivery_id}", rule.remedy
    if sandbox:
        subject = "the sample digest"
        remedy = rule.remedy if rule.outcome in (Outcome.STOPPED, Outcome.REJECTED) else "try again later"
    text = f"{subject} {rule.what} ({detail}); {remedy}"
    match rule.outcome:
        case Outcome.DEFERRED | Outcome.WAIT:
            return SendDeferred(delivery_id, text, retry_after_s=retry_s, strikes=rule.strikes)
        case Outcome.STOPPED:
            return SendStopped(delivery_id, text)
        case Outcome.REJECTED:
            return SendRejected(delivery_id, text)
        case _:
            return SendInDoubt(delivery_id, text)


def is_of_the_api(body: bytes) -> bool:
    """Tells whether SendGrid may have written this: JSON, or nothing."""
    try:
        return not body.strip() or json.loads(body) is not None
    except (ValueError, RecursionError):
        return False


def errors_in_words(body: bytes) -> str:
    """Gives SendGrid's own words: {"errors": [{"message", "field", "help"}]}. Empty for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    errors = found.get("errors") if isinstance(found, dict) else None
    return "; ".join(filter(None, map(_one, errors[:3]))) if isinstance(errors, list) else ""


def _one(error: object) -> str:
    if not isinstance(error, dict) or not isinstance(error.get("message"), str):
        return ""
    field = error.get("field")
    where = f"{field}: " if isinstance(field, str) and field not in ("", "null") else ""
    return f"{where}{error['message']}"
