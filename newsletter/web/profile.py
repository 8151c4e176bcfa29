"""`/profile/TOKEN`: the reader's profile as YAML, to look at, try out and save. Works as a plain form.

Only a POST with `do=save`, the text and the number of the revision it was made from (`after`) changes something. What
was typed comes back whatever happens. What a profile means, and what it would have found, is services/profiles.py's;
`editor.js` only asks `/profile/TOKEN/preview` for the same while one types.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from threading import BoundedSemaphore

import flask
from werkzeug.exceptions import BadRequest, TooManyRequests

from newsletter.errors import ConfigError
from newsletter.formatting import date_range, short_date
from newsletter.model import MOST_PROFILE_CHARS, Digest, ProfileRevision, RevisionOrigin
from newsletter.papers import readable
from newsletter.run import Trial
from newsletter.services import profiles as profile_service
from newsletter.signing import Purpose, Signer
from newsletter.stores import Store
from newsletter.subscribers import MAX_REVISIONS, MAX_REVISIONS_A_DAY, profile_form, was_dropped
from newsletter.web.app import HEADERS, Page
from newsletter.web.request_limits import RequestLimits
from newsletter.web.token_page import page_of
from newsletter.web.trial_view import SAMPLE, TrialView, trial_view

MAX_BODY_BYTES = 800_000  # as fields and as YAML, where a Chinese character is nine bytes
MOST_TRIALS, RETRY_S = 2, 2  # live previews at once; the server has four threads
SHOWN_REVISIONS = 20
SHOWN_LINE_CHARS = 160
# who types gets a preview every second at most
PAGE = page_of(Purpose.PROFILE, "/profile", RequestLimits(per_link=40, per_client=160))
_POLICY = HEADERS["Content-Security-Policy"].replace(
    "default-src 'none';", "default-src 'none'; script-src 'self'; connect-src 'self';"
)
_PROBLEM_LINE = re.compile(r"line (\d{1,9}): (.*)", re.DOTALL)
_TOPIC_BUTTON = re.compile(r"(?:up|down|remove) \d{1,3}")
_ORIGINS = {
    RevisionOrigin.REPLY: "by mail",
    RevisionOrigin.WEB: "on this page",
    RevisionOrigin.OPERATOR: "brought back by the newsletter's operator",
}


@dataclass(frozen=True, slots=True)
class ProblemView:
    line: int  # 0: of the text as a whole
    text: str
    quoted: str  # the line itself


@dataclass(frozen=True, slots=True)
class PreviewPaper:
    title: str
    url: str
    relevance: int
    novelty: int | None  # None: no model judged it
    comment: str
    is_nearest: bool = False  # it is below a cut-off


@dataclass(frozen=True, slots=True)
class PreviewView:
    """What a text would bring: its problems, or what it finds on the last days and in the latest announcement."""

    problems: tuple[ProblemView, ...] = ()
    announced: str = ""  # on which days; empty: there was no announcement yet
    counts_announced: str = ""
    relevant: int = 0
    is_by_words: bool = False  # no model judged any of the papers
    papers: tuple[PreviewPaper, ...] = ()
    language: str = "en"  # of their comments
    trial: TrialView | None = None
    unknown: str = ""  # which words no paper uses, and what to do
    passed: int = 0  # of the relevant papers, as many as max_papers lets in

    @property
    def has_novelty(self) -> bool:
        """Tells whether a model judged any of these papers; of the others there is no novelty to show."""
        return any(paper.novelty is not None for paper in self.papers)


@dataclass(frozen=True, slots=True)
class RevisionView:
    number: int
    at: str
    origin: str
    is_latest: bool
    is_blank: bool = False  # handed back to subscribers.yaml


@dataclass(frozen=True, slots=True)
class EditorView:
    """What the page shows."""

    text: str
    after: int
    outcome: str = ""  # saved, refused, unchanged, conflict, shown, gone, unclear, or nothing
    answer: str = ""  # what is different now
    shown: int = 0  # the earlier revision in the form
    current: str = ""  # what holds, where the form has something else and the reader has to choose
    typed: str = ""  # what was in the form before an earlier revision took its place
    preview: PreviewView | None = None
    most_revisions: int = MAX_REVISIONS
    most_a_day: int = MAX_REVISIONS_A_DAY
    revisions: tuple[RevisionView, ...] = ()
    pause_url: str = ""
    unsubscribe_url: str = ""
    fields: profile_form.ProfileFields | None = None  # where the form is shown, not the YAML
    mistakes: Mapping[str, str] = field(default_factory=dict)  # by field


_PROBLEM = PreviewView(problems=(ProblemView(1, "a problem", "a line"), ProblemView(0, "another", "")))
_PAPERS = PreviewView(
    (), "6 January 2026", "1,000", 2, False, (PreviewPaper("A title", "url", 9, 8, "Why."),), "en", SAMPLE, "A note.", 1
)
_BY_WORDS = replace(_PAPERS, is_by_words=True, papers=tuple(replace(paper, novelty=None) for paper in _PAPERS.papers))
_FILLED = replace(_PAPERS, papers=(*_PAPERS.papers, replace(_PAPERS.papers[0], is_nearest=True)))
_EDITOR = EditorView("a: 1\n", 1, revisions=(RevisionView(2, "today", "by mail", True), RevisionView(1, "", "", False)))
_FIELDS = profile_form.ProfileFields((profile_form.TopicFields("a", "b"),), "", {}, {})
_OUTCOMES = ("", "saved", "unchanged", "conflict", "refused", "gone")
SAMPLES: tuple[Page, ...] = (
    PAGE.dead_link,
    *(("profile.html", {"p": replace(_EDITOR, outcome=outcome)}) for outcome in _OUTCOMES),
    *(("profile.html", {"p": replace(_EDITOR, outcome="shown", shown=number)}) for number in (0, 1)),
    ("profile.html", {"p": replace(_EDITOR, outcome="unclear", current="b: 2\n", typed="c: 3\n", preview=_PROBLEM)}),
    ("profile.html", {"p": replace(_EDITOR, fields=_FIELDS, mistakes={"about": "a problem"})}),
    *(("_preview.html", {"preview": view}) for view in (_PROBLEM, _PAPERS, _BY_WORDS, _FILLED, PreviewView())),
)


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
        view = replace(
            _as_form(self._act(subscriber_id)),
            revisions=revision_views(self.store.get_revisions(subscriber_id)),
            pause_url=f"/pause/{self.signer.link(Purpose.PAUSE, subscriber_id)}",
            unsubscribe_url=f"/u/{self.signer.link(Purpose.UNSUBSCRIBE, subscriber_id)}",
        )
        return flask.render_template("profile.html", p=view)

    def preview(self, token: str) -> str:
        """Makes the part of the page that `editor.js` replaces."""
        subscriber_id, text = PAGE.read(self.signer, token), _typed()
        if subscriber_id is None or text is None:
            raise BadRequest
        if not self.trials.acquire(blocking=False):  # whoever leaves must not wait for those who try out
            raise TooManyRequests(retry_after=RETRY_S)
        try:
            return flask.render_template("_preview.html", preview=self._try(subscriber_id, text))
        finally:
            self.trials.release()

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
            return self._show(subscriber_id, _number(what.removeprefix("show ")), text, current, latest)
        kept = latest if after is None else after
        if what in {"form", "yaml"} or _TOPIC_BUTTON.fullmatch(what):
            return EditorView(_press(text, what), kept)
        preview = self._try(subscriber_id, text) if what == "preview" else None
        return EditorView(text, kept, "" if preview else "unclear", preview=preview)

    def _save(self, subscriber_id: str, text: str, current: str, after: int) -> EditorView:
        if text.strip() == current.strip():  # else the operator's own changes would no longer reach this reader
            return EditorView(current, self._latest(subscriber_id), "unchanged")
        preview = self._try(subscriber_id, text)
        if preview.problems:
            return EditorView(text, after, preview=preview)
        answer = self.profiles.change(subscriber_id, text, origin=RevisionOrigin.WEB, now=self.now(), after=after)
        revisions = self.store.get_revisions(subscriber_id)
        view = EditorView(text, max((r.number for r in revisions), default=0), answer=answer, preview=preview)
        if revisions and (revisions[-1].text == text or any(r.text == text for r in revisions if r.number > after)):
            current = text if text.strip() else self.profiles.editable(subscriber_id)
            return replace(view, outcome="saved", text=current)
        if view.after == after:
            return replace(view, outcome="refused")
        return replace(view, outcome="conflict", current=self.profiles.editable(subscriber_id))

    def _show(self, subscriber_id: str, number: int | None, typed: str, current: str, latest: int) -> EditorView:
        revisions = self.store.get_revisions(subscriber_id)
        texts = {0: ""} | {r.number: r.text for r in revisions}
        if number not in texts:
            is_over = number is not None and was_dropped(revisions, number)
            return EditorView(typed, latest, "gone" if is_over else "unclear", shown=number or 0)
        text = texts[number]
        is_lost = typed.strip() not in {"", current.strip(), text.strip()}
        view = EditorView(text, latest, "shown", shown=number, typed=typed if is_lost else "")
        return replace(view, preview=self._try(subscriber_id, text))

    def _try(self, subscriber_id: str, text: str) -> PreviewView:
        if len(text) > MOST_PROFILE_CHARS:
            problem = (
                f"This has {len(text):,} characters; a profile has at most {MOST_PROFILE_CHARS:,}. Please shorten it."
            )
            return PreviewView(problems=(ProblemView(0, problem, ""),))
        try:
            trial = self.profiles.preview(subscriber_id, text, now=self.now())
            if trial is None:
                return PreviewView()
            view = preview_view(trial, is_judged=self.profiles.is_judged)
            return replace(view, unknown=self.profiles.explain_unknown(trial.subscriber.profile))
        except ConfigError as error:
            problems = tuple(_problem_view(problem, text.splitlines()) for problem in error.problems)
            if not any(problem.line for problem in problems):
                raise  # not about the reader's text
            return PreviewView(problems=problems)

    def _latest(self, subscriber_id: str) -> int:
        return max((r.number for r in self.store.get_revisions(subscriber_id)), default=0)


def preview_view(trial: Trial, *, is_judged: bool) -> PreviewView:
    digest = trial.latest
    return PreviewView(
        announced=date_range(digest.announced_on) if digest.announced_on else "",
        counts_announced=f"{digest.counts.announced:,}",
        relevant=digest.counts.relevant,
        passed=digest.counts.passed,
        is_by_words=digest.is_by_words,
        papers=_paper_views(digest),
        language=digest.subscriber.profile.language,
        trial=trial_view(trial, is_judged=is_judged),
    )


def revision_views(revisions: Sequence[ProfileRevision]) -> tuple[RevisionView, ...]:
    """Shows the latest revisions, newest first."""
    newest = sorted(revisions, key=lambda revision: -revision.number)[:SHOWN_REVISIONS]
    return tuple(
        RevisionView(
            number=revision.number,
            at=f"{short_date(revision.at)}, {revision.at:%H:%M} UTC",
            origin=_ORIGINS[revision.origin],
            is_latest=revision is newest[0],
            is_blank=not revision.text.strip(),
        )
        for revision in newest
    )


def _problem_view(problem: str, lines: Sequence[str]) -> ProblemView:
    match = _PROBLEM_LINE.fullmatch(problem)
    if match is None:
        return ProblemView(0, problem, "")
    line = int(match[1])
    quoted = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    cut = quoted if len(quoted) <= SHOWN_LINE_CHARS else quoted[:SHOWN_LINE_CHARS] + "…"
    return ProblemView(line, match[2], cut)


def _paper_views(digest: Digest) -> tuple[PreviewPaper, ...]:
    return tuple(
        PreviewPaper(
            title=readable(entry.paper.title),
            url=f"https://arxiv.org/abs/{entry.paper.arxiv_id}",
            relevance=entry.score.relevance,
            novelty=entry.score.novelty,
            comment=entry.score.comment,
            is_nearest=entry.is_nearest,
        )
        for entry in digest.entries
    )


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


def _press(text: str, button: str) -> str:
    """Moves a topic up or down, or removes it; any other button leaves the text as it is."""
    what, _, number = button.partition(" ")
    fields, at = profile_form.fields_of(text), _number(number)
    if fields is None or at is None or at >= len(fields.topics):
        return text
    topics = list(fields.topics)
    topic = topics.pop(at)
    if what != "remove":
        topics.insert(max(at + (-1 if what == "up" else 1), 0), topic)
    return profile_form.write_fields(text, replace(fields, topics=tuple(topics)))


def _as_form(view: EditorView) -> EditorView:
    """Shows the text as fields, where the reader wants them and it can be."""
    asked = flask.request.form
    wants = asked.get("view", "yaml") if flask.request.method == "POST" else "form"
    wants = asked["do"] if asked.get("do") in {"form", "yaml"} else wants
    fields = profile_form.fields_of(view.text) if wants == "form" else None
    problems = view.preview.problems if view.preview else ()
    mistakes: dict[str, str] = {}
    for problem in problems:
        name = profile_form.field_at(view.text, problem.line)
        mistakes[name] = f"{mistakes[name]} {problem.text}" if name in mistakes else problem.text
    return replace(view, fields=fields, mistakes=mistakes)


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _let_our_script_run(response: flask.Response) -> flask.Response:
    response.headers["Content-Security-Policy"] = _POLICY
    return response
