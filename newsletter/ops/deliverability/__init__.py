"""Checks that mail servers will believe the sender's domain: DNS, MX, SPF, DKIM, DMARC, one-click unsubscription."""

from newsletter.ops.deliverability.findings import Setup, Severity

__all__ = [
    "Setup",
    "Severity",
    "dns",
    "domain",
]
