"""`/subscribe`, a form for everybody, and `/confirm/TOKEN`, to which the mail about it leads. Needs no JavaScript.

Nobody learns here who is on the list: the answer to a form is the same for every address, byte for byte, and what
depends on the address happens later. Only a POST that says `do=subscribe`, or behind the link `wish=confirm`, does
something. What is right in a form, who is mailed and who is let in is for the `Door` to say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Protocol

import flask

from newsletter.model import Frequency
from newsletter.papers import taxonomy
from newsletter.signing import Purpose, Signer
from newsletter.subscribers import Confirmation, Form, FormProblem, LinkState
from newsletter.web.app import Page
from newsletter.web.rate_limit import DAY_S, Limit, client_of, guard

MAX_BODY_BYTES = 64 * 1024  # 4,000 Chinese characters have 36 kB as a form
PER_LINK, PER_CLIENT = 30, 60  # a minute
FORMS_PER_CLIENT = 20  # without mistakes, in a day: a whole lab may sit behind one address
TRAP = "homepage"  # a field that people do not see and programs fill in

_FREQUENCIES = {
    Frequency.WEEKDAYS: "Monday to Friday",
    Frequency.DAILY: "every day",
    Frequency.WEEKLY: "once a week",
}
_LANGUAGES = {
    **{"en": "English", "de": "Deutsch", "fr": "Français", "es": "Español"},
    **{"pt": "Português", "it": "Italiano", "zh": "中文", "ja": "日本語"},
}
_GROUPS = (
    ("Computer science", ("cs",)),
    ("Mathematics", ("math",)),
    ("Statistics", ("stat",)),
    ("Astrophysics", ("astro-ph",)),
    ("Condensed matter", ("cond-mat",)),
    (
        "Particles, nuclei, quanta, gravity",
        ("gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nlin", "nucl-ex", "nucl-th", "quant-ph"),
    ),
    ("Physics of other kinds", ("physics",)),
    ("Quantitative biology", ("q-bio",)),
    ("Economics and finance", ("econ", "q-fin")),
    ("Electrical engineering", ("eess",)),
)


class Door(Protocol):
    """Who lets people in."""

    def blank(self) -> Form:
        """The form with what holds for everybody who says nothing else."""

    def is_full(self) -> bool: ...

    def problems(self, form: Form) -> Sequence[FormProblem]: ...

    def reserve_slot(self) -> bool:
        """Whether one more form may be acted on today, whatever address is in it."""

    def submit(self, form: Form) -> None:
        """Act on a form without problems, later: nothing that the address decides shows in the time this takes."""

    def check_link(self, who: str, on: date) -> Confirmation: ...

    def confirm(self, who: str, on: date) -> Confirmation: ...


@dataclass(frozen=True, slots=True)
class GroupView:
    name: str
    categories: tuple[tuple[str, str], ...]  # code and name
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class FormView:
    """What was typed, and what is wrong with it."""

    typed: Form
    groups: tuple[GroupView, ...]
    problems: Sequence[FormProblem] = ()

    def problem(self, field: str) -> str:
        return next((problem.text for problem in self.problems if problem.field == field), "")


_INVITATION = Confirmation(LinkState.WAITING, "", ("cs.LG",), "Graphs.")
_MANY = "many"
CLOSED = (LinkState.OLD, LinkState.LEFT, LinkState.BLOCKED, LinkState.FULL, _MANY, "dead")


def groups_for(form: Form) -> tuple[GroupView, ...]:
    """All categories; a group in which something is chosen is open."""
    groups = []
    for name, archives in _GROUPS:
        codes = [code for code in taxonomy.CATEGORIES if code.partition(".")[0] in archives]
        shown = tuple(sorted(((code, taxonomy.CATEGORIES[code]) for code in codes), key=lambda pair: pair[1]))
        groups.append(GroupView(name, shown, is_open=any(code in form.categories for code in codes)))
    return tuple(groups)


def _view(form: Form, problems: Sequence[FormProblem] = ()) -> dict[str, object]:
    view = FormView(form, groups_for(form), problems)
    return {"form": view, "frequencies": _FREQUENCIES, "languages": _LANGUAGES, "trap": TRAP}


_PROBLEMS = tuple(FormProblem(field, "A problem.") for field in ("email", "name", "categories", "words", "zone"))
PAGES: tuple[Page, ...] = (
    ("subscribe.html", _view(Form(frequency="weekly"))),
    ("subscribe.html", _view(Form(categories=("cs.LG",)), _PROBLEMS)),
    ("asked.html", {}),
    ("confirm.html", {"asked": _INVITATION, "names": ("Machine Learning",)}),
    *(("welcome.html", {"first_mail": first, "profile_url": "/profile/x"}) for first in ("", "Tuesday")),
    *(("not_subscribed.html", {"why": why}) for why in CLOSED),
)


def blueprint(door: Door, signer: Signer, now: Callable[[], datetime]) -> flask.Blueprint:
    pages = flask.Blueprint("subscribe", __name__)
    pages.before_request(guard(Limit(PER_LINK, now), Limit(PER_CLIENT, now)))
    desk = _Desk(door, signer, Limit(FORMS_PER_CLIENT, now, DAY_S))
    pages.add_url_rule("/subscribe", "form", desk.form, methods=["GET", "POST"])
    pages.add_url_rule("/confirm/<rest:token>", "link", desk.link, methods=["GET", "POST"])
    pages.add_url_rule("/confirm", "cut", lambda: desk.link(""), methods=["GET", "POST"])
    return pages


@dataclass(frozen=True, slots=True)
class _Desk:
    door: Door
    signer: Signer
    by_client: Limit

    def form(self) -> str | tuple[str, int, dict[str, str]]:
        if self.door.is_full():
            return _closed(LinkState.FULL)
        if flask.request.method != "POST":
            return flask.render_template("subscribe.html", **_view(self.door.blank()))
        typed = _typed(self.door.blank())
        if flask.request.form.get("do") != "subscribe":
            return flask.render_template("subscribe.html", **_view(typed))
        if problems := self.door.problems(typed):
            return flask.render_template("subscribe.html", **_view(typed, problems))
        if flask.request.form.get(TRAP):
            return flask.render_template("asked.html")  # whoever fills it in need not know that it was noticed
        wait_s = self.by_client.take(client_of(flask.request))
        if wait_s or not self.door.reserve_slot():
            return _closed(_MANY), 429, {"Retry-After": f"{wait_s or DAY_S}"}
        self.door.submit(typed)
        return flask.render_template("asked.html")

    def link(self, token: str) -> str:
        found = self.signer.read_short_link(Purpose.CONFIRM, token)
        who, on = (found[0], _day(found[1])) if found else ("", None)
        if on is None:
            return _closed("dead")
        is_yes = flask.request.method == "POST" and flask.request.form.get("wish") == "confirm"
        asked = self.door.confirm(who, on) if is_yes else self.door.check_link(who, on)
        if asked.state is LinkState.WAITING:
            names = [taxonomy.CATEGORIES.get(code, code) for code in asked.categories]
            return flask.render_template("confirm.html", asked=asked, names=names)
        if asked.state is not LinkState.SUBSCRIBED:
            return _closed(asked.state)
        profile_url = f"/profile/{self.signer.link(Purpose.PROFILE, who)}"
        return flask.render_template("welcome.html", first_mail=asked.first_mail, profile_url=profile_url)


def _closed(why: str) -> str:
    return flask.render_template("not_subscribed.html", why=why)


def _typed(blank: Form) -> Form:
    """What was sent; a field that was not is as in a blank form."""
    form = flask.request.form
    texts = {name: form[name] for name in ("email", "name", "words", "frequency", "zone", "language") if name in form}
    return replace(blank, categories=tuple(form.getlist("categories")), **texts)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
