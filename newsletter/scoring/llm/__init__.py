"""Asks a language model about papers: prompts, answers, prices, limits, batches, and the log of its calls.

`grader.py` is the way in; from there a question passes grading_run, client, request_form and chat_api, and its answer
completion, reasoning and answers. Which papers are asked about is decided above. Offers what loads no client.
"""

__all__ = [
    "estimate",
    "gradings",
    "prices",
    "prompts",
]
