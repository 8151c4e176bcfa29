"""What an operator is told before it surprises: on which settings, and on which not."""

from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from newsletter.cli.advice import advice, require_lasting_memory
from newsletter.cli.check import command
from newsletter.errors import ConfigError
from newsletter.settings import Settings

MACHINE = "/dev/sda1 / ext4 rw 0 0\n"


def told(settings: Settings, *, environment: dict[str, str] | None = None, mounts: str = MACHINE) -> list[str]:
    return list(advice(settings, environment or {}, mounts))


def test_the_defaults_on_a_machine_need_no_advice() -> None:
    assert told(Settings(_env_file=None)) == []
    assert told(Settings(base_url="https://papers.example.org", trusted_proxies=1, _env_file=None)) == []


def test_a_proxy_that_is_not_trusted_makes_one_client_of_all() -> None:
    [sentence] = told(Settings(base_url="https://papers.example.org", _env_file=None))
    assert "count as one client" in sentence
    assert "set NEWSLETTER_TRUSTED_PROXIES to 1" in sentence


def test_links_that_are_not_encrypted_are_warned_of() -> None:
    [sentence] = told(Settings(base_url="http://papers.example.org", _env_file=None))
    assert "not encrypted" in sentence
    assert sentence.endswith("set NEWSLETTER_BASE_URL to an https:// address")


def test_a_memory_that_vanishes_is_warned_of() -> None:
    [sentence] = told(Settings(_env_file=None), environment={"DYNO": "web.1"})
    assert "Heroku" in sentence
    assert sentence.endswith("set NEWSLETTER_STATE to a folder on it")
    [sentence] = told(Settings(state=Path("/data/state"), _env_file=None), mounts="overlay / overlay rw 0 0\n")
    assert "container" in sentence


SMTP = {"send_by": "smtp", "bounce_to": "bounces@example.org"}
HEROKU = {"DYNO": "web.1"}
POSTGRESQL = {**SMTP, "DATABASE_URL": "postgresql://user:word@db.example.org/news"}


SQLITE = {**SMTP, "DATABASE_URL": "sqlite:////app/state.db"}


@pytest.mark.parametrize("settings", [SMTP, SQLITE], ids=["folder", "sqlite"])
@pytest.mark.parametrize("mounts", [MACHINE, "overlay / overlay rw 0 0\n", ""])
@pytest.mark.parametrize("environment", [HEROKU, {"RENDER": "true"}, {"KUBERNETES_SERVICE_HOST": "10.0.0.1"}])
def test_nobody_is_mailed_from_a_platform_that_forgets(
    mounts: str, environment: dict[str, str], settings: dict[str, Any]
) -> None:
    with pytest.raises(
        ConfigError, match=r"begin anew with each restart .+; set DATABASE_URL to a PostgreSQL"
    ) as caught:
        require_lasting_memory(Settings(_env_file=None, **settings), environment, mounts)
    variable, kind = ("DATABASE_URL", "file") if "DATABASE_URL" in settings else ("NEWSLETTER_STATE", "folder")
    assert str(caught.value).endswith(f"set {variable} to a {kind} on it")


@pytest.mark.parametrize(
    ("settings", "environment", "mounts"),
    [
        (SMTP, {}, MACHINE),
        (SMTP, {}, "tmpfs / tmpfs rw 0 0\n"),  # no platform: somebody tries something
        ({}, HEROKU, MACHINE),  # mails go nowhere but to the same disk
        ({**SMTP, "state": Path("/data/state")}, HEROKU, MACHINE + "/dev/sdb /data ext4 rw 0 0\n"),
        (POSTGRESQL, HEROKU, MACHINE),
        (SQLITE, {}, MACHINE),
        ({**SQLITE, "DATABASE_URL": "sqlite:////data/state.db"}, HEROKU, MACHINE + "/dev/sdb /data ext4 rw 0 0\n"),
    ],
    ids=["machine", "in memory", "outbox", "volume", "database", "sqlite", "sqlite on a volume"],
)
def test_a_memory_that_stays_is_not_refused(settings: dict[str, Any], environment: dict[str, str], mounts: str) -> None:
    require_lasting_memory(Settings(_env_file=None, **settings), environment, mounts)


def test_check_prints_advice_and_ends_as_well_as_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_CONTACT", "operator@example.org")
    monkeypatch.setenv("NEWSLETTER_BASE_URL", "http://papers.example.org")
    monkeypatch.setenv("NEWSLETTER_STATE", str(tmp_path / "state"))
    done = CliRunner().invoke(command)
    assert "! advice: http://papers.example.org is not encrypted" in done.output
    assert done.exit_code == 0, done.output
