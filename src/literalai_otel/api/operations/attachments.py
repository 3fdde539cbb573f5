"""Operations on attachments, and the upload of their files (`spec/literal-wire.md` §2.8, §3).

An upload has two legs: the server names an address and a form, the file goes there without the API key.
"""

import logging
import mimetypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, cast
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from literalai_otel.api import documents
from literalai_otel.api.calls import entity, graphql, known, rest
from literalai_otel.api.operation import Flow, Surrounded, Upload, operation
from literalai_otel.api.operations.steps import send_steps
from literalai_otel.errors import APIStatusError, GraphQLError, LiteralError, TransportError
from literalai_otel.model import Attachment, AttachmentUpload, UploadedFile

logger = logging.getLogger(__name__)

DEFAULT_MIME: Final = "application/octet-stream"
DEFAULT_NAME: Final = "attachment"
_UPLOAD: Final = "/upload/file"
_FIELDS: Final = ("metadata", "mime", "name", "objectKey", "url")


def upload(content: bytes | Path, thread_id: str | None, mime: str) -> Flow[UploadedFile]:
    """Both legs, for whoever wants to know why one failed: LiteralError, or OSError when there is no such file."""
    if isinstance(content, Path):
        content.open("rb").close()  # before anything is sent, and as the error that it is
    file_name = str(uuid4())
    body = {"fileName": file_name, "contentType": mime} | ({"threadId": thread_id} if thread_id is not None else {})
    answer = yield from rest(_UPLOAD, body)
    method = "PUT" if isinstance(answer.get("put"), dict) else "POST"
    target = cast(dict[str, Any], answer.get(method.lower()) or {})
    url, fields = target.get("url"), _texts(target.get("fields"))
    key, read_url = fields.get("key"), answer.get("signedUrl")
    if not isinstance(url, str) or not key or not isinstance(read_url, str):
        raise TransportError(f"{_UPLOAD}: the answer names no address to upload to", retryable=False, answered=True)
    raw = target.get("uploadType") == "raw"
    sent = yield Upload(
        method,
        url,
        content,
        headers=_texts(target.get("headers")),
        fields=None if raw else fields,
        file_name=file_name,
        mime=mime,
    )
    if sent.status >= 300:
        excerpt = sent.body[:300].decode("utf-8", "replace")
        message = f"the storage refused the file: HTTP {sent.status}: {excerpt}"
        raise APIStatusError(message, status=sent.status, body=sent.body.decode("utf-8", "replace"))
    return UploadedFile(object_key=key, url=read_url)


def _texts(given: Any) -> dict[str, str]:
    """Headers or form fields of the server, in its order."""
    if not isinstance(given, Mapping):
        return {}
    return {str(name): str(value) for name, value in cast(Mapping[Any, Any], given).items() if value is not None}


def _as_bytes(content: bytes | str) -> bytes:
    return content.encode() if isinstance(content, str) else content


class AttachmentOperations:
    """Upload, create, read, change, delete."""

    @operation
    def upload_file(
        self, content: bytes | str | Path, thread_id: str | None = None, mime: str | None = DEFAULT_MIME
    ) -> Flow[UploadedFile]:
        """Store a file with the server.

        Args:
            content: Bytes, a text, which is encoded as UTF-8, or the path of a file, which is streamed.
            thread_id: The thread that the file belongs to.
            mime: Type of the content.

        Returns:
            `object_key` for `create_attachment`, and `url` to read it. Both are None when it failed; a line in the log
            says why.
        """
        body = content if isinstance(content, Path) else _as_bytes(content)
        try:
            return (yield from upload(body, thread_id, mime or DEFAULT_MIME))
        except (LiteralError, OSError) as problem:
            logger.warning("Literal AI: a file was not uploaded: %s", problem)
            return UploadedFile(object_key=None, url=None)

    @operation
    def create_attachment(
        self: Surrounded,
        thread_id: str | None = None,
        step_id: str | None = None,
        id: str | None = None,
        metadata: dict[str, Any] | None = None,
        mime: str | None = None,
        name: str | None = None,
        object_key: str | None = None,
        url: str | None = None,
        content: bytes | str | None = None,
        path: str | Path | None = None,
    ) -> Flow[Attachment]:
        """Attach a file to a step: one of `content`, `path`, `url`, or what `upload_file` gave.

        Args:
            thread_id: The thread, by default that of the caller.
            step_id: The step, by default that of the caller.
            id: Id of the attachment, by default one of the server's.
            metadata: Any JSON object.
            mime: Type of the file, by default guessed from its name.
            name: Shown name, by default that of the file.
            object_key: Names bytes that are stored already; `url` may go with it.
            url: Where the file is.
            content: The file itself; a text is encoded as UTF-8.
            path: Where the file is on this machine; it is streamed.

        Raises:
            ValueError: None of the four, or more than one, was given, or there is no step.
            OSError: There is no such file.
            LiteralError: The upload failed, or the server refused.
        """
        given = [content is not None, path is not None, object_key is not None or url is not None]
        if sum(given) != 1:
            raise ValueError("give one of content, path, url or object_key")
        here = self.here()
        if step_id is None or step_id == here.step_id:
            step_id, thread_id = here.step_id, thread_id if thread_id is not None else here.thread_id
        if step_id is None:
            raise ValueError("an attachment belongs to a step: give step_id, or call this inside of one")
        source = str(path) if path is not None else unquote(urlsplit(url or "").path) or object_key or ""
        name = name or Path(source).name or DEFAULT_NAME
        mime = mime or mimetypes.guess_type(name)[0] or mimetypes.guess_type(source)[0]
        if path is not None or content is not None:
            mime = mime or DEFAULT_MIME
            body = Path(path) if path is not None else _as_bytes(cast("bytes | str", content))
            stored = yield from upload(body, thread_id, mime)
            object_key, url = stored["object_key"], stored["url"]
        fields: dict[str, Any] = {
            "metadata": metadata,
            "mime": mime,
            "name": name,
            "objectKey": object_key,
            "url": url,
        }
        if id is not None:
            return (yield from _with_id(id, step_id, thread_id, fields))
        data = yield from graphql("CreateAttachment", documents.CREATE_ATTACHMENT, {"stepId": step_id, **fields})
        return Attachment.from_dict(entity("CreateAttachment", data, "createAttachment"))

    @operation
    def update_attachment(self, id: str, update_params: AttachmentUpload) -> Flow[Attachment]:
        """Change what is given of an attachment.

        Raises:
            NotFoundError: There is no such attachment.
        """
        variables = {"id": id} | {field: update_params.get(field) for field in _FIELDS}
        data = yield from graphql("UpdateAttachment", documents.UPDATE_ATTACHMENT, variables)
        return Attachment.from_dict(known(data, "updateAttachment", "attachment", id))

    @operation
    def get_attachment(self, id: str) -> Flow[Attachment | None]:
        """The attachment, its url signed anew; None when there is none."""
        return (yield from _get(id))

    @operation
    def delete_attachment(self, id: str) -> Flow[Attachment | None]:
        """Delete an attachment and give it back; None when there was none."""
        data = yield from graphql("DeleteAttachment", documents.DELETE_ATTACHMENT, {"id": id})
        return Attachment.from_dict(data["deleteAttachment"]) if data.get("deleteAttachment") else None


def _get(id: str) -> Flow[Attachment | None]:
    data = yield from graphql("GetAttachment", documents.GET_ATTACHMENT, {"id": id})
    return Attachment.from_dict(data["attachment"]) if data.get("attachment") else None


def _with_id(id: str, step_id: str, thread_id: str | None, fields: dict[str, Any]) -> Flow[Attachment]:
    """An attachment with an id of the caller's: `createAttachment` takes none, a step that brings one does."""
    attachment = {"id": id} | {name: value for name, value in fields.items() if value is not None}
    [outcome] = yield from send_steps([{"id": step_id, "threadId": thread_id, "attachments": [attachment]}])
    if not outcome.ok:
        message = outcome.message or "the server refused"
        raise GraphQLError(f"AddStep: {message}", operation="AddStep", errors=[{"message": message}])
    stored = yield from _get(id)
    if stored is None:
        raise TransportError(f"the server took attachment {id!r} and does not know it", retryable=False, answered=True)
    return stored
