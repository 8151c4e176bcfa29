"""What people ask for, done: read what is kept, decide by the rules of the rooms below, write, and say what happened.

Replies, pages and commands all come here. Reading a request is for mail/inbound/, web/ and cli/.
"""
