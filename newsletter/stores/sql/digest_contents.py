"""Keeps once what equal readers' digests say alike, the papers above all: the table `digest_contents`.

Most of a digest is the same for all readers of one profile: of 77 kB all but 3. The row of a digest names its content
by a hash; a content that no digest names any more is dropped.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from threading import Lock

from pydantic import ValidationError
from sqlalchemy import delete, not_, select
from sqlalchemy.dialects import postgresql, sqlite

from newsletter.model import Digest, DigestEntry, UnsentPaper
from newsletter.stores.sql import tables
from newsletter.stores.sql.database import Database, hash_of
from newsletter.stores.sql.table import batched
from newsletter.stores.values import adapter_of, first_problem

_MOST_WRITTEN = 16  # contents that are not written again: equal readers are mailed one after another
_MOST_READ = 64  # contents of some 100 kB: two months of one reader's

_contents, _digests = tables.digest_contents.c, tables.digests.c


@dataclass(frozen=True, slots=True)
class DigestContent:
    """The part of a digest that is the same for all readers of one profile who were sent the same before."""

    entries: tuple[DigestEntry, ...]
    unsent: tuple[UnsentPaper, ...]
    prompt: str

    def is_of(self, digest: Digest) -> bool:
        """Tells whether the digest has these very objects, as those of equal readers do. To compare all takes long."""
        return self.entries is digest.entries and self.unsent is digest.unsent and self.prompt is digest.prompt


class DigestContents:
    """The contents of one database's digests. May be used by several threads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._written = deque[tuple[DigestContent, str]](maxlen=_MOST_WRITTEN)
        self._read: dict[str, DigestContent] = {}
        self._lock = Lock()

    def key_of(self, digest: Digest) -> str:
        """Gives the key under which the content of this digest is kept, if it is."""
        return self._find_written(digest) or hash_of(_dump(_content_of(digest)))

    def put(self, digests: Iterable[Digest]) -> None:
        """Writes what these digests say, as far as it is not there."""
        contents = [_content_of(digest) for digest in digests]
        texts = [_dump(content) for content in contents]
        keys = [hash_of(text) for text in texts]
        new = (postgresql if self._database.is_postgresql else sqlite).insert(tables.digest_contents)
        each_once = sorted(set(zip(keys, texts, strict=True)))  # in one order, so that no two writers block each other
        rows = [{"content_key": key, "value": text} for key, text in each_once]
        if rows:
            with self._database.statement() as connection:
                connection.execute(new.on_conflict_do_nothing(), rows)
        self._written.extend(zip(contents, keys, strict=True))

    def put_once(self, digest: Digest) -> None:
        """The same, unless this process wrote it lately: it may have been dropped since."""
        if not self._find_written(digest):
            self.put([digest])

    def get(self, key: str) -> DigestContent:
        """Raises ValueError, which says why, for a content that is not there or cannot be read."""
        if (known := self._read.get(key)) is not None:
            return known
        if (text := self._texts([key]).get(key)) is None:
            raise ValueError(f"{key} of digest_contents is not there")
        return self._keep(key, _load(key, text))

    def read_ahead(self, keys: Collection[str]) -> None:
        """Reads these by one statement, as far as there is room for them; what cannot be read is left to `get`."""
        new = [key for key in dict.fromkeys(keys) if key not in self._read][:_MOST_READ]
        for key, text in self._texts(new).items():
            try:
                self._keep(key, _load(key, text))
            except ValueError:
                continue

    def drop_unused(self, keys: Collection[str]) -> None:
        """Deletes those of these contents that no digest names. Call within the change that took the digests away."""
        is_named = select(_digests.content_key).where(_digests.content_key == _contents.content_key).exists()
        for some in batched(keys):
            theirs = _contents.content_key.in_(some)
            with self._database.change() as connection:
                # Who now writes a digest of one of them waits, and then finds it gone: else it could be missed below
                connection.execute(select(_contents.content_key).where(theirs).with_for_update()).all()
                connection.execute(delete(tables.digest_contents).where(theirs, not_(is_named)))

    def _texts(self, keys: Collection[str]) -> dict[str, str]:
        if not keys:
            return {}
        wanted = select(_contents.content_key, _contents.value).where(_contents.content_key.in_(keys))
        with self._database.statement() as connection:
            return {row.content_key: row.value for row in connection.execute(wanted)}

    def _keep(self, key: str, content: DigestContent) -> DigestContent:
        with self._lock:
            self._read[key] = content
            while len(self._read) > _MOST_READ:
                del self._read[next(iter(self._read))]
        return content

    def _find_written(self, digest: Digest) -> str:
        return next((key for content, key in tuple(self._written) if content.is_of(digest)), "")


def without_content(digest: Digest) -> Digest:
    """What of a digest is the reader's own."""
    return replace(digest, entries=(), unsent=(), prompt="")


def with_content(digest: Digest, content: DigestContent) -> Digest:
    return replace(digest, entries=content.entries, unsent=content.unsent, prompt=content.prompt)


def _content_of(digest: Digest) -> DigestContent:
    return DigestContent(digest.entries, digest.unsent, digest.prompt)


def _dump(content: DigestContent) -> str:
    return json.dumps(adapter_of(DigestContent).dump_python(content, mode="json"), separators=(",", ":"))


def _load(key: str, text: str) -> DigestContent:
    try:
        return adapter_of(DigestContent).validate_python(json.loads(text))
    except ValidationError as error:
        raise ValueError(f"{key} of digest_contents: {first_problem(error)}") from error
    except (ValueError, RecursionError) as error:
        raise ValueError(f"{key} of digest_contents: {error}") from error
