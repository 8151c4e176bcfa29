"""The sample's mails with everything set up, as mailbox providers and mail programs take them.

Read back by Python's parser, signed and verified with DKIM, and weighed by SpamAssassin where there is one.
"""

import base64
import re
import shutil
import subprocess
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import dkim
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from newsletter.signing import Purpose, Signer, tag_of
from tests.e2e.test_cli import SAMPLE_DAY, SUBSCRIBERS, Place
from tests.make import present, text_of

SECRET = "not a secret at all: 0123456789 abcdef".replace(" ", "-")
SIGNER = Signer([SECRET])
DOMAIN = "papers.example.org"
# Gmail: an HTML part of more is cut, and more styles than that, or an @ rule inside another, are dropped whole
MOST_HTML_BYTES = 102_400
MOST_STYLE_CHARS = 16_384
MOST_LINE = 998  # RFC 5322 §2.1.1
HEADERS = (
    *("From", "To", "Reply-To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"),
    *("List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Feedback-ID"),
    *("Auto-Submitted", "Precedence", "X-Auto-Response-Suppress"),
)
SPAMASSASSIN = shutil.which("spamassassin")
MOST_SPAM_POINTS = 1.0


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The .eml files of three subscribers."""
    place = Place(tmp_path_factory.mktemp("deliverability"))
    place.path("subscribers.yaml").write_text(SUBSCRIBERS, encoding="utf-8")
    done = place.newsletter(
        "run",
        "--sample",
        sender=f"Größere Papiere <digest@{DOMAIN}>",
        reply_to=f"back@{DOMAIN}",
        base_url=f"https://{DOMAIN}",
        bounce_to=f"bounces@{DOMAIN}",
        secret_keys=SECRET,
    )
    assert done.returncode == 0, done.stderr
    return sorted(place.path("outbox").glob(f"{SAMPLE_DAY}_*.eml"))


@pytest.fixture(scope="module")
def mails(files: list[Path]) -> list[EmailMessage]:
    assert len(files) == 3
    return [message_from_bytes(path.read_bytes(), EmailMessage, policy=default) for path in files]


def test_every_header_is_there_once_and_read_without_a_complaint(mails: list[EmailMessage]) -> None:
    for mail in mails:
        assert mail.defects == []
        for name in HEADERS:
            assert len(mail.get_all(name, [])) == 1, name
            assert not mail[name].defects, name
        assert mail["From"].addresses[0].display_name == "Größere Papiere"
        assert mail["List-Id"] == f"<digest.{DOMAIN}>"
        assert mail["Date"].datetime.tzinfo is not None
        assert re.fullmatch(rf"<{SAMPLE_DAY}\.s_[a-z2-7]{{8}}@{re.escape(DOMAIN)}>", mail["Message-ID"])


def test_no_line_is_longer_than_a_mail_server_takes(files: list[Path]) -> None:
    for path in files:
        raw = path.read_bytes()
        assert max(map(len, raw.splitlines())) <= MOST_LINE
        assert b"\0" not in raw
        raw.decode("ascii")  # no server on the way has to know 8BITMIME


def test_every_way_to_unsubscribe_can_be_read_and_is_this_readers_own(mails: list[EmailMessage]) -> None:
    for mail in mails:
        who = mail["Message-ID"].partition("@")[0].rpartition(".")[2]
        link, mailto = (urlsplit(uri) for uri in re.findall(r"<([^<>\s]+)>", mail["List-Unsubscribe"]))
        assert (link.scheme, link.netloc) == ("https", DOMAIN)
        assert SIGNER.read_link(Purpose.UNSUBSCRIBE, link.path.removeprefix("/u/")) == who
        assert (mailto.scheme, parse_qs(mailto.query)) == ("mailto", {"subject": ["unsubscribe"]})
        told = present(SIGNER.read_tag(Purpose.REPLY, tag_of(unquote(mailto.path))))
        assert (told[0], str(told[1])) == (who, SAMPLE_DAY)
        assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
        assert mail["Reply-To"].addresses[0].addr_spec == unquote(mailto.path)
        assert link.geturl() in text_of(mail, "html")
        assert link.geturl() in text_of(mail, "plain")


def test_both_parts_are_there_say_their_charset_and_show_the_same_papers(mails: list[EmailMessage]) -> None:
    for mail in mails:
        text, html = mail.iter_parts()
        assert (text.get_content_type(), text.get_content_charset()) == ("text/plain", "utf-8")
        assert (html.get_content_type(), html.get_content_charset()) == ("text/html", "us-ascii")
        assert [part.defects for part in (text, html)] == [[], []]
        papers = [set(re.findall(r"arxiv\.org/abs/([\w./-]*\w)", part.get_content())) for part in (text, html)]
        assert papers[0] == papers[1] != set()


def test_the_html_is_what_gmail_shows_whole_and_with_its_styles(mails: list[EmailMessage]) -> None:
    for mail in mails:
        html = text_of(mail, "html")
        assert html.isascii()
        assert len(html) < MOST_HTML_BYTES
        styles = re.findall(r"<style[^>]*>(.*?)</style>", html, re.DOTALL)
        assert 0 < sum(map(len, styles)) < MOST_STYLE_CHARS
        for style in styles:
            assert max_depth_of_at_rules(style) == 1


def max_depth_of_at_rules(style: str) -> int:
    """1 for `@media … { a { … } }`, 2 if there is an @ rule inside."""
    open_blocks: list[bool] = []
    deepest, is_at_rule = 0, False
    for token in re.findall(r"@|[{};]", style):
        if token == "{":
            open_blocks.append(is_at_rule)
            deepest = max(deepest, sum(open_blocks))
        elif token == "}":
            open_blocks.pop()
        is_at_rule = token == "@"
    assert not open_blocks
    return deepest


def test_the_measure_of_at_rules_sees_a_rule_inside_another() -> None:
    assert max_depth_of_at_rules("a { b: c; } @media print { a { b: c; } }") == 1
    assert max_depth_of_at_rules("@media print { @supports (b: c) { a { b: c; } } }") == 2


@pytest.fixture(scope="module")
def key() -> tuple[bytes, bytes]:
    """A private key in PEM, and the record of its public half."""
    made = rsa.generate_private_key(65_537, 2048)
    pem = made.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = made.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem, b"v=DKIM1; k=rsa; p=" + base64.b64encode(public)


def test_a_signature_holds_covers_the_headers_of_unsubscribing_and_breaks_with_them(
    files: list[Path], key: tuple[bytes, bytes]
) -> None:
    """RFC 8058 §4: without both headers under the signature there is no button."""
    pem, record = key
    raw = files[0].read_bytes()
    names = [name.encode() for name in (*HEADERS, "Content-Type") if name != "MIME-Version"]
    signature = dkim.sign(raw, b"k1", DOMAIN.encode(), pem, include_headers=names)
    signed = signature + raw
    covered = re.sub(rb"\s", b"", re.search(rb"\bh=([^;]*);", signature)[1]).lower().split(b":")  # type: ignore[index]
    assert {b"list-unsubscribe", b"list-unsubscribe-post"} <= set(covered)

    def ask(name: bytes, timeout: float = 5) -> bytes:
        assert name == f"k1._domainkey.{DOMAIN}.".encode()
        return record

    assert dkim.verify(signed, dnsfunc=ask)
    for old, new in ((b"One-Click", b"No-Click"), (f"{DOMAIN}/u/".encode(), f"{DOMAIN}/v/".encode())):
        assert old in raw
        assert not dkim.verify(signed.replace(old, new, 1), dnsfunc=ask)


@pytest.mark.skipif(SPAMASSASSIN is None, reason="no SpamAssassin here; apt-get install spamassassin brings it")
def test_spamassassin_finds_the_digests_harmless(files: list[Path], tmp_path: Path) -> None:
    """With local rules alone (-L); what it would add or take for the sending address is not the mail's business.

    It reads all of them from one mailbox, since to start takes it longer than to judge.
    """
    done = subprocess.run(
        [str(SPAMASSASSIN), "-L", "-t", "--nocreate-prefs", "--mbox"],
        input=b"".join(b"From digest Tue Oct  7 07:00:00 2025\n" + path.read_bytes() + b"\n" for path in files),
        capture_output=True,
        check=True,
        timeout=120,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C.UTF-8"},
    )
    reports = done.stdout.decode("utf-8", "replace").split("Content analysis details:")[1:]
    assert len(reports) == len(files), done.stderr.decode()
    for report in reports:
        print(report)  # noqa: T201  the rules that hit
        points = re.match(r"\s*\((-?[\d.]+) points", report)
        assert points is not None
        assert float(points[1]) < MOST_SPAM_POINTS, report
