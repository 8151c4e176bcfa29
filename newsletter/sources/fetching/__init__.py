"""Fetches from the web within bounds: who may be asked, for how long, and how much is read of an answer.

`reach.py` has the rules, `transport.py` keeps them at every connection, `fetcher.py` gets one address by them. An
address from a profile or a feed is foreign: it leads to public servers alone. One from the operator's settings may
lead anywhere.
"""

__all__ = ["fetcher", "kept_answers", "reach", "transport"]
