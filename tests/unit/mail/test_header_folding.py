"""Any text comes back from a header as it was, read by the rules of RFC 5322 and RFC 2047, and by Python's parser."""

import base64
import email
import email.policy
import gzip
import json
import quopri
import re
from datetime import UTC, datetime
from email.headerregistry import Address

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.mail.header_folding import fold_addresses, fold_text
from newsletter.mail.message import build_service_message
from tests import SHARED

DAYS = SHARED / "corpus" / "days"
WORD = re.compile(r"=\?([\w-]+)\?([qb])\?([^? ]*)\?=")


def decoded(word: re.Match[str]) -> str:
    charset, way, text = word.groups()
    octets = base64.b64decode(text) if way == "b" else quopri.decodestring(text.replace("_", " "), header=False)
    return octets.decode(charset)


def unfolded(lines: list[str], name: str) -> str:
    """The value, as RFC 5322 §2.2.3 has it; each encoded word is whole, not empty, and 75 characters at most."""
    assert all(re.fullmatch(r"[ -~]+", line) for line in lines)
    assert all(len(line) <= 76 for line in lines), lines
    assert all(line[0] == " " and line.strip() for line in lines[1:])
    value = "".join(lines).removeprefix(f"{name}: ")
    words = [word for word in value.split(" ") if "=?" in word]
    assert all(WORD.fullmatch(word) and len(word) <= 75 and WORD.fullmatch(word)[3] for word in words)  # type: ignore[index]
    return value


def read_text(lines: list[str], name: str = "Subject") -> str:
    value = unfolded(lines, name)
    joined = re.sub(rf"({WORD.pattern}) +(?={WORD.pattern})", r"\1", value)  # RFC 2047 §6.2
    return WORD.sub(decoded, joined)


SUBJECTS = [
    "3 papers: On graphs",
    "",
    " ",
    "  two before and two behind  ",
    "two  blanks and   three",
    "α",
    "4 papers: Does a β-decay anomaly hide γγ → 4ν?",
    "5 papers: Pre-asymptotic Carleson–Sjölin bounds, and Łojasiewicz inequalities for naïve Bäcklund flows",
    "ends with an ellipsis…",
    "=?utf-8?q?looks_like_one?=",
    "a =?utf-8?q?x?= b",
    "half =? of one",
    "tab\tand\x00control\x1f",
    "a" * 70,
    "a" * 300,
    "ok " + "b" * 500 + " ok",
    "word " * 60,
    "emoji 👩‍👩‍👧‍👦🏳️‍🌈 and flags 🇩🇪🇫🇷",
    "combining e\u0301\u0302\u0303 " * 20,
    "مرحبا بالعالم والرياضيات",
    "流形上的谱图理论与深度学习" * 9,
    "line\u2028and\u2029paragraph\x85next\x0bfeed\x0c",
    'quotes " and \\ and (comments) <angles>, commas; semicolons: all',
]


@pytest.mark.parametrize("text", SUBJECTS)
def test_a_text_comes_back_as_it_was(text: str) -> None:
    assert read_text(fold_text("Subject", text)) == text


@given(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=200))
@example("é" * 400)
def test_any_text_comes_back_as_it_was(text: str) -> None:
    assert read_text(fold_text("Subject", text)) == text


WORDS = st.sampled_from(["a", "", "=?", "?=", "=?utf-8?q?a?=", "é", "👍", "e\u0301", "流", "x" * 80, "word", "\t", "ﷺ"])


@given(st.lists(WORDS, max_size=40).map(" ".join))
def test_any_mixture_of_words_comes_back_as_it_was(text: str) -> None:
    assert read_text(fold_text("Subject", text)) == text


@given(st.lists(WORDS.filter(lambda word: word != "\t"), min_size=1, max_size=20).map(" ".join))
def test_mail_programs_written_with_python_read_it_too(text: str) -> None:
    message = build_service_message(
        key="a.b",
        sender=Address("Dr. Zoë", addr_spec="service@example.org"),
        to="ada@example.org",
        subject=text,
        text="x",
        now=datetime(2026, 11, 22, tzinfo=UTC),
    )
    assert str(message.mime["Subject"]) == text  # what goes to an API as JSON
    for policy in (email.policy.SMTP, email.policy.SMTP.clone(cte_type="7bit"), email.policy.default):
        raw = message.mime.as_bytes(policy=policy)
        assert raw.partition(b"Subject:")[2].partition(b"\n")[0].strip() or not text.strip()
        pairs = email.header.decode_header(email.message_from_bytes(raw)["Subject"])
        read = "".join(part.decode(charset or "ascii") if isinstance(part, bytes) else part for part, charset in pairs)
        assert "".join(read.split()) == "".join(text.split())


def test_every_title_of_the_corpus_comes_back_as_it_was() -> None:
    files = sorted(DAYS.glob("*.jsonl.gz"))
    if not files:
        pytest.skip("no ../shared/corpus beside the repository: real titles are not read; lay the corpus there")
    for path in files[::4]:
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                title = f"12 papers: {json.loads(line)['title']}"
                assert read_text(fold_text("Subject", title)) == title


def test_plain_words_stay_plain_and_can_be_searched() -> None:
    assert fold_text("Subject", "12 papers: On σ Orionis") == ["Subject: 12 papers: On =?utf-8?b?z4M=?= Orionis"]


def test_a_letter_keeps_its_marks() -> None:
    lines = fold_text("Subject", "e\u0301" * 100)
    for word in WORD.finditer("".join(lines)):
        assert decoded(word).startswith("e")


@pytest.mark.parametrize("text", ["a\rb", "a\nBcc: x@example.org", "a\r\n\r\nbody"])
def test_a_line_end_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="linefeed"):
        fold_text("Subject", text)


NAMES = [
    "Ada Lovelace",
    "Muster, Ada",
    'The "Morning" Papers',
    "back\\slash",
    "Zoë Müller, PhD",
    "Dr. Ada",
    "=?utf-8?q?Eve?=",
    "two  blanks",
    " blank ",
    "Ада Лавлейс из Лондона, математик и первая в мире программистка",
    "山田太郎",
    "x" * 200,
    "a, " * 60,
    "<eve@example.org>",
    "😀",
]


def read_name(lines: list[str], address: str) -> str:
    value = unfolded(lines, "To")
    shown = value.removesuffix(f"<{address}>")
    assert shown.endswith(" ")
    shown = shown[:-1]
    if shown.startswith('"'):
        assert shown.endswith('"')
        return re.sub(r"\\(.)", r"\1", shown[1:-1])
    return read_text([f"To: {shown}"], "To") if len(shown) < 70 else WORD.sub(decoded, shown.replace("?= =?", "?==?"))


@pytest.mark.parametrize("name", NAMES)
def test_a_name_comes_back_as_it_was(name: str) -> None:
    lines = fold_addresses("To", [Address(name, addr_spec="ada@example.org")])
    assert read_name(lines, "ada@example.org") == name
    parsed = email.message_from_bytes("\r\n".join([*lines, "", ""]).encode(), policy=email.policy.default)
    (found,) = parsed["To"].addresses
    shown = "".join(found.display_name.split())  # Python 3.11 reads a blank between two encoded words of a name
    assert (shown, found.addr_spec) == ("".join(name.split()), "ada@example.org")


@given(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), min_size=1, max_size=120))
def test_any_name_comes_back_as_it_was(name: str) -> None:
    assert read_name(fold_addresses("To", [Address(name, addr_spec="a@example.org")]), "a@example.org") == name


def test_several_mailboxes_stand_behind_each_other() -> None:
    both = [Address(addr_spec="ada@example.org"), Address("Eve", addr_spec="eve@example.org")]
    assert fold_addresses("To", both) == ["To: ada@example.org, Eve <eve@example.org>"]


def test_a_long_address_stays_whole() -> None:
    long = f"{'a' * 64}@{'b' * 60}.example.org"
    assert fold_addresses("To", [Address(addr_spec=long)]) == [f"To: {long}"]
    assert fold_addresses("To", [Address("Ada", addr_spec=long)]) == ["To: Ada", f" <{long}>"]


@pytest.mark.parametrize("separator", ["\u2028", "\x85", "\x0b"])
def test_a_letterhead_with_odd_characters_makes_a_mail(separator: str) -> None:
    message = build_service_message(
        key="a.b",
        sender=Address(f"Odd{separator}name", addr_spec="service@example.org"),
        to="ada@example.org",
        subject=f"odd{separator}subject",
        text="x",
        now=datetime(2026, 11, 22, tzinfo=UTC),
    )
    raw = message.mime.as_bytes()
    assert raw.isascii()
    assert str(message.mime["Subject"]) == f"odd{separator}subject"
    assert message.mime["From"].addresses[0].addr_spec == "service@example.org"
