"""Which provider is behind a class of LlamaIndex, by the package that it comes from (`spec/genai-semconv.md` §1.2)."""

from functools import cache
from typing import Final

_PACKAGES: Final = {
    "anthropic": "anthropic",
    "azure_inference": "azure.ai.inference",
    "azure_openai": "azure.ai.openai",
    "bedrock": "aws.bedrock",
    "bedrock_converse": "aws.bedrock",
    "cohere": "cohere",
    "cohere_rerank": "cohere",
    "deepseek": "deepseek",
    "fireworks": "fireworks_ai",
    "gemini": "gcp.gemini",
    "google": "gcp.gemini",
    "google_genai": "gcp.gemini",
    "groq": "groq",
    "ibm": "ibm.watsonx.ai",
    "mistralai": "mistral_ai",
    "moonshot": "moonshot_ai",
    "openai": "openai",
    "openai_like": "openai",
    "openrouter": "openrouter",
    "perplexity": "perplexity",
    "together": "together_ai",
    "vertex": "gcp.vertex_ai",
    "xai": "x_ai",
}
_KINDS: Final = frozenset({"llms", "embeddings", "postprocessor", "multi_modal_llms"})


@cache
def provider_of(cls: type) -> str | None:
    """The provider by the nearest base of `cls` from an integration package; None for what is nobody's.

    An integration that has no official name is called by its own: `ollama`.
    """
    for base in cls.__mro__:
        root, _, rest = base.__module__.partition(".")
        kind, _, package = rest.partition(".")
        if root == "llama_index" and kind in _KINDS:
            name = package.partition(".")[0]
            return _PACKAGES.get(name, name or None)
    return None
