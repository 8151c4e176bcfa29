"""Which addresses may be fetched (newsletter/sources/fetching/reach.py), and every way around that."""

from ipaddress import IPv4Address, IPv6Address, ip_address

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.sources.fetching.reach import PUBLIC, WebOrigin, is_public, is_same_site, operators, origin_of
from newsletter.sources.fetching.transport import AddressRefused, GuardedTransport

# Each way of writing an address that leads inside, as an attacker would put it into a profile or a redirect
INSIDE = """
http://127.0.0.1/ http://127.1/ http://127.0.1/ http://2130706433/ http://0x7f000001/ http://0x7f.0.0.1/ http://0177.0.0.1/
http://017700000001/ http://0/ http://0.0.0.0/ http://localhost/ http://localhost./ http://LOCALHOST/ http://127.0.0.1./
http://[::1]/ http://[::]/ http://[0:0:0:0:0:0:0:1]/ http://[::ffff:127.0.0.1]/ http://[::ffff:7f00:1]/ http://[::127.0.0.1]/
http://[64:ff9b::127.0.0.1]/ http://[64:ff9b::10.0.0.1]/ http://[2002:7f00:1::]/ http://[2001:0:7f00:1::]/
http://[fe80::1]/ http://[fc00::1]/ http://[fd00:ec2::254]/ http://[fec0::1]/ http://[ff02::1]/
http://10.0.0.1/ http://172.16.0.1/ http://192.168.1.1/ http://169.254.169.254/latest/meta-data/ http://100.64.0.1/
http://100.100.100.200/ http://168.63.129.16/ http://192.0.0.192/ http://198.18.0.1/ http://192.0.2.1/ http://203.0.113.1/
http://224.0.0.1/ http://239.255.255.250/ http://240.0.0.1/ http://255.255.255.255/ http://192.88.99.1/
http://①②⑦.⓪.⓪.①/ http://127。0。0。1/ http://ⓛocalhost/
http://192.168.0.1%2f.example.org/ http://[::1%25lo]/
""".split()

BADLY_WRITTEN = [
    "ftp://example.org/feed",
    "file:///etc/passwd",
    "gopher://example.org/",
    "//example.org/feed",
    "example.org/feed",
    "https://",
    "https:///feed",
    "https://ada:secret@example.org/",
    "https://ada@example.org/",
    "https://example.org@127.0.0.1/",
    "https://example.org:8080/",
    "https://example.org:22/",
    "http://example.org:443/",
    "https://example.org:99999/",
    "https://example.org:x/",
    "https://example.org\\@127.0.0.1/",
    "https://example.org/a b",
    "https://example.org/\r\nX-Injected: 1",
    "https://example.org/\x00",
    "https://[::1",
    "https://example.org/" + "a" * 2_000,
]


@pytest.mark.parametrize("url", INSIDE)
def test_no_way_of_writing_an_address_leads_inside(url: str) -> None:
    """Some systems find no address for some of these, and then nothing is asked either."""
    refusal = "is not|leads to|names no server|does not begin|could not be resolved|Invalid"
    with (
        httpx2.Client(transport=GuardedTransport(PUBLIC)) as client,
        pytest.raises((AddressRefused, httpx2.InvalidURL, httpx2.ConnectError), match=refusal),
    ):
        client.get(url)


@pytest.mark.parametrize("url", BADLY_WRITTEN)
def test_a_badly_written_address_is_refused_before_any_name_is_looked_up(url: str) -> None:
    assert PUBLIC.refusal_of(url)


@pytest.mark.parametrize(
    "addresses",
    [["10.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["2606:4700::1111", "::1"], ["::ffff:192.168.0.1"], ["not one"]],
)
def test_a_name_with_one_address_inside_is_refused_whole(addresses: list[str]) -> None:
    transport = GuardedTransport(PUBLIC, resolve=lambda host, port: addresses)
    with (
        httpx2.Client(transport=transport) as client,
        pytest.raises(AddressRefused, match=r"journal\.example leads to"),
    ):
        client.get("https://journal.example/feed")


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "151.101.131.42", "2606:4700::1111", "64:ff9b::8.8.8.8", "::ffff:8.8.8.8"]
)
def test_servers_of_the_public_internet_are_allowed(address: str) -> None:
    assert is_public(address)


@given(st.ip_addresses(v=4))
def test_no_form_of_an_ipv4_address_is_more_public_than_itself(address: IPv4Address) -> None:
    for form in (f"::ffff:{address}", f"64:ff9b::{address}"):
        assert is_public(form) == is_public(str(address))
    assert not is_public(f"::{address}")
    assert not is_public(str(IPv6Address((0x2002 << 112) | (int(address) << 80))))


@given(st.ip_addresses())
def test_what_is_public_is_nothing_else(address: IPv4Address | IPv6Address) -> None:
    found = ip_address(str(address))
    if is_public(str(address)) and not (
        isinstance(found, IPv6Address) and (found.ipv4_mapped or str(found).startswith("64:"))
    ):
        assert found.is_global
        assert not any((found.is_loopback, found.is_link_local, found.is_multicast, found.is_unspecified))
        assert not found.is_reserved


def test_only_the_server_of_the_operators_own_address_may_be_inside() -> None:
    reach = operators("http://127.0.0.1:8080/feeds")
    assert reach.own == {WebOrigin("http", "127.0.0.1", 8080)}
    assert not reach.refusal_of("http://127.0.0.1:8080/other")
    assert reach.refusal_of("http://127.0.0.1:8081/")
    assert operators("no address") == PUBLIC


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("https://www.nature.com/a", "https://feeds.nature.com/b", True),
        ("http://nature.com", "https://www.nature.com", True),
        ("https://example.co.uk", "https://www.example.co.uk", True),
        ("https://example.co.uk", "https://other.co.uk", False),
        ("https://alice.github.io", "https://bob.github.io", False),
        ("https://nature.com", "https://nature.com.evil.example", False),
        ("https://nature.com", "https://evilnature.com", False),
        ("https://8.8.8.8", "https://9.9.8.8", False),
        ("https://8.8.8.8", "https://8.8.8.8:80", True),
        ("https://intranet", "https://other", False),
    ],
)
def test_one_site_is_one_registered_domain(one: str, other: str, is_same: bool) -> None:
    assert is_same_site(one, other) == is_same
    assert is_same_site(other, one) == is_same


@given(st.text(max_size=50))
def test_any_text_is_an_address_or_refused_in_words(text: str) -> None:
    for url in (text, f"https://{text}", f"https://example.org/{text}"):
        why = PUBLIC.refusal_of(url)
        assert not why or why.isprintable()
        if not why:
            assert origin_of(url).port in (80, 443)
