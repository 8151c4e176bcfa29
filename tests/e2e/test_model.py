"""A morning with a language model, through the command line, against a local server that answers as the API does."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from tests.openai_server import OpenAIServer, error, openai_server

ROOT = Path(__file__).parents[2]
KEY = "sk-of-nobody-at-all-000000"


def newsletter(folder: Path, *arguments: str, server: OpenAIServer, **more: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(ROOT / "subscribers.yaml", folder)
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSLETTER_", "OPENAI_"))}
    settings = {"NEWSLETTER_MODEL": "gpt-6-luna", "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.url}
    return subprocess.run(
        [sys.executable, "-m", "newsletter", *arguments],
        cwd=folder,
        env={**clean, "PYTHONPATH": str(ROOT), **settings, **more},
        capture_output=True,
        text=True,
        check=False,
    )


def texts(folder: Path) -> list[str]:
    mails = [message_from_bytes(path.read_bytes(), policy=default) for path in (folder / "outbox").glob("*.eml")]
    return [str(mail.get_body(("plain",)).get_content()) for mail in mails]


def test_a_model_judges_and_a_preview_afterwards_asks_nothing(tmp_path: Path) -> None:
    with openai_server() as server:
        run = newsletter(tmp_path, "run", "--sample", server=server)
        assert run.returncode == 0, run.stderr
        asked = len(server.requests)
        preview = newsletter(tmp_path, "preview", "--sample", "--format", "text", "--output", "-", server=server)
        assert len(server.requests) == asked > 0
        costs = newsletter(tmp_path, "costs", server=server)
        status = newsletter(tmp_path, "status", server=server)
        estimate = newsletter(tmp_path, "estimate", "--sample", "--json", server=server)
    total = json.loads(estimate.stdout)["total"]
    assert total["papers"] == total["known"] > 0
    assert (total["calls"], total["cost_usd"]) == (0, None)
    assert f"Model: gpt-6-luna, n/a for {asked} calls\n" in run.stdout
    assert f"Model: gpt-6-luna, n/a for {asked} calls\n" in status.stdout
    run_id = status.stdout.split("latest run ")[1].split()[0]
    assert run_id in costs.stdout
    assert "gpt-6-luna" in costs.stdout
    assert "Scored by: gpt-6-luna" in preview.stdout
    mails = texts(tmp_path)
    assert len(mails) == 3
    for mail in mails:
        assert "Scored by: gpt-6-luna" in mail
        assert "n/a" in mail  # nobody knows what this server costs
        assert "is material to judge" in " ".join(mail.split())  # the prompt, as it was sent


def test_with_a_wrong_key_the_mail_is_ranked_by_words_and_says_so(tmp_path: Path) -> None:
    with openai_server(always=[error(401, "invalid_api_key", f"Incorrect API key provided: {KEY}")]) as server:
        run = newsletter(tmp_path, "run", "--sample", server=server)
        assert len(server.requests) == 1  # and not once for each reader
    assert run.returncode == 5
    assert "set OPENAI_API_KEY to a valid one" in run.stderr
    assert run.stdout.strip().endswith("The mails are in outbox.")
    for mail in texts(tmp_path):
        assert "The model could not be asked" in " ".join(mail.split())
        assert "Scored by: local ranker" in mail
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert not any(KEY.encode() in path.read_bytes() for path in files)
    assert KEY not in run.stdout + run.stderr


def test_a_budget_that_nobody_can_keep_is_refused_at_once(tmp_path: Path) -> None:
    with openai_server() as server:
        run = newsletter(tmp_path, "run", "--sample", server=server, NEWSLETTER_DAILY_BUDGET_USD="1")
        assert server.requests == []
    assert run.returncode == 3
    assert "NEWSLETTER_DAILY_BUDGET_USD" in run.stderr
