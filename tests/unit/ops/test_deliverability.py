"""What mailbox providers see, asked of a real name server on loopback, and of the real web part."""

import base64
import ssl
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest
import trustme
from click.testing import CliRunner
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from newsletter.cli import group
from newsletter.errors import ConfigError
from newsletter.ops.deliverability.dns import DnsLookup, open_resolver
from newsletter.ops.deliverability.domain import check_domain
from newsletter.ops.deliverability.findings import Finding, Setup, Severity
from newsletter.ops.deliverability.one_click import check_one_click
from newsletter.stores.tinydb import TinyStore
from newsletter.web import create_app
from tests.dns_server import Zone, serve
from tests.http_server import Handler, serving
from tests.web.site import part_of

KEY_512 = (
    "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAJgqMeNEVzCuc1NHewo9fKpJKPR9"
    "DTlbInzKJ3xreF5qdnDSqKzXTiIsi7RQkfDBFdICXRkeH49W4SBMumM6Xn8CAwEAAQ=="
)


def pem_and_public(bits: int) -> tuple[bytes, str]:
    key = rsa.generate_private_key(65_537, bits)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )
    public = key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return pem, base64.b64encode(public).decode()


PEM, KEY = pem_and_public(2048)
HALF = len(KEY) // 2

SMTP = Setup(
    from_domain="news.example.org",
    reply_domain="example.org",
    envelope_domain="news.example.org",
    send_by="smtp",
    smtp_host="mail.example.org",
    dkim_selector="k1",
    dkim_key=PEM,
    base_url="https://papers.example.org",
    has_keys=True,
)
SENDGRID = replace(SMTP, send_by="sendgrid", dkim_selector="", dkim_key=b"")

GOOD = f"""
    example.org                      MX     20 mx2.example.org.
    example.org                      MX     10 mx1.example.org.
    mx1.example.org                  A      192.0.2.10
    mx2.example.org                  AAAA   2001:db8::10
    news.example.org                 MX     10 mx1.example.org.
    news.example.org                 TXT    "google-site-verification=of-no-interest"
    news.example.org                 TXT    "v=spf1 include:_spf.exam" "ple.org ~all"
    _spf.example.org                 TXT    "v=spf1 a:mail.example.org -all"
    mail.example.org                 A      192.0.2.25
    k1._domainkey.news.example.org   CNAME  k1.keys.example.net.
    k1.keys.example.net              CNAME  k1.more.example.net.
    k1.more.example.net              TXT    "v=DKIM1; k=rsa; p={KEY[:HALF]}" "{KEY[HALF:]}"
    _dmarc.news.example.org          TXT    "v=DMARC1; p=quarantine; rua=mailto:dmarc@example.org"
    s1._domainkey.news.example.org   CNAME  s1.domainkey.u1.wl.sendgrid.net.
    s2._domainkey.news.example.org   CNAME  s2.domainkey.u1.wl.sendgrid.net.
    s1.domainkey.u1.wl.sendgrid.net  TXT    "k=rsa; t=s; p={KEY[:HALF]}" "{KEY[HALF:]}"
    s2.domainkey.u1.wl.sendgrid.net  TXT    "k=rsa; t=s; p={KEY[:HALF]}" "{KEY[HALF:]}"
"""


@pytest.fixture
def client(tmp_path: Path) -> httpx2.Client:
    return httpx2.Client(transport=httpx2.WSGITransport(app=create_app(part_of(TinyStore(tmp_path)))))


def findings(zone: Zone, setup: Setup, client: httpx2.Client, lifetime_s: float = 5) -> list[Finding]:
    with serve(zone) as where:
        return list(check_domain(setup, DnsLookup(open_resolver(where, lifetime_s=lifetime_s)), client))


def changed(old: str, new: str) -> Zone:
    """The good zone with lines that begin with `old` (blanks folded) put into new words."""
    lines = [" ".join(line.split()) for line in GOOD.splitlines() if line.strip()]
    assert any(line.startswith(old) for line in lines), old
    return Zone("\n".join([*(line for line in lines if not line.startswith(old)), new]))


def bad(found: list[Finding]) -> list[str]:
    return [f"{one.subject}: {one.text}" for one in found if one.severity is Severity.BAD]


def advice(found: list[Finding]) -> list[str]:
    return [f"{one.subject}: {one.text}" for one in found if one.severity is Severity.ADVICE]


@pytest.mark.parametrize("setup", [SMTP, replace(SMTP, send_by="outbox", dkim_key=b"")], ids=["smtp", "outbox"])
def test_a_domain_in_order_is_found_in_order(client: httpx2.Client, setup: Setup) -> None:
    """Among it a chain of two CNAMEs, a key of 2048 bit in two strings (which takes TCP), and an include."""
    found = findings(Zone(GOOD), setup, client)
    assert [one for one in found if one.severity is not Severity.GOOD] == []
    said = {one.subject: one.text for one in found}
    assert said["MX example.org"] == "replies go to mx1.example.org, mx2.example.org"
    assert said["MX news.example.org"] == "bounces go to mx1.example.org"
    assert said["SPF news.example.org"] == "one record, 2 of 10 lookups"
    assert "2048 bit rsa key (by CNAME from k1.keys.example.net)" in said["DKIM k1._domainkey.news.example.org"]
    assert said["DMARC news.example.org"] == "p=quarantine"
    assert said["unsubscribe link"] == "https://papers.example.org/u/x answers GET and one click"


def test_a_domain_authenticated_with_sendgrid_is_found_in_order(client: httpx2.Client) -> None:
    found = findings(Zone(GOOD), SENDGRID, client)
    assert bad(found) == []
    (only,) = advice(found)
    assert "does not include sendgrid.net; needed only if" in only
    assert "MX news.example.org" not in {one.subject for one in found}  # bounces go to SendGrid


@pytest.mark.parametrize(
    ("setup", "old", "new", "said"),
    [
        (SMTP, "example.org MX", "example.org MX 0 .", "takes no mail at all"),
        (SMTP, "example.org MX", "www.example.org A 192.0.2.1", "none, and no address either"),
        (SMTP, "mx1.example.org A", "www.example.org A 192.0.2.1", "mx1.example.org has no address"),
        (SMTP, "news.example.org TXT", 'news.example.org TXT "hello"', "no record; add a TXT record such as"),
        (
            SMTP,
            "news.example.org TXT",
            'news.example.org TXT "v=spf1 -all"\nnews.example.org TXT "v=spf1 mx -all"',
            "2 records, which receivers take for none",
        ),
        (SMTP, "news.example.org TXT", 'news.example.org TXT "v=spf1 mx +all"', "everybody may send as you"),
        (SMTP, "_spf.example.org", 'x.example.org TXT "x"', "which has no SPF record"),
        (SMTP, "k1._domainkey", 'x.example.org TXT "x"', "no key; publish the public key there"),
        (SMTP, "k1.more", 'k1.more.example.net TXT "v=DKIM1; p="', "the key is revoked (empty p=)"),
        (SMTP, "k1.more", 'k1.more.example.net TXT "v=DKIM1; p=AAAA"', "the key cannot be read"),
        (SMTP, "k1.more", 'k1.more.example.net TXT "v=DKIM1; p=?"', "the key cannot be read"),
        (SMTP, "k1.more", 'k1.more.example.net TXT "hello"', "the key cannot be read"),
        (SMTP, "k1.more", f'k1.more.example.net TXT "p={KEY_512}"', "512 bit rsa key (by CNAME"),
        (SMTP, "k1.more", f'k1.more.example.net TXT "p={KEY_512}"', "not the public half of NEWSLETTER_DKIM_KEY"),
        (
            SMTP,
            "k1.more",
            'k1.more.example.net TXT "p=AAAA"\nk1.more.example.net TXT "p=BBBB"',
            "2 records (by CNAME from k1.keys.example.net); leave one",
        ),
        (SENDGRID, "s2._domainkey", 'x.example.org TXT "x"', "add the CNAME that SendGrid's domain authentication"),
        (SENDGRID, "s2._domainkey", 'x.example.org TXT "x"', "DKIM s2._domainkey.news.example.org: no key"),
        (SMTP, "_dmarc", 'x.example.org TXT "x"', "no record; add a TXT record"),
        (SMTP, "_dmarc", '_dmarc.news.example.org TXT "v=DMARC1; rua=mailto:a@b.c"', "no valid policy (p=)"),
        (SMTP, "_dmarc", '_dmarc.news.example.org TXT "v=DMARC1; p=monitor"', "no valid policy (p=monitor)"),
        (
            SMTP,
            "_dmarc",
            '_dmarc.news.example.org TXT "v=DMARC1; p=none"\n_dmarc.news.example.org TXT "v=DMARC1; p=reject"',
            "2 records at _dmarc.news.example.org",
        ),
    ],
)  # fmt: skip
def test_what_must_be_mended_is_said(client: httpx2.Client, setup: Setup, old: str, new: str, said: str) -> None:
    found = findings(changed(old, new), setup, client)
    assert any(said in one for one in bad(found)), found


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("example.org MX", "example.org A 192.0.2.1", "none, so replies go to the domain's own address"),
        ("mx2.example.org", "www.example.org A 192.0.2.1", "mx2.example.org has no address"),
        ("news.example.org TXT", 'news.example.org TXT "v=spf1 mx ?all"', "says nothing about everybody else"),
        (
            "news.example.org TXT",
            'news.example.org TXT "v=spf1 mx -all"',
            "does not name mail.example.org (192.0.2.25)",
        ),
        ("mail.example.org", "www.example.org A 192.0.2.1", "mail.example.org has no public address to compare"),
        ("k1.more", f'k1.more.example.net TXT "t=y; p={KEY[:HALF]}" "{KEY[HALF:]}"', "marked as a test (t=y)"),
        ("_dmarc", '_dmarc.news.example.org TXT "v=DMARC1; p=none; rua=mailto:a@b.c"', "p=none only watches"),
        ("_dmarc", '_dmarc.news.example.org TXT "v=DMARC1; p=reject"', "nobody gets the reports"),
        ("_dmarc", '_dmarc.example.org TXT "v=DMARC1; p=reject; sp=none"', "p=none (from _dmarc.example.org)"),
    ],
)
def test_what_could_be_better_is_advice(client: httpx2.Client, old: str, new: str, said: str) -> None:
    found = findings(changed(old, new), SMTP, client)
    assert bad(found) == []
    assert any(said in one for one in advice(found)), found


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("192.0.2.25", ""),
        ("192.0.2.26", "does not name 192.0.2.26 (192.0.2.26)"),
        ("[2001:db8::25]", "does not name [2001:db8::25]"),
        ("localhost", "localhost has no public address"),
        ("127.0.0.1", "127.0.0.1 has no public address"),
        ("relay", "relay has no public address"),
    ],
)
def test_the_mail_server_is_compared_with_spf_as_far_as_that_can_be_told(
    client: httpx2.Client, host: str, said: str
) -> None:
    found = findings(Zone(GOOD), replace(SMTP, smtp_host=host), client)
    told = [one for one in advice(found) if one.startswith("SPF")]
    assert len(told) == bool(said)
    assert all(said in one for one in told)


def test_the_policy_of_the_organisation_counts_for_a_domain_without_its_own(client: httpx2.Client) -> None:
    zone = changed("_dmarc", '_dmarc.example.org TXT "v=DMARC1; p=reject; rua=mailto:a@b.c"')
    found = findings(zone, replace(SMTP, envelope_domain="example.org"), client)
    said = [f"{one.severity} {one.subject}: {one.text}" for one in found]
    assert "✓ DMARC news.example.org: p=reject (from _dmarc.example.org)" in said
    assert "✓ alignment: the envelope's domain example.org goes with news.example.org in From" in said


def test_strict_alignment_wants_the_same_domain(client: httpx2.Client) -> None:
    zone = changed("_dmarc", '_dmarc.example.org TXT "v=DMARC1; p=reject; aspf=s; rua=mailto:a@b.c"')
    found = findings(zone, replace(SMTP, envelope_domain="example.org"), client)
    assert any("DMARC hangs on the DKIM signature alone" in one for one in advice(found))


def test_without_a_signature_a_foreign_envelope_fails_dmarc(client: httpx2.Client) -> None:
    setup = replace(SMTP, envelope_domain="example.net", dkim_selector="", dkim_key=b"")
    zone = Zone(GOOD + 'example.net TXT "v=spf1 a:mail.example.org -all"\nexample.net MX 10 mx1.example.org.')
    found = findings(zone, setup, client)
    assert any("DMARC fails; set NEWSLETTER_BOUNCE_TO to an address at news.example.org" in one for one in bad(found))
    assert any("which selector signs" in one for one in advice(found))


@pytest.mark.parametrize(("kind", "said"), [("broken", "SERVFAIL"), ("silent", "no answer in time")])
def test_a_name_server_that_fails_is_a_finding_and_the_rest_is_looked_at(
    client: httpx2.Client, kind: str, said: str
) -> None:
    zone = replace(Zone(GOOD), **{kind: frozenset({"news.example.org", "k1._domainkey.news.example.org"})})
    found = findings(zone, SMTP, client, lifetime_s=1.0)
    problems = bad(found)
    assert any(one.startswith("MX news.example.org:") and said in one for one in problems)
    assert any(one.startswith("SPF news.example.org:") and said in one for one in problems)
    assert any(one.startswith("DKIM k1._domainkey.news.example.org:") and said in one for one in problems)
    assert all("mend the zone" in one for one in problems)
    assert {"MX example.org", "DMARC news.example.org"} <= {
        one.subject for one in found if one.severity is Severity.GOOD
    }


def test_a_placeholder_domain_is_not_asked_about(client: httpx2.Client) -> None:
    found = findings(Zone(""), replace(SMTP, from_domain="newsletter.invalid"), client)
    assert bad(found) == ["From: newsletter.invalid is a placeholder; set NEWSLETTER_SENDER to an address of yours"]


def link_findings(setup: Setup, handler: object) -> list[Finding]:
    transport = httpx2.MockTransport(handler)  # type: ignore[arg-type]
    return [one for one in findings(Zone(GOOD), setup, httpx2.Client(transport=transport)) if "link" in one.subject]


def answers(get: int, post: int) -> object:
    def handler(request: httpx2.Request) -> httpx2.Response:
        status = get if request.method == "GET" else post
        return httpx2.Response(status, headers={"location": "https://elsewhere.example/login"} if status == 302 else {})

    return handler


@pytest.mark.parametrize(
    ("get", "post", "said"),
    [
        (302, 200, "GET https://papers.example.org/u/x answers 302 and redirects to https://elsewhere.example/login"),
        (200, 302, "one click (POST) https://papers.example.org/u/x answers 302 and redirects to"),
        (200, 405, "answers 405; it must be 2xx"),
        (404, 404, "answers 404; it must be 200"),
        (200, 503, "answers 503"),
    ],
)
def test_an_address_that_readers_cannot_use_is_said(get: int, post: int, said: str) -> None:
    assert any(said in one for one in bad(link_findings(SMTP, answers(get, post))))


def test_the_click_is_posted_as_providers_post_it() -> None:
    seen: list[httpx2.Request] = []

    def handler(request: httpx2.Request) -> httpx2.Response:
        seen.append(request)
        return httpx2.Response(200)

    link_findings(SMTP, handler)
    assert [request.method for request in seen] == ["GET", "POST"]
    assert seen[1].content == b"List-Unsubscribe=One-Click"
    assert seen[1].headers["content-type"] == "application/x-www-form-urlencoded"


def test_an_address_that_cannot_be_reached_is_said() -> None:
    def handler(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("connection refused", request=request)

    assert "cannot be reached (connection refused)" in bad(link_findings(SMTP, handler))[0]


class Fine(Handler):
    def do_GET(self) -> None:
        self.body()
        self.answer(200)

    do_POST = do_GET


@pytest.mark.parametrize("is_known", [True, False])
def test_a_certificate_that_browsers_do_not_know_is_said(is_known: bool) -> None:
    authority, ours = trustme.CA(), ssl.create_default_context()
    if is_known:
        authority.configure_trust(ours)
    theirs = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(theirs)
    with serving(Fine, theirs) as address, httpx2.Client(verify=ours, trust_env=False) as client:
        found = bad([*check_one_click(replace(SMTP, base_url=address), client)])
    assert len(found) == (0 if is_known else 1)
    assert is_known or "certificate verify failed" in found[0]


@pytest.mark.parametrize(
    ("setup", "severity", "said"),
    [
        (replace(SMTP, base_url=""), Severity.ADVICE, "set NEWSLETTER_BASE_URL"),
        (replace(SMTP, base_url="http://papers.example.org"), Severity.BAD, "is not https"),
        (replace(SMTP, has_keys=False), Severity.BAD, "set NEWSLETTER_SECRET_KEYS"),
    ],
)
def test_a_link_that_mails_do_not_have_is_said(setup: Setup, severity: Severity, said: str) -> None:
    found = link_findings(setup, answers(200, 200))
    assert any(one.severity is severity and said in one.text for one in found)


@pytest.mark.parametrize("text", ["127.0.0.1", "127.0.0.1:5353", "[::1]:5353", "[::1]", "::1"])
def test_a_resolver_is_named_by_its_address(text: str) -> None:
    assert len(open_resolver(text).nameservers) == 1


@pytest.mark.parametrize("text", ["localhost", "127.0.0.1:", "127.0.0.1:x", "[::1", "1.2.3"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"addr|appear"):
        open_resolver(text)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    yaml = "subscribers: [{email: a@example.org, name: A, categories: [cs.LG], topics: [{name: T, relevant: x}]}]"
    (tmp_path / "subscribers.yaml").write_text(yaml, encoding="utf-8")
    (tmp_path / "dkim.pem").write_bytes(PEM)
    (tmp_path / ".env").write_text(
        "NEWSLETTER_CONTACT=op@example.org\nNEWSLETTER_SENDER=digest@news.example.org\nNEWSLETTER_REPLY_TO=a@example.org\n"
        "NEWSLETTER_SEND_BY=smtp\nNEWSLETTER_SMTP_HOST=mail.example.org\nNEWSLETTER_DKIM_SELECTOR=k1\n"
        "NEWSLETTER_DKIM_KEY=dkim.pem\nNEWSLETTER_SECRET_KEYS=a-key-of-the-tests-as-long-as-it-has-to-be\n",
        encoding="utf-8",
    )
    return tmp_path


def check(*args: str) -> tuple[int, str]:
    done = CliRunner().invoke(group, ["check", *args])
    return done.exit_code, done.output


def test_the_command_tells_every_finding_and_ends_with_0_when_all_is_well(settings: Path) -> None:
    with serve(Zone(GOOD)) as where:
        code, said = check("--dns", "--resolver", where)
    assert code == 0, said
    assert "✓ SPF news.example.org: one record, 2 of 10 lookups\n" in said
    assert "! unsubscribe link: mails have none" in said


def test_the_command_ends_with_3_when_something_must_be_mended(settings: Path) -> None:
    with serve(changed("_dmarc", 'x.example.org TXT "x"')) as where:
        code, said = check("--dns", "--resolver", where)
    assert code == 3
    assert "✗ DMARC news.example.org: no record" in said


def test_a_missing_key_file_is_a_problem_of_the_settings(settings: Path) -> None:
    (settings / "dkim.pem").unlink()
    with pytest.raises(ConfigError, match=r"dkim\.pem cannot be read .*; mend NEWSLETTER_DKIM_KEY"):
        CliRunner().invoke(group, ["check", "--dns", "--resolver", "127.0.0.1"], catch_exceptions=False)


@pytest.mark.parametrize("args", [("--resolver", "127.0.0.1"), ("--dns", "--resolver", "name.example")])
def test_options_that_make_no_sense_are_refused(settings: Path, args: tuple[str, ...]) -> None:
    code, said = check(*args)
    assert code == 2
    assert "--resolver" in said
