"""Files on disk: written whole or not at all, found beside the operator's or in the wheel, YAML with line numbers.

What a file means is for its reader: subscribers/ reads subscribers.yaml, theme.py the look, scoring/llm/ the prompts.
"""

__all__ = [
    "atomic",
    "resources",
    "yaml_checks",
    "yaml_nodes",
]
