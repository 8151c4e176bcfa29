"""What is built hangs on the settings that a test gives, and on no others."""

import pytest


@pytest.fixture(autouse=True)
def _no_settings(no_settings: None) -> None: ...
