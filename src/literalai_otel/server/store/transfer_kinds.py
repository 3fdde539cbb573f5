"""What is exported and imported: a row for each kind of record, what is referred to before what refers to it.

The members of a record are the columns of its table in camelCase, so that a new column is exported without a line
here. Steps and threads come in the shape of the wire instead, since importing them means ingesting them
(`transfer`). Rollups and hashes are not exported: they follow from the rest.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import BigInteger, Column, Float, Integer, Table

from literalai_otel.jsonable import loads
from literalai_otel.server.store import evaluation_tables as evaluation
from literalai_otel.server.store import file_tables, tables
from literalai_otel.server.store.dataset_items import MAX_INTERMEDIARY_BYTES
from literalai_otel.server.store.json_columns import encode
from literalai_otel.server.store.prompt_content import parse_content
from literalai_otel.server.store.score_rules import Rule
from literalai_otel.server.store.score_schemas import columns_of
from literalai_otel.server.store.tags import COLORS
from literalai_otel.server.times import format_time, parse_time
from literalai_otel.server.values import InvalidValueError, clean_id, clean_text
from literalai_otel.translate.limits import MAX_CONTENT_BYTES, MAX_METADATA_BYTES

Values = dict[str, Any]

_JSON_COLUMNS: Final = frozenset(
    {
        *("metadata", "tags", "input", "expected_output", "intermediary_steps", "params", "output"),
        *("template_messages", "tools", "settings", "variables", "variables_default_values", "categories"),
    }
)
_LIMITS: Final = {"metadata": MAX_METADATA_BYTES, "intermediary_steps": MAX_INTERMEDIARY_BYTES}
_MAX_INTEGER: Final = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A kind of record.

    `key`: columns that find a row in its project. `refers`: column -> table in which its id must be. `renamed`:
    column -> its name on the wire where camelCase is not it. `choices`: column -> what it may hold. `derived`:
    columns that follow from others, by `derive` if anything must be stored. `defaults`: column -> value of a record
    that does not say.
    """

    name: str
    table: Table
    key: tuple[str, ...] = ("id",)
    refers: Mapping[str, Table] = field(default_factory=dict[str, Table])
    renamed: Mapping[str, str] = field(default_factory=dict[str, str])
    choices: Mapping[str, tuple[str | None, ...]] = field(default_factory=dict[str, tuple[str | None, ...]])
    derived: frozenset[str] = frozenset()
    derive: Callable[[Values], Values] | None = None
    defaults: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def row(self) -> Column[int]:
        """The column that numbers the rows in the order of storage."""
        (number,) = self.table.primary_key.columns
        return number

    def columns(self) -> list[Column[Any]]:
        """The columns that a record has."""
        own = {self.row.name, "project_id", *self.derived}
        return [column for column in self.table.c if column.name not in own]

    def wire_name(self, column: str) -> str:
        """The member of a record that holds `column`."""
        if column in self.renamed:
            return self.renamed[column]
        head, *rest = column.split("_")
        return head + "".join(part.capitalize() for part in rest)

    def record(self, row: Mapping[str, Any]) -> Values:
        """The record of a row; what is null is left out."""
        found: Values = {"kind": self.name}
        for column in self.columns():
            value = row[column.name]
            if value is not None:
                found[self.wire_name(column.name)] = _shown(column, value)
        return found

    def values(self, record: Mapping[str, Any]) -> Values:
        """The columns of a record. Null means absent; members that are no column are ignored.

        Raises:
            InvalidValueError: the message names the member and the rule that it breaks.
        """
        found: Values = {}
        for column in self.columns():
            name = self.wire_name(column.name)
            value = record.get(name)
            if value is not None:
                found[column.name] = _read(column, value, name)
        for column, allowed in self.choices.items():
            if found.get(column, allowed[0]) not in allowed:
                raise InvalidValueError(f"{self.wire_name(column)} must be one of {', '.join(filter(None, allowed))}")
        return found

    def complete(self, values: Values) -> Values:
        """The columns of a new row.

        Raises:
            InvalidValueError: one that a row cannot do without is absent.
        """
        whole = {**self.defaults, **values}
        whole |= self.derive(whole) if self.derive is not None else {}
        for column in self.table.c:
            filled = (
                column.nullable or column.server_default is not None or column.name in (self.row.name, "project_id")
            )
            if not filled and whole.get(column.name) is None:
                raise InvalidValueError(f"{self.wire_name(column.name)} is required in a {self.name}")
        return whole


def _shown(column: Column[Any], value: Any) -> Any:
    if column.name.endswith("_at"):
        return format_time(value)
    return loads(value) if column.name in _JSON_COLUMNS else value


def _read(column: Column[Any], value: Any, name: str) -> Any:
    if column.name.endswith("_at"):
        try:
            return parse_time(value)
        except (AttributeError, TypeError, ValueError, OverflowError):
            raise InvalidValueError(f"{name} must be an ISO 8601 time") from None
    if column.name in _JSON_COLUMNS:
        return encode(value, name, _LIMITS.get(column.name, MAX_CONTENT_BYTES))
    if isinstance(column.type, Float):
        return _number(value, name)
    if isinstance(column.type, BigInteger | Integer):
        if isinstance(value, bool) or not isinstance(value, int) or abs(value) > _MAX_INTEGER:
            raise InvalidValueError(f"{name} must be a whole number")
        return value
    return clean_id(value, name) if column.name == "id" or column.name.endswith("_id") else clean_text(value, name)


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise InvalidValueError(f"{name} must be a finite number")
    return float(value)


_CONTENT: Final = ("template_messages", "tools", "settings", "variables", "variables_default_values")


def _prompt_hashes(values: Values) -> Values:
    content = parse_content(*(loads(values[name]) if values.get(name) else None for name in _CONTENT))
    return {"core_hash": content.core_hash, "content_hash": content.content_hash}


def _schema_rule(values: Values) -> Values:
    categories = loads(values["categories"]) if values.get("categories") else None
    return columns_of(Rule.of(values.get("type"), categories, values.get("minimum"), values.get("maximum")))


_SCORE_TYPES: Final = ("HUMAN", "CODE", "AI")
_DATASET_TYPES: Final = ("key_value", "generation")
_PARTICIPANT_COLUMNS: Final = ("row_id", "project_id", "id", "identifier", "metadata", "created_at")

USER: Final = Kind(
    name="user",
    table=tables.participants,
    derived=frozenset(column.name for column in tables.participants.c if column.name not in _PARTICIPANT_COLUMNS),
)
TAG: Final = Kind(name="tag", table=tables.tags, key=("name",), choices={"color": (None, *COLORS)})
THREAD: Final = Kind(name="thread", table=tables.threads)
STEP: Final = Kind(name="step", table=tables.steps)
PRICE: Final = Kind(name="model_price", table=tables.model_prices)
FILE: Final = Kind(
    name="file",
    table=file_tables.files,
    renamed={"id": "objectKey"},
    derived=frozenset({"blob"}),
)
"""What is known of an uploaded file; its bytes travel beside the records (`routes.file_transfer`)."""
ITEM: Final = Kind(
    name="dataset_item",
    table=evaluation.dataset_items,
    refers={"dataset_id": evaluation.datasets},
    defaults={"input": "{}"},
)
VERSION: Final = Kind(
    name="prompt_version",
    table=evaluation.prompt_versions,
    refers={"lineage_id": evaluation.prompt_lineages},
    renamed={"description": "versionDesc"},
    derived=frozenset({"core_hash", "content_hash"}),
    derive=_prompt_hashes,
)
EXPERIMENT: Final = Kind(
    name="experiment",
    table=evaluation.experiments,
    renamed={"prompt_variant_id": "promptExperimentId"},
)
KINDS: Final = {
    kind.name: kind
    for kind in (
        USER,
        PRICE,
        Kind(name="prompt_lineage", table=evaluation.prompt_lineages),
        VERSION,
        Kind(
            name="prompt_rollout",
            table=evaluation.prompt_rollouts,
            key=("lineage_id", "version"),
            refers={"lineage_id": evaluation.prompt_lineages},
        ),
        Kind(name="prompt_variant", table=evaluation.prompt_variants),
        TAG,
        THREAD,
        STEP,
        Kind(
            name="dataset",
            table=evaluation.datasets,
            choices={"type": _DATASET_TYPES},
            defaults={"type": "key_value"},
        ),
        ITEM,
        EXPERIMENT,
        Kind(
            name="experiment_item",
            table=evaluation.experiment_items,
            refers={"experiment_id": evaluation.experiments},
            renamed={"experiment_id": "datasetExperimentId"},
        ),
        FILE,
        Kind(
            name="score_schema",
            table=evaluation.score_schemas,
            renamed={"minimum": "min", "maximum": "max"},
            derive=_schema_rule,
        ),
        Kind(
            name="score",
            table=tables.scores,
            renamed={"schema_id": "scoreSchemaId"},
            choices={"type": _SCORE_TYPES},
        ),
        Kind(name="attachment", table=tables.attachments),
    )
}
"""In the order of an export."""
