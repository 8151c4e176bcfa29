"""Whether mail servers will believe the sender's domain: DNS, MX, SPF, DKIM, DMARC and one-click unsubscription."""

__all__ = [
    "checks",
]
