"""Answers: JSON, the error shape of GraphQL and REST, and the error shape of OTLP."""

import gzip
import hashlib
import logging
import math
from collections.abc import Awaitable, Callable
from typing import Any, Final

from google.rpc.status_pb2 import Status
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from literalai_otel import jsonable
from literalai_otel.errors import LiteralError
from literalai_otel.server.problems import Problem, error_entry, masked
from literalai_otel.server.throttle import Throttle

JSON = "application/json"
PROTOBUF = "application/x-protobuf"

Endpoint = Callable[[Request], Awaitable[Response]]
Renderer = Callable[[Request, Problem], Response]

_COMPRESS_FROM: Final = 1_024
"""Bytes below which compressing saves nothing."""
_LEVEL: Final = 1
"""Twice as large as level 6 would make it, in a fifth of its time: the answer is waited for."""

_log = logging.getLogger(__name__)


def json_answer(content: Any, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """`content` as JSON. Odd values (NaN, lone surrogates) are repaired, see `literalai_otel.jsonable`."""
    return Response(jsonable.dumps(content), status_code=status, media_type=JSON, headers=headers)


def compressed_answer(request: Request, content: bytes, headers: dict[str, str]) -> Response:
    """JSON, compressed where the browser takes that. Takes its time: for worker threads."""
    if len(content) >= _COMPRESS_FROM and "gzip" in request.headers.get("accept-encoding", ""):
        content = gzip.compress(content, _LEVEL, mtime=0)
        headers = {**headers, "content-encoding": "gzip"}
    return Response(content, media_type=JSON, headers=headers)


def known_tag(request: Request, content: bytes) -> tuple[str, bool]:
    """The ETag of an answer, and whether the browser has the same one already.

    A weak tag: the compressed and the plain answer say the same.
    """
    tag = f'W/"{hashlib.blake2b(content, digest_size=16).hexdigest()}"'
    return tag, tag in request.headers.get("if-none-match", "")


def literal_refusal(request: Request, problem: Problem) -> Response:
    """`{"errors": [{"message": …, "extensions": {"code": …}}]}`, what the published clients read."""
    return json_answer({"errors": [error_entry(problem.code, problem.message)]}, problem.http_status, _headers(problem))


def otlp_refusal(request: Request, problem: Problem) -> Response:
    """A `google.rpc.Status` in the encoding of the request."""
    if media_type(request) == JSON:
        return json_answer(
            {"code": problem.grpc_code, "message": problem.message}, problem.http_status, _headers(problem)
        )
    status = Status(code=problem.grpc_code, message=problem.message)
    return Response(
        status.SerializeToString(),
        status_code=problem.http_status,
        media_type=PROTOBUF,
        headers=_headers(problem),
    )


def guarded(endpoint: Endpoint, render: Renderer, *, keyed: bool = True) -> Endpoint:
    """`endpoint` whose every failure becomes an answer of the protocol's own shape.

    Where it is `keyed`, a 401 is one of a wrong API key, and counted for its address.
    """

    async def guard(request: Request) -> Response:
        try:
            return await endpoint(request)
        except Problem as problem:
            return render(request, _throttled(request, problem) if keyed else problem)
        except LiteralError as error:
            return render(request, Problem("BAD_USER_INPUT", str(error)))
        except ClientDisconnect:
            _log.info("the client left before its request was complete", extra={"path": request.url.path})
            return Response(status_code=400)
        except Exception as error:
            return render(request, masked(error))

    return guard


def _throttled(request: Request, problem: Problem) -> Problem:
    """401 becomes 429 for an address that had many. A right key never comes here, so it is never held up.

    A session that is over is no wrong key: the page that was left open must hear 401 to ask for a sign-in.
    """
    throttle: Throttle | None = getattr(request.app.state, "wrong_keys", None)
    by_session = "x-api-key" not in request.headers and "cookie" in request.headers
    if problem.code != "UNAUTHENTICATED" or by_session or throttle is None or request.client is None:
        return problem
    address = request.client.host
    wait = throttle.wait(address)
    throttle.failed(address)
    if not wait:
        return problem
    message = "Too many requests with a wrong API key from this address: correct the key."
    return Problem("TOO_MANY_REQUESTS", message, retry_after=math.ceil(wait))


async def refuse_route(request: Request, error: Exception) -> Response:
    """Starlette's own refusals (no such path, wrong method) in the same shape."""
    assert isinstance(error, HTTPException)
    if error.status_code == 405:
        problem = Problem("METHOD_NOT_ALLOWED", f"{request.url.path} does not answer {request.method}.")
    else:
        problem = Problem("NOT_FOUND", f"Nothing is served at {request.url.path}.")
    answer = literal_refusal(request, problem)
    answer.headers.update(error.headers or {})
    return answer


def media_type(request: Request) -> str:
    """The content type without its parameters, lower case; empty when the header is absent."""
    return request.headers.get("content-type", "").split(";", 1)[0].strip().lower()


def _headers(problem: Problem) -> dict[str, str] | None:
    return None if problem.retry_after is None else {"retry-after": str(problem.retry_after)}
