"""One client of a language model: prompts, answers, prices, limits, and the log of its calls."""

__all__ = [
    "estimate",
    "gradings",
    "prices",
    "prompts",
]
