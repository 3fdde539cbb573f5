"""Operations on everything that a project has: out as records, and in again with ids and times as they were."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from urllib.parse import quote

from literalai_otel.api.calls import rest, retry_after
from literalai_otel.api.operation import Answer, Flow, Request, Upload, operation
from literalai_otel.errors import APIStatusError, TransportError
from literalai_otel.jsonable import dumps, dumps_text, loads

Record = Mapping[str, Any]
"""An object with a member `kind`; the other members are those of the entity on the wire."""

EXPORT_PAGE: Final = 1_000
SPAN_PAGE: Final = 200
PROTOBUF: Final = "application/x-protobuf"


@dataclass(frozen=True, slots=True)
class RecordPage:
    """Records in the order of storage; `after` asks for the next page, None at the end."""

    records: list[dict[str, Any]]
    after: int | None


@dataclass(frozen=True, slots=True)
class SpanPage:
    """An `ExportTraceServiceRequest` in protobuf; `after` asks for the next page, None at the end."""

    request: bytes
    after: int | None


@dataclass(frozen=True, slots=True)
class ImportOutcome:
    """What the server said of one record."""

    id: str
    ok: bool
    message: str


class TransferOperations:
    """Count, export, import; and export as spans."""

    @operation
    def count_records(self, *, since: str | None = None, until: str | None = None) -> Flow[dict[str, int]]:
        """How many records of each kind the project has, in the order in which they can be imported.

        Args:
            since: Only what was made at this ISO 8601 time or later.
            until: Only what was made before.
        """
        content = yield from rest("/export/records", {"since": since, "until": until})
        return cast(dict[str, int], _member(content, "kinds", dict))

    @operation
    def export_records(
        self,
        kind: str,
        *,
        after: int = 0,
        first: int = EXPORT_PAGE,
        since: str | None = None,
        until: str | None = None,
    ) -> Flow[RecordPage]:
        """Up to `first` records of a kind behind `after`, fewer when they are large."""
        body = {"kind": kind, "after": after, "first": first, "since": since, "until": until}
        content = yield from rest("/export/records", body)
        records = cast(list[dict[str, Any]], _member(content, "records", list))
        return RecordPage(records, cast("int | None", content.get("after")))

    @operation
    def import_records(self, records: Sequence[Record], *, whole: bool = False) -> Flow[list[ImportOutcome]]:
        """Store records, at most 1 000; one outcome for each, in order. The same record again changes nothing.

        Args:
            records: What to store; what a record refers to comes before it.
            whole: One record that is refused keeps all others out as well. Not for steps.
        """
        if not records:
            return []
        content = yield from rest("/import", {"records": list(records), "whole": whole})
        results = cast(list[dict[str, Any]], _member(content, "results", list))
        return [ImportOutcome(str(one.get("id")), bool(one.get("ok")), str(one.get("message"))) for one in results]

    @operation
    def export_file(self, object_key: str, *, start: int = 0) -> Flow[bytes]:
        """A part of an uploaded file from byte `start` on, a few megabytes long; empty behind its end."""
        answer = yield Request("/api/export/file", dumps({"objectKey": object_key, "start": start}))
        _check("/export/file", answer)
        return answer.body

    @operation
    def import_file(
        self, object_key: str, content: bytes, *, mime: str | None = None, thread_id: str | None = None
    ) -> Flow[bool]:
        """Store an uploaded file under its own key. False when there is one of that key, which stays as it is."""
        facts = quote(dumps_text({"objectKey": object_key, "mime": mime, "threadId": thread_id}))
        headers = {"content-type": "application/octet-stream", "x-literal-file": facts}
        answer = yield Request("/api/import/file", content, headers)
        _check("/import/file", answer)
        return loads(answer.body).get("stored") is True

    @operation
    def export_spans(
        self, *, after: int = 0, first: int = SPAN_PAGE, since: str | None = None, until: str | None = None
    ) -> Flow[SpanPage]:
        """Up to `first` steps behind `after` as an OTLP request in protobuf, fewer when they are large."""
        body = dumps({"after": after, "first": first, "since": since, "until": until})
        answer = yield Request("/api/export/otlp", body, {"accept": PROTOBUF})
        _check("/export/otlp", answer)
        following = answer.headers.get("x-next-after")
        return SpanPage(answer.body, None if following is None else int(following))

    @operation
    def forward_spans(self, url: str, request: bytes, headers: Mapping[str, str]) -> Flow[bytes]:
        """Send an OTLP request in protobuf to a collector, which gets `headers` and nothing of this client's.

        Returns:
            The collector's answer, an `ExportTraceServiceResponse`.
        """
        sent = {"content-type": PROTOBUF, **headers}
        answer = yield Upload(method="POST", url=url, content=request, headers=sent, mime=PROTOBUF)
        _check(url, answer)
        return answer.body


def _check(what: str, answer: Answer) -> None:
    if answer.status >= 400:
        body = answer.body.decode("utf-8", "replace")
        raise APIStatusError(
            f"{what}: HTTP {answer.status}: {body[:300]}",
            status=answer.status,
            body=body,
            retry_after=retry_after(answer.headers.get("retry-after")),
        )


def _member(content: Mapping[str, Any], name: str, kind: type[Any]) -> Any:
    found = content.get(name)
    if not isinstance(found, kind):
        raise TransportError(f"the answer has no {name}: is it a server of literalai-otel?", retryable=False)
    return cast(Any, found)
