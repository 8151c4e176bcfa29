"""Checks whether mailbox providers will let the mail in: the DNS of the sending domain, and the unsubscribe link.

Looks as a receiver would: MX, SPF, DKIM, DMARC and one-click unsubscribing, a module each. The resolver and the web
client are given; nothing is changed.
"""

from __future__ import annotations

from collections.abc import Iterator

import httpx2

from newsletter.ops.deliverability.dkim import check_dkim, selectors_of
from newsletter.ops.deliverability.dmarc import check_dmarc
from newsletter.ops.deliverability.dns import DnsLookup
from newsletter.ops.deliverability.findings import Finding, Setup, Severity, bad, guard
from newsletter.ops.deliverability.mx import check_mx
from newsletter.ops.deliverability.one_click import check_one_click
from newsletter.ops.deliverability.spf import check_spf

WEB_S = 15.0  # for one answer of the web part


def check_domain(setup: Setup, lookup: DnsLookup, client: httpx2.Client) -> Iterator[Finding]:
    """Yields every finding as it comes: a slow one does not hold back those before it. `client` follows no redirect."""
    if setup.from_domain.endswith(".invalid"):
        yield bad("From", f"{setup.from_domain} is a placeholder; set NEWSLETTER_SENDER to an address of yours")
    else:
        yield from _check_dns(setup, lookup)
    yield from check_one_click(setup, client)


def _check_dns(setup: Setup, lookup: DnsLookup) -> Iterator[Finding]:
    mailed = {setup.reply_domain: "replies"}
    if setup.send_by != "sendgrid":
        both = setup.envelope_domain == setup.reply_domain
        mailed[setup.envelope_domain] = "replies and bounces" if both else "bounces"
    for domain, what in mailed.items():
        yield from guard(f"MX {domain}", check_mx(domain, what, lookup))
    spf_domain = setup.from_domain if setup.send_by == "sendgrid" else setup.envelope_domain
    yield from guard(f"SPF {spf_domain}", check_spf(spf_domain, setup, lookup))
    signed = [*guard(f"DKIM {setup.from_domain}", check_dkim(setup, lookup))]
    yield from signed
    is_signed = any(finding.severity is not Severity.BAD for finding in signed) and bool(selectors_of(setup))
    yield from guard(f"DMARC {setup.from_domain}", check_dmarc(setup, lookup, is_signed=is_signed))
