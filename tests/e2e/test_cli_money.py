"""`costs`, `calls`, `estimate` and what `check` says of the model, as an operator has them."""

import json
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from newsletter.model import ModelCall, Subscriber
from newsletter.scoring.llm.grader import profile_key
from newsletter.stores.tinydb import TinyStore
from newsletter.subscribers.subscribers_yaml import parse_file
from tests import ROOT
from tests.command import newsletter

NOW = datetime(2026, 11, 20, 6, 47, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _folder(no_settings: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_CONTACT", "op@example.org")
    Path("subscribers.yaml").write_bytes((ROOT / "subscribers.yaml").read_bytes())


def listed() -> Sequence[Subscriber]:
    return parse_file(Path("subscribers.yaml").read_bytes(), source="subscribers.yaml").subscribers


def call(call_id: str, at: datetime = NOW, cost: str | None = "0.01", **fields: object) -> ModelCall:
    made: dict[str, object] = {
        "model": "gpt-6-luna",
        "tier": "flex",
        "subject": "p_one",
        "paper_ids": ("2511.00001", "2511.00002"),
        "request_hash": "ab" * 32,
        "outcome": "ok",
        "prompt_tokens": 1_200,
        "cached_tokens": 200,
        "cache_write_tokens": 100,
        "completion_tokens": 80,
        "seconds": 1.5,
        "answer": '{"scored": []}',
    }
    cost_usd = None if cost is None else Decimal(cost)
    return ModelCall(call_id, at, cost_usd=cost_usd, **made | fields)  # type: ignore[arg-type]


@pytest.fixture
def store() -> TinyStore:
    return TinyStore(Path("state"))


@pytest.fixture
def _three_calls(store: TinyStore) -> None:
    reader = listed()[0]
    store.end_call(call("aaa1", subject=profile_key(reader.profile)))
    store.end_call(call("aab2", cost="0.02", outcome="refused", model="gpt-6.1-terra"))
    store.begin_call(call("bbb3", NOW.replace(month=10), "0.04", outcome="pending", answer=""), budget_usd=None)


# --- costs --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_three_calls")
def test_costs_add_up_by_month_day_model_and_profile() -> None:
    shown = newsletter("costs", "--month", "2026-11").output
    reader = listed()[0].subscriber_id
    assert re.search(r"2026-10 +1 .*\$0\.04000", shown)
    assert re.search(r"2026-11 +2 +1 +2,400 +400 +200 +160 +\$0\.03000", shown)
    assert re.search(r"2026-11-20 +2 ", shown)
    assert re.search(r"gpt-6\.1-terra \(flex\) +1 +1 .*\$0\.02000", shown)
    assert re.search(rf"{reader} +1 +\$0\.01000", shown)
    assert re.search(r"p_one +nobody now +1 +\$0\.02000", shown)
    assert re.search(rf"{reader} +[0-9a-f]{{32}} +1 +1 +\$0\.01000", shown)
    assert re.search(r"nobody now +p_one +1 +\$0\.02000", shown)
    assert shown.endswith("2026-11: $0.03000 for 2 calls\n")


@pytest.mark.usefixtures("_three_calls")
def test_costs_as_json_are_the_same_numbers() -> None:
    account = json.loads(newsletter("costs", "--month", "2026-11", "--json").output)
    assert account["total"]["cost_usd"] == "0.03"
    assert [(bill["name"], bill["cost_usd"]) for bill in account["months"]] == [
        ("2026-10", "0.04"),
        ("2026-11", "0.03"),
    ]
    for part in ("days", "runs", "models", "profiles", "subscribers"):
        assert sum(Decimal(bill["cost_usd"]) for bill in account[part]) == Decimal("0.03")


@pytest.mark.usefixtures("_three_calls")
def test_a_month_with_a_call_that_never_ended_says_so() -> None:
    assert "for 1 call, 1 of them never ended" in newsletter("costs", "--month", "2026-10").output


def test_costs_are_told_for_each_run_and_what_belongs_to_none_is_told_too(store: TinyStore) -> None:
    store.end_call(call("aaa1", run_id="20261120T064700-0a1b2c3d"))
    store.end_call(call("aaa2", run_id="20261120T064700-0a1b2c3d"))
    store.end_call(call("aaa3", cost="0.05"))
    shown = newsletter("costs", "--month", "2026-11").output
    assert re.search(r"20261120T064700-0a1b2c3d +2 .*\$0\.02000", shown)
    assert re.search(r"outside of runs +1 .*\$0\.05000", shown)
    assert "Run:      20261120T064700-0a1b2c3d" in newsletter("calls", "show", "aaa1").output


def test_readers_of_one_profile_share_its_cost_in_equal_parts(store: TinyStore) -> None:
    Path("subscribers.yaml").write_text(
        "defaults: {categories: [cs.LG], topics: [{name: Attention, relevant: how it scales}]}\n"
        "subscribers: [{email: ada@example.org}, {email: emmy@example.org}]\n"
    )
    ada, emmy = listed()
    store.end_call(call("aaa1", cost="0.03", subject=profile_key(ada.profile)))
    shown = newsletter("costs", "--month", "2026-11").output
    for reader in (ada, emmy):
        assert re.search(rf"{reader.subscriber_id} +[0-9a-f]{{32}} +2 +1 +\$0\.01500", shown)


def test_a_cost_that_is_not_known_is_never_nothing(store: TinyStore) -> None:
    store.end_call(call("aaa1", cost=None))
    assert "2026-11: n/a for 1 call" in newsletter("costs", "--month", "2026-11").output
    store.end_call(call("aaa2"))
    shown = newsletter("costs", "--month", "2026-11").output
    assert "2026-11: $0.01000 + 1 n/a for 2 calls" in shown
    assert "$0.00000" not in shown


def test_costs_before_the_first_call_say_so() -> None:
    assert newsletter("costs").output == "No call of a model yet.\n"


def test_costs_do_not_need_the_subscribers(store: TinyStore) -> None:
    store.end_call(call("aaa1"))
    Path("subscribers.yaml").unlink()
    done = newsletter("costs", "--month", "2026-11")
    assert done.exit_code == 0
    assert "cannot say whose a profile is" in done.stderr
    assert "2026-11: $0.01000 for 1 call" in done.stdout


def test_a_budget_is_shown_beside_the_costs(store: TinyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.end_call(call("aaa1"))
    monkeypatch.setenv("NEWSLETTER_DAILY_BUDGET_USD", "0.10")
    assert "Budget: $0.10000 a day" in newsletter("costs").output


# --- calls --------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("_three_calls")
def test_calls_are_listed_by_day_and_by_failure() -> None:
    assert [line.split()[0] for line in newsletter("calls").output.splitlines()[1:]] == ["bbb3", "aaa1", "aab2"]
    assert [line.split()[0] for line in newsletter("calls", "--failed").output.splitlines()[1:]] == ["aab2"]
    assert newsletter("calls", "--date", "2026-11-21").output.count("\n") == 1
    assert "≤ $0.04000" in newsletter("calls", "--date", "2026-10-20").output


@pytest.mark.usefixtures("_three_calls")
def test_a_call_is_shown_with_all_that_is_known_of_it() -> None:
    shown = newsletter("calls", "show", "aaa").output
    for part in ("aaa1: ok", "ab" * 32, "2511.00001 2511.00002", "1,200 prompt", "900 plain", "$0.01000", "scored"):
        assert part in shown


@pytest.mark.usefixtures("_three_calls")
@pytest.mark.parametrize(("wanted", "said"), [("aa", "2 calls begin with"), ("zz", "no call begins")])
def test_a_call_that_is_not_meant_clearly_is_not_guessed(wanted: str, said: str) -> None:
    done = newsletter("calls", "show", wanted)
    assert done.exit_code == 2
    assert said in done.output


def test_an_answer_cannot_play_with_the_terminal(store: TinyStore) -> None:
    store.end_call(call("aaa1", answer="red \x1b[31m \x00 \r \ud800 \u202e text", outcome="[red]odd[/red]"))
    done = newsletter("calls", "show", "aaa1")
    assert done.exit_code == 0
    shown = done.output
    assert shown.endswith(" text\n")
    assert not set("\x1b\x00\r\ud800\u202e") & set(shown)
    assert "[red]odd[/red]" in newsletter("calls").output


# --- estimate -----------------------------------------------------------------------------------------


def test_an_estimate_names_each_profile_the_total_and_what_it_assumes() -> None:
    shown = newsletter("estimate", "--sample").stdout
    assert shown.startswith("gpt-6-luna, standard tier: $0.1 in")
    for subscriber in listed():
        assert subscriber.subscriber_id in shown
    assert re.search(r"total +79 +0 +79 +5 ", shown)
    assert "were judged already" not in shown
    assert "Assumed" in shown
    assert not any(Path("state/announcements").iterdir())


def test_flex_costs_half_and_an_unknown_model_costs_nobody_knows_what() -> None:
    def cost(*args: str) -> str | None:
        return json.loads(newsletter("estimate", "--sample", "--json", *args).stdout)["total"]["cost_usd"]

    whole, half = cost("--model", "gpt-6.1-terra"), cost("--model", "gpt-6.1-terra", "--tier", "flex")
    assert whole is not None
    assert half is not None
    assert Decimal(whole) == 2 * Decimal(half)
    assert cost("--model", "gpt-7") is None


def test_an_estimate_warns_of_a_model_about_to_go_and_of_a_budget_too_small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEWSLETTER_DAILY_BUDGET_USD", "0.0001")
    done = newsletter("estimate", "--sample", "--model", "gtp-6")
    assert "the price of gtp-6 is not known" in done.stderr
    done = newsletter("estimate", "--sample")
    assert "$0.00010 are left today" in done.stdout
    assert "not enough" in done.stderr


# --- check --------------------------------------------------------------------------------------------


def test_check_says_what_the_model_costs_and_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "model: none, the embedded scorer alone" in newsletter("check").output
    monkeypatch.setenv("NEWSLETTER_MODEL", "gpt-6-luna")
    done = newsletter("check")
    assert done.exit_code == 3
    assert "set OPENAI_API_KEY" in done.output
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret")
    done = newsletter("check")
    assert done.exit_code == 0
    assert "model: gpt-6-luna, standard tier, $0.1 in" in done.output
    assert "secret" not in done.output


def test_check_names_a_prompt_that_cannot_be_used() -> None:
    Path("prompts").mkdir()
    Path("prompts/paper.md").write_text("<paper id='{{ id }}'>{{ title }}</paper>")
    done = newsletter("check")
    assert done.exit_code == 3
    assert "prompts/paper.md" in done.output
    assert "abstract" in done.output
