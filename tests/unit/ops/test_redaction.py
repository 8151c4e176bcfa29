"""No address and no secret in what others read: the text itself, and every line of a log."""

import io
import json
import logging
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from newsletter.ops import log
from newsletter.ops.redaction import ADDRESS, SECRET, redact

LOCAL = st.text("abcxyzABC0189!#$%&'*+/=?^_`{|}~.-", min_size=1, max_size=20)
DOMAIN = st.sampled_from(["example.org", "mail.uni-köln.example", "x.io", "localhost", "a-b.example"])
ADDRESSES = st.builds("{}@{}".format, LOCAL, DOMAIN)
SECRETS = st.text("abcxyzABC0189_.:/-", min_size=8, max_size=40)
AROUND = st.sampled_from(["", " ", "<", ">", '"', "(", "),", "to=", "mailto:", "; ", "\n", "é", "550 no such user "])


@given(AROUND, ADDRESSES, AROUND)
def test_no_address_is_left(before: str, address: str, after: str) -> None:
    said = redact(f"{before}{address}{after}")
    assert "@" not in said
    assert ADDRESS in said


@given(st.text(max_size=20), SECRETS, st.text(max_size=20))
def test_no_secret_is_left(before: str, secret: str, after: str) -> None:
    assert secret not in redact(f"{before}{secret}{after}", [secret])


@given(SECRETS, SECRETS)
def test_a_secret_inside_another_is_no_trouble(one: str, other: str) -> None:
    said = redact(f"{one + other} {one} {other}", [one, other, one + other])
    assert one not in said
    assert other not in said


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("550 <ada@example.org>: no such user", f"550 <{ADDRESS}>: no such user"),
        ("rcpt ada.beispiel+tag@example.org, again", f"rcpt {ADDRESS}, again"),
        ("https://user:pw@host.example/x", f"https://user:{ADDRESS}"),
        ("?email=ada%40example.org&x=1", ADDRESS),
        ('"ada b"@example.org left', f"{ADDRESS} left"),
        ("s_ab12cd34/2026-01-06 was deferred at 07:10", "s_ab12cd34/2026-01-06 was deferred at 07:10"),
        ("a key of sk-12345678 here", f"a key of {SECRET} here"),
    ],
)
def test_what_is_taken_out_and_what_stays(text: str, expected: str) -> None:
    assert redact(text, ["sk-12345678", "abc"]) == expected


def test_a_secret_of_three_characters_would_be_in_every_line() -> None:
    assert redact("an abc of things", ["abc"]) == "an abc of things"


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    """Where lines are written to; logging is as it was afterwards."""
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield stream
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


VALUES = st.one_of(ADDRESSES, SECRETS, st.builds("{} said {}".format, SECRETS, ADDRESSES))


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_line_of_the_log_holds_an_address_or_a_secret_wherever_it_came_from(form: str, lines: io.StringIO) -> None:
    @given(VALUES, SECRETS)
    def check(value: str, secret: str) -> None:
        lines.seek(0)
        lines.truncate()
        log.configure(form, secrets=[secret], stream=lines)
        told = log.get_log()
        told.info("marker", plain=value, nested={"inner": [value, secret]}, error=ValueError(secret + value))
        told.info(f"marker {secret} {value}")
        logging.getLogger("another.library").warning("%s and %s", value, secret)
        try:
            raise ValueError(f"{secret} {value}")
        except ValueError:
            told.exception("broken")
        said = lines.getvalue()
        assert said.count("marker") == 2
        assert "ValueError" in said
        assert secret not in said
        assert "@" not in said

    check()


def test_a_line_of_json_is_one_object_with_its_event_level_and_time(lines: io.StringIO) -> None:
    log.configure("json", stream=lines)
    log.get_log().info("clock_tick", subscribers=3)
    said = json.loads(lines.getvalue())
    assert said.pop("timestamp").endswith("Z")
    assert said == {"event": "clock_tick", "level": "info", "subscribers": 3}


def test_configured_twice_a_line_is_written_once(lines: io.StringIO) -> None:
    log.configure("text", stream=lines)
    log.configure("text", stream=lines)
    log.get_log().info("shutdown")
    assert lines.getvalue().count("shutdown") == 1
