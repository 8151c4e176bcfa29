"""Newly announced arXiv papers, scored against each subscriber's own profile and mailed once.

Start reading at `flow.py`: one morning on one screen. docs/architecture.md shows the rooms around it.
"""

__version__ = "0.1.0"
