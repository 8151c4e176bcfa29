"""Checks that mail to a domain arrives: its MX records and their addresses (RFC 5321 §5)."""

from __future__ import annotations

from collections.abc import Iterator

from newsletter.ops.deliverability.dns import DnsLookup
from newsletter.ops.deliverability.findings import Finding, advice, bad, good, in_words


def check_mx(domain: str, what: str, lookup: DnsLookup) -> Iterator[Finding]:
    """Checks where mail to the domain goes; `what` names that mail in the sentences."""
    subject = f"MX {domain}"
    hosts = lookup.mx(domain)
    if "." in hosts:
        yield bad(subject, f"says that it takes no mail at all; {what} are lost, choose another domain for them")
    elif not hosts and lookup.addresses(domain):  # RFC 5321 §5.1: the domain itself is the host then
        yield advice(subject, f"none, so {what} go to the domain's own address; add an MX record")
    elif not hosts:
        yield bad(subject, f"none, and no address either; {what} are lost, add an MX record")
    elif dead := [host for host in hosts if not lookup.addresses(host)]:
        severe = bad if len(dead) == len(hosts) else advice
        yield severe(subject, f"{in_words(dead)} has no address; mend the record, or {what} may be lost")
    else:
        yield good(subject, f"{what} go to {in_words(hosts)}")
