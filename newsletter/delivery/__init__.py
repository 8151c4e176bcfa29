"""The state machine of a delivery, the rules of suppression, and which failures prove that a mailbox is gone.

Values in, values out. Keeping them is for stores/, sending for senders/, the order of a mail's steps for
run/deliver.py.
"""

from newsletter.delivery.mailbox_gone import proves_gone
from newsletter.delivery.suppression import left, may_return, returned, suppress, without_mailbox

__all__ = [
    "ledger",
    "left",
    "may_return",
    "proves_gone",
    "returned",
    "suppress",
    "suppression",
    "without_mailbox",
]
