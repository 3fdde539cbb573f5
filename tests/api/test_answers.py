"""Answers that are no success: which error, with which data (`spec/literal-wire.md` §1.3)."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from literalai_otel.api.calls import retry_after
from literalai_otel.errors import APIStatusError, GraphQLError, TransportError

from .conftest import Caller, answering


@pytest.mark.parametrize(
    ("status", "body", "message", "retryable"),
    [
        (400, {"errors": [{"message": "Syntax Error"}]}, "GetStep: HTTP 400: Syntax Error", False),
        (401, {"errors": [{"message": "Invalid API key"}]}, "GetStep: HTTP 401: Invalid API key", False),
        (404, "<h1>Not Found</h1>", "GetStep: HTTP 404: <h1>Not Found</h1>", False),
        (408, "", "GetStep: HTTP 408: ", True),
        (413, {"error": "too large"}, "GetStep: HTTP 413: too large", False),
        (425, [1], "GetStep: HTTP 425: [1]", True),
        (429, {"message": "slow down"}, "GetStep: HTTP 429: slow down", True),
        (500, {"errors": []}, 'GetStep: HTTP 500: {"errors":[]}', True),
        (501, b"\xff\x00", "GetStep: HTTP 501: �\x00", False),
        (503, "x" * 5000, "GetStep: HTTP 503: " + "x" * 300, True),
    ],
)
async def test_a_status_of_400_or_above(caller: Caller, status: int, body: Any, message: str, retryable: bool) -> None:
    api = caller.open(handler=answering(body, status))
    with pytest.raises(APIStatusError) as caught:
        await caller.settle(api.get_step("s"))
    assert str(caught.value) == message
    assert (caught.value.status, caught.value.retryable, caught.value.retry_after) == (status, retryable, None)


async def test_the_wait_that_the_server_asks_for_is_in_the_error(caller: Caller) -> None:
    api = caller.open(handler=answering("", 429, {"Retry-After": "7"}))
    with pytest.raises(APIStatusError) as caught:
        await caller.settle(api.get_step("s"))
    assert caught.value.retry_after == 7.0


@pytest.mark.parametrize(
    ("value", "expected"),
    [(None, None), ("7", 7.0), ("0.5", 0.5), ("-3", 0.0), ("soon", None), ("nan", None), ("inf", None), ("", None)],
)
def test_retry_after_in_seconds(value: str | None, expected: float | None) -> None:
    assert retry_after(value) == expected


@pytest.mark.parametrize(("offset", "low", "high"), [(60, 50, 60), (-60, 0, 0)])
def test_retry_after_as_a_date(offset: int, low: float, high: float) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=offset), usegmt=True)
    found = retry_after(date)
    assert found is not None
    assert low <= found <= high


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"errors": [{"message": "one"}, {"message": "two"}], "data": {"step": None}}, "GetStep: one; two"),
        ({"errors": [{"message": str(n)} for n in range(9)]}, "GetStep: 0; 1; 2 (and 6 more)"),
        ({"errors": "text"}, "GetStep: text"),
        ({"data": {"step": {"ok": False, "message": "no"}}}, "GetStep: no"),
        ({"data": {"step": {"ok": False}}}, "GetStep: the server refused"),
    ],
)
async def test_a_200_that_says_no(caller: Caller, answer: Any, message: str) -> None:
    api = caller.open(handler=answering(answer))
    with pytest.raises(GraphQLError) as caught:
        await caller.settle(api.get_step("s"))
    assert str(caught.value) == message
    assert caught.value.operation == "GetStep"
    assert caught.value.errors
    assert caught.value.data == answer.get("data")


@pytest.mark.parametrize(
    "body", ["<html>maintenance</html>", "", b"\xff\xfe", "[1]", '"text"', "null", '{"data": {'], ids=repr
)
@pytest.mark.parametrize("method", ["get_step", "get_my_project_id"])
@pytest.mark.feature("L-CLI-20")
async def test_a_200_that_is_no_json_object_may_succeed_later(
    caller: Caller, body: Any, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "literalai_otel")
    api = caller.open(handler=answering(body))
    with pytest.raises(TransportError) as caught:
        await caller.settle(api.get_step("s") if method == "get_step" else api.get_my_project_id())
    assert caught.value.retryable
    parsed = body in ("[1]", '"text"', "null")
    assert ("could not be parsed as JSON" in caplog.text) is not parsed
