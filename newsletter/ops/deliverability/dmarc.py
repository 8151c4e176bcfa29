"""Checks the policy for mail that claims to be from the domain, and whether ours passes it (DMARC, RFC 7489)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from newsletter.ops.deliverability.dkim import read_tags
from newsletter.ops.deliverability.dns import DnsLookup
from newsletter.ops.deliverability.findings import Finding, Setup, advice, bad, good


def check_dmarc(setup: Setup, lookup: DnsLookup, *, is_signed: bool) -> Iterator[Finding]:
    """Checks the domain's own record, else that of a domain above it; the highest one marks the organisation.

    Providers differ in how they find the organisation (a list of public suffixes, or this walk up the tree).
    """
    subject, found = f"DMARC {setup.from_domain}", list(_dmarc_above(setup.from_domain, lookup))
    if not found:
        yield bad(
            subject, f'no record; add a TXT record "v=DMARC1; p=none; rua=mailto:…" at _dmarc.{setup.from_domain}'
        )
        return
    domain, records = found[0]
    if len(records) > 1:
        yield bad(subject, f"{len(records)} records at _dmarc.{domain}, which receivers take for none; leave one")
        return
    tags = read_tags(records[0])
    policy = tags.get("p", "") if domain == setup.from_domain else tags.get("sp", tags.get("p", ""))
    where = "" if domain == setup.from_domain else f" (from _dmarc.{domain})"
    if policy.lower() not in {"none", "quarantine", "reject"}:
        yield bad(subject, f"no valid policy{where} (p={policy}); say p=none, p=quarantine or p=reject")
    elif policy.lower() == "none":
        yield advice(subject, f"p=none{where} only watches; go to p=quarantine once the reports are clean")
    else:
        yield good(subject, f"p={policy.lower()}{where}")
    if "rua" not in tags:
        yield advice(subject, "nobody gets the reports that tell who sends as you; add rua=mailto:…")
    yield from _check_alignment(setup, found[-1][0], tags, is_signed=is_signed)


def _dmarc_above(domain: str, lookup: DnsLookup) -> Iterator[tuple[str, list[str]]]:
    labels = domain.split(".")
    for start in range(max(1, len(labels) - 1)):
        name = ".".join(labels[start:])
        records = [text for text in lookup.txt(f"_dmarc.{name}") if re.match(r"v\s*=\s*DMARC1\s*(;|$)", text)]
        if records:
            yield name, records


def _check_alignment(setup: Setup, organisation: str, tags: dict[str, str], *, is_signed: bool) -> Iterator[Finding]:
    """DMARC passes if SPF or DKIM passes for a domain like the one in From (RFC 7489 §3.1)."""
    subject = "alignment"
    if setup.send_by == "sendgrid":
        if is_signed:
            yield good(subject, f"SendGrid signs as {setup.from_domain}, the domain in From")
        else:
            yield bad(subject, f"SendGrid cannot sign as {setup.from_domain}; authenticate the domain there")
        return
    is_strict = tags.get("aspf", "r") == "s"
    envelope, sender = setup.envelope_domain, setup.from_domain
    is_aligned = envelope == sender or (not is_strict and _is_within(envelope, organisation))
    if is_aligned:
        yield good(subject, f"the envelope's domain {envelope} goes with {sender} in From")
    elif is_signed:
        yield advice(
            subject, f"the envelope's domain {envelope} is not that of From; DMARC hangs on the DKIM signature alone"
        )
    else:
        yield bad(
            subject,
            f"the envelope's domain {envelope} is not that of From, and no signature is known: DMARC fails; "
            f"set NEWSLETTER_BOUNCE_TO to an address at {sender}",
        )


def _is_within(domain: str, organisation: str) -> bool:
    return domain == organisation or domain.endswith(f".{organisation}")
