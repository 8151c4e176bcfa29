"""The command of the program in this process: quicker than a process of its own (see e2e/starts.py)."""

from click.testing import CliRunner, Result

from newsletter.cli import group


def newsletter(*args: str) -> Result:
    return CliRunner().invoke(group, args)
