"""Stored steps to an OpenTelemetry collector, as spans."""

from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from literalai_otel.cli.progress import Progress
from literalai_otel.cli.terminal import EXIT_PROBLEM, EXIT_SETTINGS, console, fail
from literalai_otel.errors import APIStatusError, TransportError

if TYPE_CHECKING:
    from literalai_otel.api import SyncApi

TRACES: Final = "/v1/traces"


def send_spans(api: "SyncApi", url: str, headers: list[str], *, since: str | None, until: str | None) -> None:
    """Send every step of the project to the collector at `url`, page by page.

    A path is kept as it is; an address without one gets `/v1/traces`, as everywhere in OpenTelemetry.
    """
    target = _target(url)
    extra = dict(_header(item) for item in headers)
    total = api.count_records(since=since, until=until).get("step")
    sent, refused = 0, 0
    after: int | None = 0
    with Progress(f"sending to {target}", unit="spans", total=total) as progress:
        while after is not None:
            page = api.export_spans(after=after, since=since, until=until)
            count = _count(page.request)
            if count:
                refused += _refused(_forwarded(api, target, page.request, extra), target)
                sent += count
                progress.advance(count)
            after = page.after
    console().print(f"{target}: {sent - refused} spans")
    if refused:
        fail(f"{target} refused {refused} spans", "see the collector's log", EXIT_PROBLEM)


def _target(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        fail(f"{url} is no address", "give one such as http://127.0.0.1:4318", EXIT_SETTINGS)
    return url if parts.path.strip("/") else url.rstrip("/") + TRACES


def _header(item: str) -> tuple[str, str]:
    name, equals, value = item.partition("=")
    if not equals or not name.strip():
        fail(f"{item!r} is no header", "write it as NAME=VALUE", EXIT_SETTINGS)
    return name.strip(), value.strip()


def _forwarded(api: "SyncApi", target: str, request: bytes, headers: dict[str, str]) -> bytes:
    try:
        return api.forward_spans(target, request, headers)
    except (APIStatusError, TransportError) as problem:
        return fail(f"the collector did not take the spans: {problem}", "is it an OTLP/HTTP receiver? Try again later")


def _count(request: bytes) -> int:
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

    message = ExportTraceServiceRequest.FromString(request)
    return sum(len(scope.spans) for resource in message.resource_spans for scope in resource.scope_spans)


def _refused(answer: bytes, target: str) -> int:
    from google.protobuf.message import DecodeError
    from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse

    try:
        partial = ExportTraceServiceResponse.FromString(answer).partial_success
    except DecodeError:
        return 0  # some collectors answer in JSON, whatever they were asked in
    if partial.error_message:
        console(error=True).print(f"{target}: {partial.error_message}")
    return partial.rejected_spans
