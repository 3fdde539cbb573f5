"""From the prompt id of a generation to the prompt: the name of its lineage and the number of its version."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import Connection, and_, select

from literalai_otel.server.store.evaluation_tables import prompt_lineages, prompt_versions

_OWN_LINEAGE: Final = and_(
    prompt_lineages.c.project_id == prompt_versions.c.project_id, prompt_lineages.c.id == prompt_versions.c.lineage_id
)
VERSION_IDS: Final = select(prompt_versions.c.id).join(prompt_lineages, _OWN_LINEAGE)
"""The ids of prompt versions, to be narrowed by project and by columns of `prompt_lineages` and `prompt_versions`."""


@dataclass(frozen=True, slots=True)
class PromptLink:
    """A prompt version as people name it."""

    lineage: str
    version: int


def named(connection: Connection, project_id: int, prompt_ids: Sequence[str]) -> dict[str, PromptLink]:
    """The prompts of these ids; an id of no prompt version is absent."""
    if not prompt_ids:
        return {}
    statement = (
        select(prompt_versions.c.id, prompt_lineages.c.name, prompt_versions.c.version)
        .join(prompt_lineages, _OWN_LINEAGE)
        .where(prompt_versions.c.project_id == project_id, prompt_versions.c.id.in_(set(prompt_ids)))
    )
    return {row.id: PromptLink(row.name, row.version) for row in connection.execute(statement)}
