"""One reader for each attribute convention; the first row that recognises a span wins.

The order is that of `spec/genai-semconv.md` §3.0. What a row recognises is also what is exported by default: a span of
which neither the scope nor an attribute is in the table is no step (`LITERAL_EXPORT_FILTER`).
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, Final

from literalai_otel import attributes as names
from literalai_otel.model import StepType
from literalai_otel.translate.dialects import (
    genai,
    generic,
    langfuse,
    langsmith,
    litellm,
    literal,
    logfire,
    mistral_native,
    mlflow,
    openinference,
    openllmetry,
    pydantic_ai,
    strands,
    vercel,
)
from literalai_otel.translate.kinds import Names, PerKind
from literalai_otel.translate.reading import Reading, Rest
from literalai_otel.translate.record import SpanRecord

_BOUNDARIES: Final = (".", "/")


def _already(rest: Rest) -> None:
    """Nothing is left to say."""


def _never(scope_name: str, attributes: Mapping[str, Any]) -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """A row of the order: how its spans are told, and how they are read.

    All functions are pure, and take attributes of any type. Those but `read` are also asked when a span starts, with
    the attributes so far.
    """

    name: str
    read: Callable[[SpanRecord, Rest], Reading]
    """Takes what it understands out of the second argument. Never raises."""
    scopes: tuple[str, ...] = ()
    """Scopes whose every span is one: whole names, or what comes before a dot or a slash; with the dot only those."""
    keys: tuple[str, ...] = ()
    """Attributes that only its spans have. One that ends in a dot, or in a digit, is the start of many."""
    skips: Callable[[str, Mapping[str, Any]], bool] = _never
    """Whether a span that is recognised is no step all the same: a placeholder, or one that says nothing of its own."""
    call_type: Callable[[Mapping[str, Any]], StepType | None] = genai.call_type
    """`llm`, `embedding` or `rerank` where the span records one call of a model; anything else where it doesn't."""
    models: tuple[str, ...] = (names.REQUEST_MODEL, names.RESPONSE_MODEL)
    """Attributes that name the model, requested or served."""
    officially: Callable[[Rest], None] = _already
    """Says in OpenTelemetry's names what the dialect has names of its own for, as far as a call of a model goes."""


DIALECTS: Final[tuple[Dialect, ...]] = (
    Dialect(name="literal", read=literal.read, scopes=(f"{names.SCOPE_PREFIX}.",), keys=literal.KEYS),
    Dialect(
        name="langfuse",
        read=langfuse.read,
        scopes=langfuse.SCOPES,
        keys=langfuse.KEYS,
        call_type=langfuse.call_type,
        models=langfuse.MODELS,
        officially=langfuse.officially,
    ),
    Dialect(
        name="openinference",
        read=openinference.read,
        scopes=openinference.SCOPES,
        keys=openinference.KEYS,
        call_type=openinference.call_type,
        models=openinference.MODELS,
        officially=openinference.officially,
    ),
    Dialect(
        name="vercel",
        read=vercel.read,
        scopes=vercel.SCOPES,
        keys=vercel.KEYS,
        skips=vercel.skips,
        call_type=vercel.call_type,
        models=vercel.MODELS,
        officially=vercel.officially,
    ),
    Dialect(
        name="mlflow",
        read=mlflow.read,
        scopes=mlflow.SCOPES,
        keys=mlflow.KEYS,
        call_type=mlflow.call_type,
        models=mlflow.MODELS,
        officially=mlflow.officially,
    ),
    Dialect(
        name="langsmith",
        read=langsmith.read,
        scopes=langsmith.SCOPES,
        keys=langsmith.KEYS,
        call_type=langsmith.call_type,
        officially=langsmith.officially,
    ),
    Dialect(
        name="pydantic_ai",
        read=pydantic_ai.read,
        scopes=pydantic_ai.SCOPES,
        keys=pydantic_ai.KEYS,
        officially=pydantic_ai.officially,
    ),
    Dialect(
        name="logfire",
        read=logfire.read,
        scopes=logfire.SCOPES,
        skips=logfire.skips,
        officially=logfire.officially,
    ),
    Dialect(
        name="litellm",
        read=litellm.read,
        scopes=litellm.SCOPES,
        keys=litellm.KEYS,
        skips=litellm.skips,
        call_type=litellm.call_type,
        officially=litellm.officially,
    ),
    Dialect(
        name="openllmetry",
        read=openllmetry.read,
        scopes=openllmetry.SCOPES,
        keys=openllmetry.KEYS,
        call_type=openllmetry.call_type,
        officially=openllmetry.officially,
    ),
    Dialect(
        name="mistral_native",
        read=mistral_native.read,
        scopes=mistral_native.SCOPES,
        officially=mistral_native.officially,
    ),
    Dialect(
        name="strands",
        read=strands.read,
        scopes=strands.SCOPES,
        skips=strands.skips,
        officially=strands.officially,
    ),
    Dialect(
        name="generic",
        read=generic.read,
        scopes=generic.SCOPES,
        keys=generic.KEYS,
        call_type=generic.call_type,
        officially=generic.officially,
    ),
    Dialect(name="genai", read=genai.read, scopes=genai.SCOPES, keys=genai.KEYS),
)
_NONE: Final = len(DIALECTS)
_SCOPES: Final = {scope: rank for rank, row in reversed([*enumerate(DIALECTS)]) for scope in row.scopes}
_KEYS: Final = {key: rank for rank, row in reversed([*enumerate(DIALECTS)]) for key in row.keys}
_STRONGER: Final = [frozenset(key for key, rank in _KEYS.items() if rank < row) for row in range(_NONE)]
"""For each row the attributes that tell of one before it, whatever the scope."""
_PREFIXES: Final = tuple((key, rank) for key, rank in _KEYS.items() if key[-1] == "." or key[-1].isdigit())


def dialect_of(scope_name: str, attributes: Mapping[str, Any]) -> Dialect | None:
    """The first dialect that recognises the span, None when it is no step."""
    rank = _rank_of_scope(scope_name)
    if rank > 0:  # nothing is stronger than the first row: its spans, which are ours, are not walked through
        rank = _RANKS[rank][tuple(attributes)]
    if rank == _NONE:
        return None
    found = DIALECTS[rank]
    return None if found.skips(scope_name, attributes) else found


def _rank(of_scope: int, names_on_span: Names) -> int:
    if of_scope < _NONE and _STRONGER[of_scope].isdisjoint(names_on_span):
        return of_scope
    return min(of_scope, min(map(_rank_of_key, names_on_span), default=_NONE))


_RANKS: Final = [PerKind(partial(_rank, of_scope)) for of_scope in range(_NONE + 1)]
"""By the rank of the scope."""


@lru_cache(maxsize=1024)
def _rank_of_scope(name: str) -> int:
    boundaries = [place for place, character in enumerate(name) if character in _BOUNDARIES]
    ends = {len(name), *boundaries, *(place + 1 for place in boundaries)}
    return min(_SCOPES.get(name[:end], _NONE) for end in ends)


@lru_cache(maxsize=4096)
def _rank_of_key(name: str) -> int:
    exact = _KEYS.get(name, _NONE)
    return min((rank for prefix, rank in _PREFIXES if name.startswith(prefix)), default=exact) if exact else exact
