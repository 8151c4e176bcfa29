"""Asks a language model about papers: prompts, answers, prices, limits, batches, and the log of its calls.

`model_grader.py` is the way in; from there a question passes client, request_form and chat_api, and its answer
completion, reasoning and answers. Which papers are asked about is decided above. Offers what loads no client.
"""

from newsletter.scoring.llm.grader import find_earlier, find_known, profile_key, profile_keys

__all__ = [
    "estimate",
    "find_earlier",
    "find_known",
    "prices",
    "profile_key",
    "profile_keys",
    "prompts",
]
