"""Makes mails: a digest as HTML and text within a mail program's limits, answers to readers, the MIME message.

Sends nothing (senders/) and chooses no papers (run/). Mail that comes in is read in inbound/.
"""
