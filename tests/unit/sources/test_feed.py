"""Reading one feed: what a paper is made of, and which bodies are refused whole."""

import re
from contextlib import suppress
from datetime import date
from html import escape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import SourceError
from newsletter.model import Announcement, AnnounceType, Paper
from newsletter.sources import markup
from newsletter.sources.feed import parse_feed, split_authors
from tests import TESTS
from tests.bounded_time import assert_takes_at_most

FEEDS = TESTS / "recordings" / "feeds"
ATOM = (FEEDS / "2025-10-07" / "cs.LG.atom").read_bytes()
RSS = (FEEDS / "cs.LG.rss").read_bytes()
COMBINED = (FEEDS / "cs.LG+cs.AI.rss").read_bytes()


def one_entry(body: bytes, old: str, new: str) -> bytes:
    """`body` with the first `old` replaced; fails when there is none, so that no test passes by a typo."""
    assert old.encode() in body
    return body.replace(old.encode(), new.encode(), 1)


def refusal(body: bytes, category: str = "cs.LG") -> SourceError:
    with pytest.raises(SourceError) as caught:
        parse_feed(body, category)
    return caught.value


# --- papers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", [ATOM, RSS], ids=["atom", "rss"])
def test_an_entry_becomes_a_paper_with_its_id_apart_from_its_version(body: bytes) -> None:
    last = parse_feed(body, "cs.LG").announcements[-2]
    assert last == Announcement(
        Paper(
            "2401.08875",
            3,
            "DCRMTA: Deep Causal Representation Learning for Multi-Touch Attribution",
            ("Jiaming Tang", "Jingxuan Wen", "Liping Jing"),
            "Purchases follow many contacts with advertising, and the buyer's taste confounds them all. Separating"
            " causal from confounded features gives each contact its share.",
            ("cs.LG", "cs.AI", "stat.ME"),
        ),
        AnnounceType.REPLACE,
        ("cs.LG",),
    )


def test_atom_and_rss_of_the_same_day_give_the_same_feed() -> None:
    assert parse_feed(ATOM, "cs.LG") == parse_feed(RSS, "cs.LG")


@pytest.mark.parametrize(
    ("written", "arxiv_id", "version"),
    [
        ("2510.03246v1", "2510.03246", 1),
        ("0704.0001v12", "0704.0001", 12),
        ("hep-th/9901001v2", "hep-th/9901001", 2),
        ("math.GT/0309136v1", "math/0309136", 1),
    ],
)
def test_every_form_of_id_arxiv_has_used_is_read(written: str, arxiv_id: str, version: int) -> None:
    body = one_entry(ATOM, "org:2510.03246v1", f"org:{written}")
    body = one_entry(body, "<summary>arXiv:2510.03246v1", f"<summary>arXiv:{written}")
    paper = parse_feed(body, "cs.LG").announcements[0].paper
    assert (paper.arxiv_id, paper.version) == (arxiv_id, version)


def test_classes_of_other_schemes_are_not_categories() -> None:
    body = one_entry(ATOM, '<category term="math.OC"/>', '<category term="68T50,"/><category term="I.2.6;"/>')
    assert parse_feed(body, "cs.LG").announcements[1].paper.categories == ("cs.LG",)


def test_a_line_break_in_a_title_is_a_space() -> None:
    body = one_entry(ATOM, "Staircase Streaming", "Staircase\n  Streaming")
    title = parse_feed(body, "cs.LG").announcements[2].paper.title
    assert title == "Staircase Streaming for Low-Latency Multi-Agent Inference"


HARD_ABSTRACTS = [
    "For $a<b$ and $c>d$ the rest of the sentence must not vanish.",
    "R&D, AT&T and &lt;tags&gt; as somebody typed them, &amp; so on; &alpha; too.",
    "<b>bold</b> <script>alert(1)</script> <img src=x onerror=y> stays text.",
    'A link <a href="../relative">here</a> and $x<y</b>$ with one closing tag.',
    "Two  spaces,\na line break, and “quotes” — naïve Łódź 量子.",
    "]]> and <!-- no comment --> and <?php no instruction ?>",
    "1 < 2",
]


@pytest.mark.parametrize("abstract", HARD_ABSTRACTS)
@pytest.mark.parametrize("body", [ATOM, RSS], ids=["atom", "rss"])
def test_an_abstract_is_not_altered(body: bytes, abstract: str) -> None:
    changed = one_entry(body, "Which jets and leptons", f"{escape(abstract)} Which jets and leptons")
    paper = parse_feed(changed, "cs.LG").announcements[3].paper
    assert paper.abstract.startswith(f"{abstract} Which jets and leptons belong")


@settings(deadline=None)  # the time of a parse is the machine's, not a law
@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"], exclude_characters="￾￿")).map(
        lambda text: f"α {text} ω"
    )
)
def test_no_abstract_is_altered_in_either_format(abstract: str) -> None:
    for body in (ATOM, RSS):
        changed = one_entry(body, "Which jets and leptons", f"{escape(abstract)}|")
        paper = parse_feed(changed, "cs.LG").announcements[3].paper
        assert paper.abstract.split("|")[: abstract.count("|") + 1] == abstract.split("|")


def test_an_abstract_in_cdata_is_read_as_well() -> None:
    body = one_entry(ATOM, "Which jets", "<![CDATA[if a<b & c]]> Which jets")
    assert parse_feed(body, "cs.LG").announcements[3].paper.abstract.startswith("if a<b & c Which jets")


# --- authors ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("creators", "names"),
    [
        ("Ada Lovelace, Emmy Noether", ("Ada Lovelace", "Emmy Noether")),
        ("A (X, Y), B (Z (P, Q), R), C", ("A (X, Y)", "B (Z (P, Q), R)", "C")),
        ("A (X, B, C", ("A (X", "B", "C")),
        ("A), B, C", ("A)", "B", "C")),
        ("A ((X, Y), B", ("A ((X, Y)", "B")),
        ("James W. Davidson, Jr., Alberto Sadun", ("James W. Davidson, Jr.", "Alberto Sadun")),
        # arXiv itself makes two authors of "Zhen (Zach) Xu" (2510.05059); nothing here tells them apart again
        ("Jue Wang (Zach), Zhen (Zach), Xu", ("Jue Wang (Zach)", "Zhen (Zach)", "Xu")),
        ("The X Collaboration: L. Adler, J. Bond", ("The X Collaboration", "L. Adler", "J. Bond")),
        ("The X Collaboration:L. Adler", ("The X Collaboration", "L. Adler")),
        ("A Lab:, Ada Muster", ("A Lab", "Ada Muster")),
        ("A Lab, :, Ada Muster, ., ;, -", ("A Lab", "Ada Muster")),
        ("Ada Muster (Dept: B, C), Bo A:son Berg", ("Ada Muster (Dept: B, C)", "Bo A:son Berg")),
        (":", ()),
        ("", ()),
        (" , ,A,", ("A",)),
    ],
)
def test_names_are_split_at_commas_outside_parentheses(creators: str, names: tuple[str, ...]) -> None:
    assert split_authors(creators) == names


@settings(deadline=None)  # the time of a parse is the machine's, not a law
@given(st.lists(st.sampled_from(["A. B", "Łu", "X (U, V)", "Y (U (a, b), V)", "Zoë"]), max_size=30))
def test_joining_names_and_splitting_them_gives_the_names(names: list[str]) -> None:
    assert split_authors(", ".join(names)) == tuple(names)


@settings(deadline=None)  # the time of a parse is the machine's, not a law
@given(st.text("(),AB "))
def test_no_letter_of_a_name_is_lost(creators: str) -> None:
    assert "".join(split_authors(creators)).replace(" ", "").count("A") == creators.count("A")


def test_an_at_sign_in_the_authors_is_kept() -> None:
    body = one_entry(ATOM, "Quan Nguyen", "Quan Nguyen (quan@example.org), Bo Li")
    names = parse_feed(body, "cs.LG").announcements[1].paper.authors
    assert names == ("Quan Nguyen (quan@example.org)", "Bo Li")


def with_creators(body: bytes, elements: str) -> bytes:
    return one_entry(body, "<dc:creator>Quan Nguyen</dc:creator>", elements)


@pytest.mark.parametrize("body", [ATOM, RSS], ids=["atom", "rss"])
@pytest.mark.parametrize("element", ["dc:creator", "author"])
def test_authors_in_several_elements_are_all_authors(body: bytes, element: str) -> None:
    names = ("Ada Muster", "Bo Beispiel", "Cy Doe")
    within = "<name>{}</name>" if (element, body) == ("author", ATOM) else "{}"
    elements = "".join(f"<{element}>{within.format(name)}</{element}>" for name in names)
    assert parse_feed(with_creators(body, elements), "cs.LG").announcements[1].paper.authors == names


@pytest.mark.parametrize("body", [ATOM, RSS], ids=["atom", "rss"])
def test_who_is_named_by_two_kinds_of_element_is_one_author(body: bytes) -> None:
    name = "<name>Bo Li</name>" if body is ATOM else "Bo Li"
    elements = f"<author>{name}</author><dc:creator>Ada Muster, Bo Li</dc:creator><dc:creator>Cy Doe</dc:creator>"
    assert parse_feed(with_creators(body, elements), "cs.LG").announcements[1].paper.authors == (
        *("Ada Muster", "Bo Li", "Cy Doe"),
    )


@pytest.mark.parametrize("body", [ATOM, RSS], ids=["atom", "rss"])
def test_a_name_that_begins_another_is_a_name_of_its_own(body: bytes) -> None:
    elements = "".join(f"<dc:creator>{name}</dc:creator>" for name in ("Ada Lovelace", "Ada Love", "Bo"))
    assert parse_feed(with_creators(body, elements), "cs.LG").announcements[1].paper.authors == (
        *("Ada Lovelace", "Ada Love", "Bo"),
    )


def test_a_name_without_end_is_cut_off() -> None:
    paper = parse_feed(one_entry(ATOM, "Quan Nguyen", "x" * 40_000), "cs.LG").announcements[1].paper
    assert max(map(len, paper.authors)) < 300


# --- the day ------------------------------------------------------------------------------------------


def test_the_day_is_the_us_eastern_one() -> None:
    assert parse_feed(ATOM, "cs.LG").announced_on == date(2025, 10, 7)
    assert parse_feed(RSS, "cs.LG").announced_on == date(2025, 10, 7)


def test_a_feed_without_entries_has_the_day_it_was_written_in_new_york() -> None:
    body = (FEEDS / "2025-10-07" / "cs.CL.atom").read_bytes()
    late = one_entry(body, "2025-10-07T04:00:19", "2025-10-08T03:59:59")
    for candidate in (body, late):
        feed = parse_feed(candidate, "cs.CL")
        assert (feed.announced_on, feed.announcements, feed.warnings) == (date(2025, 10, 7), (), ())


def test_a_feed_without_any_date_is_refused() -> None:
    body = (FEEDS / "2025-10-07" / "cs.CL.atom").read_bytes()
    assert "which day" in str(refusal(one_entry(body, "2025-10-07T04:00:19.866337+00:00", "today"), "cs.CL"))


@pytest.mark.parametrize("never", ["0000-00-00", "0000-00-00T00:00:00Z", "9999-99-99", "0001-01-01", "1e999"])
def test_a_date_that_never_was_is_no_day(never: str) -> None:
    body = ATOM.replace(b"2025-10-07T00:00:00-04:00", never.encode())
    assert "which day" in str(refusal(body))
    rss = RSS.replace(b"Tue, 07 Oct 2025 00:00:00 -0400", f"Tue, 00 Foo {never} 99:99:99 -9999".encode())
    assert "which day" in str(refusal(rss))


def test_one_damaged_date_does_not_change_the_day() -> None:
    for damaged in ("0000-00-00", "2035-10-07T00:00:00-04:00"):
        body = one_entry(ATOM, "2025-10-07T00:00:00-04:00", damaged)
        assert parse_feed(body, "cs.LG").announced_on == date(2025, 10, 7)


# --- feeds of several categories ----------------------------------------------------------------------


def test_a_combined_feed_gives_the_entries_of_the_category_asked_for() -> None:
    feed = parse_feed(COMBINED, "cs.AI")
    ids = [announcement.paper.arxiv_id for announcement in feed.announcements]
    assert ids == ["2510.03246", "2510.05059", "2401.08875", "quant-ph/0201082"]
    assert {announcement.feeds for announcement in feed.announcements} == {("cs.AI",)}


def test_a_combined_feed_without_a_title_of_arxiv_is_known_by_its_address() -> None:
    body = one_entry(COMBINED, "<title>cs.LG, cs.AI updates on arXiv.org</title>", "<title>Mine</title>")
    assert len(parse_feed(body, "cs.AI").announcements) == 4


def test_a_category_the_feed_does_not_cover_is_refused_with_those_it_does() -> None:
    error = refusal(COMBINED, "cs.CV")
    assert "of cs.LG, cs.AI, not of cs.CV" in str(error)
    assert not error.is_config


def test_the_feed_of_an_archive_covers_its_categories() -> None:
    body = ATOM.replace(b"<title>cs.LG updates", b"<title>cs updates")
    assert len(parse_feed(body, "cs.AI").announcements) == 4
    assert len(parse_feed(body, "cs").announcements) == 6


# --- what is refused whole ----------------------------------------------------------------------------


def test_an_unknown_category_is_an_error_of_the_configuration() -> None:
    error = refusal((FEEDS / "unknown-category.atom").read_bytes(), "cs.XX")
    assert error.is_config
    assert "cs.XX" in str(error)
    assert str(error).endswith("correct its name in subscribers.yaml.")


@pytest.mark.parametrize("category", ["", "../cs.LG", "cs.LG+cs.AI", "CS", "cs.LG\n", "cs/LG", "cs.LG.x"])
def test_what_is_not_a_category_never_becomes_part_of_an_address(category: str) -> None:
    assert refusal(ATOM, category).is_config


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "no content"),
        (b" \r\n", "no content"),
        (b"<!DOCTYPE html><html><body>503</body></html>", "An HTML page"),
        (b"<?xml version='1.0'?><html xmlns='http://www.w3.org/1999/xhtml'><body/></html>", "An HTML page"),
        (b'{"error": "not a feed"}', "neither an Atom nor an RSS 2.0"),
        (bytes(range(256)) * 100, "neither an Atom nor an RSS 2.0"),
        (ATOM[: len(ATOM) // 2], "damaged or cut off"),
        (ATOM[:-8], "damaged or cut off"),
        (RSS[:-3], "damaged or cut off"),
        (ATOM.replace(b"Which jets", b"Which \x0b jets"), "damaged or cut off"),
        (ATOM.replace(b"Which jets", b"Which </x> jets"), "damaged or cut off"),
        (ATOM.replace(b"cs.LG updates on arXiv.org", b"My blog").replace(b"rss.arxiv", b"blog"), "My blog"),
        (b"<feed xmlns='http://www.w3.org/2005/Atom'><title>Query</title></feed>", "not one of arXiv's"),
    ],
)
def test_a_body_that_is_not_a_whole_feed_is_refused_in_a_sentence(body: bytes, said: str) -> None:
    error = refusal(body)
    assert said in str(error)
    assert str(error).endswith(".")
    assert "\n" not in str(error)
    assert not error.is_config


@settings(deadline=None)  # the time of a parse is the machine's, not a law
@given(st.integers(min_value=0, max_value=len(ATOM.rstrip()) - 1))
def test_a_feed_cut_anywhere_is_never_taken(length: int) -> None:
    refusal(ATOM[:length])


def billion_laughs() -> bytes:
    entities = b"".join(b'<!ENTITY l%d "%s">' % (i, b"&l%d;" % (i - 1) * 10) for i in range(1, 10))
    doctype = b'<!DOCTYPE feed [<!ENTITY l0 "lol">' + entities + b"]>"
    return one_entry(ATOM.replace(b"<feed", doctype + b"<feed", 1), "Which jets", "&l9;")


def test_entities_that_multiply_are_not_even_read() -> None:
    assert "document type declaration" in str(refusal(billion_laughs()))


def test_entities_that_multiply_are_harmless_in_another_encoding() -> None:
    hidden = billion_laughs().decode().replace("UTF-8", "UTF-16").encode("utf-16")
    assert "document type declaration" in str(refusal(hidden))


def test_a_body_that_names_a_file_does_not_open_it(tmp_path: Path) -> None:
    secret = tmp_path / "cs.LG.atom"
    secret.write_bytes(ATOM)
    assert "neither an Atom nor an RSS 2.0" in str(refusal(str(secret).encode()))


def test_a_body_beyond_the_bound_is_refused() -> None:
    assert "20 MB" in str(refusal(ATOM + b" " * markup.MAX_BODY_BYTES))


def in_an_abstract(text: str, body: bytes = ATOM) -> bytes:
    return one_entry(body, "Which jets", f"{text} Which jets")


@pytest.mark.parametrize(
    "written",
    [
        *("&#xD835;", "&#xD835;&#xDC11;", "&#55349;", "&#xDFFF;", "&#0;", "&#x0;", "&#8;", "&#xFFFE;", "&#x110000;"),
        *("&#99999999999999999999;", "&#xFFFFFFFFFFFFFFFF;", "&#-1;", "&#x;", "&#;", "&unknown;", "&nbsp;", "&", "<b"),
        *("\x00", "\x0b", "\ufffe", "<![CDATA[ x", "<!-- x", "<!-- -- -->", "<?x", "<x:y/>", "<a b>", "<a b='' b=''/>"),
    ],
)
@pytest.mark.parametrize("body", [ATOM, RSS], ids=["atom", "rss"])
def test_what_is_no_xml_is_a_damaged_feed(body: bytes, written: str) -> None:
    """General feed readers guess on after the first mistake, and some of these make them raise anything."""
    assert "damaged or cut off" in str(refusal(in_an_abstract(written, body)))


ODD_CODECS = "idna punycode hex zlib_codec rot13 unicode_escape undefined mbcs utf-7 UTF-16 utf-32 aliases a..b"


@pytest.mark.parametrize("name", [*ODD_CODECS.split(), "x" * 40])
def test_an_odd_name_of_an_encoding_does_no_harm(name: str) -> None:
    feed = parse_feed(in_an_abstract("Łódź", one_entry(ATOM, "UTF-8", name)), "cs.LG")
    assert len(feed.announcements) == 6
    assert feed.announcements[3].paper.abstract.startswith("Łódź")


@pytest.mark.parametrize("name", ["", "-", "..", "0", "../../etc", "\\x00", "é"])
def test_what_is_no_name_of_an_encoding_is_damage(name: str) -> None:
    assert "damaged or cut off" in str(refusal(one_entry(ATOM, "UTF-8", name)))


def test_what_nobody_thought_of_is_the_failure_of_this_feed() -> None:
    class Odd(bytes):
        def startswith(self, *_: object) -> bool:
            raise RuntimeError("odd")

    assert "could not be read (RuntimeError: odd)" in str(refusal(Odd(ATOM)))


MANY = 1_000_000
LONG_BODIES = {
    "a word among the authors": one_entry(ATOM, "Quan Nguyen", "x" * MANY),
    "signs of an address among the authors": one_entry(ATOM, "Quan Nguyen", "a.b+c@" * MANY),
    "commas among the authors": one_entry(ATOM, "Quan Nguyen", "a," * MANY),
    "parentheses among the authors": one_entry(ATOM, "Quan Nguyen", "(" * MANY),
    "the beginning of a head, again and again": in_an_abstract("arXiv:" * MANY),
    "blanks in a head": one_entry(ATOM, "v1 Announce", "v1" + " " * MANY + "Announce"),
    "ampersands": in_an_abstract("&amp;" * MANY),
    "deep elements": in_an_abstract("<a>" * 100_000 + "</a>" * 100_000),
    "elements": in_an_abstract("<a/>" * MANY),
    "attributes": in_an_abstract("<a " + " ".join(f"a{i}=''" for i in range(200_000)) + "/>"),
    "entries": one_entry(ATOM, "  <entry>", "<entry/>" * 20_000 + "<entry>"),
    "many entries": one_entry(ATOM, "  <entry>", "<entry/>" * 200_000 + "<entry>"),
    "categories": one_entry(
        ATOM, '<category term="math.OC"/>', "".join(f'<category term="c{i}"/>' for i in range(100_000))
    ),
    "words among the authors": one_entry(ATOM, "Quan Nguyen", ("x" * 199 + " ") * 20_000),
    "elements of authors": one_entry(
        ATOM, "Quan Nguyen", "".join(f"A B{i}</dc:creator><dc:creator>" for i in range(50_000))
    ),
    "categories in the title": one_entry(ATOM, "<title>cs.LG", "<title>cs.LG" + ",a" * MANY),
    "angle brackets": in_an_abstract("<" * MANY),
    "an open comment": in_an_abstract("<!--" + "- " * MANY),
    "an encoding": one_entry(ATOM, "<?xml", "<?xml " + "encoding=" * MANY),
    "a title": one_entry(ATOM, "Staircase Streaming", "x " * MANY),
    "a date": one_entry(ATOM, "2025-10-07T00:00:00-04:00", "2" * MANY),
    "a category": one_entry(ATOM, 'term="math.OC"', f'term="{"a" * MANY}"'),
}


@pytest.mark.parametrize("body", LONG_BODIES.values(), ids=LONG_BODIES)
def test_no_body_takes_more_time_than_its_length(body: bytes) -> None:
    """A word of 40 kB among the authors took half a minute, and the time grew with the square."""
    papers: list[Paper] = []

    def read() -> None:
        with suppress(SourceError):
            papers.extend(shown.paper for shown in parse_feed(body, "cs.LG").announcements)

    assert_takes_at_most(5, read)
    assert all(len(paper.title) + len(paper.abstract) + sum(map(len, paper.authors)) < 250_000 for paper in papers)


# --- papers that would be lost, or mixed up -----------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<entry>", "<!-- <entry>"),  # the first entry within a comment, see below
        ("<entry>", "<x><entry>"),
        ("<entry>", "<entry><entry>"),
        ("<entry>", "<item>"),
        ("<entry>", "<Entry>"),
        ("<entry>", "<entry xmlns='http://example.org/'>"),
    ],
)
@pytest.mark.parametrize("entries", [1, 6])
def test_a_paper_outside_of_an_entry_is_damage_and_no_quiet_day(old: str, new: str, entries: int) -> None:
    """Entries that are no longer where a reader looks for them made a feed of papers one without."""
    ends = {"<!-- <entry>": "</entry> -->", "<x><entry>": "</entry></x>", "<entry><entry>": "</entry></entry>"}
    end = ends.get(new, "</entry>" if "xmlns" in new else f"</{new[1:]}")
    body = ATOM.replace(old.encode(), new.encode(), entries).replace(b"</entry>", end.encode(), entries)
    error = refusal(body)
    assert "damaged" in str(error)
    assert "2510.0" in str(error)


@pytest.mark.parametrize("wrap", ["<![CDATA[{}]]>", "<!-- {} -->", "<x>{}</x>", "<?x {} ?>", "escaped"])
@pytest.mark.parametrize("body", [ATOM, RSS], ids=["atom", "rss"])
def test_a_feed_without_entries_that_names_papers_is_damage(body: bytes, wrap: str) -> None:
    tag = b"entry" if body is ATOM else b"item"
    start, end = body.index(b"<%s>" % tag), body.rindex(b"</%s>" % tag) + len(tag) + 3
    papers = body[start:end].decode()
    wrapped = escape(papers) if wrap == "escaped" else wrap.format(papers)
    assert "damaged" in str(refusal(body[:start] + wrapped.encode() + body[end:]))


def test_a_lost_id_in_cdata_is_seen_too() -> None:
    lost = "<x><id><![CDATA[ oai:arXiv.org:2510.09999v1]]></id></x>"
    assert "2510.09999v1" in str(refusal(one_entry(ATOM, "  <entry>", f"{lost}<entry>")))


def test_papers_after_the_feeds_own_element_are_damage() -> None:
    start, end = RSS.index(b"<item>"), RSS.rindex(b"</item>") + 7
    moved = RSS[:start] + RSS[end:].replace(b"</channel>", b"</channel>" + RSS[start:end])
    assert "damaged" in str(refusal(moved))


def test_an_abstract_that_writes_about_ids_is_no_damage() -> None:
    written = "&lt;id&gt;oai:arXiv.org:2401.00001v1&lt;/id&gt; and arXiv:2401.00002v1 Announce Type: new"
    assert len(parse_feed(in_an_abstract(written), "cs.LG").announcements) == 6


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<id>oai:arXiv.org:2402.10149v3", "<id>oai:arXiv.org:2402.10148v3"),
        ("<id>oai:arXiv.org:2402.10149v3", "<id>oai:arXiv.org:2402.10149v2"),
        ("<summary>arXiv:2402.10149v3", "<summary>arXiv:2402.10148v3"),
        ("<summary>arXiv:2402.10149v3 Announce Type: cross", "<summary>Of what"),
        ("Which jets", "Which iv:2402.10148v3 Announce Type: new \nAbstract: Which jets"),
        ("Which jets", "Which <b>jets</b>"),
        ("Which jets", "Which <summary>jets</summary>"),
        ('<category term="math.OC"/>', "an abstract of another"),
        # what a cut leaves of two entries in a row
        ("<id>oai:arXiv.org:2402.10149v3", "<id>oai:arXiv.org:2402.10148v3</id><id>oai:arXiv.org:2402.10149v3"),
        ("<id>oai:arXiv.org:2402.10149v3</id>", "<id>oai:arXiv.org:2402.10149v3</id><title>Another</title>"),
        ("<summary>arXiv:2402.10149v3", "<summary>Another</summary><summary>arXiv:2402.10149v3"),
        ("<arxiv:announce_type>cross", "<arxiv:announce_type>new</arxiv:announce_type><arxiv:announce_type>cross"),
    ],
)
def test_an_entry_that_may_be_of_two_papers_is_left_out_and_named(old: str, new: str) -> None:
    feed = parse_feed(one_entry(ATOM, old, new), "cs.LG")
    assert len(feed.announcements) == 5
    (warning,) = feed.warnings
    assert "left out (oai:arXiv.org:2" in warning


@pytest.mark.parametrize(
    "written",
    [
        *("2510.0324v1", "2510.032466v1", "0704.00011v1", "1413.0001v1", "2500.03246v1", "2513.03246v1", "0703.0001v1"),
        *("hep-th/990100v1", "hep-th/99010011v1", "hep-th/0804001v1", "cond-mat.str-el/0612198v1", "2510.03246v0"),
        *("2510.03246v1000", "2510.03246", "2510-03246v1"),
    ],
)
def test_an_id_arxiv_cannot_have_given_is_left_out_and_named(written: str) -> None:
    body = ATOM.replace(b"2510.03246v1", written.encode()).replace(b"abs/2510.03246", b"abs/" + written.encode())
    feed = parse_feed(body, "cs.LG")
    assert len(feed.announcements) == 5
    assert written in feed.warnings[0]


def test_a_class_in_only_one_of_the_two_places_is_no_contradiction() -> None:
    body = one_entry(ATOM, "org:2510.03246v1", "org:math.GT/0309136v1")
    body = one_entry(body, "<summary>arXiv:2510.03246v1", "<summary>arXiv:math/0309136v1")
    assert parse_feed(body, "cs.LG").announcements[0].paper.arxiv_id == "math/0309136"


def test_a_feed_whose_summaries_have_no_head_is_read() -> None:
    body = re.sub(rb"arXiv:\S+ Announce Type: \S+\s+Abstract: ", b"", ATOM)
    assert parse_feed(body, "cs.LG").announcements[3].paper.abstract.startswith("Which jets")


@pytest.mark.parametrize("damaged", ["cs..LG", "c%s.LG", "cs.L G", "cs.ZZ", "", "x"])
def test_an_entry_of_a_combined_feed_that_may_be_of_a_category_is_named(damaged: str) -> None:
    body = one_entry(COMBINED, "<category>cs.LG</category>\n      <category>math.OC", f"<category>{damaged}")
    for category in ("cs.LG", "cs.AI"):
        feed = parse_feed(body, category)
        assert "2510.03478" not in {shown.paper.arxiv_id for shown in feed.announcements}
        assert "left out (oai:arXiv.org:2510.03478v1)" in feed.warnings[0]


@pytest.mark.parametrize("other", ["68T50, 62-XX", "I.2.6; H.3.3", "cmp-lg", "stat.ML"])
def test_an_entry_of_a_combined_feed_may_have_other_classes(other: str) -> None:
    body = one_entry(COMBINED, "<category>math.OC", f"<category>{other}")
    feed = parse_feed(body, "cs.AI")
    assert feed.warnings == ()
    assert "2510.03478" not in {shown.paper.arxiv_id for shown in feed.announcements}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-be"])
def test_half_a_character_of_utf_16_is_damage(encoding: str) -> None:
    """What follows is read as other letters, tags and all; a second half sets it right again, somewhere else."""
    whole = ATOM.decode().replace("UTF-8", encoding).encode(encoding)
    first, second = (
        whole.index(word.encode(encoding)[-20:]) for word in ("Staircase Streaming", "Which jets and leptons")
    )
    assert "damaged" in str(refusal(whole[:first] + whole[first + 1 : second] + b"x" + whole[second:]))


# --- what is taken with a warning ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("<id>oai:arXiv.org:2402.10149v3</id>", "<id>tag:example.org,2025:1</id>", "not an arXiv id"),
        ("<id>oai:arXiv.org:2402.10149v3</id>", "", "not an arXiv id"),
        ("<id>oai:arXiv.org:2402.10149v3</id>", "<id>oai:arXiv.org:2402.10149</id>", "with a version"),
        ("Reconstructing short-lived particles using hypergraph representation learning", " ", "no title"),
        ("<arxiv:announce_type>cross</arxiv:announce_type>", "", "announce type is ''"),
        ("<arxiv:announce_type>new<", "<arxiv:announce_type>withdrawn<", "announce type is 'withdrawn'"),
    ],
)
def test_an_unreadable_entry_is_named_and_the_others_are_kept(old: str, new: str, reason: str) -> None:
    feed = parse_feed(one_entry(ATOM, old, new), "cs.LG")
    assert len(feed.announcements) == 5
    (warning,) = feed.warnings
    assert "left out (" in warning
    assert reason in warning


def test_an_entry_without_categories_is_not_lost_silently_from_a_combined_feed() -> None:
    body = one_entry(COMBINED, "<category>cs.LG</category>\n      <category>math.OC</category>", "")
    for category in ("cs.LG", "cs.AI"):
        assert "2510.03478v1" in parse_feed(body, category).warnings[0]


def test_a_feed_of_which_nothing_can_be_read_is_refused() -> None:
    error = refusal(ATOM.replace(b"oai:arXiv.org:", b"arxiv:"))
    assert "None of the 6 entries" in str(error)


def many(entries: int) -> bytes:
    start, end = ATOM.index(b"  <entry>"), ATOM.index(b"  <entry>", ATOM.index(b"  <entry>") + 1)
    copies = [ATOM[start:end].replace(b"2510.03246", b"2510.%05d" % i) for i in range(entries)]
    return ATOM[:start] + b"".join(copies) + b"</feed>"


def test_a_feed_at_the_limit_is_taken_with_a_warning() -> None:
    full = parse_feed(many(2_000), "cs.LG")
    assert len(full.announcements) == 2_000
    assert "the new papers with the lowest ids may be missing" in full.warnings[0]


def test_many_unreadable_entries_do_not_flood_the_operator() -> None:
    body = many(50).replace(b"oai:arXiv.org:2510.0001", b"odd:")
    warnings = parse_feed(body, "cs.LG").warnings
    assert len(warnings) == 6
    assert warnings[-1].startswith("5 more entries")


# --- encodings ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-be", "iso-8859-7"])
def test_a_feed_in_another_declared_encoding_is_read(encoding: str) -> None:
    text = ATOM.decode().replace("UTF-8", encoding.removesuffix("-sig"))
    assert parse_feed(text.encode(encoding), "cs.LG") == parse_feed(ATOM, "cs.LG")


def test_a_feed_in_another_encoding_than_declared_is_read_with_a_warning() -> None:
    body = ATOM.decode().replace("Quan Nguyen", "José Núñez").replace("β", "b").encode("latin-1")
    feed = parse_feed(body, "cs.LG")
    assert feed.announcements[1].paper.authors == ("José Núñez",)
    assert feed.warnings == ("The feed of cs.LG is not encoded as it says; some characters may be wrong.",)


@pytest.mark.parametrize("offset", ["-05:00", "-04:00"])
def test_the_day_of_a_winter_feed_is_the_same_with_the_offset_of_summer(offset: str) -> None:
    summer = (FEEDS / "2025-10-07" / "cs.AI.atom").read_text(encoding="utf-8")
    winter = summer.replace("2025-10-07T00:00:00-04:00", f"2025-11-25T00:00:00{offset}")
    assert winter != summer
    assert parse_feed(winter.encode(), "cs.AI").announced_on == date(2025, 11, 25)
