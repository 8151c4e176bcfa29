"""Checks the keys that receivers verify our DKIM signatures with (RFC 6376)."""

from __future__ import annotations

import re
from collections.abc import Iterator

import dkim

from newsletter.ops.deliverability.dns import DnsLookup
from newsletter.ops.deliverability.findings import Finding, Setup, advice, bad, good, guard

SENDGRID_SELECTORS = ("s1", "s2")  # SendGrid changes between the two by itself (Domain authentication)
LEAST_KEY_BITS = 1024  # RFC 8301 §3.2
GOOD_KEY_BITS = 2048


def selectors_of(setup: Setup) -> tuple[str, ...]:
    if setup.send_by == "sendgrid":
        return SENDGRID_SELECTORS
    return (setup.dkim_selector,) if setup.dkim_selector else ()


def check_dkim(setup: Setup, lookup: DnsLookup) -> Iterator[Finding]:
    """Checks the key of each selector that signs."""
    selectors = selectors_of(setup)
    if not selectors:
        yield advice(
            f"DKIM {setup.from_domain}",
            "nobody says which selector signs, so no key was looked at; set NEWSLETTER_DKIM_SELECTOR",
        )
    for selector in selectors:
        name = f"{selector}._domainkey.{setup.from_domain}"
        yield from guard(f"DKIM {name}", _check_key(name, setup, lookup))


def _check_key(name: str, setup: Setup, lookup: DnsLookup) -> Iterator[Finding]:
    subject = f"DKIM {name}"
    records = lookup.txt(name)
    target = lookup.aliases(name)
    through = f" (by CNAME from {target[0]})" if target else ""
    if not records:
        remedy = "add the CNAME that SendGrid's domain authentication names" if setup.send_by == "sendgrid" else (
            "publish the public key there"
        )  # fmt: skip
        yield bad(subject, f"no key{through}; {remedy}")
        return
    if len(records) > 1:
        yield bad(subject, f"{len(records)} records{through}; leave one, receivers may take either")
        return
    tags = read_tags(records[0])
    if "p" in tags and not tags["p"]:
        yield bad(subject, f"the key is revoked (empty p=){through}; sign with another, or publish it again")
        return
    try:
        key, bits, kind, _ = dkim.evaluate_pk(name.encode("idna"), records[0])
    except (dkim.DKIMException, ValueError) as error:
        yield bad(subject, f"the key cannot be read{through} ({type(error).__name__}); publish it again")
        return
    yield from _check_strength(subject, bits, kind.decode(), tags, through)
    if setup.dkim_key:
        yield from _check_pair(subject, key, setup.dkim_key)


def _check_strength(subject: str, bits: int, kind: str, tags: dict[str, str], through: str) -> Iterator[Finding]:
    shown = f"{kind} key" if kind != "rsa" else f"{bits} bit rsa key"
    if kind == "rsa" and bits < LEAST_KEY_BITS:
        yield bad(subject, f"{shown}{through}, which receivers refuse; make one of {GOOD_KEY_BITS} bit")
    elif kind == "rsa" and bits < GOOD_KEY_BITS:
        yield advice(subject, f"{shown}{through}; one of {GOOD_KEY_BITS} bit is better")
    else:
        yield good(subject, f"{shown}{through}")
    if "y" in tags.get("t", "").split(":"):
        yield advice(subject, "marked as a test (t=y): receivers may ignore it; remove the mark")


def _check_pair(subject: str, published: object, private_pem: bytes) -> Iterator[Finding]:
    try:
        ours = dkim.parse_pem_private_key(private_pem)
    except (dkim.UnparsableKeyError, ValueError) as error:
        yield bad(subject, f"the file of NEWSLETTER_DKIM_KEY is no RSA key in PEM ({error}); make a new one")
        return
    if not isinstance(published, dict) or ours["modulus"] != published["modulus"]:
        yield bad(
            subject, "is not the public half of NEWSLETTER_DKIM_KEY: every signature would fail; publish that one"
        )


def read_tags(record: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in record.split(";") if part.strip())
    return {name.strip(): re.sub(r"\s", "", value) for name, _, value in pairs}
