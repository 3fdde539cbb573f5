"""The state of one stream that is being recorded, and the register of those that have not ended."""

import atexit
import logging
import os
import weakref
from asyncio import CancelledError
from collections.abc import Callable
from types import GeneratorType
from typing import Any, Final, Protocol

from literalai_otel.genai.abandoned import end_later
from literalai_otel.genai.recording import Recording

logger = logging.getLogger(__name__)


class Fold(Protocol):
    """Gathers the chunks of one stream in bounded space.

    A fold may have an attribute `error`, None or (type, message): what the provider reported in an event of the
    stream. The recording then ends with it. It may have a method `is_output(chunk)`: whether the chunk is a piece of
    the answer, where others come before; else every chunk is.
    """

    def add(self, chunk: Any) -> None:
        """Take over what `chunk` says."""
        ...

    def finish(self) -> None:
        """Write what was gathered into the invocation."""
        ...


class Watch:
    """What the reader, the close hooks and the end of one stream share.

    `anchor` is the object whose death means that nobody can read any more: the HTTP response, which every stream
    and raw object over it holds. The watch does not hold it.
    """

    __slots__ = (
        "__weakref__",
        "_anchor",
        "_fold",
        "_fold_error",
        "_hooks",
        "_is_output",
        "add",
        "busy",
        "done",
        "each",
        "orphaned",
        "reader",
        "recording",
        "taken",
    )

    def __init__(self, recording: Recording, fold: Fold, anchor: Any) -> None:
        self.recording = recording
        self.busy = False
        """Whether a read is going on: what the SDK closes meanwhile, it closes itself."""
        self.reader: weakref.ref[GeneratorType[Any, Any, Any]] | None = None
        """The generator that reads instead, if one does: it knows itself whether it runs."""
        self.done = False
        self.taken = False
        """Whether a reader of chunks has taken over, so that readers of bytes only pass on."""
        self.orphaned = False
        """Whether nobody can read on. What the collector still closes then is no news."""
        self.each = True
        """Whether the recording must hear of the next chunk: of the first one, or of all for the metrics."""
        self.add = fold.add
        """Takes a chunk of which the recording needs not hear."""
        self._fold = fold
        self._is_output: Callable[[Any], bool] | None = getattr(fold, "is_output", None)
        self._fold_error: tuple[str, str] | None = None
        """What the fold has met."""
        self._hooks: tuple[str, ...] = ()
        self._anchor: weakref.ref[Any] | None = weakref.ref(anchor, self._anchor_gone)
        _OPEN.add(self)

    def reader_runs(self) -> bool:
        """Whether the `reader` is at a read."""
        reader = self.reader() if self.reader is not None else None
        return reader is not None and reader.gi_running

    def heard(self, chunk: Any) -> None:
        """A chunk was read, of which the recording may have to hear."""
        try:
            if self._is_output is None or self._is_output(chunk):
                self.each = self.recording.counts_chunks
                self.recording.chunk()
        except Exception:
            logger.debug("a chunk was not readable", exc_info=True)

    def chunk(self, chunk: Any) -> None:
        """A chunk was read."""
        if self.each:
            self.heard(chunk)
        try:
            self.add(chunk)
        except Exception:
            logger.debug("a chunk was not readable", exc_info=True)

    def complete(self) -> None:
        """The stream was read to its end."""
        if not self._finish():
            return
        if self._fold_error is None:
            self.recording.complete()
        else:
            self.recording.fail_as(*self._fold_error)

    def failed(self, error: BaseException) -> None:
        """Reading raised, or the block around the stream did."""
        if not self._finish():
            return
        if isinstance(error, GeneratorExit):
            self.recording.stop("closed")
        else:
            self.recording.fail(error, "cancelled" if isinstance(error, CancelledError) else None)

    def reported(self, error_type: str, message: str) -> None:
        """The provider reported an error in the stream."""
        if self._finish():
            self.recording.fail_as(error_type, message)

    def closed(self, error: BaseException | None) -> None:
        """The response was closed; `error` is what ended the `with` block around it."""
        if error is not None:
            self.failed(error)
        else:
            self._stop("closed")

    def abandoned(self) -> None:
        """Nobody will read on."""
        self._stop("abandoned")

    def hook(self, name: str, make: Callable[[Callable[..., Any], "Watch"], Callable[..., Any]]) -> None:
        """Replace method `name` of the anchor by `make(original, self)` until the recording ends."""
        anchor = self._anchor() if self._anchor is not None else None
        # Bound: in the collector's hands the anchor still has to close, when weak references are gone already.
        original = getattr(anchor, name, None)
        if original is None:
            return
        setattr(anchor, name, make(original, self))
        self._hooks += (name,)

    def leave_to_parent(self) -> None:
        """In a forked child: how the stream ends is the parent's to say, unless it is read to its end here."""
        self.orphaned = True
        self._anchor = None

    def _anchor_gone(self, _: Any) -> None:
        self.orphaned = True
        try:
            end_later(self.abandoned)
        except Exception:
            self.abandoned()

    def _finish(self) -> bool:
        if self.done:
            return False
        self.done = True
        try:
            _OPEN.discard(self)
            self._unhook()
            self._fold.finish()
            self._fold_error = getattr(self._fold, "error", None)
        except Exception:
            logger.debug("a stream was not readable", exc_info=True)
        return True

    def _stop(self, outcome: str) -> None:
        if not self._finish():
            return
        if self._fold_error is None:
            self.recording.stop(outcome)
        else:
            self.recording.fail_as(*self._fold_error)

    def _unhook(self) -> None:
        anchor = self._anchor() if self._anchor is not None else None
        if anchor is not None and self._hooks:
            fields = anchor.__dict__
            for name in self._hooks:
                fields.pop(name, None)
        self._hooks, self._anchor = (), None


class _OpenWatches:
    """The watches of streams that have not ended: something must hold them, since their streams may be gone."""

    def __init__(self) -> None:
        self._watches: set[Watch] = set()
        self._ends_at_exit = False

    def __len__(self) -> int:
        return len(self._watches)

    def add(self, watch: Watch) -> None:
        if not self._ends_at_exit:
            # With the first stream, not at import: exit handlers run backwards, and delivery comes after this one.
            self._ends_at_exit = True
            atexit.register(self._end_all)
        self._watches.add(watch)

    def discard(self, watch: Watch) -> None:
        self._watches.discard(watch)

    def forget(self) -> None:
        """In a forked child: the streams are the parent's to end."""
        for watch in self._watches:
            watch.leave_to_parent()
        self._watches.clear()

    def _end_all(self) -> None:
        for watch in list(self._watches):
            watch.abandoned()


_OPEN: Final = _OpenWatches()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_OPEN.forget)
