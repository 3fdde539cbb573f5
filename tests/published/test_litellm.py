"""LiteLLM's Literal callback, unmodified, against the real server and the fake provider."""

from collections.abc import Callable
from typing import Any

import pytest

from .clients import Client, Results, assert_check, assert_no_call_failed, each_check, each_client

ONE_BY_ONE = Client("litellm 1.106.2", "litellm", "litellm_callback.py", settings={"LITERAL_BATCH_SIZE": "1"})
BATCHES = Client("litellm 1.106.2, batches of 3", "litellm", "litellm_batches.py", settings={"LITERAL_BATCH_SIZE": "3"})
CLIENTS = (ONE_BY_ONE, BATCHES)
pytestmark = pytest.mark.timeout(900)


@each_check(*CLIENTS)
def test_the_callback(results_of: Callable[[Client], Results], client: Client, check: str):
    assert_check(results_of(client), check)


@each_client(*CLIENTS)
def test_no_call_fails(results_of: Callable[[Client], Results], client: Client, record_property: Any):
    assert_no_call_failed(client, results_of(client), record_property)


def test_a_batch_is_one_request(results_of: Callable[[Client], Results]):
    assert [call.operation for call in results_of(BATCHES).calls] == ["AddStep"]
