"""Signs mails with DKIM (RFC 6376), for a mail server that does not: bytes in, bytes with a signature on top out.

The public half of the key has to be in the DNS at SELECTOR._domainkey.DOMAIN; `newsletter check --dns` looks there.
"""

from __future__ import annotations

from pathlib import Path

import dkim
from dkim.asn1 import ASN1FormatError
from dkim.crypto import UnparsableKeyError, parse_pem_private_key

from newsletter.errors import ConfigError

# RFC 6376 §5.4.1, and RFC 8058 §4 for the two that unsubscribe. Those named twice are "oversigned" (§8.15): a second
# one that is put in on the way, which some mail programs would show instead of ours, breaks the signature.
_SIGNED_ONCE = ["Message-ID", "MIME-Version", "Content-Type"]
_OVERSIGNED = ["From", "To", "Subject", "Date", "Reply-To", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post"]
_HEADERS = [name.encode("ascii") for name in (*_OVERSIGNED, *_OVERSIGNED, *_SIGNED_ONCE)]
_RELAXED = (b"relaxed", b"relaxed")  # servers on the way fold headers anew
_LEAST_BITS = 1024  # RFC 8301 §3.2: no verifier takes less


class DkimSignature:
    """For one domain and one key. Raises ConfigError for a key that cannot sign."""

    def __init__(self, key: Path, selector: str, domain: str) -> None:
        self._selector = selector.encode("ascii")
        self._domain = domain.encode("ascii")
        self._key = _read_key(key)

    def __call__(self, mail: bytes) -> bytes:
        line = dkim.sign(mail, self._selector, self._domain, self._key, canonicalize=_RELAXED, include_headers=_HEADERS)
        return bytes(line) + mail


def _read_key(path: Path) -> bytes:
    try:
        pem = path.read_bytes().replace(b"\r\n", b"\n")
    except OSError as error:
        raise ConfigError(
            f"the DKIM key {path} cannot be read ({error.strerror or error}); "
            "set NEWSLETTER_DKIM_KEY to the file with the private key"
        ) from error
    remedy = f"make one with: openssl genrsa -out {path} 2048"
    try:
        bits = parse_pem_private_key(pem)["modulus"].bit_length()
    except (UnparsableKeyError, ASN1FormatError, ValueError, LookupError, TypeError) as error:
        raise ConfigError(f"the DKIM key {path} is no RSA private key in PEM form; {remedy}") from error
    if bits < _LEAST_BITS:
        raise ConfigError(f"the DKIM key {path} has {bits} bits, and nobody trusts fewer than {_LEAST_BITS}; {remedy}")
    return pem
