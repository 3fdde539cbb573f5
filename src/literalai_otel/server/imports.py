"""The way in for records of an export, and of what people saved with the published SDK.

Steps go through `Ingest` like all others, so that trees, totals and limits are those of any step; the rest is written
by `store.transfer`. Ids and times stay, and importing the same again changes nothing.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from itertools import groupby
from typing import Any, Final, cast

from sqlalchemy import Connection

from literalai_otel.server.ingest import Ingest, Outcome, Overloaded
from literalai_otel.server.store import transfer
from literalai_otel.server.store.store import Store
from literalai_otel.server.store.transfer_kinds import KINDS, STEP
from literalai_otel.server.values import InvalidValueError, clean_id

MAX_RECORDS: Final = 1_000
"""Records of one request."""
_WRITE_SECONDS: Final = 60.0


class _Refused(Exception):  # noqa: N818 - it ends a transaction, and never leaves this module
    """One record of a request that is stored whole or not at all was refused."""

    def __init__(self, outcomes: list[Outcome]) -> None:
        super().__init__()
        self.outcomes = outcomes


class Imports:
    """Blocks; to be used on a worker thread."""

    def __init__(self, store: Store, ingest: Ingest) -> None:
        self._store = store
        self._ingest = ingest

    def put(self, project_id: int, records: Sequence[Any], *, whole: bool = False) -> list[Outcome]:
        """Store the records in order; one outcome for each, in the same order.

        Args:
            project_id: Where they go.
            records: Objects with a member `kind`, one of `KINDS`.
            whole: One record that is refused keeps all others out as well. Not for steps.

        Raises:
            InvalidValueError: too many records, or steps that are to be stored whole.
            Overloaded: the ingest path is full; what came before in this request is stored.
        """
        if len(records) > MAX_RECORDS:
            raise InvalidValueError(f"a request holds at most {MAX_RECORDS} records, not {len(records)}")
        if whole and any(_is_step(record) for record in records):
            raise InvalidValueError("steps are stored each for itself: leave out whole")
        outcomes: list[Outcome] = []
        for steps, run in groupby(records, _is_step):
            together = list(run)
            outcomes += self._put_steps(project_id, together) if steps else self._put_rows(project_id, together, whole)
        return outcomes

    def _put_steps(self, project_id: int, records: list[dict[str, Any]]) -> list[Outcome]:
        outcomes: list[Outcome] = []
        created: list[tuple[str, int]] = []
        for environment, run in groupby(records, _environment):
            checked = [_with_time(record) for record in run]
            sound = [record for record, problem in checked if problem is None]
            answers = iter(_wait(self._ingest.steps(project_id, sound, environment=environment)))
            for record, problem in checked:
                outcome = next(answers) if problem is None else Outcome(_id_of(record), ok=False, message=problem)
                outcomes.append(outcome)
                moment = transfer.created_at(record) if outcome.ok else None
                if moment is not None:
                    created.append((outcome.id, moment))
        _wait(self._store.write(transfer.keep_times, project_id, created))
        return outcomes

    def _put_rows(self, project_id: int, records: list[Any], whole: bool) -> list[Outcome]:
        try:
            return _wait(self._store.write(_put_all, project_id, records, whole=whole))
        except _Refused as refused:
            return refused.outcomes


def _wait(future: Future[Any]) -> Any:
    try:
        return future.result(_WRITE_SECONDS)
    except TimeoutError:
        raise Overloaded from None


def _put_all(connection: Connection, project_id: int, records: Sequence[Any], *, whole: bool) -> list[Outcome]:
    outcomes = [_put_one(connection, project_id, record) for record in records]
    if whole and not all(outcome.ok for outcome in outcomes):
        raise _Refused([_kept_out(outcome) for outcome in outcomes])
    return outcomes


def _put_one(connection: Connection, project_id: int, record: Any) -> Outcome:
    try:
        if not isinstance(record, Mapping):
            raise InvalidValueError("a record must be an object with a member kind")
        known = cast(Mapping[str, Any], record)
        kind = KINDS.get(known["kind"]) if isinstance(known.get("kind"), str) else None
        if kind is None:
            raise InvalidValueError(f"kind must be one of {', '.join(KINDS)}")
        transfer.put(connection, project_id, kind, known)
    except InvalidValueError as problem:
        return Outcome(_id_of(record), ok=False, message=str(problem))
    return Outcome(_id_of(record), ok=True, message="stored")


def _kept_out(outcome: Outcome) -> Outcome:
    return (
        outcome if not outcome.ok else Outcome(outcome.id, ok=False, message="not stored: another record was refused")
    )


def _is_step(record: Any) -> bool:
    return isinstance(record, dict) and cast(dict[str, Any], record).get("kind") == STEP.name


def _environment(record: dict[str, Any]) -> str | None:
    """The environment of a step; one that cannot be is left out, since it is no reason to lose the step."""
    try:
        return clean_id(record.get("environment"), "environment")
    except InvalidValueError:
        return None


def _with_time(record: dict[str, Any]) -> tuple[dict[str, Any], str | None]:
    """The record, and what is wrong with its time."""
    try:
        transfer.created_at(record)
    except InvalidValueError as problem:
        return record, str(problem)
    return record, None


def _id_of(record: Any) -> str:
    given = cast(dict[str, Any], record).get("id") if isinstance(record, dict) else None
    return given if isinstance(given, str) else ""
