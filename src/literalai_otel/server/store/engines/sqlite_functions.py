"""The SQL functions that filters need and SQLite lacks. PostgreSQL's are in `postgres_functions`, by the same names."""

import sqlite3
from typing import Any, cast

from literalai_otel.jsonable import dumps_text, loads
from literalai_otel.server.store.folding import folded
from literalai_otel.server.store.payload import plain_text, unpack


def register(connection: sqlite3.Connection) -> None:
    """Gives `connection` the functions of texts (`unicode_fold`), JSON and payloads, and `from_hex` of sets."""
    connection.create_function("from_hex", 1, bytes.fromhex, deterministic=True)
    connection.create_function("unicode_fold", 1, _unicode_fold, deterministic=True)
    connection.create_function("json_member", 2, _json_member, deterministic=True)
    connection.create_function("payload_member", 3, _payload_member, deterministic=True)
    connection.create_function("payload_text", 1, _payload_text, deterministic=True)


def _unicode_fold(text: Any) -> str | None:
    """Case folded by Unicode; SQLite's own lower() knows ASCII only."""
    return folded(text) if isinstance(text, str) else None


def _json_member(document: Any, path: str | None) -> str | None:
    """The member of a JSON text at `path` as text; see `member_text`."""
    return None if document is None else member_text(loads(document), path)


def _payload_member(content: Any, key: str, path: str | None) -> str | None:
    """The member of a payload's `key` at `path` as text."""
    return None if content is None else member_text(unpack(content).get(key), path)


def _payload_text(content: Any) -> str | None:
    """The whole payload as its JSON text."""
    return None if content is None else plain_text(content)


def member_text(value: Any, path: str | None) -> str | None:
    """What a filter compares: a text as it is, anything else as its JSON text, None where there is nothing.

    `path` is a key of the object; a key with dots is tried whole first, then as a way through nested objects.
    """
    if path is not None:
        value = _walk(value, path)
    if value is None or isinstance(value, str):
        return value
    return dumps_text(value)


def _walk(value: Any, path: str) -> Any:
    while isinstance(value, dict):
        members = cast(dict[str, Any], value)
        if path in members:
            return members[path]
        head, dot, path = path.partition(".")
        value = members.get(head) if dot else None
    return None  # the way goes on, and there is no object to go on into
