"""Whether mailbox providers will let the mail in: what the DNS says of the sending domain, and the unsubscribe link.

Looks as a receiver would: MX (RFC 5321), SPF (RFC 7208), DKIM (RFC 6376), DMARC (RFC 7489), one-click unsubscribing
(RFC 8058). Each finding is a sentence with what to do. The resolver and the web client are given; nothing is changed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import ip_address
from typing import Any

import dkim
import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver
import httpx2

from newsletter.ops.deliverability import spf

LOOKUP_S = 8.0  # for one question, repeats included
WEB_S = 15.0
SENDGRID = "sendgrid.net"
SENDGRID_SELECTORS = ("s1", "s2")  # SendGrid changes between the two by itself (Domain authentication)
LEAST_KEY_BITS = 1024  # RFC 8301 §3.2
GOOD_KEY_BITS = 2048


class Level(StrEnum):
    GOOD = "✓"
    ADVICE = "!"  # works, and could be better
    BAD = "✗"  # must be mended


@dataclass(frozen=True, slots=True)
class Finding:
    level: Level
    subject: str
    text: str  # what was found, and after a semicolon what to do


@dataclass(frozen=True, slots=True)
class Setup:
    """What of the settings mailbox providers can see."""

    from_domain: str
    reply_domain: str
    envelope_domain: str  # of the address that gets bounces; with SendGrid that address is SendGrid's own
    send_by: str  # "outbox", "smtp" or "sendgrid"
    smtp_host: str = ""
    dkim_selector: str = ""
    dkim_key: bytes = b""  # the private key in PEM; empty: the mail server signs
    base_url: str = ""
    has_keys: bool = False  # without, mails carry no link


class DnsLookup:
    """A resolver's answers as text. Raises LookupError with a sentence when there is none, not even "no"."""

    def __init__(self, resolver: dns.resolver.Resolver) -> None:
        self._resolver = resolver

    def txt(self, name: str) -> list[str]:
        # RFC 7208 §3.3, RFC 6376 §3.6.2.2: several strings of one record are one text, without a blank between
        return [b"".join(record.strings).decode("utf-8", "replace") for record in self._ask(name, "TXT")]

    def mx(self, name: str) -> list[str]:
        """Hosts, best first. A domain that takes no mail says "." (RFC 7505)."""
        records = sorted(self._ask(name, "MX"), key=lambda record: int(record.preference))
        return [record.exchange.to_text(omit_final_dot=True) or "." for record in records]

    def addresses(self, name: str) -> list[str]:
        return [record.address for kind in ("A", "AAAA") for record in self._ask(name, kind)]

    def aliases(self, name: str) -> list[str]:
        """Where a CNAME of this name points, if there is one."""
        return [record.target.to_text(omit_final_dot=True) for record in self._ask(name, "CNAME")]

    def _ask(self, name: str, kind: str) -> list[Any]:
        try:
            return list(self._resolver.resolve(dns.name.from_text(name), kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.resolver.LifetimeTimeout as error:
            raise LookupError(f"{kind} of {name}: no answer in time") from error
        except dns.resolver.NoNameservers as error:
            raise LookupError(f"{kind} of {name}: the name server fails (SERVFAIL or REFUSED)") from error
        except (dns.exception.DNSException, UnicodeError) as error:
            raise LookupError(f"{kind} of {name}: {error or type(error).__name__}") from error


def open_resolver(where: str = "", *, lifetime_s: float = LOOKUP_S) -> dns.resolver.Resolver:
    """This machine's resolver, or the one at `where`: an IP address, with :PORT if it is not 53 ([…]:PORT for IPv6).

    Raises ValueError for what is no such address, and if the machine has no resolver.
    """
    try:
        resolver = dns.resolver.Resolver(configure=not where)
    except dns.resolver.NoResolverConfiguration as error:
        raise ValueError("this machine names no resolver") from error
    if where:
        match = re.fullmatch(r"\[(.+)\](?::(\d+))?|([^:]+)(?::(\d+))?|(.+:.+)", where)
        if match is None:
            raise ValueError(f"{where!r} is no address")
        host = match[1] or match[3] or match[5]
        port = int(match[2] or match[4] or 53)
        resolver.nameservers = [dns.nameserver.Do53Nameserver(str(ip_address(host)), port)]
    resolver.lifetime = lifetime_s
    resolver.timeout = lifetime_s / 3
    return resolver


def look(setup: Setup, lookup: DnsLookup, client: httpx2.Client) -> Iterator[Finding]:
    """Every finding, one after the other: a slow one does not hold back those before it."""
    if setup.from_domain.endswith(".invalid"):
        yield _bad("From", f"{setup.from_domain} is a placeholder; set NEWSLETTER_SENDER to an address of yours")
    else:
        yield from _domains(setup, lookup)
    yield from look_at_link(setup, client)


def _domains(setup: Setup, lookup: DnsLookup) -> Iterator[Finding]:
    mailed = {setup.reply_domain: "replies"}
    if setup.send_by != "sendgrid":
        both = setup.envelope_domain == setup.reply_domain
        mailed[setup.envelope_domain] = "replies and bounces" if both else "bounces"
    for domain, what in mailed.items():
        yield from _guarded(f"MX {domain}", lambda domain=domain, what=what: look_at_mx(domain, what, lookup))  # type: ignore[misc]
    spf_domain = setup.from_domain if setup.send_by == "sendgrid" else setup.envelope_domain
    yield from _guarded(f"SPF {spf_domain}", lambda: look_at_spf(spf_domain, setup, lookup))
    signed = [*_guarded(f"DKIM {setup.from_domain}", lambda: look_at_dkim(setup, lookup))]
    yield from signed
    is_signed = any(finding.level is not Level.BAD for finding in signed) and bool(_selectors(setup))
    yield from _guarded(f"DMARC {setup.from_domain}", lambda: look_at_dmarc(setup, lookup, is_signed=is_signed))


def _guarded(subject: str, check: Callable[[], Iterator[Finding]]) -> Iterator[Finding]:
    """A check whose lookup fails is a finding too: receivers get no answer either, and put the mail off."""
    try:
        yield from check()
    except LookupError as error:
        yield _bad(
            subject, f"{error}; ask again, or another resolver with --resolver, and mend the zone if it stays so"
        )


# --- MX ---------------------------------------------------------------------------------------------------------


def look_at_mx(domain: str, what: str, lookup: DnsLookup) -> Iterator[Finding]:
    subject = f"MX {domain}"
    hosts = lookup.mx(domain)
    if "." in hosts:
        yield _bad(subject, f"says that it takes no mail at all; {what} are lost, choose another domain for them")
    elif not hosts and lookup.addresses(domain):  # RFC 5321 §5.1: the domain itself is the host then
        yield _advice(subject, f"none, so {what} go to the domain's own address; add an MX record")
    elif not hosts:
        yield _bad(subject, f"none, and no address either; {what} are lost, add an MX record")
    elif dead := [host for host in hosts if not lookup.addresses(host)]:
        level = _bad if len(dead) == len(hosts) else _advice
        yield level(subject, f"{_listed(dead)} has no address; mend the record, or {what} may be lost")
    else:
        yield _good(subject, f"{what} go to {_listed(hosts)}")


# --- SPF --------------------------------------------------------------------------------------------------------


def look_at_spf(domain: str, setup: Setup, lookup: DnsLookup) -> Iterator[Finding]:
    subject = f"SPF {domain}"
    known = spf.records(lookup.txt(domain))
    example = f"v=spf1 {_who(setup)} ~all"
    if not known:
        level = _advice if setup.send_by == "sendgrid" else _bad  # SendGrid's own envelope has its own record
        yield level(subject, f'no record; add a TXT record such as "{example}"')
        return
    if len(known) > 1:
        yield _bad(subject, f"{len(known)} records, which receivers take for none; merge them into one")
        return
    found = spf.read(domain, known[0], lookup)
    for problem in found.problems:
        yield _bad(subject, f"{problem}; receivers take the whole record for broken, mend it")
    yield from _spf_end(subject, found.every_other)
    yield from _spf_senders(subject, found, setup, lookup)
    if not found.problems:
        yield _good(subject, f"one record, {found.lookups} of {spf.MOST_LOOKUPS} lookups")


def _spf_end(subject: str, every_other: str) -> Iterator[Finding]:
    if every_other == "+":
        yield _bad(subject, "ends in +all: everybody may send as you; end it in ~all or -all")
    elif every_other not in {"-", "~"}:
        yield _advice(subject, "says nothing about everybody else; end it in ~all or -all")


def _spf_senders(subject: str, found: spf.Spf, setup: Setup, lookup: DnsLookup) -> Iterator[Finding]:
    if setup.send_by == "sendgrid":
        if not any(name == SENDGRID or name.endswith(f".{SENDGRID}") for name in found.domains):
            yield _advice(
                subject,
                f"does not include {SENDGRID}; needed only if SendGrid's automated security is off for the domain",
            )
    elif setup.send_by == "smtp":
        addresses = _addresses_of(setup.smtp_host, lookup)
        missing = [address for address in addresses if not found.allows(address)]
        if not addresses:
            yield _advice(
                subject,
                f"{setup.smtp_host} has no public address to compare with; make sure that the record names the address "
                "your mail leaves from",
            )
        elif missing:
            yield _advice(
                subject,
                f"does not name {setup.smtp_host} ({_listed(missing)}); add it, unless that server passes your mail "
                "on to another, which the record names",
            )


def _who(setup: Setup) -> str:
    if setup.send_by == "sendgrid":
        return f"include:{SENDGRID}"
    if _is_here(setup.smtp_host):
        return "mx"
    try:
        return f"ip{ip_address(setup.smtp_host.strip('[]')).version}:{setup.smtp_host.strip('[]')}"
    except ValueError:
        return f"a:{setup.smtp_host}"


def _addresses_of(host: str, lookup: DnsLookup) -> list[str]:
    if _is_here(host):
        return []
    try:
        return [str(ip_address(host.strip("[]")))]
    except ValueError:
        return lookup.addresses(host)


def _is_here(host: str) -> bool:
    if host == "localhost" or "." not in host.strip("[]").replace(":", "."):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


# --- DKIM -------------------------------------------------------------------------------------------------------


def _selectors(setup: Setup) -> tuple[str, ...]:
    if setup.send_by == "sendgrid":
        return SENDGRID_SELECTORS
    return (setup.dkim_selector,) if setup.dkim_selector else ()


def look_at_dkim(setup: Setup, lookup: DnsLookup) -> Iterator[Finding]:
    selectors = _selectors(setup)
    if not selectors:
        yield _advice(
            f"DKIM {setup.from_domain}",
            "nobody says which selector signs, so no key was looked at; set NEWSLETTER_DKIM_SELECTOR",
        )
    for selector in selectors:
        name = f"{selector}._domainkey.{setup.from_domain}"
        yield from _guarded(f"DKIM {name}", lambda name=name: _look_at_key(name, setup, lookup))  # type: ignore[misc]


def _look_at_key(name: str, setup: Setup, lookup: DnsLookup) -> Iterator[Finding]:
    subject = f"DKIM {name}"
    records = lookup.txt(name)
    target = lookup.aliases(name)
    through = f" (by CNAME from {target[0]})" if target else ""
    if not records:
        remedy = "add the CNAME that SendGrid's domain authentication names" if setup.send_by == "sendgrid" else (
            "publish the public key there"
        )  # fmt: skip
        yield _bad(subject, f"no key{through}; {remedy}")
        return
    if len(records) > 1:
        yield _bad(subject, f"{len(records)} records{through}; leave one, receivers may take either")
        return
    tags = _tags(records[0])
    if "p" in tags and not tags["p"]:
        yield _bad(subject, f"the key is revoked (empty p=){through}; sign with another, or publish it again")
        return
    try:
        key, bits, kind, _ = dkim.evaluate_pk(name.encode("idna"), records[0])
    except (dkim.DKIMException, ValueError) as error:
        yield _bad(subject, f"the key cannot be read{through} ({type(error).__name__}); publish it again")
        return
    yield from _judge_key(subject, bits, kind.decode(), tags, through)
    if setup.dkim_key:
        yield from _compare_keys(subject, key, setup.dkim_key)


def _judge_key(subject: str, bits: int, kind: str, tags: dict[str, str], through: str) -> Iterator[Finding]:
    shown = f"{kind} key" if kind != "rsa" else f"{bits} bit rsa key"
    if kind == "rsa" and bits < LEAST_KEY_BITS:
        yield _bad(subject, f"{shown}{through}, which receivers refuse; make one of {GOOD_KEY_BITS} bit")
    elif kind == "rsa" and bits < GOOD_KEY_BITS:
        yield _advice(subject, f"{shown}{through}; one of {GOOD_KEY_BITS} bit is better")
    else:
        yield _good(subject, f"{shown}{through}")
    if "y" in tags.get("t", "").split(":"):
        yield _advice(subject, "marked as a test (t=y): receivers may ignore it; remove the mark")


def _compare_keys(subject: str, published: object, private_pem: bytes) -> Iterator[Finding]:
    try:
        ours = dkim.parse_pem_private_key(private_pem)
    except (dkim.UnparsableKeyError, ValueError) as error:
        yield _bad(subject, f"the file of NEWSLETTER_DKIM_KEY is no RSA key in PEM ({error}); make a new one")
        return
    if not isinstance(published, dict) or ours["modulus"] != published["modulus"]:
        yield _bad(
            subject, "is not the public half of NEWSLETTER_DKIM_KEY: every signature would fail; publish that one"
        )


def _tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";") if part.strip())
    return {name.strip(): re.sub(r"\s", "", value) for name, _, value in pairs}


# --- DMARC ------------------------------------------------------------------------------------------------------


def look_at_dmarc(setup: Setup, lookup: DnsLookup, *, is_signed: bool) -> Iterator[Finding]:
    """The domain's own record, else that of a domain above it; the highest one marks the organisation.

    Providers differ in how they find the organisation (a list of public suffixes, or this walk up the tree).
    """
    subject, found = f"DMARC {setup.from_domain}", list(_dmarc_above(setup.from_domain, lookup))
    if not found:
        yield _bad(
            subject, f'no record; add a TXT record "v=DMARC1; p=none; rua=mailto:…" at _dmarc.{setup.from_domain}'
        )
        return
    domain, records = found[0]
    if len(records) > 1:
        yield _bad(subject, f"{len(records)} records at _dmarc.{domain}, which receivers take for none; leave one")
        return
    tags = _tags(records[0])
    policy = tags.get("p", "") if domain == setup.from_domain else tags.get("sp", tags.get("p", ""))
    where = "" if domain == setup.from_domain else f" (from _dmarc.{domain})"
    if policy.lower() not in {"none", "quarantine", "reject"}:
        yield _bad(subject, f"no valid policy{where} (p={policy}); say p=none, p=quarantine or p=reject")
    elif policy.lower() == "none":
        yield _advice(subject, f"p=none{where} only watches; go to p=quarantine once the reports are clean")
    else:
        yield _good(subject, f"p={policy.lower()}{where}")
    if "rua" not in tags:
        yield _advice(subject, "nobody gets the reports that tell who sends as you; add rua=mailto:…")
    yield from _look_at_alignment(setup, found[-1][0], tags, is_signed=is_signed)


def _dmarc_above(domain: str, lookup: DnsLookup) -> Iterator[tuple[str, list[str]]]:
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        name = ".".join(labels[start:])
        records = [text for text in lookup.txt(f"_dmarc.{name}") if re.match(r"v\s*=\s*DMARC1\s*(;|$)", text)]
        if records:
            yield name, records


def _look_at_alignment(setup: Setup, organisation: str, tags: dict[str, str], *, is_signed: bool) -> Iterator[Finding]:
    """DMARC passes if SPF or DKIM passes for a domain like the one in From (RFC 7489 §3.1)."""
    subject = "alignment"
    if setup.send_by == "sendgrid":
        if is_signed:
            yield _good(subject, f"SendGrid signs as {setup.from_domain}, the domain in From")
        else:
            yield _bad(subject, f"SendGrid cannot sign as {setup.from_domain}; authenticate the domain there")
        return
    is_strict = tags.get("aspf", "r") == "s"
    envelope, sender = setup.envelope_domain, setup.from_domain
    is_aligned = envelope == sender or (not is_strict and _is_within(envelope, organisation))
    if is_aligned:
        yield _good(subject, f"the envelope's domain {envelope} goes with {sender} in From")
    elif is_signed:
        yield _advice(
            subject, f"the envelope's domain {envelope} is not that of From; DMARC hangs on the DKIM signature alone"
        )
    else:
        yield _bad(
            subject,
            f"the envelope's domain {envelope} is not that of From, and no signature is known: DMARC fails; "
            f"set NEWSLETTER_BOUNCE_TO to an address at {sender}",
        )


def _is_within(domain: str, organisation: str) -> bool:
    return domain == organisation or domain.endswith(f".{organisation}")


# --- the unsubscribe link ---------------------------------------------------------------------------------------


def look_at_link(setup: Setup, client: httpx2.Client) -> Iterator[Finding]:
    """Asks with a link that is nobody's, so that nothing changes. `client` follows no redirect."""
    subject = "unsubscribe link"
    if not setup.base_url:
        yield _advice(
            subject, "mails have none, only an address; set NEWSLETTER_BASE_URL, Gmail and Yahoo ask for one click"
        )
        return
    if not setup.has_keys:
        yield _bad(
            subject, "mails have none without a key; set NEWSLETTER_SECRET_KEYS ('config --new-secret' makes one)"
        )
    if not setup.base_url.startswith("https://"):
        yield _bad(
            subject, "is not https, so mails have no one-click button; set NEWSLETTER_BASE_URL to an https address"
        )
    url = f"{setup.base_url}/u/x"
    try:
        shown = client.get(url)
        pressed = client.post(url, data={"List-Unsubscribe": "One-Click"})
    except httpx2.HTTPError as error:
        yield _bad(
            subject, f"{url} cannot be reached ({error or type(error).__name__}); is 'newsletter serve' running?"
        )
        return
    problems = [
        _bad(subject, f"{what} {url} answers {answer.status_code}{_to(answer)}; {remedy}")
        for what, answer, remedy in (
            ("GET", shown, "it must be 200 with a page: lead this address to 'newsletter serve'"),
            (
                "one click (POST)",
                pressed,
                "it must be 2xx without a redirect: let POST through, and no login before it",
            ),
        )
        if not answer.is_success
    ]
    yield from problems
    if not problems:
        yield _good(subject, f"{url} answers GET and one click")


def _to(answer: httpx2.Response) -> str:
    return f" and redirects to {answer.headers.get('location', 'nowhere')[:100]}" if answer.is_redirect else ""


# --- words ------------------------------------------------------------------------------------------------------


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _good(subject: str, text: str) -> Finding:
    return Finding(Level.GOOD, subject, text)


def _advice(subject: str, text: str) -> Finding:
    return Finding(Level.ADVICE, subject, text)


def _bad(subject: str, text: str) -> Finding:
    return Finding(Level.BAD, subject, text)
