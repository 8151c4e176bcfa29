"""A mail's parts are written as Python's email package writes them, to the byte, only faster."""

from email import policy, quoprimime
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from newsletter.mail.quoted_printable import encode_text

LINE_LENGTH = 78
CHARACTERS = st.sampled_from("ab= \t.äß€\x00\x0b\x0c\x1f\x7f\x85\u2028")
LINES = st.lists(st.text(alphabet=CHARACTERS, max_size=200), max_size=5)


def by_python(text: str, charset: str) -> str:
    mime = EmailMessage(policy=policy.SMTP)
    mime.set_content(text, charset=charset, cte="quoted-printable")
    written: str = mime.get_payload()
    return written


@given(LINES, st.sampled_from(["\n", "\r\n", "\r", "\n\n"]))
@example(["=" * 300], "\n")
@example(["a" * 77 + " "], "\n")
@example([""], "\n")
def test_any_text_is_written_as_python_writes_it(lines: list[str], end: str) -> None:
    text = end.join(lines)
    assert encode_text(text, "utf-8", LINE_LENGTH) == by_python(text, "utf-8")


@given(st.text(alphabet=st.characters(max_codepoint=127), max_size=500))
def test_ascii_is_written_as_python_writes_it(text: str) -> None:
    assert encode_text(text, "us-ascii", LINE_LENGTH) == by_python(text, "us-ascii")


def test_what_the_charset_lacks_is_refused() -> None:
    with pytest.raises(UnicodeEncodeError):
        encode_text("ä", "us-ascii", LINE_LENGTH)


def test_python_still_asks_the_body_for_its_translation() -> None:
    """If this fails, encode_text is right as before, and slow again."""

    class Noticing(str):
        asked = False

        def translate(self, table: object) -> str:
            Noticing.asked = True
            return super().translate(table)  # type: ignore[arg-type]

    quoprimime.body_encode(Noticing("a=b\n"), LINE_LENGTH)
    assert Noticing.asked
