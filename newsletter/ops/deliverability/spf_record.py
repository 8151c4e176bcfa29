"""Reads an SPF record as a receiver would (RFC 7208): whom it lets send, how many lookups it takes, what is wrong.

Evaluates no single mail. The caller gives the lookups; see dns.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from newsletter.ops.deliverability.dns import DnsLookup

MOST_LOOKUPS = 10  # RFC 7208 §4.6.4
MOST_VOID_LOOKUPS = 2  # same place: lookups that find nothing
_GIVE_UP = 40  # lookups; a record that includes itself never ends
_TERM = re.compile(r"([+?~-]?)([a-z0-9_.-]+)(?:([:=/])(.*))?", re.IGNORECASE)

Network = IPv4Network | IPv6Network


@dataclass(slots=True)
class SpfRecord:
    """What a walk through a record and all it includes has found."""

    every_other: str = ""  # how the rest of the world is treated: "-", "~", "?", "+", or empty: nothing is said
    lookups: int = 0
    void_lookups: int = 0
    networks: list[Network] = field(default_factory=list)  # that may send
    domains: set[str] = field(default_factory=set)  # included, at any depth
    problems: list[str] = field(default_factory=list)  # for each of them receivers give up

    def allows(self, address: str) -> bool:
        found = ip_address(address)
        return any(found in network for network in self.networks if network.version == found.version)


def find_records(texts: Sequence[str]) -> list[str]:
    """Finds those of a name's TXT records that are SPF (RFC 7208 §4.5)."""
    return [text for text in texts if re.match(r"v=spf1( |$)", text, re.IGNORECASE)]


def read_record(domain: str, record: str, lookup: DnsLookup) -> SpfRecord:
    """Reads the record and all it includes. Raises LookupError if one of its names cannot be looked up."""
    found = SpfRecord()
    found.every_other = _walk(domain, record, lookup, found, passes=True)
    if found.lookups > MOST_LOOKUPS:
        found.problems.append(f"takes {found.lookups} lookups, and {MOST_LOOKUPS} are allowed")
    if found.void_lookups > MOST_VOID_LOOKUPS:
        found.problems.append(f"{found.void_lookups} of its lookups find nothing, and {MOST_VOID_LOOKUPS} are allowed")
    return found


def _walk(domain: str, record: str, lookup: DnsLookup, found: SpfRecord, *, passes: bool) -> str:
    """How this record ends. `passes`: its addresses may send, as far as the records above it are concerned."""
    end, redirect = "", ""
    for term in record.split()[1:]:
        match = _TERM.fullmatch(term)
        if match is None:
            found.problems.append(f"{domain}: {term!a} cannot be read")
            continue
        sign, name, separator, value = match[1] or "+", match[2].lower(), match[3] or "", match[4] or ""
        if separator == "=":
            redirect = value if name == "redirect" else redirect  # exp= and unknown modifiers change nothing
        elif name == "all":
            end = sign
            break  # RFC 7208 §5.1: what comes after it is ignored, redirect too
        else:
            rest = f"/{value}" if separator == "/" else value
            _mechanism(domain, name, rest, lookup, found, passes=passes and sign == "+")
        if found.lookups > _GIVE_UP:
            return end
    if not end and redirect:
        end = _follow(domain, "redirect", redirect, lookup, found, passes=passes)
    return end


def _mechanism(domain: str, name: str, value: str, lookup: DnsLookup, found: SpfRecord, *, passes: bool) -> None:
    networks: list[Network] = []
    if name in {"ip4", "ip6"}:
        networks = _network(domain, f"{name}:{value}", value, found)
    elif name == "include":
        _follow(domain, name, value, lookup, found, passes=passes)
    elif name in {"a", "mx"}:
        networks = _hosts(domain, name, value, lookup, found)
    elif name in {"exists", "ptr"}:  # depend on the mail: counted, not followed
        found.lookups += 1
    else:
        found.problems.append(f"{domain}: {name!a} is no mechanism of SPF")
    if passes:
        found.networks += networks


def _follow(domain: str, name: str, target: str, lookup: DnsLookup, found: SpfRecord, *, passes: bool) -> str:
    found.lookups += 1
    if "%" in target or found.lookups > _GIVE_UP:  # a macro depends on the mail
        return ""
    found.domains.add(target.lower().rstrip("."))
    texts = lookup.txt(target)
    found.void_lookups += not texts
    known = find_records(texts)
    if len(known) != 1:
        found.problems.append(
            f"{domain}: {name} of {target}, which has {len(known) or 'no'} SPF record{'s'[: len(known)]}"
        )
        return ""
    return _walk(target, known[0], lookup, found, passes=passes)


def _hosts(domain: str, name: str, value: str, lookup: DnsLookup, found: SpfRecord) -> list[Network]:
    found.lookups += 1
    target, _, lengths = value.partition("/")
    if "%" in target:
        return []
    target = target or domain
    find: Callable[[str], Sequence[str]] = lookup.mx if name == "mx" else lookup.addresses
    first = find(target)
    found.void_lookups += not first
    addresses = [address for host in first for address in lookup.addresses(host)] if name == "mx" else first
    v4, _, v6 = lengths.partition("//") if not lengths.startswith("/") else ("", "", lengths[1:])
    networks: list[Network] = []
    for address in addresses:
        length = v6 if ":" in address else v4
        networks += _network(domain, f"{name}:{value}", f"{address}/{length}" if length else address, found)
    return networks


def _network(domain: str, term: str, text: str, found: SpfRecord) -> list[Network]:
    try:
        return [ip_network(text, strict=False)]
    except ValueError:
        found.problems.append(f"{domain}: {term} is no range of addresses")
        return []
