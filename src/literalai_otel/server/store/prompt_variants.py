"""Prompt variants: contents that experiments try and that are no saved version (`createPromptExperiment`)."""

from typing import Any, Final
from uuid import UUID, uuid4, uuid5

from sqlalchemy import Connection, Row, and_, insert, select

from literalai_otel.jsonable import dumps_text
from literalai_otel.server.store import prompts
from literalai_otel.server.store.evaluation_tables import prompt_variants
from literalai_otel.server.store.json_columns import decode
from literalai_otel.server.store.prompt_content import PromptContent, parse_content
from literalai_otel.server.times import now
from literalai_otel.server.values import InvalidValueError, clean_text

_NAMESPACE: Final = UUID("0c3f5b0e-6d0a-5a53-9a53-0f0f8f3f5d1b")


def get(connection: Connection, project_id: int, variant_id: str) -> dict[str, Any] | None:
    """A variant."""
    own = and_(prompt_variants.c.project_id == project_id, prompt_variants.c.id == variant_id)
    row = connection.execute(select(prompt_variants).where(own)).one_or_none()
    return _to_wire(row) if row else None


def create(
    connection: Connection,
    project_id: int,
    content: PromptContent,
    *,
    lineage_id: str | None = None,
    version: int | None = None,
    score_template_id: str | None = None,
) -> dict[str, Any]:
    """A new variant; `lineage_id` and `version` say what it was made from.

    Raises:
        InvalidValueError: no such lineage or version, or a value breaks a rule.
    """
    if lineage_id is not None:
        lineage = prompts.lineage(connection, project_id, lineage_id=lineage_id)
        if lineage is None:
            raise InvalidValueError(f"fromLineageId {lineage_id!r} names no prompt of this project")
        if version is not None:
            _known_version(connection, project_id, lineage["name"], version)
    elif version is not None:
        raise InvalidValueError("fromVersion needs a fromLineageId")
    values = {
        "from_lineage_id": lineage_id,
        "from_version": version,
        "score_template_id": None if score_template_id is None else clean_text(score_template_id, "scoreTemplateId"),
    }
    return _insert(connection, project_id, str(uuid4()), content, values)


def of_version(connection: Connection, project_id: int, version_id: str) -> dict[str, Any]:
    """The variant that says what a version says, made when it is first asked for (`spec/features.md` X-02).

    Raises:
        InvalidValueError: no such version.
    """
    version = prompts.version(connection, project_id, version_id=version_id)
    if version is None:
        raise InvalidValueError(f"promptId {version_id!r} names no prompt version of this project")
    variant_id = str(uuid5(_NAMESPACE, f"{project_id}:{version_id}"))
    known = get(connection, project_id, variant_id)
    if known is not None:
        return known
    content = parse_content(
        version["templateMessages"], version["tools"], version["settings"], version["variables"] or None
    )
    values = {"from_lineage_id": version["lineage"]["id"], "from_version": version["version"]}
    return _insert(connection, project_id, variant_id, content, values)


def _known_version(connection: Connection, project_id: int, name: str, version: int) -> None:
    if prompts.version(connection, project_id, name=name, number=version) is None:
        raise InvalidValueError(f"the prompt {name!r} has no version {version}")


def _insert(
    connection: Connection, project_id: int, variant_id: str, content: PromptContent, values: dict[str, Any]
) -> dict[str, Any]:
    columns = {
        "project_id": project_id,
        "id": variant_id,
        "template_messages": dumps_text(content.with_uuids()),
        "tools": dumps_text(content.tools),
        "settings": dumps_text(content.settings),
        "variables": None if content.variables is None else dumps_text(content.variables),
        "created_at": now(),
        **values,
    }
    connection.execute(insert(prompt_variants).values(columns))
    made = get(connection, project_id, variant_id)
    assert made is not None
    return made


def _to_wire(row: Row[Any]) -> dict[str, Any]:
    return {
        "id": row.id,
        "fromLineageId": row.from_lineage_id,
        "fromVersion": row.from_version,
        "scoreTemplateId": row.score_template_id,
        "projectUserId": None,
        "tools": decode(row.tools),
        "settings": decode(row.settings),
        "variables": decode(row.variables) or [],
        "templateMessages": decode(row.template_messages),
    }
