"""Files on disk: written whole or not at all, found beside the operator's or in the wheel, YAML with line numbers.

What a file means is for its reader: subscribers/ reads subscribers.yaml, mail/ the theme, scoring/llm/ the prompts.
"""

__all__ = [
    "atomic",
    "resources",
    "yaml_checks",
    "yaml_nodes",
]
