"""What is built hangs on the settings that a test gives, and on no others."""

from pathlib import Path

import pytest

from newsletter.settings import Settings, variable


@pytest.fixture(autouse=True)
def _no_settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in Settings.model_fields:
        monkeypatch.delenv(variable(name), raising=False)
