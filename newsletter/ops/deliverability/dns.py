"""Asks the DNS: a resolver's answers as text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

import dns.exception
import dns.name
import dns.nameserver
import dns.rdatatype
import dns.resolver

LOOKUP_S = 8.0  # for one question, repeats included


@dataclass(frozen=True, slots=True)
class DnsLookup:
    """A resolver's answers as text. Raises LookupError with a sentence when there is none, not even "no"."""

    resolver: dns.resolver.Resolver

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
            return list(self.resolver.resolve(dns.name.from_text(name), kind, search=False))
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return []
        except dns.resolver.LifetimeTimeout as error:
            raise LookupError(f"{kind} of {name}: no answer in time") from error
        except dns.resolver.NoNameservers as error:
            raise LookupError(f"{kind} of {name}: the name server fails (SERVFAIL or REFUSED)") from error
        except (dns.exception.DNSException, UnicodeError) as error:
            raise LookupError(f"{kind} of {name}: {error or type(error).__name__}") from error


def open_resolver(where: str, *, lifetime_s: float = LOOKUP_S) -> dns.resolver.Resolver:
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
