"""Ranks papers by the words of a profile, and explains why. Needs numpy and no network.

Words pass tokenize, tfidf and rank; calibrate makes grades of ranks, explain comments. feedback applies a reader's
votes, learned a model's earlier gradings, and shortlist cuts off what a model is not asked about.
"""

__all__ = [
    "shortlist",
]
