"""Which provider a client talks to, and where.

By the client's class first, then by host (`spec/genai-semconv.md` §1.2, provider names). A host that nobody knows,
such as localhost, is `openai`: that is the protocol, and `server.address` says who speaks it.
"""

from typing import Any, Final
from weakref import WeakKeyDictionary, ref

from literalai_otel.attributes import PROVIDER_NAME, SERVER_ADDRESS, SERVER_PORT

_DEFAULT_PROVIDER: Final = "openai"
_AZURE: Final = "azure.ai.openai"
_CLASS_PROVIDERS: Final = {"BaseAzureClient": _AZURE}
_RUNTIME_PROVIDERS: Final = {"bedrock": "aws.bedrock", "vertex": "gcp.vertex_ai"}
"""By `client._provider_runtime.name`, which newer releases have."""
_DOMAINS: Final = (
    ("openai.azure.com", _AZURE),
    ("cognitiveservices.azure.com", _AZURE),
    ("ai.azure.com", "azure.ai.inference"),
    ("aiplatform.googleapis.com", "gcp.vertex_ai"),
    ("amazonaws.com", "aws.bedrock"),
    ("anthropic.com", "anthropic"),
    ("cohere.ai", "cohere"),
    ("cohere.com", "cohere"),
    ("deepseek.com", "deepseek"),
    ("fireworks.ai", "fireworks_ai"),
    ("generativelanguage.googleapis.com", "gcp.gemini"),
    ("groq.com", "groq"),
    ("mistral.ai", "mistral_ai"),
    ("ml.cloud.ibm.com", "ibm.watsonx.ai"),
    ("moonshot.ai", "moonshot_ai"),
    ("moonshot.cn", "moonshot_ai"),
    ("openrouter.ai", "openrouter"),
    ("perplexity.ai", "perplexity"),
    ("together.ai", "together_ai"),
    ("together.xyz", "together_ai"),
    ("x.ai", "x_ai"),
)
"""A host belongs to a domain by a dot, or by the dash of Google's regional hosts."""
_MODULE_CLIENT: Final = "ModuleClient"
"""Name of the classes behind `openai.chat`, whose base URL is the module's and not their own."""
_DEFAULT_PORTS: Final = {"https": 443, "http": 80}

Destination = dict[str, Any]
"""Attributes: provider name, server address and port."""


class Destinations:
    """Destinations by client. A client's base URL rarely changes, and reading an URL is slow; so is the property."""

    def __init__(self) -> None:
        self._known: WeakKeyDictionary[Any, tuple[Any, Destination]] = WeakKeyDictionary()
        self._last: tuple[Any, Any, Destination] = (_nobody, None, {})
        """Weak reference to the client that asked last, its base URL and destination: mostly it asks again."""

    def of(self, client: Any) -> Destination:
        """Where `client` sends its requests now."""
        base_url = getattr(client, "_base_url", None)
        last, last_url, destination = self._last
        if last() is client and last_url is base_url:
            return destination
        is_own = base_url is not None and not type(client).__name__.endswith(_MODULE_CLIENT)
        if not is_own:
            base_url = client.base_url
        try:
            known = self._known.get(client)
            if known is None or known[0] is not base_url:
                known = self._known[client] = (base_url, _destination(client, base_url))
            if is_own:
                self._last = (ref(client), known[0], known[1])
        except TypeError:  # a client that is not hashable or takes no weak reference
            return _destination(client, base_url)
        return known[1]


def _nobody() -> None:
    """A reference to no client."""


def _destination(client: Any, base_url: Any) -> Destination:
    host = str(base_url.host)
    destination: Destination = {PROVIDER_NAME: provider_name(client, host), SERVER_ADDRESS: host}
    port = base_url.port or _DEFAULT_PORTS.get(base_url.scheme)
    if port is not None:
        destination[SERVER_PORT] = port
    return destination


def provider_name(client: Any, host: str) -> str:
    """The provider behind `client`, whose requests go to `host`."""
    for cls in type(client).__mro__:
        if cls.__name__ in _CLASS_PROVIDERS:
            return _CLASS_PROVIDERS[cls.__name__]
    runtime = getattr(getattr(client, "_provider_runtime", None), "name", None)
    if runtime in _RUNTIME_PROVIDERS:
        return _RUNTIME_PROVIDERS[runtime]
    lowered = host.lower()
    for domain, provider in _DOMAINS:
        if lowered == domain or lowered.endswith(("." + domain, "-" + domain)):
            return provider
    return _DEFAULT_PROVIDER
