"""The tags of a batch: made on sight, and linked to the steps that carry them."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from literalai_otel.server.store.driver import Driver
from literalai_otel.server.store.rows import StepRow


class BatchTags:
    """Works for one project and one transaction: asks for the tags that `rows` name, and writes the links later."""

    def __init__(self, db: Driver, project_id: int, rows: Iterable[StepRow]) -> None:
        self._db = db
        self._project_id = project_id
        self._answer = self._find({name for row in rows for name in row.tags or ()})

    def write(self, tagged: Sequence[tuple[int, bool, list[str]]]) -> None:
        """Gives steps their tags: row, whether it may have others until now, and names, each once."""
        db, ids = self._db, dict(self._answer)
        unknown = sorted({name for *_, names in tagged for name in names} - ids.keys())
        if unknown:
            made = [(self._project_id, name) for name in unknown]
            db.executemany("INSERT INTO tags (project_id, name) VALUES (?, ?)", made)
            ids.update(self._find(unknown))
        db.executemany("DELETE FROM step_tags WHERE step_row=?", [(row_id,) for row_id, known, _ in tagged if known])
        links = [(ids[name], row_id) for row_id, _, names in tagged for name in names]
        db.insert("step_tags", ("tag_id", "step_row"), links)

    def _find(self, names: Collection[str]) -> Iterable[Any]:
        if not names:
            return ()
        return self._db.execute(
            f"SELECT name, id FROM tags WHERE project_id=? AND name {self._db.among}",
            (self._project_id, self._db.values(names)),
        )
