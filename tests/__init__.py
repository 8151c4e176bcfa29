"""Where things lie: the checkout, its tests, and real data that only some machines have beside it."""

from pathlib import Path

TESTS = Path(__file__).parent
ROOT = TESTS.parent
SHARED = ROOT / ".." / "shared"
