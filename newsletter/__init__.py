"""Newly announced arXiv papers, scored against each subscriber's own profile and mailed once.

Start reading at `flow.py`: one morning on one screen. `model.py` has the nouns, `app/` picks the adapters.
"""

__version__ = "0.1.0"
