"""A server that answers as arXiv's OAI-PMH does, with records made for tests.

The form of its answers is the published one (https://info.arxiv.org/help/oa/index.html): prefix arXivRaw, dates by the
day, pages that go on by a token, and an error in place of an empty list.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit
from xml.sax.saxutils import escape, quoteattr

from tests.http_server import Handler

HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<OAI-PMH xmlns="http://www.openarchives.org/OAI/2.0/">'
    '<responseDate>2026-11-27T09:00:00Z</responseDate><request verb="ListRecords">http://oaipmh.arxiv.org/oai</request>'
)
TAIL = "</OAI-PMH>"
NO_RECORDS = f'{HEAD}<error code="noRecordsMatch">No records match.</error>{TAIL}'


def eastern(text: str) -> datetime:
    """A moment of winter in New York, such as "2026-11-23 13:59"."""
    return datetime.fromisoformat(f"{text}-05:00").astimezone(UTC)


@dataclass(frozen=True)
class Kept:
    """A paper as arXiv keeps it."""

    arxiv_id: str
    received_at: Sequence[datetime]
    categories: str = "cs.LG"
    title: str = "On Learning & Its Limits"
    authors: str = "Ada L\\'opez, Bo Chen (Institute of A and B) and C. Diaz"
    abstract: str = "  We learn $a<b$.\n  And more."
    changed_on: date = date(2026, 11, 26)
    is_deleted: bool = False
    comments: str = ""
    source_type: str = ""  # of the latest version

    def xml(self) -> str:
        """Its record."""
        status = ' status="deleted"' if self.is_deleted else ""
        header = (
            f"<header{status}><identifier>oai:arXiv.org:{self.arxiv_id}</identifier>"
            f"<datestamp>{self.changed_on}</datestamp><setSpec>cs:cs:LG</setSpec></header>"
        )
        if self.is_deleted:
            return f"<record>{header}</record>"
        versions = "".join(
            f'<version version="v{number}"><date>{at:%a, %d %b %Y %H:%M:%S GMT}</date><size>9kb</size>'
            + (
                f"<source_type>{self.source_type}</source_type></version>"
                if number == len(self.received_at)
                else "</version>"
            )
            for number, at in enumerate(self.received_at, 1)
        )
        texts = {
            "title": self.title,
            "authors": self.authors,
            "categories": self.categories,
            "abstract": self.abstract,
        } | ({"comments": self.comments} if self.comments else {})
        return (
            f'<record>{header}<metadata><arXivRaw xmlns="http://arxiv.org/OAI/arXivRaw/"><id>{self.arxiv_id}</id>'
            f"<submitter>Ada</submitter>{versions}"
            + "".join(f"<{name}>{escape(text)}</{name}>" for name, text in texts.items())
            + "</arXivRaw></metadata></record>"
        )


def page(records: Sequence[Kept], token: str = "") -> str:
    """An answer to ListRecords; without a token the last one."""
    more = f"<resumptionToken expires={quoteattr('2026-11-28T00:00:00Z')}>{escape(token)}</resumptionToken>"
    listed = "".join(record.xml() for record in records)
    return f"{HEAD}<ListRecords>{listed}{more if token else '<resumptionToken/>'}</ListRecords>{TAIL}"


@dataclass
class Archive:
    """What the server keeps, by set; `refuse`, asked with each query, may give a status in place of records."""

    sets: dict[str, Sequence[Kept]]
    page_size: int = 2
    refuse: Callable[[dict[str, str]], int | None] = lambda query: None
    queries: list[dict[str, str]] = field(default_factory=list)

    def answer(self, query: dict[str, str]) -> tuple[int, str]:
        """The status and body for a query."""
        self.queries.append(query)
        if status := self.refuse(query):
            return status, "busy"
        of, since, start = query.get("set", ""), query.get("from", ""), 0
        if token := query.get("resumptionToken", ""):
            of, since, skip = token.split("|")
            start = int(skip)
        changed = [record for record in self.sets.get(of, ()) if f"{record.changed_on}" >= since]
        if not changed:
            return 200, NO_RECORDS
        end = start + self.page_size
        return 200, page(changed[start:end], f"{of}|{since}|{end}" if end < len(changed) else "")


def handler_of(archive: Archive) -> type[Handler]:
    """The archive behind an address."""

    class ArchiveHandler(Handler):
        def do_GET(self) -> None:
            query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
            status, body = archive.answer(query)
            self.answer(status, body.encode(), content_type="text/xml", retry_after="1")

    return ArchiveHandler
