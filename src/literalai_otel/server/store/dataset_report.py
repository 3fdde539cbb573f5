"""Whether the items of a dataset are alike. They should be, but nothing is refused for it (`spec/features.md` X-22)."""

from collections import Counter
from typing import Any, Final, cast

from sqlalchemy import Connection

from literalai_otel.server.store import dataset_items, datasets

FIELDS: Final = ("input", "expectedOutput")

_KINDS: Final[dict[type, str]] = {
    list: "(list)",
    str: "(text)",
    bool: "(boolean)",
    int: "(number)",
    float: "(number)",
    type(None): "(null)",
}


def report(connection: Connection, project_id: int, dataset_id: str) -> dict[str, Any] | None:
    """How many items there are, and each whose keys are not those of most; None when the dataset is unknown.

    Of two shapes that are as frequent the one that came first is the expected one.
    """
    if datasets.get(connection, project_id, dataset_id=dataset_id) is None:
        return None
    items = dataset_items.of_dataset(connection, project_id, dataset_id)
    drifts: list[dict[str, Any]] = []
    for field in FIELDS:
        shapes = [_shape(item[field]) for item in items]
        expected = Counter(shapes).most_common(1)[0][0] if shapes else ()
        drifts += (
            {"datasetItemId": item["id"], "field": field, "expected": list(expected), "found": list(shape)}
            for item, shape in zip(items, shapes, strict=True)
            if shape != expected
        )
    return {"itemCount": len(items), "drifts": drifts}


def _shape(value: Any) -> tuple[str, ...]:
    """The keys of an object in order; for anything else what it is."""
    if isinstance(value, dict):
        return tuple(sorted(cast(dict[str, Any], value)))
    return (_KINDS[type(value)],)
