"""Media out of steps: uploaded once, an attachment of each step that refers to it.

In the message stays `sha256:<hex>`; the attachment of the same step whose metadata names that hash has the address,
signed anew whenever it is read. Until a step is acknowledged, what is to be uploaded for it travels in its payload
under `MEDIA`, which is no name of the wire, so that a spooled step has it too.
"""

import logging
import mimetypes
import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast
from uuid import NAMESPACE_URL, uuid5
from weakref import WeakValueDictionary

from literalai_otel.errors import TransportError
from literalai_otel.genai.media import DEFAULT_MIME, REFERENCE_PREFIX, Media, decoded, referring
from literalai_otel.model import Generation, Step

if TYPE_CHECKING:  # loaded on the delivery thread
    from literalai_otel.api import SyncApi
    from literalai_otel.api.operation import Flow, Request, Upload

T = TypeVar("T")

logger = logging.getLogger(__name__)

MEDIA: Final = "media"
"""Key of a payload: what its attachments still lack."""
UPLOAD_FAILED: Final = "upload_failed"
_REMEMBERED: Final = 4096
"""Files that are known to be with the server, at most; the one not seen for longest is uploaded again."""
_ATTEMPTS: Final = 3
"""Failed attempts at a file after which its steps go without it."""
_ATTEMPTS_TO_REACH: Final = 12
"""The same where the server itself is away, so that the steps cannot go either; it takes minutes to come to so many."""
_GENERATION_CONTENT: Final = ("messages", "message_completion", "prompt", "completion", "variables", "metadata")


def without_media(step: Step, above: int) -> tuple[Step, dict[str, Media]]:
    """`step` with a reference in place of all media of more than `above` bytes, and that media by hash."""
    taken: dict[str, Media] = {}

    def refer(media: Media) -> str:
        taken[media.sha256] = media
        return media.reference

    try:
        changed: dict[str, Any] = {
            name: referring(getattr(step, name), refer, above) for name in ("input", "output", "metadata")
        }
        if step.generation is not None:
            changed["generation"] = _generation(step.generation, refer, above)
    except RecursionError:  # the limits of a step are kept all the same
        logger.debug("a step is nested too deeply to look for media", exc_info=True)
        return step, {}
    return (replace(step, **changed), taken) if taken else (step, {})


def _generation(generation: Generation, refer: Any, above: int) -> Generation:
    names = [name for name in _GENERATION_CONTENT if hasattr(generation, name)]
    return replace(generation, **{name: referring(getattr(generation, name), refer, above) for name in names})


@dataclass(frozen=True, slots=True)
class Outgoing:
    """Steps as they are sent. `dropped` counts files that they go without, `problem` says why."""

    steps: Sequence[Mapping[str, Any]]
    dropped: int = 0
    problem: str = ""


class Uploads:
    """The files of one delivery. Thread-safe; uploads come one after the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, str] = OrderedDict()
        self._failures: OrderedDict[str, int] = OrderedDict()
        self._held: WeakValueDictionary[str, Media] = WeakValueDictionary()

    def attach(self, wire: dict[str, Any], media: Iterable[Media]) -> int:
        """Make `media` attachments of a step in wire form; how many bytes more it keeps in memory by that."""
        more = 0
        attachments: list[dict[str, Any]] = list(wire.get("attachments") or ())
        waiting: list[Media] = []
        for each in media:
            attachments.append(_attachment(str(wire["id"]), each))
            object_key = self._known.get(each.sha256)
            if object_key is not None:
                attachments[-1]["objectKey"] = object_key
                continue
            # The same image in the next turn of a conversation is held once.
            held = self._held.setdefault(each.sha256, each)
            more += len(each.content) if held is each else 0
            waiting.append(held)
        wire["attachments"] = attachments
        if waiting:
            wire[MEDIA] = waiting
        return more

    def outgoing(self, api: "SyncApi", steps: Sequence[Mapping[str, Any]]) -> Outgoing:
        """`steps` with their files uploaded.

        Raises what an upload raises while another attempt may help; then the whole request is worth one.
        """
        if not any(MEDIA in step for step in steps):
            return Outgoing(steps)
        sent: list[Mapping[str, Any]] = []
        dropped, problem = 0, ""
        for step in steps:
            if MEDIA in step:
                missing: dict[str, str] = {}
                waiting = [_media(entry) for entry in cast(list[Any], step[MEDIA])]
                for each in waiting:
                    failed = self._upload(api, each)
                    if failed:
                        missing[each.sha256], problem = _mark(each), failed
                dropped += len(missing)
                step = self._complete(step, missing)
            sent.append(step)
        return Outgoing(sent, dropped, problem)

    def reset_after_fork(self) -> None:
        """In a child, where the thread that held the lock is not."""
        self._lock = threading.Lock()

    def _upload(self, api: "SyncApi", media: Media) -> str:
        """Why `media` is not with the server; empty when it is."""
        from literalai_otel.api.operation import Request
        from literalai_otel.api.operations.attachments import upload
        from literalai_otel.export.retry import is_retryable

        with self._lock:
            if media.sha256 in self._known:
                self._known.move_to_end(media.sha256)
                return ""
            asked: list[Request | Upload] = []
            try:
                stored = api.run(_noting(upload(decoded(media.content), None, media.mime or DEFAULT_MIME), asked))
            except Exception as error:
                logger.debug("a file was not uploaded", exc_info=True)
                failures = self._failures[media.sha256] = self._failures.pop(media.sha256, 0) + 1
                _bound(self._failures)
                away = isinstance(error, TransportError) and not error.answered and isinstance(asked[-1], Request)
                if failures < (_ATTEMPTS_TO_REACH if away else _ATTEMPTS) and is_retryable(error):
                    raise
                return str(error) or type(error).__name__
            self._failures.pop(media.sha256, None)
            self._known[media.sha256] = str(stored["object_key"])
            _bound(self._known)
            return ""

    def _complete(self, step: Mapping[str, Any], missing: Mapping[str, str]) -> dict[str, Any]:
        """A copy to be sent: attachments that have their file, marks in the places of what is missing."""
        sent = {key: item for key, item in step.items() if key != MEDIA}
        attachments: list[dict[str, Any]] = []
        for attachment in cast(list[dict[str, Any]], sent.get("attachments") or []):
            sha256 = _sha256(attachment)
            if sha256 in missing:
                continue
            object_key = self._known.get(sha256) if sha256 is not None else None
            attachments.append(attachment if object_key is None else {**attachment, "objectKey": object_key})
        sent["attachments"] = attachments
        if missing:
            marks = {REFERENCE_PREFIX + sha256: mark for sha256, mark in missing.items()}
            sent = cast(dict[str, Any], _marked(sent, marks))
            sent["metadata"] = {**(sent.get("metadata") or {}), "content_dropped": UPLOAD_FAILED}
        return sent


def _noting(flow: "Flow[T]", asked: "list[Request | Upload]") -> "Flow[T]":
    """`flow`, with what it asks for in `asked`."""
    try:
        asked.append(next(flow))
        while True:
            asked.append(flow.send((yield asked[-1])))
    except StopIteration as done:
        return done.value


def _attachment(step_id: str, media: Media) -> dict[str, Any]:
    """In wire form. Its id is made from the step and the hash: a resend is an upsert."""
    mime = media.mime or DEFAULT_MIME
    name = media.name or f"{mime.partition('/')[0]}-{media.sha256[:8]}{mimetypes.guess_extension(mime) or ''}"
    return {
        "id": str(uuid5(NAMESPACE_URL, f"{step_id}/{media.sha256}")),
        "name": name,
        "mime": mime,
        "metadata": {"sha256": media.sha256, "size": media.size},
    }


def _sha256(attachment: Mapping[str, Any]) -> str | None:
    metadata: Any = attachment.get("metadata")
    return cast(dict[str, Any], metadata).get("sha256") if isinstance(metadata, dict) else None


def _media(entry: Any) -> Media:
    """What waits: the object, or its fields where the payload has been to the spool."""
    return entry if isinstance(entry, Media) else Media(**cast(dict[str, Any], entry))


def _mark(media: Media) -> str:
    return f"[dropped: {media.mime or DEFAULT_MIME}, {media.size} bytes, not uploaded]"


def _marked(value: Any, marks: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return marks.get(value, value)
    if isinstance(value, list):
        return [_marked(item, marks) for item in cast(list[Any], value)]
    if isinstance(value, dict):
        return {key: _marked(item, marks) for key, item in cast(dict[str, Any], value).items()}
    return value


def _bound(remembered: OrderedDict[str, Any]) -> None:
    while len(remembered) > _REMEMBERED:
        remembered.popitem(last=False)
