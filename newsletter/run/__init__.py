"""The steps of one morning, in the order that flow.py gives them, and the values they hand on.

Meets sources, scorers, senders and stores through their Protocols alone.
"""
