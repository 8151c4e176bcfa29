"""Weeks of announcements, played by a server that stands for arXiv, and lived through by the clock's rounds.

`calendar.py` says what arXiv announces when, `arxiv.py` serves it with every kind of trouble, `world.py` has readers, a
clock of its own and a memory, and `audit.py` counts whether each paper was considered once for each reader.
"""
