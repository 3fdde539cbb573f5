"""Two spans, one call of a model: when that is so, and what the one that stays takes from the other.

Frameworks, SDKs and instrumentors of several families may each record a call, one around the other. Literal shows
it once (`DESIGN.md` §1, promise 3; the rules: `spec/genai-semconv.md` §3.9). Steps in between, such as a tool or
an agent, mean that it is not the same call; whoever asks here has made sure that there are none.

Frameworks with callbacks tell all who listen: an instrumentor of ours and one of another family record the same
operations then, not around each other but side by side, and everything of the other one stands aside.

Of a span of ours and another one, ours stays: it has the content that Literal alone gets. Of two others the outer
one stays: it belongs to the framework, and knows what the call was for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from re import compile as pattern
from typing import Any, Final

from literalai_otel import attributes as names
from literalai_otel.model import StepType
from literalai_otel.translate.dialects import dialect_of
from literalai_otel.translate.reading import text

_CALL_TYPES: Final = ("llm", "embedding", "rerank")
_OURS: Final = f"{names.SCOPE_PREFIX}."
_RELEASE: Final = pattern(r"[-@:](latest|\d[\d.-]*)")
"""What a served model's name adds to the requested one: `gpt-4o-2024-08-06`, not `gpt-4o-mini`."""
_FACTS: Final = (names.RESPONSE_PREFIX, names.USAGE_PREFIX, "server.", "openai.response.", "anthropic.")
_CONTENT: Final = (names.GENAI_PREFIX, names.GENERATION_SETTINGS, names.PROMPT_VARIABLES)


@dataclass(frozen=True, slots=True)
class ModelCall:
    """What a span says about the call of a model that it records."""

    ours: bool
    """Whether an instrumentor of ours opened it."""
    type: StepType
    """`llm`, `embedding` or `rerank`."""
    models: tuple[str, ...]
    """The requested and the served model, as far as they are known."""


def model_call(scope_name: str, attributes: Mapping[str, Any]) -> ModelCall | None:
    """The call that a span records, from its scope and the attributes so far; None when it records none."""
    dialect = dialect_of(scope_name, attributes)
    kind = None if dialect is None else dialect.call_type(attributes)
    if dialect is None or kind not in _CALL_TYPES:
        return None
    models = tuple(found for name in dialect.models if (found := text(attributes.get(name))) is not None)
    return ModelCall(scope_name.startswith(_OURS), kind, models)


def same_call(outer: ModelCall, inner: ModelCall) -> bool:
    """Whether two spans, one directly below the other, record one call.

    Two of ours never do: they find each other while they are open (`genai.recording`).
    """
    if outer.type != inner.type or (outer.ours and inner.ours):
        return False
    if not outer.models or not inner.models:
        return True  # an instrumentor that names the model only when it has the answer
    return any(_same_model(one, other) for one in outer.models for other in inner.models)


def _same_model(one: str, other: str) -> bool:
    """`openai/gpt-4o`, `gpt-4o` and `gpt-4o-2024-08-06` are one model, `gpt-4o-mini` is another."""
    short, long = sorted((one.rpartition("/")[2].lower(), other.rpartition("/")[2].lower()), key=len)
    return short == long or (long.startswith(short) and _RELEASE.fullmatch(long, len(short)) is not None)


def facts_of(scope_name: str, attributes: Mapping[str, Any], *, content: bool) -> dict[str, Any]:
    """What the span that stays takes from an inner one, where it says nothing itself: under official names.

    What the response told; with `content` messages and requests too. One of ours takes none: its content has its own
    ways, which a policy rules.
    """
    said = dict(attributes)
    dialect = dialect_of(scope_name, attributes)
    if dialect is not None:
        dialect.officially(said)
    prefixes = _FACTS + _CONTENT if content else _FACTS
    return {name: value for name, value in said.items() if name.startswith(prefixes)}
