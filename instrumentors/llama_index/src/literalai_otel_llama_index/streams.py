"""Results that are read later: streams of models, and the answers of engines that are made of them.

The request of a streaming method is made when its generator is first read, after the span has ended for LlamaIndex
(`spec/frameworks.md` §5.3). So the four methods are wrapped, on every class of LLM: the generator that they give
runs in the context of its recording. An engine's answer holds a generator, which is replaced where it stands.
"""

import logging
from collections.abc import Callable
from functools import wraps
from inspect import isasyncgen, iscoroutinefunction, isgenerator
from typing import Any, Final, cast

from literalai_otel.genai import PatchSet, Recording, Watch, read_generator
from literalai_otel_llama_index import runs
from literalai_otel_llama_index.llms import ResponseFold
from literalai_otel_llama_index.node import Node
from literalai_otel_llama_index.slots import Slot, open_slot

logger = logging.getLogger(__name__)

METHODS: Final = ("stream_chat", "astream_chat", "stream_complete", "astream_complete")
_WRITING: Final = "_literalai_writing"
"""Attribute of a chat engine's answer while it is being written."""
_WRITTEN: Final = "_literalai_written"
"""Attribute of one that is written: its text, and the error that ended it."""
_LLM_BASE: Final = "BaseLLM"
_LLM_MODULE: Final = "llama_index.core.base.llms.base"


def leave_to_wrapper(node: Node, result: Any) -> bool:
    """A model's stream: the wrapper gets it next. Without one nothing is known of how it is read."""
    slot = node.slot
    if slot is None or not (isgenerator(result) or isasyncgen(result)):
        return False
    slot.node = node
    return True


def follow_answer(node: Node, result: Any) -> bool:
    """The answer of a query engine or synthesizer: the recording ends with the generator in it."""
    recording, inner = node.recording, getattr(result, "response_gen", None)
    if recording is None or not (isgenerator(inner) or isasyncgen(inner)):
        return False
    result.response_gen = read_generator(inner, recording, _TextFold(node, recording))
    return True


def follow_chat(node: Node, result: Any) -> bool:
    """The answer of a chat engine: a thread or task of LlamaIndex reads the model's stream and writes the history."""
    recording = node.recording
    if recording is None or not hasattr(result, "is_writing_to_memory"):
        return False
    if not result.is_writing_to_memory:
        return _follow_chat_stream(node, recording, result)
    fold = _AnswerFold(node, recording)
    # On the answer itself: it is not hashable, and this must live as long as it.
    vars(result)[_WRITING] = (Watch(recording, fold, result), fold)
    _end_if_written(result)  # the thread may have been faster
    return True


def chat_written(node: Node, error: BaseException | None) -> None:
    """The history of a chat engine's answer is written, or writing it failed."""
    vars(node.instance)[_WRITTEN] = ("".join(node.pieces).strip(), error)
    _end_if_written(node.instance)


def _end_if_written(answer: Any) -> None:
    fields = cast(dict[str, Any], vars(answer))
    written: tuple[str, BaseException | None] | None = fields.get(_WRITTEN)
    following: tuple[Watch, _AnswerFold] | None = fields.pop(_WRITING, None) if written is not None else None
    if written is None or following is None:
        return
    watch, fold = following
    fold.answer, error = written
    if error is not None:
        watch.failed(error)
    else:
        watch.complete()


def _follow_chat_stream(node: Node, recording: Recording, result: Any) -> bool:
    for name in ("chat_stream", "achat_stream"):
        inner = getattr(result, name, None)
        if isgenerator(inner) or isasyncgen(inner):
            setattr(result, name, read_generator(inner, recording, _TextFold(node, recording)))
            return True
    return False


class _AnswerFold:
    """Knows the answer of a chat engine once it is written."""

    def __init__(self, node: Node, recording: Recording) -> None:
        self._node = node
        self._recording = recording
        self.answer: str | None = None

    def add(self, chunk: Any) -> None:
        """Nothing: the pieces are read elsewhere."""

    def finish(self) -> None:
        """Write the answer."""
        if self.answer is not None:
            runs.write_answer(self._recording, self.answer)
        self._node.closed()


class _TextFold:
    """Gathers the pieces of an answer."""

    def __init__(self, node: Node, recording: Recording) -> None:
        self._node = node
        self._recording = recording
        self._pieces: list[str] = []

    def is_output(self, chunk: Any) -> bool:
        """Never: the time to the first chunk is the model's."""
        return False

    def add(self, chunk: Any) -> None:
        """A piece is a text, or a response that holds one."""
        piece = chunk if isinstance(chunk, str) else chunk.delta
        if piece:
            self._pieces.append(piece)

    def finish(self) -> None:
        """Write the answer."""
        runs.write_answer(self._recording, "".join(self._pieces))
        self._node.closed()


def wrap_known_llms(base: Any, patches: PatchSet) -> None:
    """Wrap the streaming methods of `base` and of every class below it."""
    pending = [base]
    while pending:
        cls = pending.pop()
        wrap_llm(cls, patches)
        pending.extend(cls.__subclasses__())


def wrap_llm(cls: type, patches: PatchSet) -> None:
    """Wrap the streaming methods that `cls` itself defines, if it is a class of LLMs."""
    if not any(base.__name__ == _LLM_BASE and base.__module__ == _LLM_MODULE for base in cls.__mro__):
        return
    for name in METHODS:
        original = cls.__dict__.get(name)
        if callable(original) and not getattr(original, "__isabstractmethod__", False):
            patches.replace(cls, name, _wrapped)


def _wrapped(original: Any, patches: PatchSet) -> Callable[..., Any]:
    if iscoroutinefunction(original):

        @wraps(original)
        async def async_wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
            bound = original.__get__(self, type(self))
            if not patches.enabled:
                return await bound(*args, **kwargs)
            with open_slot() as slot:
                result = await bound(*args, **kwargs)
            return _recorded(result, slot)

        return async_wrapper

    @wraps(original)
    def wrapper(self: Any, *args: Any, **kwargs: Any) -> Any:
        bound = original.__get__(self, type(self))
        if not patches.enabled:
            return bound(*args, **kwargs)
        with open_slot() as slot:
            result = bound(*args, **kwargs)
        return _recorded(result, slot)

    return wrapper


def _recorded(result: Any, slot: Slot) -> Any:
    node = slot.node
    if node is None or node.recording is None:
        return result
    try:
        return read_generator(result, node.recording, _ResponsesOf(node, node.recording))
    except Exception:
        logger.debug("a stream is not recorded", exc_info=True)
        node.recording.complete()
        return result


class _ResponsesOf(ResponseFold):
    """The responses of a node, which ends with them."""

    def __init__(self, node: Node, recording: Recording) -> None:
        super().__init__(recording)
        self._node = node

    def finish(self) -> None:
        """Write what they tell."""
        super().finish()
        self._node.closed()
