"""Prepares the page of a profile: its text, what it would bring, what is wrong in it, its earlier versions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from newsletter.model import Digest, ProfileRevision, RevisionOrigin
from newsletter.papers import readable
from newsletter.phrases import Phrase
from newsletter.run import Trial
from newsletter.services import reader_texts, trial_words
from newsletter.subscribers import MAX_REVISIONS, MAX_REVISIONS_A_DAY, profile_form
from newsletter.texts import Texts, write_number, write_short_date
from newsletter.web.app import Page
from newsletter.web.profile_fields import FormView, form_view
from newsletter.web.trial_view import SAMPLE, TrialView, trial_view

SHOWN_REVISIONS = 20
SHOWN_LINE_CHARS = 160
FIRST_PAPERS = 3  # of the latest announcement; the others are folded
_ORIGINS = {
    RevisionOrigin.REPLY: "by_mail",
    RevisionOrigin.WEB: "by_page",
    RevisionOrigin.OPERATOR: "by_operator",
}


@dataclass(frozen=True, slots=True)
class ProblemView:
    line: int  # 0: of the text as a whole
    text: str
    quoted: str  # the line itself
    field: str = ""  # of the form; empty: there is none, or the YAML is shown
    label: str = ""  # of that field


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
    papers_announced: int = 0  # counts_announced as a number, which decides about plural forms

    @property
    def has_novelty(self) -> bool:
        """Tells whether a model judged any of these papers; of the others there is no novelty to show."""
        return any(paper.novelty is not None for paper in self.papers)

    @property
    def first(self) -> tuple[PreviewPaper, ...]:
        """Gives the papers that are not folded."""
        return self.papers[:FIRST_PAPERS]

    @property
    def rest(self) -> tuple[PreviewPaper, ...]:
        """Gives the papers that are folded."""
        return self.papers[FIRST_PAPERS:]


@dataclass(frozen=True, slots=True)
class RevisionView:
    number: int
    at: str
    origin: str
    is_latest: bool
    is_blank: bool = False  # handed back to subscribers.yaml


@dataclass(frozen=True, slots=True)
class Tried:
    """What became of a text that was tried out: its problems, or a trial if there is an announcement to try it on."""

    problems: tuple[str, ...] = ()
    trial: Trial | None = None


@dataclass(frozen=True, slots=True)
class EditorView:
    """What the page shows."""

    text: str
    after: int
    outcome: str = ""  # saved, refused, unchanged, conflict, shown, gone, unclear, or nothing
    answer: str = ""  # what is different now
    shown: int = 0  # the earlier revision in the form
    current: str = ""  # what holds
    typed: str = ""  # what was in the form before an earlier revision took its place
    tried: Tried | None = None
    preview: PreviewView | None = None
    most_revisions: int = MAX_REVISIONS
    most_a_day: int = MAX_REVISIONS_A_DAY
    revisions: tuple[RevisionView, ...] = ()
    pause_url: str = ""
    unsubscribe_url: str = ""
    gets_no_mail: bool = False  # the address is suppressed
    paused_until: date | None = None  # mail comes again on this day; None: there is no pause
    may_return: bool = False  # by the page behind `unsubscribe_url`
    form: FormView | None = None  # where the form is shown, not the YAML
    said: str = ""  # what a button did with a topic
    focus: str = ""  # the id of what the reader goes on with
    draft_key: str = ""  # under which the browser keeps what is not saved; not the token
    is_unsaved: bool = False  # the text is another than the one that holds


def preview_view(
    tried: Tried, text: str, t: Texts, explain_unknown: Callable[[Trial], str], *, is_form: bool, is_judged: bool
) -> PreviewView:
    """Shows what became of a text; `is_form` says that the reader sees its fields, not its lines."""
    if tried.problems:
        return PreviewView(problems=tuple(_problem_view(problem, text, t, is_form) for problem in tried.problems))
    if tried.trial is None:
        return PreviewView()
    digest = tried.trial.latest
    return PreviewView(
        announced=trial_words.write_days(digest.announced_on, t) if digest.announced_on else "",
        counts_announced=write_number(digest.counts.announced, t.language),
        papers_announced=digest.counts.announced,
        relevant=digest.counts.relevant,
        passed=digest.counts.passed,
        is_by_words=digest.is_by_words,
        papers=_paper_views(digest),
        language=digest.subscriber.profile.language,
        trial=trial_view(tried.trial, reader_texts.trial_texts(t.language), is_judged=is_judged),
        unknown=explain_unknown(tried.trial),
    )


def revision_views(revisions: Sequence[ProfileRevision], t: Texts) -> tuple[RevisionView, ...]:
    """Shows the latest revisions, newest first."""
    newest = sorted(revisions, key=lambda revision: -revision.number)[:SHOWN_REVISIONS]
    return tuple(
        RevisionView(
            number=revision.number,
            at=f"{write_short_date(revision.at.date(), t.language)}, {revision.at:%H:%M} UTC",
            origin=t[_ORIGINS[revision.origin]],
            is_latest=revision is newest[0],
            is_blank=not revision.text.strip(),
        )
        for revision in newest
    )


def _problem_view(problem: str, text: str, t: Texts, is_form: bool) -> ProblemView:
    if not isinstance(problem, Phrase) or "line" not in problem.values:
        return ProblemView(0, reader_texts.reword_problem(problem, t.language), "")
    line, lines = int(problem.values["line"]), text.splitlines()
    found = problem.values["text"]
    said = reader_texts.reword_problem(found if isinstance(found, str) else "", t.language)
    quoted = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    cut = quoted if len(quoted) <= SHOWN_LINE_CHARS else quoted[:SHOWN_LINE_CHARS] + "…"
    name = profile_form.field_at(text, line) if is_form else ""
    return ProblemView(line, said, cut, name, _label(name, t))


def _label(name: str, t: Texts) -> str:
    """Names a field as the form does: a topic's own with its number."""
    topic, _, part = name.removeprefix("topic-").partition("-")
    if name.startswith("topic-") and topic.isdigit():
        return f"{t('topic', n=int(topic) + 1)}, {t[part]}"
    return t[name] if name in t.sentences else ""


def _paper_views(digest: Digest) -> tuple[PreviewPaper, ...]:
    return tuple(
        PreviewPaper(
            title=readable(entry.paper.title),
            url=entry.paper.abs_url,
            relevance=entry.score.relevance,
            novelty=entry.score.novelty,
            comment=entry.score.comment or (f"★ {entry.pinned_author}" if entry.pinned_author else ""),
            is_nearest=entry.is_nearest,
        )
        for entry in digest.entries
    )


# --- samples ------------------------------------------------------------------------------------------

_PROBLEM = PreviewView(
    problems=(ProblemView(1, "a problem", "a line", "about", "About"), ProblemView(0, "another", ""))
)
_PAPER = PreviewPaper("A title", "url", 9, 8, "Why.")
_PAPERS = PreviewView((), "6 January 2026", "1,000", 2, False, (_PAPER,) * 5, "en", SAMPLE, "A note.", 1)
_BY_WORDS = replace(_PAPERS, is_by_words=True, papers=(replace(_PAPER, novelty=None),))
_FILLED = replace(_PAPERS, papers=(_PAPER, replace(_PAPER, is_nearest=True)))
_REVISIONS = (RevisionView(2, "today", "by mail", True), RevisionView(1, "", "", False))
_EDITOR = EditorView("a: 1\n", 1, revisions=_REVISIONS)
_FIELDS = profile_form.ProfileFields((profile_form.TopicFields("a", "b"),), "", {}, {})
_OUTCOMES = ("", "saved", "unchanged", "conflict", "refused", "gone")


def samples() -> tuple[Page, ...]:
    """Gives the page in each state and language. Raises ConfigError for texts that are not usable."""
    editors = [replace(_EDITOR, outcome=outcome) for outcome in _OUTCOMES]
    editors += [replace(_EDITOR, outcome="shown", shown=number) for number in (0, 1)]
    editors += [replace(_EDITOR, gets_no_mail=True, may_return=may) for may in (True, False)]
    editors.append(replace(_EDITOR, paused_until=date(2027, 1, 31)))
    editors.append(replace(_EDITOR, outcome="unclear", current="b: 2\n", typed="c: 3\n", preview=_PROBLEM))
    previews = (_PROBLEM, _PAPERS, _BY_WORDS, _FILLED, PreviewView())
    pages: list[Page] = []
    for name in ("trial", "profile_problems"):  # that can be read
        reader_texts.load(name)
    for t in reader_texts.load("profile").values():
        form = form_view(_FIELDS, None, {"about": "a problem"}, t)
        pages += [("profile.html", {"p": view, "t": t}) for view in (*editors, replace(_EDITOR, form=form))]
        pages += [("_preview.html", {"preview": view, "t": t}) for view in previews]
    return tuple(pages)
