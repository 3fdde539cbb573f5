"""LlamaIndex's callback package for the published client, unmodified, against the real server."""

from collections.abc import Callable
from typing import Any

import pytest

from .clients import Client, Results, assert_check, assert_no_call_failed, each_check, each_client

CLIENT = Client(
    "llama-index-callbacks-literalai 1.5.0", "llama-index-callback", "llama_index_callback.py", "llama-index==0.14.25"
)
pytestmark = pytest.mark.timeout(900)


@each_check(CLIENT)
def test_the_callback(results_of: Callable[[Client], Results], client: Client, check: str):
    assert_check(results_of(client), check)


@each_client(CLIENT)
def test_no_call_fails(results_of: Callable[[Client], Results], client: Client, record_property: Any):
    assert_no_call_failed(client, results_of(client), record_property)
