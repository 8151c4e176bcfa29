"""`/amount/TOKEN`: the links at a mail's end by which its reader asks for more papers a day, or fewer.

A link only opens a page that says which setting would change, from what to what; its button carries the same numbers,
so that pressing it twice, or again after another change, does no more than was read. A link of the archive does not
lead on to the profile, as that of a mail does: others may see an archive. What fits is services/amounts.py's business.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache

import flask

from newsletter.services import amounts as amount_service
from newsletter.signing import Purpose, Signer, read_amount_token
from newsletter.subscribers import amounts
from newsletter.texts import FALLBACK_LANGUAGE, TextsByLanguage, pick, write_date
from newsletter.web.app import Page
from newsletter.web.languages import load_page_texts
from newsletter.web.request_limits import RequestLimits
from newsletter.web.token_page import TokenPage, posted_wish

PAGE = TokenPage(
    "amount", "/amount", read_amount_token, RequestLimits(30, 120), ("dead_link.html", {"word": str(Purpose.PROFILE)})
)
_WISHES = ("change", "undo")


@dataclass(frozen=True, slots=True)
class AmountView:
    """What the page shows: a step to be confirmed, or what became of one."""

    direction: amounts.Direction
    state: str  # proposed, done, undone, refused, or none: there is no step left
    change: amounts.AmountChange | None = None
    day: str = ""  # the digest on which the counts were made
    problem: str = ""  # why it was refused
    profile_url: str = ""


@cache
def _texts() -> TextsByLanguage:
    return load_page_texts("amount")


def samples() -> tuple[Page, ...]:
    """Gives the page in each state and language. Raises ConfigError for texts that are not usable."""
    views = [
        AmountView(direction, state, amounts.AmountChange(setting, 30, 45, *papers), "6 January", "A problem.")
        for direction in amounts.Direction
        for setting in amounts.Setting
        for state in ("proposed", "done", "undone", "refused")
        for papers in ((30, 45), (None, None))
    ]
    views += [AmountView(direction, "none") for direction in amounts.Direction]
    pages = [("amount.html", {"a": view, "t": texts}) for view in views for texts in _texts().values()]
    return (PAGE.dead_link, *pages)


def blueprint(service: amount_service.AmountService, signer: Signer, now: Callable[[], datetime]) -> flask.Blueprint:
    return PAGE.blueprint(signer, now, _Answers(service, signer, now).answer)


@dataclass(frozen=True, slots=True)
class _Answers:
    service: amount_service.AmountService
    signer: Signer
    now: Callable[[], datetime]

    def answer(self, link: tuple[str, date, int, bool]) -> str:
        subscriber_id, digest_on, sign, is_from_mail = link
        direction = amounts.Direction.MORE if sign > 0 else amounts.Direction.FEWER
        profile_url = f"/profile/{self.signer.link(Purpose.PROFILE, subscriber_id)}" if is_from_mail else ""
        view = self._act(subscriber_id, direction, digest_on, profile_url)
        reader = self.service.find(subscriber_id)
        texts = pick(_texts(), reader.profile.language if reader else FALLBACK_LANGUAGE)
        day = write_date(digest_on, texts.language)
        return flask.render_template("amount.html", a=replace(view, day=day), t=texts)

    def _act(self, subscriber_id: str, direction: amounts.Direction, digest_on: date, profile_url: str) -> AmountView:
        wish, asked = posted_wish(*_WISHES), _posted_change()
        if wish and asked:
            problem = self.service.apply(subscriber_id, asked, self.now())
            reader = self.service.find(subscriber_id)
            if problem or reader is None:
                return AmountView(direction, "refused", problem=problem, profile_url=profile_url)
            if amounts.value_of(reader, asked.setting) == asked.after:
                state = "done" if wish == "change" else "undone"
                return AmountView(direction, state, asked, profile_url=profile_url)
        reader = self.service.find(subscriber_id)
        step = self.service.propose(reader, direction, digest_on) if reader else None
        state = "proposed" if step else "none"
        return AmountView(direction, state, step, profile_url=profile_url)


def _posted_change() -> amounts.AmountChange | None:
    """Reads `setting`, `before` and `after` of the form; None where they are not whole, or not ours."""
    form = flask.request.form
    try:
        setting = amounts.Setting(form.get("setting", ""))
        return amounts.AmountChange(setting, _number(form.get("before", "")), _number(form.get("after", "")))
    except ValueError:
        return None


def _number(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 4):
        raise ValueError("expected up to three digits")
    return int(text)
