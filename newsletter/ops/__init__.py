"""What the operator sees and is sent: logs, metrics, alerts, and whether the domain can deliver mail."""

__all__ = [
    "alerts",
    "durability",
    "log",
    "notify",
]
