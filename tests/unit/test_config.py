"""Settings come from the environment, with defaults that need nothing, and wrong ones are named."""

from __future__ import annotations

from pathlib import Path

import pytest

from newsletter.config import load_settings
from newsletter.errors import ConfigError


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("SENDER", "CONTACT", "STATE", "NAME", "REPLY_TO"):
        monkeypatch.delenv(f"NEWSLETTER_{name}", raising=False)


def test_the_defaults_need_no_account() -> None:
    settings = load_settings()
    assert settings.state == Path("state")
    assert settings.contact is None
    assert settings.from_address.addr_spec == "digest@newsletter.invalid"
    assert settings.reply_address == "digest@newsletter.invalid"


def test_the_environment_wins_over_the_env_file(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("NEWSLETTER_NAME=From file\nNEWSLETTER_STATE=elsewhere\nOTHER=ignored\n")
    monkeypatch.setenv("NEWSLETTER_NAME", "From environment")
    settings = load_settings()
    assert (settings.name, settings.state) == ("From environment", Path("elsewhere"))


def test_a_sender_may_have_a_name_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_SENDER", "The Dailies <news@example.org>")
    address = load_settings().from_address
    assert (address.display_name, address.addr_spec) == ("The Dailies", "news@example.org")


@pytest.mark.parametrize("value", ["nobody", "@example.org", "a@", "a@b@c", "Eve\r\nBcc: x@example.org"])
def test_wrong_addresses_are_named_with_their_setting(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_SENDER", value)
    monkeypatch.setenv("NEWSLETTER_NAME", "x" * 99)
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert len(caught.value.problems) == 2
    assert "NEWSLETTER_SENDER" in caught.value.problems[1] + caught.value.problems[0]
