"""The fake provider speaks OpenAI's wire and does what a test scripts; plain HTTP, no SDK."""

import http.client
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from literalai_otel.testing import (
    ABSENT,
    EMPTY,
    HTML,
    Answer,
    Body,
    Chat,
    Chunks,
    Computed,
    Disconnect,
    Endpoint,
    Failure,
    FakeProvider,
    Gate,
    json_answer,
)


@pytest.fixture
def provider() -> Iterator[FakeProvider]:
    with FakeProvider() as provider:
        yield provider


def post(provider: FakeProvider, body: Any, path: str = "/v1/chat/completions") -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=10)
    connection.request("POST", path, json.dumps(body), {"content-type": "application/json"})
    return connection.getresponse()


def answer(provider: FakeProvider, **asked: Any) -> Any:
    return json.loads(post(provider, {"model": "gpt-4o", "messages": [], **asked}).read())


def chunks(provider: FakeProvider, **asked: Any) -> list[Any]:
    """The events of a stream, parsed; the end mark must be there."""
    text = post(provider, {"model": "gpt-4o", "messages": [], "stream": True, **asked}).read().decode()
    *events, done, rest = text.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    return [json.loads(event.removeprefix("data: ")) for event in events]


def test_a_plain_answer(provider: FakeProvider) -> None:
    body = answer(provider)
    assert body["object"] == "chat.completion"
    assert body["choices"][0]["message"]["content"] == "Hello from the fake provider."
    assert body["usage"]["total_tokens"] == 18
    assert answer(provider) == body, "the same request gets the same bytes"


def test_requests_are_recorded(provider: FakeProvider) -> None:
    post(provider, {"model": "a"}, "/v1/chat/completions?q=1").read()
    (request,) = provider.requests
    assert (request.method, request.path, request.json(), request.model) == (
        "POST",
        "/v1/chat/completions?q=1",
        {"model": "a"},
        "a",
    )
    assert request.header("Content-Type") == "application/json"
    assert request.header("x-missing") is None
    provider.clear()
    assert provider.requests == []


def test_connections_are_kept_alive(provider: FakeProvider) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=10)
    for asked in ({"model": "m"}, {"model": "m", "stream": True}, {"model": "error-500"}, {"model": "m"}):
        connection.request("POST", "/v1/chat/completions", json.dumps(asked))
        connection.getresponse().read()
        socket = connection.sock
        assert socket is not None
    assert len(provider.requests) == 4


@pytest.mark.parametrize("n", [None, 1, 3])
def test_a_stream_says_what_the_plain_answer_says(n: int | None, provider: FakeProvider) -> None:
    asked = {} if n is None else {"n": n}
    whole = [choice["message"]["content"] for choice in answer(provider, **asked)["choices"]]
    streamed = [""] * len(whole)
    for chunk in chunks(provider, **asked):
        (choice,) = chunk["choices"]
        streamed[choice["index"]] += choice["delta"].get("content") or ""
    assert streamed == whole


def test_tool_calls_come_in_pieces(provider: FakeProvider) -> None:
    expected = answer(provider, model="tools")["choices"][0]["message"]["tool_calls"]
    joined: dict[int, str] = {}
    for chunk in chunks(provider, model="tools"):
        for call in chunk["choices"][0]["delta"].get("tool_calls", ()):
            joined[call["index"]] = joined.get(call["index"], "") + call["function"]["arguments"]
    assert list(joined.values()) == [call["function"]["arguments"] for call in expected]


def test_usage_of_a_stream_must_be_asked_for(provider: FakeProvider) -> None:
    assert all("usage" not in chunk and chunk["choices"] for chunk in chunks(provider))
    *others, last = chunks(provider, stream_options={"include_usage": True})
    assert [chunk["usage"] for chunk in others] == [None] * len(others)
    assert (last["choices"], last["usage"]["total_tokens"]) == ([], 18)


@pytest.mark.parametrize(
    ("usage", "expected"), [(ABSENT, "missing"), (None, None), ({"prompt_tokens": 1}, {"prompt_tokens": 1})]
)
def test_odd_usage(usage: Any, expected: Any, provider: FakeProvider) -> None:
    provider.script(Chat(usage=usage))
    assert answer(provider).get("usage", "missing") == expected


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 422, 429, 500, 503])
def test_errors_by_model_name(status: int, provider: FakeProvider) -> None:
    response = post(provider, {"model": f"error-{status}"})
    assert response.status == status
    assert (response.headers["retry-after"] is not None) is (status == 429)
    assert set(json.loads(response.read())["error"]) == {"message", "type", "param", "code"}


def test_a_script_is_followed_and_its_last_answer_repeats(provider: FakeProvider) -> None:
    provider.script(Failure(500), Chat("second"))
    assert post(provider, {"model": "m"}).status == 500
    assert [answer(provider)["choices"][0]["message"]["content"] for _ in range(2)] == ["second", "second"]
    provider.script(Chat("for a"), model="a")
    assert answer(provider, model="a")["choices"][0]["message"]["content"] == "for a"
    assert answer(provider, model="b")["choices"][0]["message"]["content"] == "second"
    provider.script()
    assert answer(provider, model="b")["choices"][0]["message"]["content"] == "Hello from the fake provider."


FIXED: dict[str, tuple[Answer, str, bytes]] = {
    "HTML": (HTML, "text/html; charset=utf-8", HTML.content),
    "empty": (EMPTY, "application/json", b""),
    "bytes": (Body(b"\xff", "application/octet-stream"), "application/octet-stream", b"\xff"),
    "JSON": (json_answer({"a": None}), "application/json", b'{"a":null}'),
    "computed": (Computed(lambda request: json_answer(request.model)), "application/json", b'"gpt-4o"'),
}


@pytest.mark.parametrize("name", FIXED)
def test_fixed_answers(name: str, provider: FakeProvider) -> None:
    scripted, kind, content = FIXED[name]
    provider.script(scripted)
    response = post(provider, {"model": "gpt-4o"})
    assert (response.headers["content-type"], response.read()) == (kind, content)


@pytest.mark.parametrize("reset", [False, True])
def test_disconnect(reset: bool, provider: FakeProvider) -> None:
    provider.script(Disconnect(reset))
    with pytest.raises(ConnectionError):
        post(provider, {})


def test_a_stream_is_cut(provider: FakeProvider) -> None:
    provider.script(Chat(cut_after=2))
    with pytest.raises(http.client.IncompleteRead) as caught:
        post(provider, {"stream": True}).read()
    assert caught.value.partial.count(b"data: ") == 2


def test_an_error_event(provider: FakeProvider) -> None:
    provider.script(Chunks(({"choices": []},) * 3, error_after=1))
    text = post(provider, {"stream": True}).read().decode()
    assert [json.loads(each.removeprefix("data: ")).keys() for each in text.split("\n\n")[:2]][1] == {"error"}


def test_a_gate_holds_a_stream(provider: FakeProvider) -> None:
    gate = Gate()
    provider.script(Chat(gates={1: gate}))
    response = post(provider, {"model": "m", "stream": True})
    gate.wait_until_reached()
    first = response.read1(65536)
    assert first.count(b"data: ") == 1
    gate.open()
    assert response.read().endswith(b"data: [DONE]\n\n")


def test_a_gate_that_nobody_reaches() -> None:
    with pytest.raises(TimeoutError):
        Gate().wait_until_reached(0.01)


def test_closing_frees_whoever_waits() -> None:
    provider = FakeProvider().start()
    gate = Gate()
    provider.script(Chat(before=gate))
    failures: list[BaseException] = []

    def ask() -> None:
        try:
            post(provider, {})
        except Exception as error:
            failures.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    gate.wait_until_reached()
    provider.close()
    provider.close()
    thread.join(5)
    assert not thread.is_alive()
    assert len(failures) == 1
    with pytest.raises(RuntimeError):
        _ = provider.port


def test_other_paths(provider: FakeProvider) -> None:
    assert post(provider, {}, "/v1/unknown").status == 404
    assert json.loads(post(provider, {"model": ""}, "/openai/deployments/prod/chat/completions").read())["model"] == (
        "prod-2025-01-01"
    )


def test_endpoints_can_be_added() -> None:
    with FakeProvider((Endpoint("POST", "/v1/embeddings", json_answer({"data": []})),)) as provider:
        assert post(provider, {}, "/v1/embeddings").read() == b'{"data":[]}'
        assert post(provider, {}, "/v1/chat/completions").status == 404


def test_a_chunked_request_body(provider: FakeProvider) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", provider.port, timeout=10)
    connection.request("POST", "/v1/chat/completions", iter([b'{"mod', b'el": "m"}']), encode_chunked=True)
    connection.getresponse().read()
    assert provider.requests[0].model == "m"
