"""Checks that the domain's SPF record lets our mail server send, and that receivers can read it (RFC 7208)."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_address

from newsletter.ops.deliverability.dns import DnsLookup
from newsletter.ops.deliverability.findings import Finding, Setup, advice, bad, good, in_words
from newsletter.ops.deliverability.spf_record import MOST_LOOKUPS, SpfRecord, find_records, read_record

SENDGRID = "sendgrid.net"


def check_spf(domain: str, setup: Setup, lookup: DnsLookup) -> Iterator[Finding]:
    """Checks the one record of the domain that bounces go to."""
    subject = f"SPF {domain}"
    known = find_records(lookup.txt(domain))
    example = f"v=spf1 {_who(setup)} ~all"
    if not known:
        severe = advice if setup.send_by == "sendgrid" else bad  # SendGrid's own envelope has its own record
        yield severe(subject, f'no record; add a TXT record such as "{example}"')
        return
    if len(known) > 1:
        yield bad(subject, f"{len(known)} records, which receivers take for none; merge them into one")
        return
    found = read_record(domain, known[0], lookup)
    for problem in found.problems:
        yield bad(subject, f"{problem}; receivers take the whole record for broken, mend it")
    yield from _spf_end(subject, found.every_other)
    yield from _spf_senders(subject, found, setup, lookup)
    if not found.problems:
        yield good(subject, f"one record, {found.lookups} of {MOST_LOOKUPS} lookups")


def _spf_end(subject: str, every_other: str) -> Iterator[Finding]:
    if every_other == "+":
        yield bad(subject, "ends in +all: everybody may send as you; end it in ~all or -all")
    elif every_other not in {"-", "~"}:
        yield advice(subject, "says nothing about everybody else; end it in ~all or -all")


def _spf_senders(subject: str, found: SpfRecord, setup: Setup, lookup: DnsLookup) -> Iterator[Finding]:
    if setup.send_by == "sendgrid":
        if not any(name == SENDGRID or name.endswith(f".{SENDGRID}") for name in found.domains):
            yield advice(
                subject,
                f"does not include {SENDGRID}; needed only if SendGrid's automated security is off for the domain",
            )
    elif setup.send_by == "smtp":
        addresses = _addresses_of(setup.smtp_host, lookup)
        missing = [address for address in addresses if not found.allows(address)]
        if not addresses:
            yield advice(
                subject,
                f"{setup.smtp_host} has no public address to compare with; make sure that the record names the address "
                "your mail leaves from",
            )
        elif missing:
            yield advice(
                subject,
                f"does not name {setup.smtp_host} ({in_words(missing)}); add it, unless that server passes your mail "
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
