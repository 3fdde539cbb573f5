"""Where a client sends its requests: provider, host and port."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final
from urllib.parse import urlsplit

from literalai_otel.attributes import PROVIDER_NAME, SERVER_ADDRESS, SERVER_PORT

MISTRAL: Final = "mistral_ai"
AZURE: Final = "azure.ai.inference"
GCP: Final = "gcp.vertex_ai"
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}


def destination(resource: Any, asked: Mapping[str, Any], provider: str) -> Mapping[str, Any]:
    """Attributes: provider name, server address and port of a call of `resource` (`client.chat` …).

    A call may name another server than its client (`server_url`).
    """
    url = asked.get("server_url")
    if not isinstance(url, str) or not url:
        url, _ = resource.sdk_configuration.get_server_details()
    return _destination(provider, url)


@lru_cache(maxsize=256)
def _destination(provider: str, url: str) -> Mapping[str, Any]:
    parts = urlsplit(url)
    found: dict[str, Any] = {PROVIDER_NAME: provider}
    if parts.hostname:
        found[SERVER_ADDRESS] = parts.hostname
        port = parts.port or _DEFAULT_PORTS.get(parts.scheme)
        if port is not None:
            found[SERVER_PORT] = port
    return found
