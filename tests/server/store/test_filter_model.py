"""The filter grammar against a model of it in plain Python: same ids, same order, page by page, on every engine."""

import re
from collections.abc import Callable
from random import Random
from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from literalai_otel.jsonable import dumps_text
from literalai_otel.server.filters import FIELDS, OPERATORS, ORDER_COLUMNS, Kind, parse_filters, parse_order
from literalai_otel.server.store import PageQuery, ThreadFields, narrowing, scores
from literalai_otel.server.store.scanning import ScanBound
from literalai_otel.server.times import parse_time

WAIT = 20.0
NAMES = ["alpha", "Alpha", "ÄLPHA", "älpha", "straße", "STRASSE", "a_b", "aXb", "a%b", "x\\y", "", "σς", "É", "é"]
TAGS = ["vip", "VIP", ",", 'q"t', "ü", "a,b", "a"]
USERS = ["ann", "Bob", "çelik"]
MODELS = ["gpt-4o", "GPT-4o", "mistral"]
ENVIRONMENTS = ["prod", "dev", "experiment"]
TIMES = [f"2026-01-0{day}T10:00:0{second}Z" for day in (1, 2) for second in range(3)]
PLANS: list[Any] = ["pro", "Pro", 1, 2.5, True, None, {"k": "v"}, ["x"], ""]
PATHS = [None, "plan", "a.b", "deep.k", "deep", "content", "missing"]
SCORES = ["helpful", "other"]

Row = dict[str, Any]
"""An entity of the model: its id, its place in order of arrival, and for each field what filters look at."""


# --- data, as it is sent --------------------------------------------------------------------------


def some(chance: Random, values: list[Any], likely: float = 0.7) -> Any:
    return chance.choice(values) if chance.random() < likely else None


def json_object(chance: Random) -> dict[str, Any] | None:
    made = {"plan": chance.choice(PLANS), "a.b": chance.choice(["dotted", 7]), "deep": {"k": chance.choice(NAMES)}}
    return {key: value for key, value in made.items() if chance.random() < 0.6} if chance.random() < 0.7 else None


def random_step(chance: Random, number: int, threads: list[str]) -> dict[str, Any]:
    content = {"content": chance.choice(NAMES), **(json_object(chance) or {})}
    step = {
        "id": f"s{number}",
        "name": some(chance, NAMES),
        "type": some(chance, ["run", "llm", "tool"]),
        "threadId": some(chance, threads),
        "parentId": f"s{chance.randrange(number)}" if number and chance.random() < 0.4 else None,
        "rootRunId": some(chance, ["r0", "r1"], 0.3),
        "startTime": some(chance, TIMES),
        "endTime": some(chance, TIMES),
        "error": some(chance, NAMES[:-1], 0.3),
        "input": content if chance.random() < 0.5 else None,
        "output": {"content": chance.choice(NAMES)} if chance.random() < 0.5 else None,
        "metadata": json_object(chance),
        "tags": some(chance, [[], TAGS[:2], TAGS[2:5], [chance.choice(TAGS)]]),
        "scores": [
            {
                "name": chance.choice(SCORES),
                "type": chance.choice(["HUMAN", "AI"]),
                "value": chance.choice([0, 0.5, 1]),
                "comment": some(chance, NAMES),
                "tags": some(chance, [[], TAGS[:1], TAGS[1:4]]),
            }
            for _ in range(chance.choice([0, 0, 1, 2]))
        ],
        "environment": some(chance, ENVIRONMENTS),
    }
    if chance.random() < 0.5:
        step["generation"] = {
            "type": "CHAT",
            "model": some(chance, MODELS),
            "provider": some(chance, ["openai", "mistralai"]),
            "tokenCount": some(chance, [0, 1, 2, 5]),
            "duration": some(chance, [0, 0.5, 2.5]),
            "error": some(chance, NAMES[:-1], 0.3),
        }
    return {key: value for key, value in step.items() if value is not None}


class Data:
    """What was stored, as rows of the model."""

    def __init__(self, world: Any, chance: Random) -> None:
        self.world = world
        thread_ids = [f"t{number}" for number in range(7)]
        self._threads = {thread_id: self._thread(chance, thread_id) for thread_id in thread_ids}
        self._steps = [random_step(chance, number, [*thread_ids, "t2"]) for number in range(40)]
        for step in self._steps:
            sent = {key: value for key, value in step.items() if key != "environment"}
            world.put(sent, environment=step.get("environment"))
        self.rows: dict[str, list[Row]] = {
            "steps": [self._step_row(step) for step in self._steps],
            "generations": [self._step_row(step) for step in self._steps if "generation" in step],
            "threads": [self._thread_row(thread) for thread in self._threads.values()],
            "scores": [],
            "participants": [],
        }
        self._read_back()

    def _thread(self, chance: Random, thread_id: str) -> dict[str, Any]:
        fields = {
            "name": some(chance, NAMES),
            "metadata": json_object(chance),
            "tags": some(chance, [[], TAGS[:3], TAGS[3:]]),
            "participant_id": some(chance, USERS),
            "environment": some(chance, ENVIRONMENTS),
        }
        self.world.store.upsert_thread(self.world.project.id, thread_id, ThreadFields(**fields)).result(WAIT)
        return {"id": thread_id, **fields}

    def _step_row(self, step: dict[str, Any]) -> Row:
        generation = step.get("generation", {})
        user = self._threads.get(step.get("threadId", ""), {}).get("participant_id")
        failed = generation.get("error")
        return {
            **step,
            "metadata": step.get("metadata"),
            "tags": step.get("tags") or [],
            "model": generation.get("model"),
            "provider": generation.get("provider"),
            "duration": generation.get("duration"),
            "tokenCount": generation.get("tokenCount"),
            "generationError": failed if failed is not None else step.get("error"),
            "participantIdentifier": [user] if user else [],
            "participantIdentifiers": [user] if user else [],
            "participant": [user] if user else [],
            "scoreValue": step["scores"],
            "score": step["scores"],
        }

    def _thread_row(self, thread: dict[str, Any]) -> Row:
        own = [step for step in self._steps if step.get("threadId") == thread["id"]]
        tokens = [count for step in own if (count := step.get("generation", {}).get("tokenCount")) is not None]
        spans = [
            max(seconds(step["endTime"]) - seconds(step["startTime"]), 0)
            for step in own
            if "startTime" in step and "endTime" in step and "parentId" not in step
        ]
        user = thread["participant_id"]
        return {
            **thread,
            "tags": thread["tags"] or [],
            "tokenCount": sum(tokens) if tokens else None,
            "duration": sum(spans) if spans else None,
            "stepType": [step.get("type") for step in own],
            "stepName": [step.get("name") for step in own],
            "stepOutput": [step.get("output") for step in own],
            "participantIdentifiers": [user] if user else [],
            "scoreValue": [score for step in own for score in step["scores"]],
        }

    def _read_back(self) -> None:
        """What only the server knows: times of arrival, ids of users and scores, and with them the order."""
        every = PageQuery(first=1_000)
        for entity in ("steps", "generations", "threads"):
            listed = self.list(entity, every)
            created = {node["id"]: node["createdAt"] for node in listed}
            for row in self.rows[entity]:
                row["createdAt"] = created[row["id"]]
                row["participantId"] = None
        users = {node["identifier"]: node for node in self.list("participants", every)}
        for row in self.rows["threads"]:
            row["participantId"] = users[row["participant_id"]]["id"] if row["participant_id"] else None
        for name, node in sorted(users.items(), key=lambda item: item[1]["createdAt"]):
            own = [row for row in self.rows["threads"] if row["participant_id"] == name]
            starts = [
                max([step.get("startTime") or self._created(step) for step in self._of(row)], default=row["createdAt"])
                for row in own
            ]
            self.rows["participants"].append(
                {
                    "id": node["id"],
                    "createdAt": node["createdAt"],
                    "identifier": [name],
                    "lastEngaged": max(starts, key=seconds, default=None),
                    "threadCount": len(own),
                    "tokenCount": sum(row["tokenCount"] or 0 for row in own),
                    "metadata": None,
                }
            )
        nodes = self.list("scores", every)[::-1]
        for step in self._steps:
            for score in step["scores"]:
                place = next(
                    index
                    for index, node in enumerate(nodes)
                    if node["stepId"] == step["id"]
                    and all(node[key] == (value or ([] if key == "tags" else value)) for key, value in score.items())
                )
                node = nodes.pop(place)
                self.rows["scores"].append(
                    {
                        **score,
                        "id": node["id"],
                        "createdAt": node["createdAt"],
                        "updatedAt": node["updatedAt"],
                        "tags": score["tags"] or [],
                        "stepId": step["id"],
                        "threadId": step.get("threadId"),
                        "participant": self._step_row(step)["participant"],
                    }
                )

    def _of(self, thread: Row) -> list[dict[str, Any]]:
        return [step for step in self._steps if step.get("threadId") == thread["id"]]

    def _created(self, step: dict[str, Any]) -> str:
        return next(row["createdAt"] for row in self.rows["steps"] if row["id"] == step["id"])

    def list(self, entity: str, query: PageQuery) -> list[dict[str, Any]]:
        return self.page(entity, query).nodes

    def page(self, entity: str, query: PageQuery) -> Any:
        store, project = self.world.store, self.world.project.id
        if entity == "scores":
            return store.read(scores.page, project, query)
        return getattr(store, f"list_{entity}")(project, query)


# --- the model ------------------------------------------------------------------------------------


def seconds(text: str) -> float:
    """Times compare as texts only when they have as many digits."""
    return parse_time(text) / 1e6


def folded(text: str) -> str:
    return normalize("NFC", text.casefold())


def like(value: str, pattern: str) -> bool:
    parts = [re.escape(part) for part in folded(pattern).strip("%").split("%")]
    return re.search(".*".join(parts), folded(value), re.DOTALL) is not None


def member(value: Any, path: str | None) -> str | None:
    while path is not None and isinstance(value, dict):
        if path in value:
            value, path = value[path], None
            break
        head, dot, path = path.partition(".")
        value = value.get(head) if dot else None
    if path is not None:
        return None
    return value if value is None or isinstance(value, str) else dumps_text(value)


POSITIVE: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda value, given: value == given,
    "in": lambda value, given: value in given,
    "gt": lambda value, given: value > given,
    "gte": lambda value, given: value >= given,
    "lt": lambda value, given: value < given,
    "lte": lambda value, given: value <= given,
    "ilike": like,
    "nis": lambda value, given: True,
}
OPPOSITE = {"neq": "eq", "nin": "in", "nilike": "ilike", "is": "nis"}


def holds(entity: str, row: Row, one: dict[str, Any]) -> bool:
    field, operator, value, path = one["field"], one["operator"], one["value"], one.get("path")
    kind = FIELDS[entity][field].kind
    if kind is Kind.TIME and value is not None:
        value = seconds(value)
    if kind is Kind.JSON and not isinstance(value, str | None):
        value = dumps_text(value)
    if operator in ("in", "nin") or (kind is Kind.LIST and operator in ("eq", "neq")):
        value = value if isinstance(value, list) else [value]
        operator = {"eq": "in", "neq": "nin"}.get(operator, operator)
    found = row.get("generationError" if (entity, field) == ("generations", "error") else field)
    if field in ("scoreValue", "score"):
        candidates = [score["value"] for score in found if path in (None, score["name"])]
    elif isinstance(found, list):
        candidates = [member(item, path) if kind is Kind.JSON else item for item in found]
    elif kind is Kind.JSON:
        candidates = [member(found, path)]
    elif kind is Kind.TIME:
        candidates = [None if found is None else seconds(found)]
    else:
        candidates = [found]
    positive = POSITIVE[OPPOSITE.get(operator, operator)]
    result = any(candidate is not None and positive(candidate, value) for candidate in candidates)
    return not result if operator in OPPOSITE else result


def ordered(entity: str, rows: list[Row], order: dict[str, str] | None) -> list[str]:
    if order is None:
        column, descending = ("time" if entity == "steps" else "createdAt"), True
    else:
        column, descending = order["column"], order["direction"] == "DESC"

    def key(place: int) -> tuple[Any, ...]:
        row = rows[place]
        value = row.get(column)
        if column == "time":
            value = row.get("startTime") or row["createdAt"]
        if column == "participant":
            holders = row.get("participant") or row.get("participantIdentifiers")
            value = holders[0] if holders else None
        if column == "identifier":
            value = row["identifier"][0]
        if isinstance(value, str) and column in (
            "time",
            "createdAt",
            "updatedAt",
            "startTime",
            "endTime",
            "lastEngaged",
        ):
            value = seconds(value)
        return (value is not None, value if value is not None else 0, place)

    return [rows[place]["id"] for place in sorted(range(len(rows)), key=key, reverse=descending)]


# --- queries --------------------------------------------------------------------------------------

VALUES: dict[Kind, st.SearchStrategy[Any]] = {
    Kind.TEXT: st.sampled_from(
        [*NAMES, "s1", "t2", "llm", "openai", *MODELS, *ENVIRONMENTS, "HUMAN", "lph", "%", "a%b%", "ss"]
    ),
    Kind.NUMBER: st.sampled_from([0, 1, 2, 5, 7, 0.5, 2.5, 1.0, -1]),
    Kind.TIME: st.sampled_from([*TIMES, "2026-01-01 10:00:01", "2026-01-02T11:00:00+01:00", "2030-01-01T00:00:00Z"]),
    Kind.LIST: st.sampled_from([*TAGS, *USERS, "run", "llm"]),
    Kind.JSON: st.sampled_from(["pro", "PRO", 1, 2.5, True, "dotted", "v", '{"k":"v"}', "alpha", "K", "straße", ""]),
}


@st.composite
def filters(draw: Any, entity: str) -> dict[str, Any]:
    name = draw(st.sampled_from([name for name in FIELDS[entity] if name not in ("promptLineage", "promptVersion")]))
    field = FIELDS[entity][name]
    operator = draw(st.sampled_from(OPERATORS[field.kind] + (("is", "nis") if field.nullable else ())))
    values = VALUES[field.kind]
    value: Any = draw(values)
    if operator in ("is", "nis"):
        value = None
    elif operator in ("in", "nin"):
        value = draw(st.lists(values, max_size=3))
    elif operator in ("ilike", "nilike") and not isinstance(value, str):
        value = str(value)
    path = None
    if field.path != "no":
        path = draw(st.sampled_from([None, *SCORES] if name.startswith("score") else PATHS))
    return {"field": name, "operator": operator, "value": value, "path": path}


@st.composite
def queries(draw: Any) -> tuple[str, list[dict[str, Any]], dict[str, str] | None, int, ScanBound]:
    entity = draw(st.sampled_from(["steps", "generations", "threads", "participants", "scores"]))
    columns = st.sampled_from(ORDER_COLUMNS[entity])
    order = draw(st.none() | st.fixed_dictionaries({"column": columns, "direction": st.sampled_from(["ASC", "DESC"])}))
    window = st.sampled_from([1, 4, 9])
    patient, cut = ScanBound(seconds=60), st.builds(ScanBound, seconds=st.just(0), window=window, quick_window=window)
    size, bound = draw(st.sampled_from([3, 7, 50])), draw(st.just(patient) | cut)
    return entity, draw(st.lists(filters(entity), max_size=2)), order, size, bound


@pytest.mark.feature("L-FLT-01", "L-FLT-02", "L-FLT-03", "L-FLT-04", "L-FLT-05", "L-FLT-06", "L-FLT-07", "L-TAPI-08")
@pytest.mark.parametrize(("seed", "few"), [(1, 2_000), (2, 0)])
def test_lists_are_what_the_model_says(world, monkeypatch, seed, few):
    monkeypatch.setattr(narrowing, "FEW", dict.fromkeys(narrowing.FEW, few))
    data = Data(world, Random(seed))

    @settings(max_examples=150, deadline=None, database=None)
    @given(query=queries())
    def check(query: tuple[str, list[dict[str, Any]], dict[str, str] | None, int, ScanBound]) -> None:
        entity, given_filters, order, size, bound = query
        rows = data.rows[entity]
        expected = ordered(
            entity, [row for row in rows if all(holds(entity, row, one) for one in given_filters)], order
        )
        parsed = parse_filters(entity, given_filters)
        got: list[str] = []
        after = None
        while True:
            asked = PageQuery(filters=parsed, order=parse_order(entity, order), first=size, after=after, bound=bound)
            page = data.page(entity, asked)
            assert page.total_count == len(expected) or (page.total_count is None and not bound.seconds)
            assert not (page.cut and bound.seconds)
            got += [node["id"] for node in page.nodes]
            if not page.has_next:
                break
            after = page.end_cursor
        assert got == expected

    check()
