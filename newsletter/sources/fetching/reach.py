"""Keeps requests out of the operator's own network: the rules for addresses that may be fetched.

Pure. An address in a profile, or a redirect, is somebody else's word; followed without care it asks the database next
door or the cloud's metadata service on this machine's behalf (https://owasp.org/www-community/attacks/Server_Side_Request_Forgery).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

MAX_URL_CHARS = 2_000
PORTS = {"http": 80, "https": 443}

_V6_GLOBAL = IPv6Network("2000::/3")  # all that is assigned for the public internet (RFC 4291 §2.4, IANA's registry)
_V6_TUNNELS = (IPv6Network("2001::/32"), IPv6Network("2002::/16"))  # Teredo and 6to4 carry an IPv4 address of any kind
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1: how a network without IPv4 reaches the public IPv4
_V4_SPECIAL = (
    IPv4Network("192.0.0.0/24"),  # for protocols (RFC 6890 §2.2.2), and at one cloud for its metadata
    IPv4Network("192.88.99.0/24"),  # once for 6to4 (RFC 7526)
)
# Public by their number, and yet inside: Azure's platform server, which answers to each machine about itself
# (https://learn.microsoft.com/azure/virtual-network/what-is-ip-address-168-63-129-16)
_V4_PLATFORM = IPv4Address("168.63.129.16")


@dataclass(frozen=True, slots=True)
class WebOrigin:
    """Scheme, host and port of an address (RFC 6454): one server."""

    scheme: str
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Reach:
    """Where a client may go: to public servers, and to those of the operator's own settings (`own`) wherever they are.

    Only what builds the program makes one with `own`; nothing in a profile, a feed or a redirect can.
    """

    own: frozenset[WebOrigin] = frozenset()

    def has(self, host: str, port: int) -> bool:
        """Whether a host and a port are those of one of the own servers."""
        return any((origin.host, origin.port) == (host.lower(), port) for origin in self.own)

    def is_own(self, url: str) -> bool:
        """Whether an address is on one of the own servers. Raises ValueError for text that is no web address."""
        return origin_of(url) in self.own

    def refusal_of(self, url: str) -> str:
        """Says why this address may not be asked, as the end of a sentence; "" if its server may be looked up."""
        if len(url) > MAX_URL_CHARS:
            return f"it is longer than {MAX_URL_CHARS:,} characters"
        if not url.isprintable() or " " in url or "\\" in url:
            return "it holds a character that no address has"
        try:
            origin, has_login = origin_of(url), "@" in urlsplit(url).netloc
        except ValueError as error:
            return f"{error}"
        if origin in self.own:
            return ""
        if has_login:
            return "it holds a name or a password, which would be shown to others"
        if origin.port != PORTS[origin.scheme]:
            return f"it names port {origin.port}, and only 80 for http and 443 for https are asked"
        return ""


PUBLIC = Reach()


def operators(url: str) -> Reach:
    """The public servers and the one of this address, which the operator's settings name, wherever it is.

    Text that is no web address adds none: whoever asks for it is told so.
    """
    try:
        return Reach(frozenset({origin_of(url)}))
    except ValueError:
        return PUBLIC


def origin_of(url: str) -> WebOrigin:
    """Reads the server an address is on. Raises ValueError, with why, for text that is no web address."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS:
        raise ValueError("it does not begin with https:// or http://")
    if not parts.hostname or "%" in parts.hostname:
        raise ValueError("it names no server")
    return WebOrigin(parts.scheme, parts.hostname.lower(), parts.port or PORTS[parts.scheme])


def is_public(address: str) -> bool:
    """Whether this IP address is a server on the public internet, and not one of this machine, its network or nobody.

    False for text that is no IP address.
    """
    try:
        found = ip_address(address)
    except ValueError:
        return False
    if isinstance(found, IPv6Address):
        return _is_public_v6(found)
    return _is_public_v4(found)


def _is_public_v4(address: IPv4Address) -> bool:
    is_special = any(address in network for network in _V4_SPECIAL) or address == _V4_PLATFORM
    return address.is_global and not (address.is_multicast or address.is_reserved or is_special)


def _is_public_v6(address: IPv6Address) -> bool:
    if address.scope_id:  # meant for one network card
        return False
    if address.ipv4_mapped:
        return _is_public_v4(address.ipv4_mapped)
    if address in _NAT64:
        return _is_public_v4(IPv4Address(int(address) & 0xFFFF_FFFF))
    return address in _V6_GLOBAL and address.is_global and not any(address in network for network in _V6_TUNNELS)


def is_same_site(one: str, other: str) -> bool:
    """Whether two addresses belong to one site: the same host, or hosts below one registered domain.

    By the public suffix list (https://publicsuffix.org): www.nature.com and feeds.nature.com do, two pages of
    github.io do not.
    """
    hosts = [origin_of(url).host.rstrip(".") for url in (one, other)]
    if hosts[0] == hosts[1]:
        return True
    if any(is_ip_address(host) for host in hosts):
        return False
    domains = [_registered_domain(host) for host in hosts]
    return domains[0] is not None and domains[0] == domains[1]


def is_ip_address(host: str) -> bool:
    """Whether a host is a number in place of a name, in any form that an operating system takes for one (127.1)."""
    last = host.rstrip(".").rpartition(".")[2]
    return ":" in host or last.isdigit() or last.startswith("0x")


@lru_cache(maxsize=64)
def _registered_domain(host: str) -> str | None:
    from publicsuffixlist import PublicSuffixList  # noqa: PLC0415  # few redirects lead to another host

    return PublicSuffixList().privatesuffix(host)
