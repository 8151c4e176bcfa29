"""subscribers.yaml → subscribers: either everybody, with the defaults applied, or every problem with its line.

schema.py says what may stand in the file, files/yaml_checks.py holds the text against it; here values are checked
against each other, too. The file is never written. What readers write themselves goes through the same check
(profile_yaml.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from newsletter.addresses import subscriber_id
from newsletter.errors import ConfigError
from newsletter.files import yaml_checks, yaml_nodes
from newsletter.model import JUDGED_CUT_OFF, WORDS_CUT_OFF, Subscriber
from newsletter.papers import arxiv_id, is_library_file
from newsletter.phrases import Phrase, join
from newsletter.subscribers.notes import notes
from newsletter.subscribers.preferences import build_subscriber
from newsletter.subscribers.schema import MAX_SUBSCRIBERS, REQUIRED, FileShape, Preferences
from newsletter.subscribers.signup_rules import topic_names
from newsletter.subscribers.values import to_address


@dataclass(frozen=True, slots=True)
class SubscribersFile:
    """What subscribers.yaml says. `notes`: what may not be meant as it stands there, each with its line.

    `libraries`: the files of papers that it names, each with its place ("subscribers.yaml:7"); `paper_ids`: likewise
    the arXiv ids of papers.
    """

    subscribers: tuple[Subscriber, ...]
    defaults: Preferences
    notes: tuple[str, ...] = ()
    libraries: tuple[tuple[str, str], ...] = ()
    paper_ids: tuple[tuple[str, str], ...] = ()


def parse_file(text: str | bytes, *, source: str, min_relevance: int = JUDGED_CUT_OFF) -> SubscribersFile:
    """Reads the file's text. Raises ConfigError with one line in `.problems` for each thing to mend.

    `source` is the file's name as problems show it, `min_relevance` the scorer's own, for whom the file sets none.
    Reads nothing, and always ends soon (see files/yaml_nodes.py).
    """
    root, problems = yaml_nodes.read(text)
    if root is None or root.value is None:
        problems = problems or [yaml_nodes.Problem(1, "found nothing, expected subscribers: and a list of them")]
    return _check(root, problems, source, "mend the file and run newsletter check", min_relevance)


def parse_profiles(text: str | bytes, *, source: str) -> tuple[Subscriber, ...]:
    """Reads a list of profiles that belong to nobody: entries as in subscribers.yaml, told apart by their `name`.

    What is not written has the newsletter's own default without a model. The addresses are made up. Raises ConfigError
    as `parse_file` does.
    """
    root, problems = yaml_nodes.read(text)
    if root is None or not isinstance(root.value, list):
        problems = problems or [yaml_nodes.Problem(1, "found no list, expected profiles, each after a dash")]
        return _check(None, problems, source, "mend the file", WORDS_CUT_OFF).subscribers
    for number, entry in enumerate(root.value, 1):
        if isinstance(entry.value, dict):
            entry.value["email"] = yaml_nodes.Node(entry.line, f"profile-{number}@profiles.test")
    problems += _unnamed(root.value)
    whole = yaml_nodes.Node(1, {"subscribers": root})
    return _check(whole, problems, source, "mend the file", WORDS_CUT_OFF).subscribers


def _check(
    root: yaml_nodes.Node | None, problems: list[yaml_nodes.Problem], source: str, remedy: str, min_relevance: int
) -> SubscribersFile:
    file = None
    if root is not None and root.value is not None:
        for preferences in _list_preferences(root):
            name_topics(preferences)
        file, found = yaml_checks.validate(root, FileShape, required=REQUIRED, unnamed="subscribers")
        problems += [*_problems_between(root), *found]
    if problems or file is None or root is None:
        summary = f"{source} has {yaml_checks.count_problems(problems)}; {remedy}:"
        raise ConfigError(summary, yaml_checks.problem_lines(problems, source=source))
    defaults = file.defaults
    if "min_relevance" not in defaults.model_fields_set:
        # the value alone: that nobody chose it has to be seen later
        values = {**dict(defaults), "min_relevance": min_relevance}
        defaults = Preferences.model_construct(defaults.model_fields_set, **values)
    return SubscribersFile(
        tuple(build_subscriber(entry, defaults) for entry in file.subscribers),
        defaults,
        tuple(f"{source}:{note.line}: {note.text}" for note in notes(root)),
        tuple((entry, f"{source}:{line}") for entry, line in _find_papers(root) if is_library_file(entry)),
        tuple((entry, f"{source}:{line}") for entry, line in _find_papers(root) if arxiv_id(entry)),
    )


def _list_preferences(root: yaml_nodes.Node) -> list[yaml_nodes.Node | None]:
    """Gives the defaults, if there are any, and the entry of each subscriber."""
    entries = _get(root, "subscribers")
    return [_get(root, "defaults"), *(entries.value if entries and isinstance(entries.value, list) else ())]


def _find_papers(root: yaml_nodes.Node) -> Iterator[tuple[str, int]]:
    for papers in (_get(preferences, "papers") for preferences in _list_preferences(root)):
        for each in papers.value if papers and isinstance(papers.value, list) else filter(None, [papers]):
            if isinstance(each.value, str):
                yield each.value, each.line


# --- problems between values


def _problems_between(root: yaml_nodes.Node) -> Iterator[yaml_nodes.Problem]:
    """Finds what no single value shows, in the tree, so that it is reported together with all other problems."""
    entries = _get(root, "subscribers")
    if entries is None or not isinstance(entries.value, list) or len(entries.value) > MAX_SUBSCRIBERS:
        return  # the schema says so
    defaults = _get(root, "defaults")
    yield from _duplicate_addresses(entries.value)
    yield from _duplicate_archives(entries.value)
    for entry in entries.value:
        if isinstance(entry.value, dict):
            yield from _missing_together(entry, defaults)
    for node in (defaults, *entries.value):
        yield from duplicate_topics(node)


def _duplicate_addresses(entries: list[yaml_nodes.Node]) -> Iterator[yaml_nodes.Problem]:
    first: dict[str, yaml_nodes.Node] = {}
    for entry in entries:
        node = _get(entry, "email")
        if node is None or not isinstance(node.value, str) or len(node.value) > 254:
            continue
        try:
            key = subscriber_id(to_address(node.value.strip()))
        except ValueError:
            continue  # the schema says so
        if key in first:
            again = f"found {yaml_nodes.show(node.value)}, which is the mailbox of line {first[key].line}"
            yield yaml_nodes.Problem(node.line, f"email: {again}, expected each mailbox once (+tags do not count)")
        first.setdefault(key, node)


def _duplicate_archives(entries: list[yaml_nodes.Node]) -> Iterator[yaml_nodes.Problem]:
    first: dict[str, yaml_nodes.Node] = {}
    for entry in entries:
        node = _get(entry, "public_archive")
        if node is None or not isinstance(node.value, str):
            continue
        if node.value in first:
            again = f"found {yaml_nodes.show(node.value)}, which is the name in line {first[node.value].line}"
            yield yaml_nodes.Problem(node.line, f"public_archive: {again}, expected a name of its own for each")
        first.setdefault(node.value, node)


def _missing_together(entry: yaml_nodes.Node, defaults: yaml_nodes.Node | None) -> Iterator[yaml_nodes.Problem]:
    if (_get(entry, "categories") or _get(defaults, "categories")) is None:
        yield yaml_nodes.Problem(entry.line, "categories: missing, expected arXiv categories, here or under defaults")
    words = [_get(_get(node, "keywords"), "like") for node in (entry, defaults)]
    wishes = [words[0] or words[1]]
    wishes += [_get(entry, key) or _get(defaults, key) for key in ("topics", "papers", "zotero", "pinned_authors")]
    if all(node is None or node.value in ([], None, "") for node in wishes):
        yield yaml_nodes.Problem(
            entry.line,
            "found neither topics nor keywords.like, papers or pinned_authors, expected at least one of them to choose"
            " papers by",
        )


def duplicate_topics(preferences: yaml_nodes.Node | None) -> Iterator[yaml_nodes.Problem]:
    """Finds topics that share a name, in a mapping that may hold `topics`; of the same words it says so."""
    topics = _get(preferences, "topics")
    first: dict[str, yaml_nodes.Node] = {}  # by its name
    for topic in topics.value if topics is not None and isinstance(topics.value, list) else ():
        name = _get(topic, "name")
        if name is None or not isinstance(name.value, str):
            continue
        earlier = first.setdefault(name.value.strip(), topic)
        if earlier is topic:
            continue
        words = _text_of(_get(topic, "relevant"))
        if words.split() and words.split() == _text_of(_get(earlier, "relevant")).split():
            again = Phrase("found {found} again, expected each topic once; remove one", found=yaml_nodes.show(words))
            yield yaml_nodes.Problem(name.line, join("topics: ", again))
        else:
            again = Phrase(
                "found {found} again, expected a name of its own for each topic", found=yaml_nodes.show(name.value)
            )
            yield yaml_nodes.Problem(name.line, join("topics.name: ", again))


def name_topics(preferences: yaml_nodes.Node | None) -> None:
    """Makes whole topics, in a mapping that may hold `topics`, of those that are words alone or have no name.

    Their name is the beginning of their words, and of those that begin alike also where they differ. A line that seems
    to be a key, with no blank behind its colon, is left.
    """
    listed = _get(preferences, "topics")
    topics = listed.value if listed is not None and isinstance(listed.value, list) else []
    unnamed = list[tuple[yaml_nodes.Node, int, str]]()  # with the line and the text of its words
    for topic in topics:
        if isinstance(topic.value, str) and topic.value.strip() and not yaml_checks.lacks_blank(topic.value):
            topic.value = {"relevant": yaml_nodes.Node(topic.line, topic.value, topic.refused, topic.comment)}
        words = _get(topic, "relevant")
        is_unnamed = isinstance(topic.value, dict) and "name" not in topic.value
        if is_unnamed and words is not None and _text_of(words).strip():
            unnamed.append((topic, words.line, _text_of(words)))
    written = [_text_of(_get(topic, "name")).strip() for topic in topics]
    for (topic, line, _), name in zip(unnamed, topic_names([text for *_, text in unnamed], written), strict=True):
        if isinstance(topic.value, dict):
            topic.value["name"] = yaml_nodes.Node(line, name)


def _text_of(node: yaml_nodes.Node | None) -> str:
    return node.value if node is not None and isinstance(node.value, str) else ""


def _unnamed(entries: list[yaml_nodes.Node]) -> Iterator[yaml_nodes.Problem]:
    """Finds profiles that cannot be told apart."""
    names: set[str] = set()
    for entry in entries:
        name = _get(entry, "name")
        if name is None or not isinstance(name.value, str) or not name.value.strip():
            yield yaml_nodes.Problem(entry.line, "name: missing, expected a name of its own for each profile")
        elif name.value.strip() in names:
            yield yaml_nodes.Problem(name.line, f"name: found {yaml_nodes.show(name.value)} again, expected another")
        else:
            names.add(name.value.strip())


def _get(node: yaml_nodes.Node | None, key: str) -> yaml_nodes.Node | None:
    return node.value.get(key) if node is not None and isinstance(node.value, dict) else None
