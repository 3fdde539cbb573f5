"""What goes into and comes out of runs, kept as it is now and made JSON later.

States of graphs hold long lists of messages, and every node gets and gives them: copying what can be changed is all
that is done while the program waits.
"""

from typing import Any, Final, cast

from langchain_core.documents import Document
from langchain_core.messages import BaseMessage
from langchain_core.prompt_values import ChatPromptValue, PromptValue

from literalai_otel.genai.messages import Json
from literalai_otel.jsonable import to_jsonable
from literalai_otel_langchain.messages import FrozenMessage

_SCALARS: Final = frozenset({str, int, float, bool, type(None)})
_MAX_DEPTH: Final = 8
"""Levels that are looked through for messages and documents; below, a value is copied as it is."""
_GRAPH_TYPES: Final = {
    "Command": ("graph", "update", "resume", "goto"),
    "Send": ("node", "arg"),
    "Interrupt": ("value", "id"),
}
"""Of `langgraph.types`: what tells where a graph goes next, and why it pauses."""


class Snapshot:
    """A value as it was when the snapshot was made. `size` is about the bytes that it keeps alive."""

    __slots__ = ("_frozen", "size")

    def __init__(self, value: Any) -> None:
        self.size = 0
        self._frozen: Any = self._freeze(value, 0)

    def render(self) -> Any:
        """The value in JSON shape, nobody else's."""
        return _render(self._frozen)

    def _freeze(self, value: Any, depth: int) -> Any:
        kind = cast(type[Any], type(value))
        if kind in _SCALARS:
            if kind is str:
                self.size += len(value)
            return value
        if depth > _MAX_DEPTH:
            return _Copy(value)
        if kind is dict:
            return {key: self._freeze(item, depth + 1) for key, item in value.copy().items()}
        if kind is list or kind is tuple:
            return [self._freeze(item, depth + 1) for item in tuple(value)]
        if issubclass(kind, BaseMessage):
            message = FrozenMessage(value)
            self.size += message.size
            return message
        if issubclass(kind, Document):
            self.size += len(value.page_content)
            return FrozenDocument(value)
        if issubclass(kind, PromptValue):
            return self._freeze(value.messages if isinstance(value, ChatPromptValue) else value.to_string(), depth)
        if kind.__module__ == "langgraph.types" and kind.__name__ in _GRAPH_TYPES:
            fields = {name: getattr(value, name, None) for name in _GRAPH_TYPES[kind.__name__]}
            said = {name: item for name, item in fields.items() if item is not None and item.__class__ is not tuple}
            said |= {name: item for name, item in fields.items() if item.__class__ is tuple and item}
            return {kind.__name__.lower(): {name: self._freeze(item, depth + 1) for name, item in said.items()}}
        return _Copy(value)


class _Copy:
    """A copy in JSON types, of any depth."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = to_jsonable(value)

    def render(self) -> Any:
        """Another copy: whoever gets it may change it."""
        return to_jsonable(self._value)


class FrozenDocument:
    """What a document said when it was seen."""

    __slots__ = ("_id", "_metadata", "_score", "_text")

    def __init__(self, document: Document) -> None:
        self._id = getattr(document, "id", None)
        self._text = document.page_content
        self._metadata: Json = cast(Json, to_jsonable(document.metadata))
        self._score = _score(document)

    def render(self) -> Json:
        """`{id?, score?, text, metadata}`."""
        return {**self.reference(), "text": self._text, "metadata": to_jsonable(self._metadata)}

    def reference(self) -> Json:
        """`{id?, score?}`: what the official schema knows (`spec/genai-semconv.md` §1.3)."""
        found: Json = {} if self._id is None else {"id": str(self._id)}
        return found if self._score is None else {**found, "score": self._score}


def _render(frozen: Any) -> Any:
    kind = cast(type[Any], type(frozen))
    if kind is dict:
        # Keys are any object's until here.
        return {
            key if type(key) is str else next(iter(to_jsonable({key: None}))): _render(item)
            for key, item in frozen.items()
        }
    if kind is list:
        return [_render(item) for item in frozen]
    if kind is FrozenMessage:
        return frozen.readable()
    return frozen if kind in _SCALARS else frozen.render()


_SCORES: Final = ("score", "relevance_score", "_score", "similarity_score")


def _score(document: Document) -> float | None:
    """The score that whoever found the document gave it: zero counts, what is not finite does not."""
    metadata = document.metadata
    for name in _SCORES:
        value: Any = metadata.get(name)
        if value is None:
            value = getattr(document, name, None)
        if isinstance(value, int | float) and not isinstance(value, bool) and value - value == 0:
            return float(value)
    return None
