"""The mail before the judges of tests/tools: which programs show it well, whether it is valid, what it relies on."""

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from newsletter.mail.message import MailLinks
from tests import TESTS
from tests.browser import TOOLS
from tests.mail_samples import RENDERER, made_digest, samples
from tests.welcome_sample import render as render_welcome

JUDGE = TESTS / "tools/judge.mjs"
RELIED_ON = Path(__file__).with_name("partly_supported.txt")
NODE = shutil.which("node")
pytestmark = pytest.mark.skipif(
    not (NODE and TOOLS.is_dir()), reason="no judges of mail here; with Node.js 20 or newer, ./run tools brings them"
)
LEAST_SCORES = {
    **dict.fromkeys(("gmail-web", "gmail-android", "gmail-ios"), 90),
    **dict.fromkeys(("apple-mail-macos", "apple-mail-ios"), 90),
    **dict.fromkeys(("outlook-web", "yahoo-mail"), 90),
    **dict.fromkeys(("outlook-windows", "outlook-windows-legacy"), 80),  # the new one, and the one that is Word
}
BAD = """<!DOCTYPE html><html lang="en"><head><title>T</title>
<link rel="stylesheet" href="https://example.org/style.css"><style>@font-face { font-family: X; src: url(x.woff) }
p { display: grid; gap: 1px; animation: x 1s }</style></head><body><p>
<div style="position:fixed;display:flex;gap:8px;transform:scale(2);float:left;box-shadow:0 0 2px #000">no</div>
</p><form action="/"><input name="q"></form><video src="x.mp4"></video><svg></svg><script>alert(1)</script>
<img src="x.svg" style="object-fit:cover;filter:blur(1px)"></body></html>"""


@dataclass(frozen=True)
class Verdict:
    scores: Mapping[str, int]
    mistakes: Sequence[str]
    support: frozenset[str]  # "feature: none|partly: client"


def judge(mails: Mapping[str, str]) -> dict[str, Verdict]:
    done = subprocess.run(
        [str(NODE), str(JUDGE)], input=json.dumps(mails), capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    return {
        name: Verdict(said["scores"], said["mistakes"], frozenset(said["support"]))
        for name, said in json.loads(done.stdout).items()
    }


@pytest.fixture(scope="module")
def verdicts() -> dict[str, Verdict]:
    """Five papers each: more of them are more of the same, and take the judges long."""
    digest = made_digest(5)
    bare = RENDERER.render(replace(digest, prompt="", notices=()), MailLinks("reply@example.org"))
    mails = {sample.name: sample.render().html for sample in samples((5,))}
    return judge({**mails, "without links": bare.html, "welcome": render_welcome().html, "bad": BAD})


@pytest.fixture(scope="module")
def ours(verdicts: dict[str, Verdict]) -> dict[str, Verdict]:
    return {name: verdict for name, verdict in verdicts.items() if name != "bad"}


@pytest.mark.parametrize(("client", "least"), LEAST_SCORES.items())
def test_every_mail_program_of_weight_shows_the_mail_well(ours: dict[str, Verdict], client: str, least: int) -> None:
    assert {name: score for name, verdict in ours.items() if (score := verdict.scores[client]) < least} == {}


def test_the_mail_is_valid_html(ours: dict[str, Verdict]) -> None:
    assert {name: verdict.mistakes for name, verdict in ours.items() if verdict.mistakes} == {}


def test_the_mail_relies_on_nothing_new_that_a_program_lacks(
    ours: dict[str, Verdict], request: pytest.FixtureRequest
) -> None:
    """The list is a ratchet: what is gone goes (--update-golden takes it out), what is new is put in by hand or not."""
    used = frozenset().union(*(verdict.support for verdict in ours.values()))
    known = frozenset(RELIED_ON.read_text(encoding="utf-8").splitlines())
    if request.config.getoption("--update-golden"):
        RELIED_ON.write_text("".join(f"{line}\n" for line in sorted(known & used)), encoding="utf-8")
        known &= used
    assert sorted(used - known) == []
    assert sorted(known - used) == []


def test_the_judges_see_what_is_bad(verdicts: dict[str, Verdict]) -> None:
    bad = verdicts["bad"]
    assert all(bad.scores[client] < least for client, least in LEAST_SCORES.items() if "apple" not in client)
    assert any(mistake.startswith("no-implicit-close: ") for mistake in bad.mistakes)
    assert "display:flex: none: outlook.windows" in bad.support
