"""A morning with a language model, through the command line, against a local server that answers as the API does."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from email import message_from_bytes
from email.policy import default
from pathlib import Path

from tests import ROOT
from tests.e2e import starts
from tests.openai_server import OpenAIServer, Reply, error, fine, only_for, openai_server, refuses, slow

KEY = "sk-of-nobody-at-all-000000"
# As -m newsletter, and Ctrl-C works also where the tests were started in the background
PROGRAM = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("newsletter", run_name="__main__", alter_sys=True)
"""


def environment(server: OpenAIServer, **more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("NEWSLETTER_", "OPENAI_"))}
    settings = {"NEWSLETTER_MODEL": "gpt-6-luna", "OPENAI_API_KEY": KEY, "OPENAI_BASE_URL": server.url}
    return {**clean, "PYTHONPATH": str(ROOT), **settings, **more}


def start(folder: Path, *arguments: str, server: OpenAIServer, **more: str) -> subprocess.Popen[str]:
    """Started afresh."""
    shutil.copy(ROOT / "subscribers.yaml", folder)
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=folder,
        env=environment(server, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def newsletter(folder: Path, *arguments: str, server: OpenAIServer, **more: str) -> subprocess.CompletedProcess[str]:
    shutil.copy(ROOT / "subscribers.yaml", folder)
    return starts.run(*arguments, folder=folder, env=environment(server, **more))


def files_with_the_key(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


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
    assert files_with_the_key(tmp_path) == []
    assert "Scored by gpt-6-luna" in preview.stdout
    mails = texts(tmp_path)
    assert len(mails) == 3
    for mail in mails:
        assert any(words in mail for words in ("Scored by gpt-6-luna", "Bewertet von gpt-6-luna"))  # one reads German
        assert any(words in mail for words in ("n/a", "n/v"))  # nobody knows what this server costs
        assert "is material to judge" in " ".join(mail.split())  # the prompt, as it was sent


def test_with_a_wrong_key_the_mail_is_ranked_by_words_and_says_so(tmp_path: Path) -> None:
    with openai_server(always=[error(401, "invalid_api_key", f"Incorrect API key provided: {KEY}")]) as server:
        run = newsletter(tmp_path, "run", "--sample", server=server)
        assert len(server.requests) == 1  # and not once for each reader
    assert run.returncode == 5
    assert "set OPENAI_API_KEY to a valid one" in run.stderr
    assert run.stdout.strip().endswith("The mails are in outbox.")
    for mail in texts(tmp_path):
        said = " ".join(mail.split())
        assert any(words in said for words in ("The model could not be asked", "Das Modell konnte heute nicht gefragt"))
        assert any(words in mail for words in ("Ranked by words", "Geordnet nach Wörtern"))  # one reads German
        assert not any(words in mail for words in ("Scored by", "Bewertet von"))
    assert files_with_the_key(tmp_path) == []
    assert KEY not in run.stdout + run.stderr


def test_a_budget_that_nobody_can_keep_is_refused_at_once(tmp_path: Path) -> None:
    with openai_server() as server:
        run = newsletter(tmp_path, "run", "--sample", server=server, NEWSLETTER_DAILY_BUDGET_USD="1")
        assert server.requests == []
    assert run.returncode == 3
    assert "NEWSLETTER_DAILY_BUDGET_USD" in run.stderr


def test_after_a_second_ctrl_c_the_next_run_asks_only_about_what_was_not_answered(tmp_path: Path) -> None:
    asked = threading.Event()

    def hang(reply: Reply) -> None:
        asked.set()
        slow(reply)

    few = {"NEWSLETTER_MODEL_BATCH_PAPERS": "4", "NEWSLETTER_MODEL_REQUESTS_AT_ONCE": "1"}
    whose = ("--sample", "--only", "henrietta@example.com")
    with openai_server(fine, fine, hang) as server:
        with start(tmp_path, "run", *whose, server=server, **few) as run:
            assert asked.wait(60)
            while run.poll() is None:  # the first asks to end after the mail in hand, the second ends it at once
                run.send_signal(signal.SIGINT)
                with suppress(subprocess.TimeoutExpired):
                    run.wait(timeout=0.5)
            _, errors = run.communicate()
        assert "Traceback" not in errors
        assert run.returncode == -signal.SIGINT
        assert texts(tmp_path) == []
        before = len(server.requests)
        again = newsletter(tmp_path, "run", *whose, server=server, **few)
        answered, later = server.asked()[:2], server.asked()[before:]
        calls = newsletter(tmp_path, "calls", server=server)
    assert again.returncode == 0, again.stderr
    assert len(texts(tmp_path)) == 1
    assert not {paper for batch in answered for paper in batch} & {paper for batch in later for paper in batch}
    assert calls.stdout.count("pending") == 1  # nobody knows what became of it


def test_a_paper_that_fails_is_told_in_the_mail_and_does_not_hold_up_the_others(tmp_path: Path) -> None:
    whose = ("--sample", "--only", "henrietta@example.com")
    with openai_server(always=[only_for("2510.03395", refuses)]) as server:
        run = newsletter(tmp_path, "run", *whose, server=server)
    assert run.returncode == 0, run.stderr
    (mail,) = texts(tmp_path)
    assert "Not scored: 1. The next mail tries again." in mail
    assert "2510.03395" not in mail
