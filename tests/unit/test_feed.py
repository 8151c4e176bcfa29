"""Reading one feed: what a paper is made of, and which bodies are refused whole."""

from datetime import date
from html import escape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from newsletter.errors import SourceError
from newsletter.model import Announcement, AnnounceType, Paper
from newsletter.sources import feed as feed_module
from newsletter.sources.feed import parse_feed, split_authors

FEEDS = Path(__file__).parents[1] / "recordings" / "feeds"
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
    paper = parse_feed(one_entry(ATOM, "org:2510.03246v1", f"org:{written}"), "cs.LG").announcements[0].paper
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
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cn"], exclude_characters="￾￿"))
    # feedparser mends text that looks like UTF-8 read as Latin-1; a letter beyond Latin-1 keeps it from that
    .map(lambda text: f"α {text} ω")
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
        (b"Service Unavailable", "neither an Atom nor an RSS 2.0"),
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
    assert "damaged or cut off" in str(refusal(hidden))


def test_a_body_that_names_a_file_does_not_open_it(tmp_path: Path) -> None:
    secret = tmp_path / "cs.LG.atom"
    secret.write_bytes(ATOM)
    assert "neither an Atom nor an RSS 2.0" in str(refusal(str(secret).encode()))


def test_a_body_beyond_the_bound_is_refused() -> None:
    assert "20 MB" in str(refusal(ATOM + b" " * feed_module.MAX_BODY_BYTES))


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
