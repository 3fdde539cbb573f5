"""The published Python clients, unmodified, against the real server: what they store, they read back."""

from collections.abc import Callable
from typing import Any

import pytest

from .clients import Client, Results, assert_check, assert_no_call_failed, each_check, each_client

CLIENTS = (
    Client("literalai 0.1.300, api", "published", "newest_api.py"),
    Client("literalai 0.1.300, client", "published", "newest_client.py"),
    Client("literalai 0.1.300, initialize()", "published", "newest_traceloop.py"),
    Client("literalai 0.1.300, smoke", "published", "smoke.py"),
    Client("literalai 0.0.502, smoke", "published-oldest", "smoke.py"),
)
BETWEEN = tuple(
    Client(f"literalai {version}, smoke", "published-generations", "smoke.py", f"literalai=={version}")
    for version in ("0.0.509", "0.0.607", "0.0.610", "0.0.611", "0.0.627", "0.1.0")
)
pytestmark = pytest.mark.timeout(900)


@each_check(*CLIENTS)
def test_the_client(results_of: Callable[[Client], Results], client: Client, check: str):
    assert_check(results_of(client), check)


@each_client(*CLIENTS)
def test_no_call_fails(results_of: Callable[[Client], Results], client: Client, record_property: Any):
    assert_no_call_failed(client, results_of(client), record_property)


@each_check(*BETWEEN, engines=["sqlite"])
def test_a_generation_between(results_of: Callable[[Client], Results], client: Client, check: str):
    assert_check(results_of(client), check)


@each_client(*BETWEEN, engines=["sqlite"])
def test_no_call_of_a_generation_between_fails(
    results_of: Callable[[Client], Results], client: Client, record_property: Any
):
    assert_no_call_failed(client, results_of(client), record_property)
