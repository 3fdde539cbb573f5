"""Documents, parsed and validated once per text.

Parsing and validating the published clients' ingest mutation costs 2 ms a step, the mutation itself 2 µs
(`spec/platform-peers.md` §6.2), and its text depends only on the number of steps: so every text is kept by its
hash. An ingest-only document is kept as its plan alone, without the syntax tree.
"""

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from graphql import DocumentNode, GraphQLError, GraphQLSchema, parse, validate

from literalai_otel.server.problems import Problem
from literalai_otel.server.resolvers.document_limits import check_limits
from literalai_otel.server.resolvers.ingest_plan import IngestPlan, plan_of

MAX_TOKENS: Final = 200_000
MAX_CACHE_BYTES: Final = 16 * 1024 * 1024
MAX_ENTRY_BYTES: Final = 4 * 1024 * 1024
# Measured with tracemalloc on the clients' documents: memory per byte of text.
_TREE_BYTES_PER_BYTE: Final = 55
_PLAN_BYTES_PER_BYTE: Final = 6
_MAX_REPORTED_ERRORS: Final = 10


@dataclass(frozen=True, slots=True)
class Document:
    """A valid document: `plan` when every root field is an `ingestStep` that needs no executor, else `tree`."""

    tree: DocumentNode | None
    plan: IngestPlan | None

    def memory(self, text: str) -> int:
        """Estimated bytes that keeping this document costs."""
        return len(text) * (_PLAN_BYTES_PER_BYTE if self.plan is not None else _TREE_BYTES_PER_BYTE)


class DocumentCache:
    """The most recently used documents of one schema, bounded by their estimated memory. Thread-safe."""

    def __init__(self, schema: GraphQLSchema, max_bytes: int = MAX_CACHE_BYTES) -> None:
        self._schema = schema
        self._max_bytes = max_bytes
        self._kept: OrderedDict[bytes, tuple[Document, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def known(self, text: str) -> Document | None:
        """The document if it is kept. Cheap enough for the event loop."""
        key = _key(text)
        with self._lock:
            found = self._kept.get(key)
            if found is None:
                return None
            self._kept.move_to_end(key)
            return found[0]

    def load(self, text: str) -> Document:
        """The document, parsed and validated now if need be. Raises `Problem` when it is not valid; slow."""
        known = self.known(text)
        if known is not None:
            return known
        document = self._read(text)
        size = document.memory(text)
        if size <= MAX_ENTRY_BYTES:
            self._keep(_key(text), document, size)
        return document

    def _read(self, text: str) -> Document:
        try:
            tree = parse(text, no_location=True, max_tokens=MAX_TOKENS)
            errors = validate(self._schema, tree)
        except GraphQLError as error:
            raise Problem("GRAPHQL_PARSE_FAILED", error.message) from error
        except RecursionError as error:
            raise Problem("GRAPHQL_PARSE_FAILED", "The document is nested too deeply.") from error
        if errors:
            raise Problem(
                "GRAPHQL_VALIDATION_FAILED", " ".join(error.message for error in errors[:_MAX_REPORTED_ERRORS])
            )
        plan = plan_of(tree)
        if plan is not None:
            return Document(tree=None, plan=plan)
        check_limits(tree)
        return Document(tree=tree, plan=None)

    def _keep(self, key: bytes, document: Document, size: int) -> None:
        with self._lock:
            if key in self._kept:
                return
            self._kept[key] = (document, size)
            self._bytes += size
            while self._bytes > self._max_bytes:
                _, (_, freed) = self._kept.popitem(last=False)
                self._bytes -= freed


def _key(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
