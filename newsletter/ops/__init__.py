"""Informs the operator: logs, metrics, alerts, and checks of whether the domain can deliver mail."""

__all__ = [
    "alerts",
    "durability",
    "log",
    "notify",
]
