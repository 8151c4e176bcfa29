"""`/profile/TOKEN`: the reader's profile as YAML, to look at, try out and save. Works as a plain form.

Only a POST with `do=save`, the text and the number of the revision it was made from (`after`) changes something. What
was typed comes back whatever happens. What a profile means, and what it would have found, is services/profiles.py's;
`editor.js` only asks `/profile/TOKEN/preview` for the same while one types.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from threading import BoundedSemaphore

import flask
from werkzeug.exceptions import BadRequest, TooManyRequests

from newsletter.delivery import may_resubscribe
from newsletter.errors import ConfigError
from newsletter.model import MOST_PROFILE_CHARS, RevisionOrigin
from newsletter.run import is_paused
from newsletter.services import live_libraries
from newsletter.services import profiles as profile_service
from newsletter.signing import Purpose, Signer
from newsletter.stores import Store
from newsletter.subscribers import profile_form, was_dropped
from newsletter.texts import Texts
from newsletter.web import profile_views
from newsletter.web.app import HEADERS, Page
from newsletter.web.languages import page_texts, speak
from newsletter.web.profile_fields import form_view
from newsletter.web.profile_views import EditorView, PreviewView, Tried, preview_view, revision_views
from newsletter.web.request_limits import RequestLimits
from newsletter.web.token_page import page_of

MAX_BODY_BYTES = 800_000  # as fields and as YAML, where a Chinese character is nine bytes
MOST_TRIALS, RETRY_S = 2, 2  # live previews at once; the server has four threads
# who types gets a preview every second at most
PAGE = page_of(Purpose.PROFILE, "/profile", RequestLimits(per_link=40, per_client=160))
_POLICY = HEADERS["Content-Security-Policy"].replace(
    "default-src 'none';", "default-src 'none'; script-src 'self'; connect-src 'self';"
)
_TOPIC_BUTTON = re.compile(r"(?:up|down|remove) \d{1,3}")
_TOPIC = re.compile(r"topic-\d+")
_MOVES = {"up": -1, "down": 1, "remove": 0}


def samples() -> tuple[Page, ...]:
    """Gives the page in each state and language. Raises ConfigError for texts that are not usable."""
    return (PAGE.dead_link, *profile_views.samples())


def blueprint(
    store: Store, signer: Signer, profiles: profile_service.ProfileService, now: Callable[[], datetime]
) -> flask.Blueprint:
    editor = _Editor(store, signer, profiles, now)
    pages = PAGE.blueprint(signer, now, editor.answer)
    pages.add_url_rule(f"{PAGE.path}/<token>/preview", "preview", editor.preview, methods=["POST"])
    pages.after_request(_let_our_script_run)
    return pages


@dataclass(frozen=True, slots=True)
class _Editor:
    store: Store
    signer: Signer
    profiles: profile_service.ProfileService
    now: Callable[[], datetime]
    trials: BoundedSemaphore = field(default_factory=lambda: BoundedSemaphore(MOST_TRIALS))

    def answer(self, subscriber_id: str) -> str:
        view = self._act(subscriber_id)
        t, is_form = self._texts(subscriber_id), _wants_form()
        current = self.profiles.editable(subscriber_id)
        preview = self._view_of(view.tried, view.text, t, is_form=is_form) if view.tried else None
        status = self.store.get_address_status(subscriber_id)
        view = replace(
            view,
            preview=preview,
            current=current,
            is_unsaved=view.text.strip() != current.strip(),
            draft_key=subscriber_id,
            revisions=revision_views(self.store.get_revisions(subscriber_id), t),
            pause_url=f"/pause/{self.signer.link(Purpose.PAUSE, subscriber_id)}",
            unsubscribe_url=f"/u/{self.signer.link(Purpose.UNSUBSCRIBE, subscriber_id)}",
            gets_no_mail=status.suppression is not None,
            paused_until=self._pause_of(subscriber_id),
            may_return=may_resubscribe(status),
        )
        if is_form:
            view = self._as_form(_after_button(view, t), subscriber_id, t)
        return flask.render_template("profile.html", p=view, t=t)

    def preview(self, token: str) -> str:
        """Makes the part of the page that `editor.js` replaces."""
        subscriber_id, text = PAGE.read(self.signer, token), _typed()
        if subscriber_id is None or text is None:
            raise BadRequest
        if not self.trials.acquire(blocking=False):  # whoever leaves must not wait for those who try out
            raise TooManyRequests(retry_after=RETRY_S)
        try:
            t, tried = self._texts(subscriber_id), self._try(subscriber_id, text)
            view = self._view_of(tried, text, t, is_form=flask.request.form.get("view") == "form")
            return flask.render_template("_preview.html", preview=view, t=t)
        finally:
            self.trials.release()

    def _pause_of(self, subscriber_id: str) -> date | None:
        """Gives the day on which mail comes again; None if none is waited for."""
        reader = self.profiles.find_current(subscriber_id)
        return reader.paused_until if reader and is_paused(reader, self.now().date()) else None

    def _texts(self, subscriber_id: str) -> Texts:
        if reader := self.profiles.find_current(subscriber_id):
            speak(reader.profile.language)
        return page_texts("profile")

    def _view_of(self, tried: Tried, text: str, t: Texts, *, is_form: bool) -> PreviewView:
        return preview_view(
            tried,
            text,
            t,
            lambda trial: self.profiles.explain_unknown(trial.subscriber.profile, t.language),
            is_form=is_form,
            is_judged=self.profiles.is_judged,
        )

    def _as_form(self, view: EditorView, subscriber_id: str, t: Texts) -> EditorView:
        """Shows the text as fields, if it can be."""
        fields = profile_form.fields_of(view.text)
        if fields is None:
            return view
        mistakes: dict[str, str] = {}
        for problem in view.preview.problems if view.preview else ():
            before = mistakes.get(problem.field)
            mistakes[problem.field] = f"{before} {problem.text}" if before else problem.text
        if "zotero" not in mistakes and self._has_failed(fields.single.get("zotero", ""), subscriber_id):
            mistakes["zotero"] = t["zotero_failed"]
        usual = self.profiles.find_listed(subscriber_id)
        return replace(view, form=form_view(fields, usual, mistakes, t, opened=_TOPIC.findall(view.focus)))

    def _has_failed(self, place: str, subscriber_id: str) -> bool:
        """Whether this is the library of the reader as they are served, and could not be read the last time."""
        reader = self.profiles.find_current(subscriber_id)
        served = reader.zotero if reader else None
        return served is not None and served.place == place and live_libraries.has_failed(served, self.store)

    def _act(self, subscriber_id: str) -> EditorView:
        latest = self._latest(subscriber_id)  # before the text: whoever comes between makes a conflict, not a loss
        current = self.profiles.editable(subscriber_id)
        text = _typed()
        if text is None:
            return EditorView(current, latest)
        what, after = flask.request.form.get("do", ""), _number(flask.request.form.get("after", ""))
        if what == "save" and after is not None:
            return self._save(subscriber_id, text, current, after)
        if what.startswith("show "):
            return self._show(subscriber_id, _number(what.removeprefix("show ")), text, latest)
        kept = latest if after is None else after
        if what in {"form", "yaml", "add"} or _TOPIC_BUTTON.fullmatch(what):
            return EditorView(text, kept)
        tried = self._try(subscriber_id, text) if what == "preview" else None
        return EditorView(text, kept, "" if tried else "unclear", tried=tried)

    def _save(self, subscriber_id: str, text: str, current: str, after: int) -> EditorView:
        if text.strip() == current.strip():  # else the operator's own changes would no longer reach this reader
            return EditorView(current, self._latest(subscriber_id), "unchanged")
        tried = self._try(subscriber_id, text)
        if tried.problems:
            return EditorView(text, after, tried=tried)
        answer = self.profiles.change(subscriber_id, text, origin=RevisionOrigin.WEB, now=self.now(), after=after)
        revisions = self.store.get_revisions(subscriber_id)
        view = EditorView(text, max((r.number for r in revisions), default=0), answer=answer, tried=tried)
        if revisions and (revisions[-1].text == text or any(r.text == text for r in revisions if r.number > after)):
            current = text if text.strip() else self.profiles.editable(subscriber_id)
            return replace(view, outcome="saved", text=current)
        return replace(view, outcome="refused" if view.after == after else "conflict")

    def _show(self, subscriber_id: str, number: int | None, typed: str, latest: int) -> EditorView:
        revisions = self.store.get_revisions(subscriber_id)
        texts = {0: ""} | {r.number: r.text for r in revisions}
        if number not in texts:
            is_over = number is not None and was_dropped(revisions, number)
            return EditorView(typed, latest, "gone" if is_over else "unclear", shown=number or 0)
        text, current = texts[number], self.profiles.editable(subscriber_id)
        is_lost = typed.strip() not in {"", current.strip(), text.strip()}
        view = EditorView(text, latest, "shown", shown=number, typed=typed if is_lost else "")
        return replace(view, tried=self._try(subscriber_id, text))

    def _try(self, subscriber_id: str, text: str) -> Tried:
        if len(text) > MOST_PROFILE_CHARS:
            t = self._texts(subscriber_id)
            return Tried((t("too_long", n=len(text), most=MOST_PROFILE_CHARS),))
        try:
            return Tried(trial=self.profiles.preview(subscriber_id, text, now=self.now()))
        except ConfigError as error:
            if not any(problem.startswith("line ") for problem in error.problems):
                raise  # not about the reader's text
            return Tried(error.problems)

    def _latest(self, subscriber_id: str) -> int:
        return max((r.number for r in self.store.get_revisions(subscriber_id)), default=0)


def _typed() -> str | None:
    """Gives the text in the form, with our line ends; None if none was sent."""
    if flask.request.method != "POST":
        return None
    text = flask.request.form.get("text")
    if text is None:
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if flask.request.form.get("view") != "form" or len(text) > MOST_PROFILE_CHARS:
        return text
    return profile_form.write_fields(text, profile_form.posted_fields(flask.request.form))


def _wants_form() -> bool:
    """Tells whether the reader wants to see fields; the YAML is shown where they cannot be."""
    asked = flask.request.form
    if flask.request.method != "POST":
        return True
    return (asked["do"] if asked.get("do") in {"form", "yaml"} else asked.get("view", "yaml")) == "form"


def _after_button(view: EditorView, t: Texts) -> EditorView:
    """Moves, removes or has added a topic, as the button says, and says what the reader goes on with."""
    what, _, number = flask.request.form.get("do", "").partition(" ")
    fields, at = profile_form.fields_of(view.text), _number(number)
    if fields is None:
        return view
    topics = list(fields.topics)
    if what == "add":
        return _after_adding(view, topics, t)
    if what not in _MOVES or at is None or at >= len(topics):
        return view
    topic = topics.pop(at)
    if what == "remove":
        focus, said = f"topic-{min(at, len(topics))}", t("removed", name=topic.title)
    else:
        to = min(max(at + _MOVES[what], 0), len(topics))
        topics.insert(to, topic)
        # the same button again, or the other one where the topic is at an end
        button = "down" if to == 0 or (what == "down" and to < len(topics) - 1) else "up"
        focus, said = f"topic-{to}-{button}", t("moved", name=topic.title, n=to + 1)
    text = profile_form.write_fields(view.text, replace(fields, topics=tuple(topics)))
    return replace(view, text=text, said=said, focus=focus)


def _after_adding(view: EditorView, topics: list[profile_form.TopicFields], t: Texts) -> EditorView:
    """Goes on with the topic that was filled in, or with the first field of the blank one."""
    shown = len(profile_form.posted_fields(flask.request.form).topics)  # with the one to be filled in
    if len(topics) < shown:
        return replace(view, focus=f"f-topic-{len(topics)}-name")
    return replace(view, said=t("added", name=topics[-1].title), focus=f"topic-{len(topics) - 1}")


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _let_our_script_run(response: flask.Response) -> flask.Response:
    response.headers["Content-Security-Policy"] = _POLICY
    return response
