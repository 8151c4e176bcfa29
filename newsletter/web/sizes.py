"""Says how large the body of a request may be, by its path: a few kB, but for the pages that take more.

The server asks before it takes a body (server.py), and the application before it looks at a request (app.py). What a
page takes is that page's to say.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field

LITTLE_BYTES = 4096  # enough for a wish


@dataclass(frozen=True, slots=True)
class Sizes:
    """`below` holds for a path and all below it; `secret` are paths that the time of an answer must not give away."""

    below: Mapping[str, int] = field(default_factory=dict)
    secret: Mapping[str, int] = field(default_factory=dict)

    def most_bytes(self, path: str) -> int:
        for secret, most in self.secret.items():
            if hmac.compare_digest(secret.encode(), path.encode("utf-8", "surrogatepass")):
                return most
        return next((most for prefix, most in self.below.items() if f"{path}/".startswith(f"{prefix}/")), LITTLE_BYTES)


NONE_LARGE = Sizes()
