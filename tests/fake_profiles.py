"""A ProfileService for the web part's tests: real revisions in a real store, real YAML with real lines, made-up scores.

Knows three keys, and finds as many papers as `max_papers` says.
"""

from dataclasses import replace
from datetime import date, datetime

from newsletter.errors import ConfigError, StoreConflict, StoreLimit
from newsletter.files import yaml_checks, yaml_nodes
from newsletter.model import (
    HIGHEST_GRADE,
    AnnounceType,
    Counts,
    Digest,
    DigestEntry,
    Paper,
    Profile,
    RevisionOrigin,
    Score,
    Subscriber,
)
from newsletter.run import Trial, TrialDay
from newsletter.services.profiles import ProfileService
from newsletter.stores import Store
from newsletter.subscribers.revisions import MAX_REVISIONS_A_DAY
from tests import make

KEYS = ("topics", "keywords", "max_papers")
FIRST = """\
# What you want to read. Lines with a # are comments.
topics:
  - name: Alternatives to attention
    relevant: >
      Layers that mix information along a sequence without comparing every token with every other one: state
      space models, linear recurrences, "long" convolutions. Above all, what they can: and cannot compute.
    irrelevant: Faster kernels for unchanged attention.
keywords:
  like: [state space model, 'mixture of experts']   # phrases
  avoid: [survey]
max_papers: 3
"""
TITLES = (
    "Selective recurrences with $O(n)$ memory",
    "What a linear layer cannot count",
    "Long convolutions, revisited",
)
WHY = "Near to your topic <Alternatives>."


class FakeProfiles(ProfileService):
    def __init__(self, store: Store, *subscriber_ids: str, language: str = "en") -> None:
        self._store, self._known, self.language = store, subscriber_ids, language
        self.is_judged = False

    def explain_unknown(self, profile: Profile, language: str = "en") -> str:
        return ""

    def current(self, subscriber_id: str) -> str:
        revisions = self._store.get_revisions(subscriber_id)
        return revisions[-1].text if revisions and revisions[-1].text.strip() else FIRST

    def find_listed(self, subscriber_id: str) -> Subscriber | None:
        if subscriber_id not in self._known:
            return None
        reader = make.subscriber(subscriber_id=subscriber_id)
        return replace(reader, profile=replace(reader.profile, language=self.language))

    def find_current(self, subscriber_id: str) -> Subscriber | None:
        return self.find_listed(subscriber_id)

    editable = current

    def preview(self, subscriber_id: str, text: str, *, now: datetime) -> Trial | None:
        root, problems = yaml_nodes.read(text or FIRST)
        found = list(problems)
        tree = root.value if root is not None and isinstance(root.value, dict) else {}
        found += [
            yaml_nodes.Problem(node.line, f'"{yaml_nodes.bare(key)}" is no key here; expected one of {", ".join(KEYS)}')
            for key, node in tree.items()
            if key not in KEYS
        ]
        most = tree["max_papers"].value if "max_papers" in tree else "3"
        if not isinstance(most, str) or not most.isdecimal() or len(most) > 3:
            found.append(yaml_nodes.Problem(tree["max_papers"].line, "max_papers is a number from 0 to 999"))
        if not found and not tree:
            found.append(yaml_nodes.Problem(1, "a profile has at least one topic"))
        if found:
            raise ConfigError("The profile has problems:", yaml_checks.problem_lines(found))
        return a_trial(int(str(most)))

    def change(
        self, subscriber_id: str, text: str, *, origin: RevisionOrigin, now: datetime, after: int | None = None
    ) -> str:
        if subscriber_id not in self._known:
            return "Nothing was changed: nobody is called so."
        try:
            self.preview(subscriber_id, text, now=now)
            self._store.add_revision(
                subscriber_id, text, origin=origin, now=now, after=after, most_a_day=MAX_REVISIONS_A_DAY
            )
        except (ConfigError, StoreConflict, StoreLimit) as error:
            return f"Nothing was changed. {error}"
        return f"Your profile is changed.\n\nWhat is different now:\n- {len(text)} characters"


def a_trial(most: int) -> Trial:
    """The digest of a Tuesday, and of the Monday before it nothing."""
    latest = a_digest(most)
    best = make.paper("2510.00000", title=TITLES[0])
    tuesday = TrialDay(latest.digest_on, (len(TITLES),) * HIGHEST_GRADE, best, 10)
    monday = TrialDay(date(2025, 10, 6), (0,) * HIGHEST_GRADE, make.paper("2510.00009", title="Near, & not it"), 5)
    return Trial(replace(latest.subscriber, max_papers=most or 1), (monday, tuesday), latest)


def a_digest(most: int) -> Digest:
    papers = [Paper(f"2510.0{n:04}", 1, title, ("A. Author",), "Words.", ("cs.LG",)) for n, title in enumerate(TITLES)]
    entries = tuple(
        DigestEntry(n, paper, AnnounceType.NEW, Score(paper.arxiv_id, 10 - n, 7, WHY, 1.0))
        for n, paper in enumerate(papers[:most], start=1)
    )
    counts = Counts(announced=1234, scanned=1000, relevant=len(TITLES), shown=len(entries), not_scored=0)
    return Digest(make.subscriber(), date(2025, 10, 7), (date(2025, 10, 7),), entries, counts, "local ranker", None)
