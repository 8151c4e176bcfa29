"""`/subscribe`, a form for everybody, and `/confirm/TOKEN`, to which the mail about it leads. Needs no JavaScript.

Nobody learns here who is on the list: the answer to a form is the same for every address, byte for byte, and what
depends on the address happens later. Only a POST that says `do=subscribe`, or behind the link `wish=confirm`, does
something. What is right in a form, who is mailed and who is let in is for services/signup.py to say. The form is in the
language of the browser, the page behind the link in the one that was chosen in the form.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import available_timezones

import flask

from newsletter.model import Frequency
from newsletter.papers import categories, show_category, taxonomy, venues
from newsletter.services import reader_texts, signup, trial_words
from newsletter.signing import Purpose, Signer
from newsletter.subscribers import Confirmation, Form, FormProblem, LinkState
from newsletter.web.app import HEADERS, Page
from newsletter.web.languages import LANGUAGES, page_language, page_texts, speak, wanted_language
from newsletter.web.request_limits import DAY_S, RequestLimits, SharedWindow, client_of
from newsletter.web.token_page import TokenPage, posted_wish

_POLICY = HEADERS["Content-Security-Policy"].replace("default-src 'none';", "default-src 'none'; script-src 'self';")
MAX_BODY_BYTES = 64 * 1024  # 4,000 Chinese characters have 36 kB as a form
FORMS_PER_CLIENT = 20  # without mistakes, in a day: a whole lab may sit behind one address
TRAP = "homepage"  # a field that people do not see and programs fill in

_FREQUENCIES = {
    frequency: str(frequency) for frequency in (Frequency.WEEKDAYS, Frequency.DAILY, Frequency.WEEKLY)
}  # each with the key of its sentence
_CONTINENTS = frozenset(
    ("Africa", "America", "Antarctica", "Arctic", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
)
_GROUPS = (
    ("computer_science", ("cs",)),
    ("mathematics", ("math",)),
    ("statistics", ("stat",)),
    ("astrophysics", ("astro-ph",)),
    ("condensed_matter", ("cond-mat",)),
    (
        "particles",
        ("gr-qc", "hep-ex", "hep-lat", "hep-ph", "hep-th", "math-ph", "nlin", "nucl-ex", "nucl-th", "quant-ph"),
    ),
    ("physics", ("physics",)),
    ("biology", ("q-bio",)),
    ("economics", ("econ", "q-fin")),
    ("engineering", ("eess",)),
)


@dataclass(frozen=True, slots=True)
class GroupView:
    """Categories of one field, or of one source."""

    name: str  # the key of its sentence
    categories: tuple[tuple[str, str], ...]  # code and name
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class FormView:
    """What was typed, and what is wrong with it."""

    typed: Form
    groups: tuple[GroupView, ...]
    problems: Sequence[FormProblem] = ()

    def problem(self, field: str) -> str:
        problem = next((problem for problem in self.problems if problem.field == field), None)
        return page_texts("subscribe")(problem.sentence, **problem.values) if problem else ""


_CONFIRMATION = Confirmation(LinkState.WAITING, "", ("cs.LG",), "Graphs.")
_MANY = "many"
CLOSED = (LinkState.OLD, LinkState.LEFT, LinkState.BLOCKED, LinkState.FULL, _MANY, "dead")


def groups_for(form: Form, *, offers_venues: bool) -> tuple[GroupView, ...]:
    """Groups all categories that strangers may choose; a group in which something is chosen is open."""
    groups = []
    for name, archives in _GROUPS:
        codes = [code for code in taxonomy.CATEGORIES if code.partition(".")[0] in archives]
        shown = tuple(sorted(((code, taxonomy.CATEGORIES[code]) for code in codes), key=lambda pair: pair[1]))
        groups.append(_group(name, shown, form))
    for source, names in categories.SUBJECTS.items():
        groups.append(_group(source, tuple((f"{source}:{code}", title) for code, title in names.items()), form))
    if offers_venues:
        source = categories.SourceName.OPENREVIEW
        shown = tuple((f"{source}:{venue}", title) for venue, title in venues.OFFERED.items())
        groups.append(_group(source, shown, form))
    return tuple(groups)


def _group(name: str, shown: tuple[tuple[str, str], ...], form: Form) -> GroupView:
    return GroupView(name, shown, is_open=any(code in form.categories for code, _ in shown))


@cache
def zone_names() -> tuple[str, ...]:
    """Gives the time zones that a form suggests: those named by a place, by name."""
    return tuple(sorted(name for name in available_timezones() if name.partition("/")[0] in _CONTINENTS))


def _view(
    form: Form, problems: Sequence[FormProblem] = (), *, blank_zone: str = "", offers_venues: bool = True
) -> dict[str, object]:
    view = FormView(form, groups_for(form, offers_venues=offers_venues), problems)
    return {
        "form": view,
        "frequencies": _FREQUENCIES,
        "languages": LANGUAGES,
        "trap": TRAP,
        "zones": zone_names(),
        "blank_zone": blank_zone,
    }


_PROBLEMS = (
    *(FormProblem(field, f"{field}_blank") for field in ("email", "words")),
    FormProblem("categories", "categories_many", {"n": 50}),
    FormProblem("zone", "zone_nearest", {"zones": "Europe/Berlin"}),
    *(FormProblem(field, "choice_wrong") for field in ("frequency", "language")),
)
SAMPLES: tuple[Page, ...] = (
    ("subscribe.html", _view(Form(frequency="weekly"))),
    ("subscribe.html", _view(Form(categories=("cs.LG",)), _PROBLEMS)),
    ("asked.html", {}),
    ("confirm.html", {"asked": _CONFIRMATION, "names": ("Machine Learning",)}),
    ("confirm.html", {"asked": replace(_CONFIRMATION, words=""), "names": ()}),
    *(
        ("welcome.html", {"first_mail_at": first, "profile_url": "/profile/x", "unknown": unknown})
        for first, unknown in ((None, ""), (datetime(2026, 1, 6, 7, 10, tzinfo=UTC), "A note."))
    ),
    *(("not_subscribed.html", {"why": why}) for why in CLOSED),
)


def _read_confirmation(signer: Signer, token: str) -> tuple[str, date] | None:
    """Reads who asked to subscribe, and on which day."""
    link = signer.read_short_link(Purpose.CONFIRM, token)
    try:
        return (link[0], date.fromisoformat(link[1])) if link else None
    except ValueError:
        return None


PAGE = TokenPage(
    "subscribe",
    "/confirm",
    _read_confirmation,
    RequestLimits(per_link=30, per_client=60),
    ("not_subscribed.html", {"why": "dead"}),
    names_reader=False,  # whom it names may be somebody who has not confirmed yet
)


def blueprint(signups: signup.SignupService, signer: Signer, now: Callable[[], datetime]) -> flask.Blueprint:
    routes = _Routes(signups, signer, SharedWindow("forms", FORMS_PER_CLIENT, now, DAY_S))
    pages = PAGE.blueprint(signer, now, routes.confirm)
    pages.add_url_rule("/subscribe", "form", routes.form, methods=["GET", "POST"])
    pages.after_request(_open_form_to_strangers)
    return pages


@dataclass(frozen=True, slots=True)
class _Routes:
    signups: signup.SignupService
    signer: Signer
    by_client: SharedWindow

    def form(self) -> str | tuple[str, int, dict[str, str]]:
        if self.signups.is_full():
            return _closed(LinkState.FULL)
        if flask.request.method != "POST":
            blank = self._blank()
            return self._show(blank, blank_zone=blank.zone)
        typed = _typed(self._blank())
        if flask.request.form.get("do") != "subscribe":
            return self._show(typed)
        if problems := self.signups.problems(typed):
            return self._show(typed, problems)
        if flask.request.form.get(TRAP):
            return flask.render_template("asked.html")  # whoever fills it in need not know that it was noticed
        wait_s = self.by_client.take(client_of(flask.request))
        if wait_s or not self.signups.reserve_slot():
            return _closed(_MANY), 429, {"Retry-After": f"{wait_s or DAY_S}"}
        self.signups.submit(typed)
        return flask.render_template("asked.html")

    def _show(self, form: Form, problems: Sequence[FormProblem] = (), *, blank_zone: str = "") -> str:
        view = _view(form, problems, blank_zone=blank_zone, offers_venues=self.signups.offers_venues)
        return flask.render_template("subscribe.html", **view)

    def confirm(self, link: tuple[str, date]) -> str:
        who, on = link
        confirmation = self.signups.confirm(who, on) if posted_wish("confirm") else self.signups.check_link(who, on)
        speak(confirmation.language)
        if confirmation.state is LinkState.WAITING:
            names = [taxonomy.CATEGORIES.get(code) or show_category(code) for code in confirmation.categories]
            return flask.render_template("confirm.html", asked=confirmation, names=names)
        if confirmation.state is not LinkState.SUBSCRIBED:
            return _closed(confirmation.state)
        profile_url = f"/profile/{self.signer.link(Purpose.PROFILE, who)}"
        unknown = trial_words.explain_unknown(
            confirmation.unknown_words, reader_texts.trial_texts(page_language()), is_judged=False
        )
        return flask.render_template(
            "welcome.html", first_mail_at=confirmation.first_mail_at, profile_url=profile_url, unknown=unknown
        )

    def _blank(self) -> Form:
        """An untouched form, for a mail in the language that the visitor asks for."""
        blank = self.signups.blank()
        return replace(blank, language=wanted_language() or blank.language)


def _open_form_to_strangers(response: flask.Response) -> flask.Response:
    """Lets search engines find the form, and its script read the browser's zone."""
    if flask.request.path == "/subscribe":
        response.headers["Content-Security-Policy"] = _POLICY
        if flask.request.method in {"GET", "HEAD"}:
            response.headers["X-Robots-Tag"] = "all"
    return response


def _closed(why: str) -> str:
    return flask.render_template("not_subscribed.html", why=why)


def _typed(blank: Form) -> Form:
    """Reads the form; a field that was not sent is as in a blank one."""
    form = flask.request.form
    texts = {name: form[name] for name in ("email", "name", "words", "frequency", "zone", "language") if name in form}
    return replace(blank, categories=tuple(form.getlist("categories")), **texts)
