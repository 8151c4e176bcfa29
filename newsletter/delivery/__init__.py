"""The state machine of a delivery, the rules of suppression, and which failures prove that a mailbox is gone.

Values in, values out. Keeping them is for stores/, sending for senders/, the order of a mail's steps for
run/deliver.py.
"""
