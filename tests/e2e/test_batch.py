"""Asking ahead through the command line: `run --due` as cron starts it, also killed in the middle of a submission."""

import os
import signal
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from newsletter.model import BatchState, ModelBatch
from newsletter.stores.tinydb import TinyStore
from tests.e2e import starts
from tests.e2e.test_model import environment, texts
from tests.openai_server import BatchApi, OpenAIServer, openai_server

SUBSCRIBER = """
subscribers:
  - email: reader@example.org
    name: Rita Reader
    time_zone: {zone}
    send_at: "{send_at}"
    frequency: daily
    categories: [cs.LG]
    topics:
      - name: Learning
        relevant: how networks learn
"""


def write_subscriber(folder: Path, *, is_due: bool) -> None:
    """In a zone where it is between ten and eleven now: to be mailed since midnight, or at eight in the evening.

    By then the mail of the evening before, which may leave up to twelve hours late, is over.
    """
    hours = (10 - datetime.now(UTC).hour + 12) % 24 - 12
    zone = f"Etc/GMT{-hours:+d}"  # POSIX counts westward
    text = SUBSCRIBER.format(zone=zone, send_at="00:01" if is_due else "20:00")
    (folder / "subscribers.yaml").write_text(text, encoding="utf-8")


def start(folder: Path, server: OpenAIServer, *arguments: str) -> starts.Command:
    return starts.start(*arguments, folder=folder, env=environment(server, NEWSLETTER_MODEL_TIER="batch"))


def newsletter(folder: Path, server: OpenAIServer, *arguments: str) -> str:
    process = start(folder, server, *arguments)
    out, err = process.communicate()
    assert process.returncode == 0, err
    assert err == "" or "--quiet" not in arguments
    return out


def tick(folder: Path, server: OpenAIServer) -> None:
    newsletter(folder, server, "run", "--due", "--quiet", "--sample")


def only_batch(folder: Path) -> ModelBatch:
    (batch,) = TinyStore(folder / "state").get_batches(since=date.min)
    return batch


def api_of(server: OpenAIServer) -> BatchApi:
    assert server.batches is not None
    return server.batches


def test_a_batch_from_tick_to_tick_to_mail(tmp_path: Path) -> None:
    with openai_server(batches=True) as server:
        api = api_of(server)
        write_subscriber(tmp_path, is_due=False)
        tick(tmp_path, server)
        api.validate()
        tick(tmp_path, server)
        assert api.status() == ["in_progress"]
        status = newsletter(tmp_path, server, "status")
        assert only_batch(tmp_path).batch_id in status
        assert "submitted" in status
        assert "(batch)" in newsletter(tmp_path, server, "calls")
        api.finish()
        tick(tmp_path, server)
        assert only_batch(tmp_path).state is BatchState.ENDED
        assert only_batch(tmp_path).batch_id not in newsletter(tmp_path, server, "status")
        write_subscriber(tmp_path, is_due=True)
        tick(tmp_path, server)
        assert server.requests == []
    (mail,) = texts(tmp_path)
    assert "Scored by gpt-6-luna" in mail
    assert api.operations.count("batches.create") == 1


@pytest.mark.parametrize(
    ("operation", "is_there"), [("files.create", False), ("batches.create", True)], ids=["upload", "create"]
)
def test_a_run_killed_while_it_submits_pays_nothing_twice(tmp_path: Path, operation: str, is_there: bool) -> None:
    """The request has arrived and the server does what it asks; nobody is left to hear its answer."""
    with openai_server(batches=True) as server:
        api = api_of(server)
        write_subscriber(tmp_path, is_due=False)
        process = start(tmp_path, server, "run", "--due", "--quiet", "--sample")

        def kill(seen: str) -> None:
            if seen == operation:
                api.on = lambda seen: None
                os.kill(process.pid, signal.SIGKILL)

        api.on = kill
        process.communicate()
        assert process.returncode == -signal.SIGKILL
        assert only_batch(tmp_path).state is BatchState.SUBMITTING
        tick(tmp_path, server)
        assert len(api.batches) == is_there
        assert only_batch(tmp_path).state is (BatchState.SUBMITTED if is_there else BatchState.SUBMITTING)
        api.finish()
        tick(tmp_path, server)
        write_subscriber(tmp_path, is_due=True)
        tick(tmp_path, server)
        assert bool(server.requests) is not is_there
        assert api.operations.count("batches.create") == is_there
    assert len(texts(tmp_path)) == 1
    calls = TinyStore(tmp_path / "state").get_calls(since=date.min, until=date.max)
    papers = [paper for call in calls if call.outcome == "ok" for paper in call.paper_ids]
    assert len(papers) == len(set(papers)) > 0


def test_a_server_without_batches_is_told_in_one_sentence(tmp_path: Path) -> None:
    with openai_server() as server:
        write_subscriber(tmp_path, is_due=False)
        process = start(tmp_path, server, "run", "--due", "--quiet", "--sample")
        _, err = process.communicate()
        assert process.returncode == 5
        assert err.count("\n") == 1
        assert "takes no batches" in err
        tick(tmp_path, server)
        write_subscriber(tmp_path, is_due=True)
        tick(tmp_path, server)
    assert "Scored by gpt-6-luna" in texts(tmp_path)[0]
    assert {body["service_tier"] for body in server.requests} == {"flex"}
