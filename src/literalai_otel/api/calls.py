"""The two kinds of call, GraphQL and REST, as flows; every answer is checked here (`spec/literal-wire.md` §1.3)."""

import logging
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from time import time
from typing import Any, Final, cast

from literalai_otel.api.operation import Answer, Flow, Request
from literalai_otel.errors import APIStatusError, GraphQLError, NotFoundError, TransportError
from literalai_otel.jsonable import dumps, loads

logger = logging.getLogger(__name__)

GRAPHQL_PATH: Final = "/api/graphql"
_EXCERPT: Final = 300
"""Characters of a foreign text that go into a message."""


def graphql(
    operation: str,
    document: str,
    variables: Mapping[str, Any],
    *,
    environment: str | None = None,
    timeout: float | None = None,
) -> Flow[dict[str, Any]]:
    """The `data` of an answer without errors. Variables that are None are left out: null means absent on the wire.

    Raises:
        GraphQLError: The answer has `errors`, or a root field says `ok: false`.
        APIStatusError: The status is 400 or above.
        TransportError: There was no answer, or it is not GraphQL.
    """
    given = {name: value for name, value in variables.items() if value is not None}
    data, errors = yield from graphql_with_errors(operation, document, given, environment=environment, timeout=timeout)
    if errors:
        raise GraphQLError(f"{operation}: {_messages(errors)}", operation=operation, errors=errors, data=data)
    for value in (data or {}).values():
        if isinstance(value, dict) and cast(dict[str, Any], value).get("ok") is False:
            message = str(cast(dict[str, Any], value).get("message") or "the server refused")
            raise GraphQLError(f"{operation}: {message}", operation=operation, errors=[{"message": message}], data=data)
    if data is None:
        raise TransportError(f"{operation}: the answer has neither data nor errors", answered=True)
    return data


def graphql_with_errors(
    operation: str,
    document: str,
    variables: Mapping[str, Any],
    *,
    environment: str | None = None,
    timeout: float | None = None,
) -> Flow[tuple[dict[str, Any] | None, list[Any]]]:
    """`data` and `errors` as answered, for an operation whose parts succeed or fail each for itself."""
    body = dumps({"query": document, "variables": variables})
    answer = yield Request(GRAPHQL_PATH, body, _headers(environment), timeout)
    content = _content(operation, answer)
    data, errors = content.get("data"), content.get("errors")
    return (
        cast(dict[str, Any], data) if isinstance(data, dict) else None,
        cast(list[Any], errors) if isinstance(errors, list) else [errors] if errors else [],
    )


def entity(operation: str, data: Mapping[str, Any], field: str) -> dict[str, Any]:
    """The object that `field` of an answer holds, where there must be one. Raises TransportError otherwise."""
    value = data.get(field)
    if not isinstance(value, dict):
        raise TransportError(f"{operation}: the answer has no {field}", retryable=False, answered=True)
    return cast(dict[str, Any], value)


def known(data: Mapping[str, Any], field: str, kind: str, name: str) -> dict[str, Any]:
    """The object that `field` of an answer holds. Raises NotFoundError when the server knows none by that name."""
    value = data.get(field)
    if not isinstance(value, dict):
        raise NotFoundError(f"the project has no {kind} {name!r}")
    return cast(dict[str, Any], value)


def rest(path: str, body: Mapping[str, Any]) -> Flow[dict[str, Any]]:
    """The JSON object that a REST endpoint below `/api` answers. Raises `APIStatusError` and `TransportError`."""
    answer = yield Request(f"/api{path}", dumps(body))
    return _content(path, answer)


def _headers(environment: str | None) -> dict[str, str]:
    return {"x-env": environment} if environment else {}


def _content(what: str, answer: Answer) -> dict[str, Any]:
    """The JSON object of a good answer.

    A page instead of JSON counts as transient: proxies and starting servers answer so.
    """
    excerpt = answer.body[: 4 * _EXCERPT].decode("utf-8", "replace")[:_EXCERPT]
    try:
        content = loads(answer.body)
    except ValueError as problem:
        logger.debug("the answer to %s could not be parsed as JSON: %s: %s", what, problem, excerpt)
        content = None
    if answer.status >= 400:
        reason = _reason(content) or excerpt
        raise APIStatusError(
            f"{what}: HTTP {answer.status}: {reason}",
            status=answer.status,
            body=answer.body.decode("utf-8", "replace"),
            retry_after=retry_after(answer.headers.get("retry-after")),
        )
    if answer.status >= 300 or not isinstance(content, dict):
        raise TransportError(f"{what}: HTTP {answer.status} with no JSON object, but: {excerpt!r}", answered=True)
    return cast(dict[str, Any], content)


def _reason(content: Any) -> str | None:
    """The server's own words, if it answered in one of the shapes that we know."""
    if not isinstance(content, dict):
        return None
    known = cast(dict[str, Any], content)
    errors = known.get("errors")
    if isinstance(errors, list) and errors:
        return _messages(cast(list[Any], errors))
    for key in ("message", "error"):
        if isinstance(known.get(key), str):
            return str(known[key])[:_EXCERPT]
    return None


def _messages(errors: list[Any]) -> str:
    texts = [message_of(error) for error in errors[:3]]
    more = f" (and {len(errors) - 3} more)" if len(errors) > 3 else ""
    return "; ".join(texts)[: 3 * _EXCERPT] + more


def message_of(error: Any) -> str:
    """The message of one GraphQL error."""
    message = cast(dict[str, Any], error).get("message") if isinstance(error, dict) else error
    return str(message)


def retry_after(value: str | None) -> float | None:
    """Seconds from a `Retry-After` header, which holds seconds or a date (RFC 9110 §10.2.3); never negative."""
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time()
        except (ValueError, TypeError, OverflowError):
            return None
    return max(seconds, 0.0) if seconds - seconds == 0 else None
