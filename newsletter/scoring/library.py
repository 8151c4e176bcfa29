"""Lets the papers that a reader keeps count as papers they like."""

from __future__ import annotations

from newsletter.model import Paper, Profile, Votes
from newsletter.papers import keep_each_once


def kept_papers(profile: Profile) -> Votes:
    """Gives the papers of the profile, each as "more like this" by its weight; of the same paper twice, one."""
    papers = keep_each_once(profile.papers)
    return tuple(
        (Paper(f"library:{n}", 1, one.title, (), one.abstract, ()), one.weight) for n, one in enumerate(papers)
    )
