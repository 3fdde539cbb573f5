"""Chainlit with its Literal data layer, and a Chainlit application, unmodified, against the real server."""

from collections.abc import Callable
from typing import Any

import pytest

from .clients import Client, Results, assert_check, assert_no_call_failed, each_check, each_client

CLIENTS = (
    Client("chainlit 2.12.0, data layer", "chainlit", "chainlit_data_layer.py"),
    Client("chainlit 2.12.0, an application", "chainlit", "chainlit_session.py"),
)
pytestmark = pytest.mark.timeout(900)


@each_check(*CLIENTS)
def test_chainlit(results_of: Callable[[Client], Results], client: Client, check: str):
    assert_check(results_of(client), check)


@each_client(*CLIENTS)
def test_no_call_fails(results_of: Callable[[Client], Results], client: Client, record_property: Any):
    assert_no_call_failed(client, results_of(client), record_property)
