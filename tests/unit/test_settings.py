"""Settings come from the environment, with defaults that need nothing, and wrong ones are named."""

from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner

from newsletter.cli.config import command
from newsletter.errors import ConfigError
from newsletter.settings import Settings, load_settings, unknown_settings, variable

pytestmark = pytest.mark.usefixtures("no_settings")


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


def test_an_address_on_the_web_is_asked_for_in_words_and_not_by_a_pattern(monkeypatch: pytest.MonkeyPatch) -> None:
    on_the_web = [variable(name) for name in Settings.model_fields if name.endswith("_url") and name != "database_url"]
    assert len(on_the_web) > 8
    for name in on_the_web:
        monkeypatch.setenv(name, "papers.example.org")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert len(caught.value.problems) == len(on_the_web)
    assert all("expected an address " in problem for problem in caught.value.problems)


def test_no_model_is_asked_unless_one_is_named() -> None:
    settings = load_settings()
    assert settings.model is None
    assert settings.openai_api_key is None
    assert (settings.model_tier, settings.model_effort, settings.daily_budget_usd) == ("standard", "low", None)


def test_a_budget_is_read_to_the_cent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_DAILY_BUDGET_USD", "0.10")
    assert load_settings().daily_budget_usd == Decimal("0.10")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DAILY_BUDGET_USD", "-1"),
        ("DAILY_BUDGET_USD", "NaN"),
        ("DAILY_BUDGET_USD", "ten"),
        ("MODEL_TIER", "express"),
        ("MODEL_MAX_SHARE", "40"),
        ("MODEL_MAX_SHARE", "0"),
        ("MODEL_RANDOM_SHARE", "-0.1"),
        ("MODEL_REQUESTS_PER_MINUTE", "0"),
        ("MODEL_REQUESTS_AT_ONCE", "0"),
        ("MODEL_TOKENS_PER_MINUTE", "many"),
        ("MODEL_EFFORT", "very high"),
    ],
)
def test_settings_of_the_model_that_cannot_be_meant_are_named(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(f"NEWSLETTER_{name}", value)
    with pytest.raises(ConfigError, match=f"NEWSLETTER_{name}: found '{value}'"):
        load_settings()


def test_an_empty_effort_sends_none_wherever_it_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("NEWSLETTER_MODEL_EFFORT=\nNEWSLETTER_MODEL=\n")
    assert (load_settings().model_effort, load_settings().model) == ("", None)
    Path(".env").write_text(CliRunner().invoke(command).output)
    assert load_settings().model_effort == "", "what config prints can be saved"
    monkeypatch.setenv("NEWSLETTER_MODEL_EFFORT", "high")
    assert load_settings().model_effort == "high"
    Path(".env").write_text("NEWSLETTER_MODEL_EFFORT=medium\n")
    monkeypatch.setenv("NEWSLETTER_MODEL_EFFORT", "")
    assert load_settings().model_effort == ""
    monkeypatch.delenv("NEWSLETTER_MODEL_EFFORT")
    assert load_settings().model_effort == "medium"


def test_a_least_share_above_the_default_most_needs_no_other_setting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_MODEL_MIN_SHARE", "1")
    assert load_settings().model_min_share == 1
    monkeypatch.setenv("NEWSLETTER_MODEL_MAX_SHARE", "0.5")
    with pytest.raises(ConfigError, match="MIN_SHARE is above"):
        load_settings()


def test_the_providers_own_variables_have_the_names_everybody_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    Path(".env").write_text("OPENAI_BASE_URL=http://127.0.0.1:8080/v1\n")
    settings = load_settings()
    assert settings.openai_api_key is not None
    assert settings.openai_api_key.get_secret_value() == "sk-very-secret"
    assert settings.openai_base_url == "http://127.0.0.1:8080/v1"
    assert "very-secret" not in repr(settings)


def test_a_secret_is_in_no_error_message(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "sk-very-secret")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-also-secret")
    monkeypatch.setenv("NEWSLETTER_MODEL_TIER", "express")
    with pytest.raises(ConfigError, match="OPENAI_BASE_URL") as caught:
        load_settings()
    assert "secret" not in str(caught.value)


def test_config_prints_no_secret_and_what_it_prints_can_be_saved(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://ada:very-secret@models.example.org/v1")
    monkeypatch.setenv("NEWSLETTER_MODEL", "gpt-6-luna")
    printed = CliRunner().invoke(command).output
    assert "very-secret" not in printed
    assert "# OPENAI_API_KEY=*" in printed
    assert "# OPENAI_BASE_URL=https://***@models.example.org/v1" in printed
    Path(".env").write_text(printed)
    again = load_settings()
    assert (again.model, again.openai_base_url) == ("gpt-6-luna", "https://ada:very-secret@models.example.org/v1")


def test_config_writes_down_what_was_set_and_not_what_the_theme_gives(monkeypatch: pytest.MonkeyPatch) -> None:
    assert {line for line in CliRunner().invoke(command).output.splitlines() if line.startswith("NEWSLETTER_")} == set()
    monkeypatch.setenv("NEWSLETTER_NAME", "Ada's papers")
    printed = CliRunner().invoke(command).output
    assert "\nNEWSLETTER_NAME=" in printed
    assert "\n# NEWSLETTER_FOOTER=" in printed


def test_a_lead_that_no_batch_can_keep_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_MODEL_TIER", "batch")
    assert (load_settings().model_tier, load_settings().model_batch_ahead_h) == ("batch", 3)
    monkeypatch.setenv("NEWSLETTER_MODEL_BATCH_AHEAD_H", "0")
    with pytest.raises(ConfigError, match="NEWSLETTER_MODEL_BATCH_AHEAD_H"):
        load_settings()


@pytest.mark.parametrize(
    ("name", "nearest"),
    [
        ("NEWSLETTER_SENDRE", "nearest: NEWSLETTER_SENDER"),
        ("NEWSLETER_SENDER", "nearest: NEWSLETTER_SENDER"),
        ("NEWSLETTER-STATE", "nearest: NEWSLETTER_STATE"),
        ("newsletter_base_ulr", "nearest: NEWSLETTER_BASE_URL"),
        ("NEWSLETTER_SMTP_PASS", "nearest: NEWSLETTER_SMTP_PASSWORD"),
        ("NEWSLETTER_OPENAI_API_KEY", "nearest: OPENAI_API_KEY"),
        ("NEWSLETTER_XYZZY", "'newsletter config' lists them all"),
    ],
)
@pytest.mark.parametrize("is_in_file", [False, True])
def test_a_setting_that_does_not_exist_is_a_mistake(
    name: str, nearest: str, is_in_file: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if is_in_file:
        Path(".env").write_text(f"{name}=s3cret\n")
    else:
        monkeypatch.setenv(name, "s3cret")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert caught.value.problems == (f"{name}: no setting has this name; {nearest}",)


@pytest.mark.parametrize("name", ["OPENAI_ORG_ID", "SENDGRID_KEY", "NEWS_STATE", "NEWSREADER_NAME", "PATH"])
def test_what_other_programs_read_is_theirs(name: str) -> None:
    assert unknown_settings([name]) == []


def test_every_setting_is_known_in_either_case() -> None:
    names = [variable(name) for name in Settings.model_fields]
    assert unknown_settings([*names, *(name.lower() for name in names)]) == []


def test_what_is_wrong_with_the_env_file_is_told_with_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    Path(".env").write_text("NEWSLETTER_NAME=Fine\nthis is no setting\nNEWSLETTER_STATE='open\n")
    with pytest.raises(ConfigError) as caught:
        load_settings()
    assert caught.value.problems == (".env, line 2: expected NAME=value", ".env, line 3: expected NAME=value")


def test_an_env_file_in_another_encoding_is_told() -> None:
    Path(".env").write_bytes("NEWSLETTER_NAME=Grüße\n".encode("latin-1"))
    with pytest.raises(ConfigError, match="not UTF-8"):
        load_settings()


def test_the_databases_address_and_its_password_are_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgres://ada:ge%40heim@db.example.org/news")
    settings = load_settings()
    assert "heim" not in repr(settings)
    assert "heim" not in CliRunner().invoke(command).output
    assert {"postgres://ada:ge%40heim@db.example.org/news", "ge@heim"} <= set(settings.secret_texts)
    monkeypatch.setenv("DATABASE_URL", "")
    assert load_settings().database_url is None
