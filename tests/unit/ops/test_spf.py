"""SPF as RFC 7208 counts and reads it, on zones written in the test."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newsletter.ops.deliverability import spf_record


@dataclass
class Names:
    """TXT by name; every host has the address it is given."""

    texts: Mapping[str, str] = field(default_factory=dict)
    hosts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    exchangers: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def txt(self, name: str) -> list[str]:
        return [self.texts[name]] if name in self.texts else []

    def mx(self, name: str) -> list[str]:
        return list(self.exchangers.get(name, ()))

    def addresses(self, name: str) -> list[str]:
        return list(self.hosts.get(name, ()))


NAMES = Names(
    {
        "a.example": "v=spf1 ip4:192.0.2.0/28 -all",
        "b.example": "v=spf1 include:a.example ~all",
        "loop.example": "v=spf1 include:loop.example -all",
        "other.example": "no policy",
    },
    {"example.org": ["198.51.100.7", "2001:db8::7"], "mx1.example.org": ["203.0.113.25"]},
    {"example.org": ["mx1.example.org"]},
)


def read(record: str) -> spf_record.SpfRecord:
    return spf_record.read_record("example.org", record, NAMES)


@pytest.mark.parametrize(
    ("record", "end", "lookups"),
    [
        ("v=spf1 -all", "-", 0),
        ("v=spf1 ~all", "~", 0),
        ("v=spf1 ?all", "?", 0),
        ("v=spf1 all", "+", 0),
        ("v=spf1", "", 0),
        ("v=spf1 a mx -all", "-", 2),
        ("v=spf1 ip4:192.0.2.1 ip6:2001:db8::/32 -ALL", "-", 0),
        ("v=spf1 include:b.example -all", "-", 2),
        ("v=spf1 redirect=b.example", "~", 2),
        ("v=spf1 redirect=b.example -all", "-", 0),  # §6.1: all wins
        ("v=spf1 -all include:b.example", "-", 0),  # §5.1: what comes after it is ignored
        ("v=spf1 exists:%{i}.example ptr -all", "-", 2),
        ("v=spf1 include:%{d}.example -all", "-", 1),
        ("v=spf1 exp=why.example x-odd=1 -all", "-", 0),
    ],
)
def test_a_record_is_read_and_its_lookups_are_counted(record: str, end: str, lookups: int) -> None:
    found = read(record)
    assert (found.every_other, found.lookups, found.problems) == (end, lookups, [])


@pytest.mark.parametrize(
    ("record", "address", "is_allowed"),
    [
        ("v=spf1 a -all", "198.51.100.7", True),
        ("v=spf1 a -all", "2001:db8::7", True),
        ("v=spf1 a/24 -all", "198.51.100.200", True),
        ("v=spf1 a//64 -all", "2001:db8::ffff", True),
        ("v=spf1 a/32//128 -all", "2001:db8::ffff", False),
        ("v=spf1 a:example.org -all", "198.51.100.8", False),
        ("v=spf1 mx -all", "203.0.113.25", True),
        ("v=spf1 include:b.example -all", "192.0.2.5", True),
        ("v=spf1 -include:b.example ~all", "192.0.2.5", False),
        ("v=spf1 ~ip4:192.0.2.5 -all", "192.0.2.5", False),
        ("v=spf1 ip6:2001:db8::/32 -all", "2001:db8:1::1", True),
    ],
)
def test_who_may_send(record: str, address: str, is_allowed: bool) -> None:
    assert read(record).allows(address) == is_allowed


@pytest.mark.parametrize(
    ("record", "said"),
    [
        ("v=spf1 include:nowhere.example -all", "which has no SPF record"),
        ("v=spf1 include:other.example -all", "which has no SPF record"),
        ("v=spf1 ip4:300.1.1.1 -all", "ip4:300.1.1.1 is no range of addresses"),
        ("v=spf1 ipv4:192.0.2.1 -all", "'ipv4' is no mechanism"),
        ("v=spf1 include:loop.example -all", "lookups, and 10 are allowed"),
        ("v=spf1 " + "include:b.example " * 6 + "-all", "takes 12 lookups, and 10 are allowed"),
        ("v=spf1 a:x.example a:y.example a:z.example -all", "3 of its lookups find nothing, and 2 are allowed"),
        ("v=spf1 !! -all", "'!!' cannot be read"),
    ],
)
def test_what_makes_receivers_give_up_is_said(record: str, said: str) -> None:
    assert any(said in problem for problem in read(record).problems), read(record).problems


@pytest.mark.parametrize(
    ("text", "is_spf"), [("v=spf1 -all", True), ("V=SPF1", True), ("v=spf10 -all", False), ("spf2.0/pra -all", False)]
)
def test_what_is_an_spf_record(text: str, is_spf: bool) -> None:
    assert (spf_record.find_records([text]) == [text]) == is_spf


@given(st.text(max_size=80))
def test_whatever_a_record_says_it_is_read(record: str) -> None:
    read(f"v=spf1 {record}")
