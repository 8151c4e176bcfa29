"""Servers that say they are compatible, each with its own ways (by public reports on Ollama, vLLM, Google and others).

Each scores all that it can, or says the server's own reason; what it refused once is not asked of it again.
"""

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests import openai_server as fake
from tests.contract.scoring.test_model_grader import FLOOR, KEY, PROFILE, PROMPTS, assert_whole, bench, papers


def refuses_while(is_there: Callable[[fake.Body], bool], status: int, payload: Any) -> fake.Fault:
    """That answer as long as the request has something the server does not take."""

    def fault(reply: fake.Reply) -> None:
        if is_there(reply.request):
            reply.status, reply.raw = status, payload if isinstance(payload, str) else json.dumps(payload)

    return fault


def has(*names: str) -> Callable[[fake.Body], bool]:
    return lambda body: any(name in body for name in names)


def has_enum(body: fake.Body) -> bool:
    return '"enum"' in json.dumps(body.get("response_format"))


def has_system(body: fake.Body) -> bool:
    return body["messages"][0]["role"] == "system"


def has_anything_extra(body: fake.Body) -> bool:
    return set(body) > {"model", "messages", "max_tokens"} or has_system(body)


ENUM = "Invalid value at 'generation_config.response_schema.properties[0].value.items.properties[1].value.enum[0]', 1"
REFUSALS = [
    pytest.param(
        has_enum, 400, [{"error": {"code": 400, "message": ENUM, "status": "INVALID_ARGUMENT"}}], id="numbers in a list"
    ),
    pytest.param(
        has("response_format"),
        400,
        [{"error": {"code": 400, "message": 'Unknown name "additionalProperties"'}}],
        id="schema",
    ),
    pytest.param(
        has("reasoning_effort"), 400, {"error": '"tiny:4b" does not support thinking'}, id="effort in other words"
    ),
    pytest.param(
        has("reasoning_effort"), 500, {"error": 'think value "low" is not supported'}, id="effort, status 500"
    ),
    pytest.param(has_system, 400, {"error": {"message": "System role not supported"}}, id="no system role"),
    pytest.param(
        has_system, 500, {"error": {"message": "Conversation roles must alternate user/assistant"}}, id="template"
    ),
    pytest.param(has("response_format"), 404, {"error": {"message": "No endpoint handles the parameters."}}, id="404"),
    pytest.param(
        has("response_format"), 400, {"error": {"code": "json_validate_failed", "message": "Try again"}}, id="shape"
    ),
    pytest.param(
        has("service_tier", "prompt_cache_key", "max_completion_tokens", "reasoning_effort"),
        422,
        {"detail": [{"loc": ["body"], "msg": "Extra inputs are not permitted"}]},
        id="names nothing",
    ),
    pytest.param(has_anything_extra, 400, "Bad Request", id="bad request"),
    pytest.param(has_anything_extra, 422, {"object": "error", "message": "no", "code": 42}, id="takes nothing"),
    pytest.param(has_anything_extra, 501, "", id="not implemented"),
]


@pytest.mark.parametrize(("is_there", "status", "payload"), REFUSALS)
def test_what_a_server_does_not_take_is_left_out_and_remembered(
    is_there: Callable[[fake.Body], bool], status: int, payload: Any
) -> None:
    with bench(always=[refuses_while(is_there, status, payload)], batch_papers=4) as b:
        assert_whole(b.grade(papers(12)), papers(12))
        refused = len(b.server.requests) - 3
        assert_whole(b.grade(papers(4)), papers(4))
    assert refused <= 2
    assert len(b.server.requests) == refused + 4
    assert not any(is_there(body) for body in b.server.requests[refused:])
    assert max(len(asked) for asked in b.server.asked()) == 4, "no batch was split"
    assert all("max_tokens" in body or "max_completion_tokens" in body for body in b.server.requests)


def test_without_a_system_role_its_text_stands_at_the_head_of_the_users() -> None:
    prompt = PROMPTS.render(PROFILE, papers(2), FLOOR)
    with bench(always=[refuses_while(has_system, 400, {"error": "system role"})]) as b:
        assert_whole(b.grade(papers(2)), papers(2))
    assert b.server.requests[-1]["messages"] == [{"role": "user", "content": f"{prompt.system}\n\n{prompt.user}"}]


def test_a_request_that_is_at_fault_itself_keeps_its_form_for_the_others() -> None:
    """One paper is refused, plain or not: the others are asked about with everything."""
    fault = fake.only_for("2601.00003", refuses_while(lambda body: True, 400, {"error": "no"}))
    with bench(always=[fault], batch_papers=4) as b:
        assert_whole(b.grade(papers(12)), papers(12), ["2601.00003"])
    assert "response_format" in b.server.requests[-1]
    assert len(b.server.requests) <= 14


# --- errors within an answer of status 200


def inside(payload: Any) -> fake.Fault:
    return lambda reply: setattr(reply, "raw", json.dumps(payload))


LIMITED = {
    "id": "gen-1",
    "choices": None,
    "error": {"message": "Provider error", "code": 429, "metadata": {"raw": "Slow"}},
}
WITHIN = [
    LIMITED,
    {"error": {"message": "Overloaded", "code": 502}},
    {"error": "upstream is away"},
    {
        "choices": [
            {"error": {"message": "Overloaded", "code": 503}, "finish_reason": "error", "message": {"content": "{"}}
        ]
    },
    {"object": "error", "message": "rate_limit", "code": "rate_limit_exceeded"},
    {"choices": None, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}},
    {"detail": "Service is starting"},
    [{"error": {"code": 503, "message": "away", "status": "UNAVAILABLE"}}],
]


@pytest.mark.parametrize("payload", WITHIN, ids=json.dumps)
def test_an_error_within_an_answer_is_an_interruption(payload: Any) -> None:
    with bench(inside(payload), inside(payload)) as b:
        assert_whole(b.grade(papers(4)), papers(4))
    assert b.server.asked() == [[paper.arxiv_id for paper in papers(4)]] * 3


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ({"error": {"message": "Invalid API key", "code": 401}}, "refused the API key"),
        ({"error": {"message": "User not found", "code": "401"}}, "refused the API key"),
        ({"base_resp": {"status_code": 1004, "status_msg": "login fail"}}, "refused the API key"),
        ({"error": {"message": "Insufficient balance", "code": 402}}, "is used up"),
        ({"error": {"message": "No such model here", "code": 404}}, "No such model here"),
    ],
)
def test_an_error_within_an_answer_that_stays_stops(payload: Any, words: str) -> None:
    with bench(always=[inside(payload)]) as b:
        assert words in b.grade(papers(40)).stopped
    assert len(b.server.requests) == 1


def test_what_fails_always_is_said_in_the_servers_words_and_books_nothing() -> None:
    with bench(
        always=[inside({"error": {"message": f"Upstream is away {KEY}", "code": 502}})], failures_in_a_row=3
    ) as b:
        report = b.grade(papers(8))
    assert "3 times in a row (the server answered 502 (Upstream is away …))" in report.stopped
    assert {(call.cost_usd, call.prompt_tokens) for call in b.calls()} == {(0, 0)}


def test_a_404_that_is_not_about_the_name_says_what_it_is_about() -> None:
    message = "No endpoints found matching your data policy. See settings/privacy"
    with bench(always=[fake.error(404, None, message)]) as b:
        assert message in b.grade(papers(4)).stopped
    assert len(b.server.requests) == 1


@pytest.mark.parametrize(
    "message", ["API key not valid. Please pass a valid API key.", "Incorrect API key provided: sk-…"]
)
def test_a_bad_key_is_one_whatever_the_status(message: str) -> None:
    with bench(always=[fake.error(400, "INVALID_ARGUMENT", message)]) as b:
        assert "refused the API key" in b.grade(papers(4)).stopped
    assert len(b.server.requests) == 1


# --- shapes of an answer


def reshaped(change: Callable[[str], dict[str, Any]]) -> fake.Fault:
    def fault(reply: fake.Reply) -> None:
        reply.choice["message"] = {"role": "assistant", **change(reply.choice["message"]["content"])}

    return fault


def part(text: str, kind: str = "text") -> dict[str, str]:
    return {"type": kind, "text": text}


THINKING = {"type": "thinking", "thinking": [part("First I weigh them.")]}
SHAPES: list[Callable[[str], dict[str, Any]]] = [
    lambda text: {"content": [THINKING, part(text)]},
    lambda text: {"content": [part("Perhaps.", "reasoning"), part(text[:20]), part(text[20:], "output_text")]},
    lambda text: {"content": json.loads(text)},
    lambda text: {"content": json.dumps(text)},
    lambda text: {"content": part(text)},
    lambda text: {"content": None, "reasoning_content": text},
    lambda text: {"content": "", "reasoning": f"```json\n{text}\n```"},
    lambda text: {"content": "\n", "reasoning_content": f"Drafts, {text} or so.</think>{text}"},
    lambda text: {"content": text, "reasoning_content": text.replace("8", "2")},
]


@pytest.mark.parametrize("change", SHAPES)
def test_an_answer_is_read_wherever_it_is_put(change: Callable[[str], dict[str, Any]]) -> None:
    with bench(always=[reshaped(change)]) as b:
        assert_whole(b.grade(papers(10)), papers(10))
    assert len(b.server.requests) == 1


def test_reasoning_with_a_draft_in_it_is_no_answer() -> None:
    fault = reshaped(lambda text: {"content": None, "reasoning_content": f"Perhaps {text}, but wait"})
    with bench(always=[fault]) as b:
        report = b.grade(papers(1))
    assert not report.gradings
    assert "reasoned and gave no answer" in report.failures[0].reason


def as_stream(reply: fake.Reply) -> None:
    text = reply.choice["message"]["content"]
    deltas = [
        {"role": "assistant", "content": ""},
        *({"content": text[at : at + 50]} for at in range(0, len(text), 50)),
    ]
    events = [{"choices": [{"delta": delta, "finish_reason": None}]} for delta in deltas]
    events += [{"choices": [{"delta": {}, "finish_reason": "stop"}]}, {"choices": [], "usage": reply.payload["usage"]}]
    reply.raw = ": waiting\n\n" + "".join(f"data: {json.dumps(event)}\n\n" for event in events) + "data: [DONE]\n\n"
    reply.headers = {"Content-Type": "text/event-stream"}


@pytest.mark.parametrize(
    "message",
    [
        "This model only support stream mode, please enable the stream parameter.",
        "Stream must be set to true",
        "Non-streaming calls are not supported",
    ],
)
def test_a_server_that_only_streams_is_asked_for_streams(message: str) -> None:
    always = [as_stream, refuses_while(lambda body: not body.get("stream"), 400, {"error": {"message": message}})]
    with bench(always=always, batch_papers=4) as b:
        assert_whole(b.grade(papers(12)), papers(12))
    assert [bool(body.get("stream")) for body in b.server.requests] == [False, True, True, True]
    assert all(call.prompt_tokens for call in b.calls() if call.outcome == "ok")


def test_a_server_that_streams_unasked_is_read() -> None:
    with bench(always=[as_stream]) as b:
        assert_whole(b.grade(papers(4)), papers(4))


def test_a_stream_without_its_end_is_no_answer() -> None:
    def broken(reply: fake.Reply) -> None:
        as_stream(reply)
        reply.raw = str(reply.raw)[:200]

    with bench(broken) as b:
        assert_whole(b.grade(papers(4)), papers(4))
    assert b.outcomes() == ["no JSON", "ok"]


@pytest.mark.parametrize(
    "usage",
    [
        {"prompt_cache_hit_tokens": 900, "prompt_cache_miss_tokens": 100},
        {"cached_tokens": 900},
        {"prompt_tokens_details": {"cached_tokens": 900}},
        {"prompt_tokens_details": None, "cache_read_input_tokens": 900},
    ],
)
def test_cached_tokens_are_counted_wherever_they_stand(usage: dict[str, Any]) -> None:
    with bench(
        lambda reply: reply.payload.update(usage={"prompt_tokens": 1_000, "completion_tokens": 9, **usage})
    ) as b:
        b.grade(papers(2))
    assert (b.calls()[0].prompt_tokens, b.calls()[0].cached_tokens) == (1_000, 900)


# --- waiting


@pytest.mark.parametrize(
    ("payload", "after_s"),
    [
        ({"error": {"message": "Please retry in 2.5s."}}, 2.5),
        ({"error": {"details": [{"retryDelay": "7s"}], "message": "quota"}}, 7.0),
        ({"error": {"message": "Slow down", "metadata": {"retry_after_seconds": 3}}}, 3.0),
        ({"error": {"message": "Please try again in 640ms"}}, 0.64),
        ({"error": {"message": "Try again in 1m"}}, 60.0),
        ({"error": {"message": "Slow down"}}, None),
    ],
)
def test_the_wait_may_stand_in_the_body(payload: Any, after_s: float | None) -> None:
    from newsletter.scoring.llm.failures import read_error_report

    assert read_error_report(429, json.dumps(payload), {}).after_s == after_s
    assert read_error_report(429, json.dumps(payload), {"retry-after": "4"}).after_s == 4.0


# --- room


def takes(window: int, message: str) -> fake.Fault:
    """A context of so many tokens, counted by letters."""

    def fault(reply: fake.Reply) -> None:
        body = reply.request
        prompt = sum(len(fake.text_of(each)) for each in body["messages"]) // 4
        answer = body.get("max_completion_tokens") or body.get("max_tokens")
        if prompt + answer > window:
            fake.error(400, None, message.format(window=window, prompt=prompt, answer=answer, all=prompt + answer))(
                reply
            )

    return fault


ROOM = [
    "This model's maximum context length is {window} tokens. You requested {all} tokens ({prompt} in the messages)",
    "'max_completion_tokens' is too large: {answer}. This model's maximum context length is {window} tokens.",
    "request ({all} tokens) exceeds the available context size ({window} tokens), try increasing it",
    "Prompt contains {all} tokens, too large for model with {window} maximum context length",
    "`inputs` tokens + `max_new_tokens` must be <= {window}. Given: {prompt} `inputs` tokens",
    "greater than the context length (n_keep: {all}>= n_ctx: {window}).",
]


@pytest.mark.parametrize("message", ROOM)
def test_a_small_context_is_asked_for_less(message: str) -> None:
    with bench(always=[takes(3_000, message)], concurrency=1) as b:
        assert_whole(b.grade(papers(24)), papers(24))
    assert [call.outcome for call in b.calls()].count("ok") >= len(b.server.requests) - 1


def test_a_limit_of_the_answer_alone_bounds_the_answer_alone() -> None:
    message = "max_tokens is too large. This model supports at most 4096 completion tokens"
    fault = refuses_while(lambda body: body["max_completion_tokens"] > 4_096, 400, {"error": {"message": message}})
    with bench(always=[fault]) as b:
        assert_whole(b.grade(papers(24)), papers(24))
    assert [body["max_completion_tokens"] for body in b.server.requests][1] == 4_096


def test_a_context_too_small_for_one_paper_stops_with_the_remedy() -> None:
    with bench(always=[takes(600, ROOM[0])], concurrency=1) as b:
        report = b.grade(papers(24))
    assert "not even one paper fits" in report.stopped
    assert "OLLAMA_CONTEXT_LENGTH" in report.stopped
    assert len(b.server.requests) == 1


def drops_the_beginning(window: int, counted: int) -> fake.Fault:
    """As Ollama: what is too long loses its first papers, and nobody is told."""

    def fault(reply: fake.Reply) -> None:
        labels = list(fake.papers_in(reply.request))
        if sum(len(fake.text_of(each)) for each in reply.request["messages"]) // 4 > window:
            seen = {"scored": [fake.entry(label, 3) for label in labels[-2:]], "below": []}
            reply.choice["message"]["content"] = json.dumps(seen)
            reply.payload["usage"] = {"prompt_tokens": counted, "completion_tokens": 90}

    return fault


@pytest.mark.parametrize("counted", [700, 1_024, 1_026])
def test_a_prompt_that_lost_its_beginning_is_noticed_and_not_believed(counted: int) -> None:
    asked = papers(20)
    with bench(always=[drops_the_beginning(counted, counted)]) as b:
        report = b.grade(asked)
    assert f"counted {counted:,} tokens" in report.warning
    assert "NEWSLETTER_MODEL_BATCH_PAPERS" in report.warning
    if not report.stopped:
        assert_whole(report, asked)
    assert 3 not in [grading.relevance for grading in report.gradings]


def test_a_server_that_counts_oddly_and_answers_whole_is_believed() -> None:
    with bench(always=[lambda reply: reply.payload.update(usage={"prompt_tokens": 333, "completion_tokens": 9})]) as b:
        report = b.grade(papers(10))
    assert_whole(report, papers(10))
    assert not report.warning
