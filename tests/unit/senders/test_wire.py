"""The bytes of a mail are those that Python's own generator writes."""

from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.senders.wire import to_bytes

POLICIES = [SMTP, SMTP.clone(cte_type="7bit"), EmailPolicy()]
PIECES = st.sampled_from(["word", "=", ".", "From me", "é", "\u2028", " ", "\n", "\r\n", "\r", "x" * 120, "--b", ""])
TEXTS = st.lists(PIECES, max_size=12).map("".join)


@pytest.mark.parametrize("policy", POLICIES, ids=["8bit", "7bit", "bare line feeds"])
@pytest.mark.parametrize("encoding", ["quoted-printable", "base64", "8bit"])
@given(text=TEXTS, html=TEXTS, subject=st.text(st.characters(exclude_categories=["C", "Z"]), max_size=90))
def test_a_mail_has_the_bytes_of_the_library(
    policy: EmailPolicy, encoding: str, text: str, html: str, subject: str
) -> None:
    mail = EmailMessage()
    mail["Subject"] = subject
    mail.set_content(text, cte=encoding)
    mail.add_alternative(html, subtype="html", cte=encoding)
    mail.set_boundary("b")
    assert to_bytes(mail, policy) == mail.as_bytes(policy=policy)
    assert to_bytes(mail.get_payload(0), policy) == mail.get_payload(0).as_bytes(policy=policy)


@pytest.mark.parametrize("policy", POLICIES[::2], ids=["8bit", "bare line feeds"])
def test_a_body_that_was_read_from_bytes_keeps_them(policy: EmailPolicy) -> None:
    mail = EmailMessage()
    mail.set_payload("caf\udcc3\udca9\r\nline\rline\n")
    mail["Content-Transfer-Encoding"] = "8bit"
    assert to_bytes(mail, policy) == mail.as_bytes(policy=policy)
