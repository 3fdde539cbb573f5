"""The A/B split of a prompt: weights of its versions (`spec/literal-wire.md` §2.10, `spec/features.md` X-16).

Weights are stored and answered as they were sent, percents or fractions; a version is drawn by its weight over the
sum. A new prompt's version 0 has 100; a version without a row has 0.
"""

import math
import random
from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, and_, insert, select
from sqlalchemy import delete as delete_from

from literalai_otel.server.store.evaluation_tables import prompt_rollouts, prompt_versions
from literalai_otel.server.values import InvalidValueError

WHOLE: Final = 100.0


def of_lineage(connection: Connection, project_id: int, lineage_id: str) -> list[dict[str, Any]]:
    """`{version, rollout}` of each version that has a weight, as they were sent."""
    statement = (
        select(prompt_rollouts.c.version, prompt_rollouts.c.rollout)
        .where(prompt_rollouts.c.project_id == project_id, prompt_rollouts.c.lineage_id == lineage_id)
        .order_by(prompt_rollouts.c.row_id)
    )
    return [{"version": row.version, "rollout": row.rollout} for row in connection.execute(statement)]


def draw(rollouts: Sequence[Mapping[str, Any]]) -> int | None:
    """One of the versions at random, by weight; None where there is none."""
    if not rollouts:
        return None
    versions, weights = zip(*((rollout["version"], rollout["rollout"]) for rollout in rollouts), strict=True)
    return random.choices(versions, weights)[0]


def champion(connection: Connection, project_id: int, lineage_id: str) -> str | None:
    """The id of the version with the greatest weight."""
    statement = (
        select(prompt_versions.c.id)
        .join(
            prompt_rollouts,
            and_(
                prompt_rollouts.c.project_id == prompt_versions.c.project_id,
                prompt_rollouts.c.lineage_id == prompt_versions.c.lineage_id,
                prompt_rollouts.c.version == prompt_versions.c.version,
            ),
        )
        .where(prompt_versions.c.project_id == project_id, prompt_versions.c.lineage_id == lineage_id)
        .order_by(prompt_rollouts.c.rollout.desc(), prompt_rollouts.c.version.desc())
        .limit(1)
    )
    return connection.execute(statement).scalar_one_or_none()


def replace_all(
    connection: Connection, project_id: int, lineage_id: str, rollouts: Sequence[Mapping[str, Any]]
) -> None:
    """Puts `rollouts` in the place of the present ones.

    Raises:
        InvalidValueError: a weight that is negative or not finite, no weight above 0, a version that is unknown or
            named twice.
    """
    _check(connection, project_id, lineage_id, rollouts)
    own = and_(prompt_rollouts.c.project_id == project_id, prompt_rollouts.c.lineage_id == lineage_id)
    connection.execute(delete_from(prompt_rollouts).where(own))
    rows = [{"project_id": project_id, "lineage_id": lineage_id, **rollout} for rollout in rollouts]
    for row in rows:  # one by one: the order of the row numbers is the order in which they were sent
        connection.execute(insert(prompt_rollouts).values(row))


def _check(connection: Connection, project_id: int, lineage_id: str, rollouts: Sequence[Mapping[str, Any]]) -> None:
    for rollout in rollouts:
        if not (math.isfinite(rollout["rollout"]) and rollout["rollout"] >= 0):
            raise InvalidValueError(f"the rollout of version {rollout['version']} must be a finite number of 0 or more")
    total = sum(rollout["rollout"] for rollout in rollouts)
    if not 0 < total < math.inf:
        raise InvalidValueError("the rollouts must add up to more than 0: give at least one version a weight")
    versions = [rollout["version"] for rollout in rollouts]
    if len(set(versions)) != len(versions):
        raise InvalidValueError("the rollouts name a version twice")
    known = set(
        connection.execute(
            select(prompt_versions.c.version).where(
                prompt_versions.c.project_id == project_id, prompt_versions.c.lineage_id == lineage_id
            )
        ).scalars()
    )
    unknown = sorted(set(versions) - known)
    if unknown:
        raise InvalidValueError(f"the prompt has no version {', '.join(map(str, unknown))}")
