"""The published npm client and OTLP exporters under Node, unmodified, against the server and the fake provider."""

from collections.abc import Callable
from typing import Any

import pytest

from .clients import Client, Results, assert_check, assert_no_call_failed, each_check, each_client

CLIENTS = (
    Client("@literalai/client 0.1.5, api", "node", "api.mjs"),
    Client("@literalai/client 0.1.5, wrappers", "node", "wrappers.mjs"),
    Client("OpenTelemetry's OTLP exporters for JavaScript", "node", "otlp.mjs"),
)
pytestmark = pytest.mark.timeout(900)


@each_check(*CLIENTS)
def test_the_client(results_of: Callable[[Client], Results], client: Client, check: str):
    assert_check(results_of(client), check)


@each_client(*CLIENTS)
def test_no_call_fails(results_of: Callable[[Client], Results], client: Client, record_property: Any):
    assert_no_call_failed(client, results_of(client), record_property)
