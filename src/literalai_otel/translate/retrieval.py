"""Documents and vectors of others in the form that our own steps have."""

from typing import Any, cast

from literalai_otel.translate.reading import mapping, sequence


def documents_of(value: Any) -> Any:
    """A list of documents, or what holds one under `documents`, as objects of id, score, text, metadata.

    Anything else is given back as it is.
    """
    holder = mapping(value)
    found = sequence(holder.get("documents")) if holder is not None else sequence(value)
    return value if found is None else [document_of(item) for item in found]


def document_of(item: Any) -> Any:
    """One document of LangChain, MLflow or LangSmith: its text stands under `page_content`."""
    known = mapping(item)
    if known is None or "page_content" not in known:
        return item
    kept = {
        key: value
        for key, value in known.items()
        if value is not None and key != "page_content" and (key, value) != ("type", "Document")
    }
    return {**kept, "text": known["page_content"]}


def vectors_counted(value: Any) -> Any:
    """How many vectors there are and how long they are, in place of the vectors; anything else as it is."""
    holder = mapping(value)
    found = sequence(holder.get("data", holder.get("output"))) if holder is not None else sequence(value)
    if not found:
        return value
    vectors = [_vector(item) for item in found]
    if all(vector is None for vector in vectors):
        single = _vector(found)
        return value if single is None else {"count": 1, "dimensions": len(single)}
    return {"count": len(vectors), "dimensions": max(len(vector) for vector in vectors if vector is not None)}


def _vector(item: Any) -> list[Any] | None:
    if isinstance(item, dict):
        item = cast(dict[str, Any], item).get("embedding")
    if not isinstance(item, list) or not item:
        return None
    numbers = cast(list[Any], item)
    return numbers if all(type(each) is float or type(each) is int for each in numbers) else None
