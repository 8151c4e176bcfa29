"""Mail that comes in: fetched by IMAP or handed over by SendGrid, and read as a reply, a bounce or a complaint.

Decides and answers nothing: services/replies.py does what a reader asks for.
"""
