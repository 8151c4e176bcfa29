"""The state machine of a delivery, the rules of suppression, and which answers say that a mailbox is gone.

Values in, values out. Keeping them is for stores/, sending for senders/, the order of a mail's steps for
run/deliver.py.
"""

from newsletter.delivery.mailbox_gone import is_mailbox_gone
from newsletter.delivery.suppression import may_resubscribe, resubscribe, unsubscribe

__all__ = [
    "is_mailbox_gone",
    "ledger",
    "may_resubscribe",
    "resubscribe",
    "suppression",
    "unsubscribe",
]
