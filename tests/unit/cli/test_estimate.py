"""`newsletter estimate` counts those for whom a model will be asked, and nobody else."""

import json
from pathlib import Path

import pytest

from newsletter.addresses import subscriber_id
from tests.command import newsletter

YAML = """subscribers:
  - {email: ada@example.org, categories: [cs.LG], keywords: {like: [attention]}}
  - {email: pins@example.org, categories: [cs.LG], pinned_authors: [Emmy Noether]}
  - {email: away@example.org, categories: [cs.LG], keywords: {like: [graph]}, paused_until: 2999-01-01}
  - {email: left@example.org, categories: [cs.LG], keywords: {like: [vision]}}
"""


def test_it_leaves_out_who_is_not_mailed_and_who_wants_pinned_authors_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("subscribers.yaml").write_text(YAML, encoding="utf-8")
    newsletter("suppressions", "add", "left@example.org")
    said = json.loads(newsletter("estimate", "--sample", "--json").stdout)
    assert [who for group in said["profiles"] for who in group["readers"]] == [subscriber_id("ada@example.org")]
    assert said["total"]["asked"] > 0
