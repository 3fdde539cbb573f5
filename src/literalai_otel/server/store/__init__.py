"""Database access of the server: `Store`, and the values that go in and come out."""

from literalai_otel.server.store.paging import Listing, PageQuery
from literalai_otel.server.store.participants import ConflictError
from literalai_otel.server.store.projects import ApiKey, Project
from literalai_otel.server.store.rows import Link, StepBatch, StepRow
from literalai_otel.server.store.store import Store
from literalai_otel.server.store.threads import ThreadFields

__all__ = [
    "ApiKey",
    "ConflictError",
    "Link",
    "Listing",
    "PageQuery",
    "Project",
    "StepBatch",
    "StepRow",
    "Store",
    "ThreadFields",
]
