"""Ranks papers by the words of a profile, and explains why. Needs numpy and no network."""

__all__ = [
    "shortlist",
]
