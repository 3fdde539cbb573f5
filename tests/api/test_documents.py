"""The documents: valid against the schema of every published client, and built once."""

from pathlib import Path

import pytest
from graphql import build_schema, parse, validate
from graphql.language import OperationDefinitionNode

import literalai_otel.server
from literalai_otel.api import documents

SCHEMA = build_schema((Path(literalai_otel.server.__file__).parent / "schema.graphql").read_text())
FIXED = {name: text for name, text in vars(documents).items() if isinstance(text, str) and "(" in text and "$" in text}


@pytest.mark.parametrize("name", sorted(FIXED))
def test_a_document_is_valid(name: str) -> None:
    assert validate(SCHEMA, parse(FIXED[name])) == []


def test_all_documents_are_looked_at() -> None:
    assert len(FIXED) == 50


@pytest.mark.parametrize("count", [1, 2, 100])
def test_add_steps_has_an_alias_for_each_step_and_declares_what_it_uses(count: int) -> None:
    document = parse(documents.add_steps(count))
    assert validate(SCHEMA, document) == []
    [definition] = document.definitions
    assert isinstance(definition, OperationDefinitionNode)
    assert definition.name is not None
    assert definition.name.value == "AddStep"
    aliases = [field.alias.value for field in definition.selection_set.selections]  # type: ignore[union-attr]
    assert aliases == [f"step{index}" for index in range(count)]
    assert len(definition.variable_definitions) == 16 * count


def test_add_steps_is_built_once() -> None:
    assert documents.add_steps(7) is documents.add_steps(7)
