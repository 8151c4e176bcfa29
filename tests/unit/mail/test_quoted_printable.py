"""A mail's parts are lines that any server carries as they are, and that read as the text that was given."""

import re
from email import message_from_string, policy

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.mail.quoted_printable import encode_text

CHARACTERS = st.sampled_from("ab= \t.äß€\x00\x0b\x0c\x1f\x7f\x85\u2028")
LINES = st.lists(st.text(alphabet=CHARACTERS, max_size=200), max_size=5)
# RFC 2045 §6.7: printable ASCII but "=", or octets in hexadecimal; a blank may not end a line (rule 3)
LITERAL = re.compile(r"(?:[\t !-<>-~]|=[0-9A-F]{2})*=?")


def read(written: str, charset: str) -> str:
    """As Python's email package reads a part that this is."""
    head = f'Content-Type: text/plain; charset="{charset}"\nContent-Transfer-Encoding: quoted-printable\n\n'
    content = message_from_string(head + written, policy=policy.default).get_content()
    assert isinstance(content, str)
    return content


def lines_of(text: str) -> list[bytes]:
    """Without the blanks at their ends, which nobody sees."""
    return [line.rstrip(b" \t") for line in text.encode().splitlines()]


@given(LINES, st.sampled_from(["\n", "\r\n", "\r", "\n\n"]))
@example(["=" * 300], "\n")
@example(["a" * 75 + " "], "\n")
@example(["a" * 76], "\n")
@example(["a" * 77 + " "], "\n")
@example([".", "a"], "\n")
@example(["a"], "\r\n")
@example([""], "\n")
def test_any_text_is_read_as_it_was_written(lines: list[str], end: str) -> None:
    text = end.join(lines)
    written = encode_text(text, "utf-8")
    assert lines_of(read(written, "utf-8")) == (lines_of(text) or [b""])


@given(LINES, st.sampled_from(["\n", "\r\n", "\r", "\n\n"]))
@example(["=" * 300], "\n")
@example(["a" * 75 + " "], "\n")
@example(["a" * 77 + "\t"], "\n")
def test_each_line_is_one_of_the_standard(lines: list[str], end: str) -> None:
    written = encode_text(end.join(lines), "utf-8")
    assert written.endswith("\n")
    for line in written.removesuffix("\n").split("\n"):
        assert len(line) <= 76
        assert LITERAL.fullmatch(line)
        assert not line.endswith((" ", "\t"))


def test_what_the_charset_lacks_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        encode_text("ä", "us-ascii")
