"""Files as reference managers and databases write them, and broken ones: what can be read is, and the rest is told."""

import json
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.errors import ConfigError
from newsletter.papers import LibraryFile, read_library
from tests.bounded_time import assert_takes_at_most

BIBTEX_OF = {
    "Google Scholar": """@article{vaswani2017attention,
  title={Attention is all you need},
  author={Vaswani, Ashish and Shazeer, Noam and others},
  journal={Advances in neural information processing systems},
  volume={30},
  year={2017}
}
""",
    "NASA ADS": """@ARTICLE{2020A&A...641A...6P,
       author = {{Planck Collaboration} and {Aghanim}, N.},
        title = "{Planck 2018 results. VI. Cosmological parameters}",
      journal = {\\aap},
     keywords = {cosmic background radiation, Astrophysics - Cosmology},
         year = 2020,
        month = sep,
       adsurl = {https://ui.adsabs.harvard.edu/abs/2020A&A...641A...6P},
      adsnote = {Provided by the SAO/NASA Astrophysics Data System}
}

""",
    "INSPIRE": """@article{Maldacena:1997re,
    author = "Maldacena, Juan Martin",
    title = "{The Large $N$ limit of superconformal field theories and supergravity}",
    eprint = "hep-th/9711200",
    archivePrefix = "arXiv",
    journal = "Adv. Theor. Math. Phys.",
    year = "1998"
}
""",
    "DBLP": """@inproceedings{DBLP:conf/cvpr/HeZRS16,
  author       = {Kaiming He},
  title        = {Deep Residual Learning for
                  Image Recognition},
  booktitle    = {2016 {IEEE} Conference on Computer Vision},
  biburl       = {https://dblp.org/rec/conf/cvpr/HeZRS16.bib},
  crossref     = {DBLP:conf/cvpr/2016},
  bibsource    = {dblp computer science bibliography, https://dblp.org}
}
@proceedings{DBLP:conf/cvpr/2016, title = {2016 {IEEE} Conference on Computer Vision}, year = {2016}}
""",
    "JabRef": """% Encoding: UTF-8
@Comment{jabref-meta: databaseType:bibtex;}
@String{nat = {Nature}}
@Preamble{"\\newcommand{\\noop}[1]{}"}
@Article{LeCun2015,
  author    = {Yann LeCun},
  title     = {Deep learning},
  journal   = nat # { (London)},
  year      = {2015},
  month     = may,
  __markedentry = {[ada:6]},
  comment-ada = {read twice},
}

@Comment{jabref-meta: grouping:
0 AllEntriesGroup:;
1 StaticGroup:Bees\\;0\\;1\\;\\;\\;\\;;
}
""",
    "Better BibTeX": """@article{hubble1929,
  title = {A Relation between Distance and Radial Velocity among {{Extra-Galactic Nebulae}}},
  author = {Hubble, Edwin},
  date = {1929-03-15},
  journaltitle = {Proceedings of the National Academy of Sciences},
  shortjournal = {PNAS},
  abstract = {Distances of nebulae \\{and more grow with speed.},
  langid = {english},
  file = {C\\:\\\\Users\\\\ada\\\\hubble.pdf}
}
""",
    "Mendeley": """@article{Hochreiter1997,
abstract = {Gates keep what a network should remember.},
author = {Hochreiter, Sepp and Schmidhuber, J{\\"{u}}rgen},
doi = {10.1162/neco.1997.9.8.1735},
file = {:C$\\backslash$:/Users/ada/lstm.pdf:pdf},
mendeley-groups = {Nets/Old ones},
title = {{Long Short-Term Memory}},
year = {1997}
}
""",
    "EndNote": """@article{RN12 old,
   author = {Shannon, C. E.},
   title = {A mathematical theory of communication},
   journal = {Bell System Technical Journal},
   DOI = {10.1002/j.1538-7305.1948.tb01338.x},
   year = {1948},
   type = {Journal Article}
}
""",
    "RefWorks": """@article{,
   title={On computable numbers},
   year={1937},
}
""",
    "Semantic Scholar": """@article{Kingma2014AdamAM,
  title={Adam: A Method for Stochastic Optimization},
  author={Diederik P. Kingma and Jimmy Ba},
  journal={CoRR},
  year={2014},
  volume={abs/1412.6980},
  url={https://api.semanticscholar.org/CorpusID:6628106}
}
""",
    "BibDesk": """%% Created for Ada at 2024-01-01 10:00:00 +0100
%% Saved with string encoding Unicode (UTF-8)

@webpage{turing:1950,
	author = {A. M. Turing},
	date-added = {2024-01-01 10:00:00 +0100},
	title = {Computing machinery and intelligence},
	year = {1950},
	bdsk-url-1 = {https://doi.org/10.1093/mind/LIX.236.433}}

@comment{BibDesk Static Groups{
<?xml version="1.0" encoding="UTF-8"?>
}}
""",
}
TITLES = {
    "Google Scholar": ["Attention is all you need"],
    "NASA ADS": ["Planck 2018 results. VI. Cosmological parameters"],
    "INSPIRE": ["The Large N limit of superconformal field theories and supergravity"],
    "DBLP": ["Deep Residual Learning for Image Recognition", "2016 IEEE Conference on Computer Vision"],
    "JabRef": ["Deep learning"],
    "Better BibTeX": ["A Relation between Distance and Radial Velocity among Extra-Galactic Nebulae"],
    "Mendeley": ["Long Short-Term Memory"],
    "EndNote": ["A mathematical theory of communication"],
    "RefWorks": ["On computable numbers"],
    "Semantic Scholar": ["Adam: A Method for Stochastic Optimization"],
    "BibDesk": ["Computing machinery and intelligence"],
}

RIS_OF = {
    "Zotero": "TY  - JOUR\nTI  - Deep learning\nAU  - LeCun, Yann\nT2  - Nature\nAB  - Layers learn.\nDA  - 2015/05//\n"
    "PY  - 2015\nDO  - 10.1038/nature14539\nER  - \n\n",
    "Mendeley": "TY  - JOUR\nT1  - Deep learning\nA1  - LeCun, Yann\nY1  - 2015/05/27\n"
    "N2  - Layers learn.\nJF  - Nature\nER  - \n",
    "EndNote": "TY  - JOUR\nAU  - LeCun, Yann\nDA  - 2015\nPY  - 2015\nST  - Deep\nTI  - Deep learning\nT2  - Nature\n"
    "AB  - Layers\nlearn.\nID  - 12\nER  - \n\n\n",
    "Papers": "TY  - JOUR\n\nTI  - Deep learning\nN2  - Layers learn.\nPY  - 2015\nER  - \n",
    "Web of Science": "TY  - JOUR\nAU  - LeCun, Y\nTI  - Deep learning\nT2  - NATURE\nM3  - Review\n"
    "AB  - Layers learn.\nPY  - 2015\nER  -\n\nEF  -\n",
    "Scopus": "TY  - JOUR\nTI  - Deep learning\nT2  - Nature\nJ2  - Nature\nPY  - 2015\nN2  - Layers learn.\n"
    "DB  - Scopus\nER  - \n\n",
    "a publisher, with a head": "Provider: Example\nDatabase: Bees\nContent: text/plain; charset=\"UTF-8\"\n\n\n"
    "TY  - JOUR\nT1  - Deep learning\nAB  - Layers learn.\nPY  - 2015\nER  - \n",
    "a publisher, with one blank": "TY - JOUR\nT1 - Deep learning\nAB - Layers learn.\nPY - 2015\nER - \n",
    "PubMed": "\nPMID- 26017442\nOWN - NLM\nSTAT- MEDLINE\nDP  - 2015 May 28\nTI  - Deep\n      learning\n"
    "PG  - 436-44\nLID - 10.1038/nature14539 [doi]\nAB  - Layers\n      learn.\nFAU - LeCun, Yann\nAU  - LeCun Y\n"
    "SO  - Nature. 2015 May 28;521(7553):436-44.\n",
}  # fmt: skip


def read(text: str, name: str = "x.bib") -> LibraryFile:
    return read_library(text.encode(), name)


def read_or_refuse(data: bytes, name: str) -> tuple[list[str], tuple[str, ...]]:
    """The titles, and what is told."""
    try:
        found = read_library(data, name)
    except ConfigError as error:
        return [], (str(error),)
    return titles(found), found.unread


def titles(file: LibraryFile) -> list[str]:
    return [paper.title for paper in file.papers]


@pytest.mark.parametrize("program", BIBTEX_OF)
def test_each_bibtex_is_read_whole(program: str) -> None:
    text = BIBTEX_OF[program]
    for each in (text, text.replace("\n", "\r\n"), text.replace("\n", "\r"), f"\ufeff{text}"):
        found = read(each)
        assert found.unread == ()
        assert sorted(titles(found)) == sorted(TITLES[program])


@pytest.mark.parametrize("program", RIS_OF)
def test_each_ris_is_read_whole(program: str) -> None:
    text = RIS_OF[program]
    for each in (text, text.replace("\n", "\r\n"), text.replace("\n", "\r"), f"\ufeff{text}", text * 2):
        found = read(each, "x.ris")
        assert [(paper.title, paper.abstract) for paper in found.papers] == [("Deep learning", "Layers learn.")]
        assert found.unread == ()


@pytest.mark.parametrize(
    "document",
    [
        [{"id": "a", "type": "article", "title": "Bees count"}],
        {"id": "a", "type": "article", "title": "Bees count"},
        {"items": [{"id": "a", "title": "Bees count"}]},
        {"items": {"a": {"id": "a", "title": "Bees count"}}},
        {"a": {"title": "Bees count"}},
        {"references": [{"id": "a", "title": "Bees count", "author": [{"family": "{"}]}]},
        {"config": {"id": "better"}, "collections": {"A": {"name": "{"}}, "items": [{"title": "Bees count"}]},
        [[{"title": ["Bees count"], "DOI": "10.1/x"}]],
        [{"type": "article", "title-short": "Bees count"}],
    ],
)
def test_each_form_of_csl_is_read(document: object) -> None:
    for indent in (None, 2):
        found = read(json.dumps(document, indent=indent), "x.json")
        assert titles(found) == ["Bees count"]


def test_items_one_by_one_are_read() -> None:
    assert titles(read('{"title": "Bees"}\n{"title": "Ants"}\n', "x.json")) == ["Bees", "Ants"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32"])
@pytest.mark.parametrize(("name", "text"), [
    ("x.bib", "@misc{a,\r\n title = {Über “Bees”}}"),
    ("x.ris", "TY  - JOUR\r\nTI  - Über “Bees”\r\nER  - \r\n"),
    ("x.json", '[{"title": "Über “Bees”"}]'),
])  # fmt: skip
def test_each_encoding_of_unicode_is_read(encoding: str, name: str, text: str) -> None:
    found = read_library(text.encode(encoding), name)
    assert (titles(found), found.unread) == (["Über “Bees”"], ())


def test_a_line_that_is_no_utf_8_is_read_as_windows_wrote_it_and_told() -> None:
    data = "@misc{a,\n title = {Ünd}}\n".encode() + "@misc{b,\n title = {Über “Bees”}}".encode("cp1252")
    found = read_library(data, "x.bib")
    assert titles(found) == ["Ünd", "Über “Bees”"]
    assert found.unread == (
        "x.bib:4: this is no UTF-8 and is read as Windows-1252; export the file in UTF-8",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("lines", "title"),
    [
        ("TY  - BOOK\nBT  - Bees of the world\nT2  - A series", "Bees of the world"),
        ("TY  - UNPB\nCT  - Bees, unpublished\nBT  - no", "Bees, unpublished"),
        ("TY  - CHAP\nTI  - A chapter\nBT  - Bees of the world", "A chapter"),
        ("TY  - CHAP\nBT  - Bees of the world", "Bees of the world"),
        ("TY  - CONF\nT2  - Conference on bees\nJ2  - CB", "Conference on bees"),
        ("TY  - EDBOOK\nST  - Bees\nT2  - no", "Bees"),
        ("TY  - JOUR\nT1  - \nTI  - Bees\nJ2  - no\nT2  - no", "Bees"),
        ("TY  - JOUR\nST  - Bees\nT2  - no", "Bees"),
    ],
)
def test_a_title_is_where_the_type_of_the_record_has_it(lines: str, title: str) -> None:
    assert titles(read(f"{lines}\nER  - \n", "x.ris")) == [title]


def test_the_name_of_a_journal_is_no_title() -> None:
    text = "TY  - JOUR\nT2  - Nature\nJ2  - Nat\nER  - \nTY  - JOUR\nTI  - Bees\nER  - \n"
    found = read(text, "x.ris")
    assert titles(found) == ["Bees"]
    (told,) = found.unread
    assert told.startswith("x.ris:1: the record has no title")


@pytest.mark.parametrize(
    "broken",
    [
        "@article{b\n title = {Ants}, year = 2020}",  # no comma behind the key
        "@article{title = {Ants}, year = 2020}",  # no key
        "@article{b,\n author = {A}\n title = {Ants}\n year = 2020\n}",
        "@article{b, author = {A} title = {Ants} year = 2020}",
        '@article{b,\n title = {Ants},\n note = "a "b" c",\n year = 2020\n}',
        "@article{b,\n doi = 10.1000/xyz,\n title = {Ants},\n pages = 1--10,\n year = 2020\n}",
        "@article{b,\n % author = {A},\n title = {Ants}, % yes\n year = 2020\n}",
        "@web_page(b two,\n title = {Ants},\n year = 2020\n)",
        "@article{b,\n note = {of {two},\n title = {Ants},\n year = 2020\n}",
        '@article{b,\n title = "Ants",\n file name = {x},\n year = 2020\n}',
    ],
)
def test_a_broken_record_is_read_field_by_field(broken: str) -> None:
    text = "@misc{a, title = {Bees}, year = 2001}\n" + broken + "\n@misc{c, title = {Crabs}, year = 2031}\n"
    found = read(text)
    assert titles(found) == ["Bees", "Ants", "Crabs"]
    assert found.unread == ()


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("@misc{b, title = {Ants {of, year = 2020}", "the record cannot be read"),
        ("@misc{b,\n title = {Ants},\n abstract = {We {let,\n year = 2020}", "the abstract of the record"),
        ("@misc{b,\n title = {Ants},\n author = {A},", "the record breaks off"),
        ("@misc{b,\n title = {Ants", "the record breaks off"),
        ("@misc{b, year = 2020}", "the record has no title"),
        ("@string{b = {Ants}", "@string cannot be read"),
        ("@misc{b, title = ants}", "the record has no title"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line_and_loses_no_other(broken: str, why: str) -> None:
    text = "@misc{a, title = {Bees}, year = 2001}\n\n" + broken + "\n@misc{c, title = {Crabs}, year = 2031}\n"
    found = read(text)
    assert {"Bees", "Crabs"} <= {*titles(found)}
    (told,) = found.unread
    assert told.startswith(f"x.bib:3: {why}")


def test_a_record_behind_another_on_its_line_is_read() -> None:
    found = read("@misc{a, title = {Bees}},@misc{b, title = {Ants}} @misc{c, title = {Crabs}}")
    assert (titles(found), found.unread) == (["Bees", "Ants", "Crabs"], ())
    found = read("@misc{a, title = {Bees}, note = {{bee,ant}@hive (Rome)}}")
    assert (titles(found), found.unread) == (["Bees"], ())


def test_a_name_of_which_the_file_says_nothing_leaves_the_rest_of_a_title() -> None:
    assert titles(read('@misc{a, title = "Bees of " # places # { and seas}}')) == ["Bees of and seas"]
    assert titles(read('@string{a = a # "x"}\n@misc{a, title = {Bees}, note = a}')) == ["Bees"]


def test_records_with_the_same_key_are_all_read_and_a_record_has_the_year_of_its_book() -> None:
    same = "".join(f"@misc{{a, title = {{Bees {n}}}}}\n" for n in range(3))
    assert titles(read(same)) == ["Bees 0", "Bees 1", "Bees 2"]
    children = "".join(f"@inbook{{c{n}, title = {{Ants {n}}}, crossref = {{B}}}}\n" for n in range(2))
    book = "@book{b, title = {Book}, year = 2001, crossref = {c0}}\n@misc{old, title = {Old}, year = 1999}"
    assert titles(read(children + book)) == ["Old", "Ants 0", "Ants 1", "Book"]


def test_records_of_ris_that_lost_their_first_or_last_line_are_read_and_told() -> None:
    text = (
        "TY  - JOUR\nTI  - Bees\nPY  - 2001\nTY  - JOUR\nTI  - Ants\nPY  - 2002\nER  - \n\n"
        "TI  - Crabs\nPY  - 2003\nER  - \n"
    )
    found = read(text, "x.ris")
    assert titles(found)[:2] == ["Bees", "Ants"]
    assert "Crabs" in titles(found)
    assert [told.partition(";")[0] for told in found.unread] == [
        "x.ris:1: the record breaks off",
        "x.ris:9: the record has no line TY",
    ]


def test_a_broken_item_of_csl_is_told_and_loses_no_other() -> None:
    lines = ['{"title": "Bees"},', '{"title": "Ants", "note": "a "b" c"},', '{"title": "Crabs"}']
    found = read("[\n" + "\n".join(lines) + "\n]", "x.json")
    assert titles(found) == ["Bees", "Crabs"]
    (told,) = found.unread
    assert told.startswith("x.json:3: this is no JSON (Expecting ',' delimiter)")
    found = read('[{"title": "Bees"},\n {"type": "book",\n  "author": [{"family": "A"}]}]', "x.json")
    (told,) = found.unread
    assert told.startswith("x.json:2: the record has no title")


def test_a_file_of_which_nothing_can_be_read_says_where() -> None:
    with pytest.raises(ConfigError) as error:
        read("\n@misc{a, title = {Bees")
    assert error.value.problems == ("x.bib:2: the record breaks off; export the file anew",)


# --- laws ---------------------------------------------------------------------------------------------

_WORDS = st.text(st.sampled_from("abc déß{}@%#\"',=\\$-\n0"), min_size=1, max_size=12)


def _braced(text: str) -> str:
    return "".join(c for c in text if c not in "{}\\%@").strip() or "x"


def _make(name: str, n: int, words: str) -> str:
    """Makes a valid record with a title of its own, over several lines."""
    if name == "x.bib":
        return f"@article{{k{n},\n  title = {{Bees {{N{n}}}}},\n  note = {{{_braced(words)}}},\n  year = 2020\n}}\n"
    if name == "x.ris":
        return f"TY  - JOUR\nTI  - Bees N{n}\nKW  - {' '.join(words.split())}\nPY  - 2020\nER  - \n"
    return json.dumps({"type": "article", "title": f"Bees N{n}", "note": words, "issued": {"raw": "2020"}}, indent=1)


@given(st.sampled_from(["x.bib", "x.ris", "x.json"]), st.lists(_WORDS, min_size=1, max_size=4), st.data())
def test_wherever_a_file_breaks_off_each_whole_record_is_read_and_the_break_is_told(
    name: str, notes: list[str], data: st.DataObject
) -> None:
    records = [_make(name, n, words).encode() for n, words in enumerate(notes)]
    before, between, after = (b"[", b",\n", b"]") if name == "x.json" else (b"", b"\n", b"")
    whole = before + between.join(records) + after
    assert titles(read_library(whole, name)) == [f"Bees N{n}" for n in range(len(records))]
    assert read_library(whole, name).unread == ()
    cut = data.draw(st.integers(0, len(whole) - 1))
    ends = [len((before + between.join(records[: n + 1])).rstrip()) for n in range(len(records))]
    complete = sum(end <= cut for end in ends)
    found, unread = read_or_refuse(whole[:cut], name)
    assert {*found} >= {f"Bees N{n}" for n in range(complete)}
    is_between = not whole[max([0, *(end for end in ends if end <= cut)]) : cut].strip(b"\n ")
    assert unread or (is_between and name != "x.json")


@given(st.sampled_from(["x.bib", "x.ris", "x.nbib", "x.json"]), st.data())
def test_damage_anywhere_raises_nothing_and_leaves_the_records_far_from_it(name: str, data: st.DataObject) -> None:
    kind = "x.ris" if name == "x.nbib" else name
    records = [_make(kind, n, "we let bees count") for n in range(5)]
    before, between, after = ("[", ",\n", "]") if name == "x.json" else ("", "\n", "")
    at = data.draw(st.integers(0, len(records[2])))
    damage = data.draw(st.text('{}"@,=\n\\[]TYER - \x00', max_size=6))
    records[2] = records[2][:at] + damage + records[2][at + data.draw(st.integers(0, 9)) :]
    found = read(before + between.join(records) + after, name)
    assert {"Bees N0", "Bees N1", "Bees N4"} <= {*titles(found)}


@pytest.mark.parametrize("name", ["x.bib", "x.ris", "x.json"])
def test_signs_again_and_again_are_read_in_time(name: str) -> None:
    for piece in ("@", "@a{", "@a{a,\n", "}@", "{", "TY  - \n", "ER  - \n", '{"a":1}', "[", "\n ", "=", "a={,"):
        data = (piece * (20_000 // len(piece))).encode()

        assert_takes_at_most(5.0, partial(read_or_refuse, data, name))


def test_what_is_told_has_the_line_however_the_lines_end() -> None:
    text = "\n\n@misc{a, title = {Bees}}\n\n@misc{b,\n title = {Ants}"
    for feed in ("\n", "\r\n", "\r"):
        assert read(text.replace("\n", feed)).unread == ("x.bib:5: the record breaks off; export the file anew",)
