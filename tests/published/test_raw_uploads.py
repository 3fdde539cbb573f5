"""The other form of an upload, one PUT of the bytes as object stores want it: the published clients take it as well."""

from collections.abc import Callable
from pathlib import Path

import pytest

from literalai_otel.testing import FakeProvider
from programs import serving

from .clients import Client, drive

CLIENTS = (
    Client("literalai 0.1.300, smoke", "published", "smoke.py"),
    Client("literalai 0.0.502, smoke", "published-oldest", "smoke.py"),
    Client("@literalai/client 0.1.5, api", "node", "api.mjs"),
)
pytestmark = pytest.mark.timeout(900)


@pytest.mark.parametrize("client", CLIENTS, ids=lambda client: client.name)
def test_raw_uploads(client: Client, built: Callable[[str], None], provider: FakeProvider, tmp_path: Path):
    built(client.lane)
    with serving(tmp_path / "data", LITERAL_UPLOAD_FORM="raw") as server:
        results = drive(client, server, provider, tmp_path)
    assert {name: said for name, said in results.checks.items() if said != "ok"} == {}
    assert "PUT a signed address" in {call.operation for call in results.calls}
    assert len(results.failed) == results.refusals, results.explained()
