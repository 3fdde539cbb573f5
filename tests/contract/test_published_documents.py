"""Every document of the published client is valid against our schema, and its batches take the fast path."""

import pytest
from graphql import parse, validate

from literalai_otel.server.resolvers.documents import DocumentCache
from literalai_otel.server.resolvers.engine import bound_schema

pytestmark = pytest.mark.timeout(700)


def test_every_document_is_valid(published_documents: dict[str, str]):
    schema = bound_schema()
    problems = {
        name: [error.message for error in errors]
        for name, text in published_documents.items()
        if (errors := validate(schema, parse(text)))
    }
    assert problems == {}
    assert len(published_documents) >= 44


def test_the_clients_batches_take_the_fast_path(published_documents: dict[str, str]):
    cache = DocumentCache(bound_schema())
    planned = {name for name, text in published_documents.items() if cache.load(text).plan is not None}
    assert planned == {"AddStep of 1", "AddStep of 2", "AddStep of 5"}
