"""Pinned authors are found however arXiv writes the name and however a reader pins it, and nobody else is."""

import pytest

from newsletter.papers.pinned_authors import author_problem, find_pinned_author

# A pinned name, and an author as the feed has them.
SAME = {
    "accents and TeX": [
        ("Clara Sánchez", r"Clara I. S\'anchez"),
        ("clara sanchez", "Clara Sánchez"),
        ("Georg Bökman", r"Georg B\"okman"),
        (r"M{\"u}ller, Hans", "Hans Müller"),
        ("Hans Müller", "Hans Mueller"),
        ("Hans Müller", "Hans Muller"),
        ("Hans Mueller", "Hans Müller"),
        ("Hans Muller", "Hans Mueller"),
        ("Weiß, Jürgen", "Juergen Weiss"),
        ("Soren Aaberg", "Søren Åberg"),
        ("Lukasz Kaiser", "Łukasz Kaiser"),
        ("O'Neill, Eve", "Eve O’Neill"),
    ],
    "initials": [
        ("Y. LeCun", "Yann LeCun"),
        ("Y. LeCun", "Yann A. LeCun"),
        ("Ada B. Muster", "Ada Berta Muster"),
        ("Ada Muster", "Ada B. Muster"),
        ("A.B. Muster", "Ada Berta Muster"),
        ("J. Fouvry", "Jean-Baptiste Fouvry"),
        ("J.-B. Fouvry", "Jean-Baptiste Fouvry"),
        ("JB Fouvry", "Jean-Baptiste Fouvry"),
    ],
    "the family name first": [
        ("Muster, Ada", "Ada Muster"),
        ("Muster, A. B.", "Ada Muster"),
        ("Beispiel B.", "Bo Beispiel"),
        ("Beispiel B", "Bo Beispiel"),
        ("Muster AB", "Ada Berta Muster"),
        ("Muster A.B.", "Ada Berta Muster"),
        ("MUSTER Ada", "Ada Muster"),
        ("LI Xiaoming", "Xiaoming Li"),
    ],
    "all capitals": [("ADA MUSTER", "Ada Muster"), ("Ada MUSTER", "Ada Muster"), ("Ada Muster", "ADA MUSTER")],
    "particles": [
        ("van der Berg, Jan", "Jan van der Berg"),
        ("Berg, Jan van der", "Jan van der Berg"),
        ("Jan Van Der Berg", "Jan van der Berg"),
        ("van der Berg J.", "Jan van der Berg"),
        ("van der Berg", "Jan van der Berg"),
        ("Luis de la Cruz", "Luis De La Cruz"),
        ("Van Gool, Luc", "Luc Van Gool"),
        ("Yann Le Cun", "Yann LeCun"),
        ("Hung Nguyen", "Hung Van Nguyen"),  # there it is a name in the middle
        ("Ramón y Cajal, Santiago", "Santiago Ramon y Cajal"),
    ],
    "double names": [
        ("Jean-Baptiste Fouvry", "Jean Baptiste Fouvry"),
        ("Gabriel García-Márquez", "Gabriel Garcia Marquez"),
        ("García Márquez, Gabriel", "Gabriel García Márquez"),
        ("Garcia-Marquez G.", "Gabriel García Márquez"),
        ("Gabriel José García Márquez", "Gabriel García Márquez"),
        ("Xiao-Ming Li", "Xiaoming Li"),
        ("Xiao Ming Li", "Xiaoming Li"),
        ("Xiaoming Li", "Xiao-Ming Li"),
    ],
    "suffixes and titles": [
        ("Ada Muster Jr.", "Ada Muster"),
        ("Muster, Ada, Jr.", "Ada Muster Jr"),
        ("Muster Jr., Ada", "Ada Muster"),
        ("Ada Muster", "Ada Muster III"),
        ("Dr. Ada Muster, PhD", "Ada Muster"),
    ],
    "groups": [
        ("The ATLAS Collaboration", "ATLAS Collaboration"),
        ("ATLAS", "The ATLAS Collaboration"),
        ("CMS Collaboration", "CMS"),
        ("Example Team", "Example Team"),
        ("Example-Virgo Collaboration", "The Example Virgo Collaboration"),
        ("T2K Collaboration", "The T2K Collaboration"),
        ("SKA and LOFAR Collaboration", "The SKA and LOFAR Collaboration"),
    ],
    "what else is printed": [
        ("Albert Gu", "Albert Gu (Carnegie Mellon University, Pittsburgh)"),
        ("Xu", "Xu"),
        ("Xu", "Ada Xu"),
        ("李雷", "李雷"),
        ("Karthik S.", "Karthik S."),
        ("“Ada Muster”", "Ada Muster"),
    ],
}
OTHERS = {
    "another given name": [
        ("Jun Wang", "Jie Wang"),
        ("Jun Wang", "J. Wang"),  # may be somebody else
        ("Wang, Jun", "Jie Wang"),
        ("Beispiel B.", "Ada Beispiel"),
        ("Muster AB", "Ada Muster"),
        ("Muster AB", "Ada C. Muster"),
        ("Ada B. Muster", "Ada C. Muster"),
        ("Michael Stein", "Michal Stein"),
        ("Chen LI", "Lei Chen"),
    ],
    "half of a double name": [
        ("Jun Zhu", "Jun-Yan Zhu"),
        ("Jun-Yan Zhu", "Jun Zhu"),
        ("J.-Y. Zhu", "Jun Zhu"),
        ("Xiao Li", "Xiao-Ming Li"),
        ("Ada Lovelace", "Ada Lovelace-King"),
    ],
    "particles": [
        ("Jan Berg", "Jan van der Berg"),
        ("Jan van der Berg", "Jan Berg"),
        ("Luis Cruz", "Luis de la Cruz"),
    ],
    "another family name": [("Hans Bauer", "Hans Bar"), ("Lee, Ada", "Ada Le"), ("Muster, Ada", "Muster Ada Beispiel")],
    "another generation": [("Ada Muster Jr.", "Ada Muster Sr.")],
    "groups": [
        ("The CMS Collaboration", "The ATLAS Collaboration"),
        ("Ling Team", "Erin Ling"),
        ("Ling", "Ling Team"),
        ("Atlas Collaboration", "John Atlas"),
    ],
    "nobody": [("Ada Lovelace", ""), ("", "Ada Lovelace"), ("Albert Gu", "Gu"), (",", "Ada Muster")],
}


@pytest.mark.parametrize(("pinned", "author"), [pair for pairs in SAME.values() for pair in pairs])
def test_the_same_person_is_recognised(pinned: str, author: str) -> None:
    assert find_pinned_author((pinned,), (author,)) == pinned


@pytest.mark.parametrize(("pinned", "author"), [pair for pairs in OTHERS.values() for pair in pairs])
def test_somebody_else_is_left_alone(pinned: str, author: str) -> None:
    assert not find_pinned_author((pinned,), (author,))


def test_the_first_pinned_name_among_the_authors_is_told() -> None:
    authors = ("Ada Lovelace", "E. Noether", "Emmy Noether")
    assert find_pinned_author(("Noether, Emmy", "Ada Lovelace"), authors) == "Noether, Emmy"
    assert find_pinned_author((), ("Ada Lovelace",)) == ""


@pytest.mark.parametrize(
    "text",
    [
        "Ada Muster and Bo Beispiel",
        "Muster, Ada and Beispiel, Bo",
        "Ada Muster; Bo Beispiel",
        "Ada Muster & Bo Beispiel",
        "Muster, Ada, Beispiel, Bo",
        "Muster et al.",
        "0000-0002-1825-0097",
        "ada@example.org",
        "A. B.",
        ", .",
        "*",
    ],
)
def test_what_can_be_no_single_author_is_answered_with_what_can(text: str) -> None:
    assert "such as" in author_problem(text)


@pytest.mark.parametrize("text", [pinned for pairs in SAME.values() for pinned, _ in pairs])
def test_a_name_that_is_found_is_none_of_these(text: str) -> None:
    assert author_problem(text) == ""
