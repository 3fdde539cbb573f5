"""Documents: the fast path's plan, the cache, and what is too large."""

from typing import Any

import pytest
from graphql import parse

from literalai_otel.server.ingest import Outcome
from literalai_otel.server.problems import Problem
from literalai_otel.server.resolvers.document_limits import MAX_ROOT_FIELDS
from literalai_otel.server.resolvers.documents import DocumentCache
from literalai_otel.server.resolvers.engine import bound_schema
from literalai_otel.server.resolvers.ingest_plan import plan_of

TWO_STEPS = """
mutation AddStep(
  $id_0: String!, $name_0: String, $type_0: StepType,
  $id_1: String!, $name_1: String, $type_1: StepType
) {
  step0: ingestStep(id: $id_0, name: $name_0, type: $type_0) { ok message }
  step1: ingestStep(type: $type_1, id: $id_1, name: $name_1) { m: message ok }
}
"""


def test_the_plan_gathers_steps_and_answers_by_alias():
    plan = plan_of(parse(TWO_STEPS))
    assert plan is not None
    variables = {"id_0": "a", "name_0": "first", "id_1": "b", "name_1": None, "type_1": "llm", "createdAt_1": "x"}
    assert plan.gather(variables) == [{"id": "a", "name": "first"}, {"id": "b", "type": "llm"}]
    answer = plan.answer([Outcome("a", True, "stored"), Outcome("b", False, "no")])
    assert answer == {"step0": {"ok": True, "message": "stored"}, "step1": {"m": "no", "ok": False}}
    assert list(answer) == ["step0", "step1"]


def test_values_in_the_document_are_part_of_the_plan():
    plan = plan_of(
        parse('mutation($n: String) { ingestStep(id: "a", type: llm, input: {a: [1]}, error: null, name: $n) { ok } }')
    )
    assert plan is not None
    assert plan.gather({"n": "x"}) == [{"id": "a", "type": "llm", "input": {"a": [1]}, "name": "x"}]
    assert plan.answer([Outcome("a", True, "")]) == {"ingestStep": {"ok": True}}


@pytest.mark.parametrize(
    "text",
    [
        'mutation { step0: ingestStep(id: "a") { ok } deleteStep(id: "a") { id } }',
        'mutation($on: Boolean!) { ingestStep(id: "a") @include(if: $on) { ok } }',
        'mutation { ingestStep(id: "a") { ...f } } fragment f on OkResponse { ok }',
        'mutation($n: String = "x") { ingestStep(id: "a", name: $n) { ok } }',
        'mutation($n: Json) { ingestStep(id: "a", input: {a: $n}) { ok } }',
        'mutation A { ingestStep(id: "a") { ok } } mutation B { ingestStep(id: "b") { ok } }',
        'mutation { ingestStep(id: "a") { ok } ingestStep(id: "a") { ok } }',
        'query { step(id: "a") { id } }',
    ],
)
def test_everything_else_needs_the_executor(text: str):
    assert plan_of(parse(text)) is None


def test_a_document_is_read_once():
    cache = DocumentCache(bound_schema())
    assert cache.known(TWO_STEPS) is None
    document = cache.load(TWO_STEPS)
    assert cache.known(TWO_STEPS) is document
    assert cache.load(TWO_STEPS) is document


def test_the_cache_forgets_the_least_used_document():
    texts = [f'query {{ step(id: "{index}") {{ id }} }}' for index in range(3)]
    cache = DocumentCache(bound_schema(), max_bytes=2 * 55 * len(texts[0]))
    cache.load(texts[0])
    cache.load(texts[1])
    cache.known(texts[0])
    cache.load(texts[2])
    assert [cache.known(text) is not None for text in texts] == [True, False, True]


def test_invalid_documents_are_not_kept():
    cache = DocumentCache(bound_schema())
    with pytest.raises(Problem):
        cache.load("{ nothing }")
    assert cache.known("{ nothing }") is None


def nested(levels: int) -> str:
    return "{ steps { edges { node " + "{ thread { steps " * levels + "{ id }" + "} }" * levels + " } } }"


CASES: dict[str, tuple[str, str]] = {
    "syntax": ("query {", "GRAPHQL_PARSE_FAILED"),
    "empty": ("", "GRAPHQL_PARSE_FAILED"),
    "nesting that ends the stack": ("{" * 100_000, "GRAPHQL_PARSE_FAILED"),
    "tokens": ("{" + "a " * 250_000 + "}", "GRAPHQL_PARSE_FAILED"),
    "unknown field": ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
    "fragment cycle": ("{ ...f } fragment f on Query { ...f }", "GRAPHQL_VALIDATION_FAILED"),
    "step lists": (nested(2), "GRAPHQL_VALIDATION_FAILED"),
    "root fields": (
        "{" + " ".join(f'a{i}: step(id: "x") {{ id }}' for i in range(MAX_ROOT_FIELDS + 1)) + "}",
        "GRAPHQL_VALIDATION_FAILED",
    ),
}


@pytest.mark.parametrize(("text", "code"), CASES.values(), ids=CASES.keys())
def test_documents_that_are_refused(text: str, code: str):
    with pytest.raises(Problem) as refused:
        DocumentCache(bound_schema()).load(text)
    assert refused.value.code == code


def test_fragments_count_wherever_they_are_spread():
    levels = 12
    fragments = " ".join(
        f"fragment f{level} on Thread {{ "
        + " ".join(f"a{i}: participant {{ id }} ...f{level + 1}" for i in range(4))
        + " }"
        for level in range(levels)
    )
    text = f'{{ threadDetail(id: "x") {{ ...f0 }} }} {fragments} fragment f{levels} on Thread {{ id }}'
    with pytest.raises(Problem, match="fields"):
        DocumentCache(bound_schema()).load(text)


def test_introspection_is_within_the_limits():
    from graphql import get_introspection_query

    assert DocumentCache(bound_schema()).load(get_introspection_query()).tree is not None


def test_one_level_of_steps_in_threads_of_steps_is_allowed():
    document: Any = DocumentCache(bound_schema()).load(nested(1))
    assert document.plan is None
