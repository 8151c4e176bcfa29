"""Feeds of papers that nobody wrote, in each of the forms that journals and blogs use: for tests of what is read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

SITE = "https://journal.example.org"
CATEGORY = f"feed:{SITE}/rss"
_SENTENCE = "Of this work there is one sentence, and it is said until it is as long as a real abstract would be"
# Between two abstracts, so that no cut of 400 bytes joins them
_RIGHTS = f"<rights>{'All of them are reserved by nobody. ' * 12}</rights>"
NUMBERS = "one two three four five six seven eight".split()


@dataclass(frozen=True)
class Sample:
    """One paper; `word` stands in each of its texts, so that a mixture of two shows."""

    word: str

    @property
    def doi(self) -> str:
        return f"10.5555/invented.{self.word}"

    @property
    def link(self) -> str:
        return f"{SITE}/papers/{self.word}"

    @property
    def title(self) -> str:
        return f"On the number {self.word} & what is < it"

    @property
    def abstract(self) -> str:
        return f"Number {self.word}. " + f"{_SENTENCE}, for number {self.word}. " * 8

    @property
    def html(self) -> str:
        return f"<p>{escape(self.abstract)}</p><script>let {self.word};</script>"

    @property
    def authors(self) -> tuple[str, ...]:
        return (f"Ada {self.word.title()}", f"Ben {self.word.title()}")


SAMPLES = tuple(map(Sample, NUMBERS))


def atom(samples: Sequence[Sample] = SAMPLES) -> bytes:
    entries = "".join(
        f"<entry><id>tag:journal.example.org,2026:{each.word}</id><title>{escape(each.title)}</title>"
        f'<link rel="alternate" href="{each.link}"/><updated>2026-01-06T05:00:00Z</updated>'
        f"{''.join(f'<author><name>{name}</name></author>' for name in each.authors)}"
        f'<summary type="html">{escape(each.html)}</summary>{_RIGHTS}</entry>\n'
        for each in samples
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"><title>Invented</title>'
        f'<link rel="self" href="{CATEGORY.removeprefix("feed:")}"/><link href="{SITE}/"/>\n{entries}</feed>\n'
    ).encode()


def rss(samples: Sequence[Sample] = SAMPLES) -> bytes:
    items = "".join(
        f"<item><title>{escape(each.title)}</title><link>{each.link}?utm_source=rss</link>"
        f"<description><![CDATA[{each.html}]]></description><pubDate>Tue, 06 Jan 2026 05:00:00 GMT</pubDate>"
        f'<dc:creator>{", ".join(each.authors)}</dc:creator><guid isPermaLink="false">{each.word}</guid>'
        f"{_RIGHTS}</item>\n"
        for each in samples
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/">'
        f"<channel><title>Invented</title><link>{SITE}</link>\n{items}</channel></rss>\n"
    ).encode()


def rdf(samples: Sequence[Sample] = SAMPLES) -> bytes:
    items = "".join(
        f'<item rdf:about="{each.link}"><title><![CDATA[{escape(each.title)}]]></title><link>{each.link}</link>'
        f"<content:encoded><![CDATA[<p>Invented, Published online: 06 January 2026; "
        f'<a href="{each.link}">doi:{each.doi}</a></p>{each.html}]]></content:encoded>'
        f"{''.join(f'<dc:creator>{name}</dc:creator>' for name in each.authors)}"
        f"<dc:identifier>doi:{each.doi}</dc:identifier><dc:date>2026-01-06</dc:date>"
        f"<prism:publicationName>Invented</prism:publicationName>{_RIGHTS}</item>\n"
        for each in samples
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
        ' xmlns="http://purl.org/rss/1.0/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:prism="http://prismstandard.org/namespaces/basic/2.0/"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/">'
        f'<channel rdf:about="{SITE}/rss"><title>Invented</title><link>{SITE}</link></channel>\n{items}</rdf:RDF>\n'
    ).encode()


FORMS: dict[str, Callable[[Sequence[Sample]], bytes]] = {"atom": atom, "rss": rss, "rdf": rdf}
