"""Whether a paper has a pinned author. Pure; names are compared as people write them, not as TeX spells them."""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from newsletter.latex import readable_name


@lru_cache(maxsize=16_384)  # the names of a day: each is compared with each pinned name of each subscriber
def _tokens(name: str) -> tuple[str, ...]:
    """Lower-case words of a name without accents, affiliation and full stops."""
    plain = unicodedata.normalize("NFKD", readable_name(name).split("(")[0])
    letters = "".join(c for c in plain if not unicodedata.combining(c))
    return tuple(letters.replace(".", " ").replace("-", " ").casefold().split())


def is_same_author(pinned: str, author: str) -> bool:
    """Same last name, and the same first name; an initial in the *pinned* name stands for every first name.

    Middle names are passed over. "Y. LeCun" meets "Yann A. LeCun"; "Yann LeCun" does not meet "Y. LeCun",
    who may be somebody else.
    """
    wanted, found = _tokens(pinned), _tokens(author)
    if not wanted or not found or wanted[-1] != found[-1]:
        return False
    if len(wanted) == 1:
        return True
    if len(found) == 1:
        return False
    return found[0].startswith(wanted[0]) if len(wanted[0]) == 1 else found[0] == wanted[0]


def pinned_author(pinned: tuple[str, ...], authors: tuple[str, ...]) -> str:
    """The first pinned name that is among the authors; "" if none is."""
    return next((p for p in pinned if any(is_same_author(p, a) for a in authors)), "")
