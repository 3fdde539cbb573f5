"""The callback handler: what LangChain calls, and nothing that LangChain could notice.

This module needs langchain_core, so it is imported when LangChain first asks for handlers.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, Self, TypeVar, cast
from uuid import UUID

from langchain_core.callbacks import BaseCallbackHandler
from opentelemetry.context import Context

from literalai_otel.genai import Recorder
from literalai_otel_langchain.calls import end_call, start_chat, start_text, take_chunk
from literalai_otel_langchain.chains import end_chain, fail_chain, record_event, start_chain
from literalai_otel_langchain.frames import HANDLERS
from literalai_otel_langchain.recorder import RunFilter, RunRecorder, Start, end
from literalai_otel_langchain.seeding import SEEDING
from literalai_otel_langchain.tools import end_retrieval, end_tool, start_retrieval, start_tool

logger = logging.getLogger(__name__)

C = TypeVar("C", bound=Callable[..., None])

KEPT_TYPES: Final = frozenset({"retriever", "llm", "agent", "chain", "tool"})
"""What is kept inside of ignored runs when the caller does not say (`spec/literal-wire.md` §7.3)."""


def client_handler(
    recorder: Recorder,
    surround: Callable[[Context], Context],
    to_ignore: Sequence[str] | None = None,
    to_keep: Sequence[str] | None = None,
) -> "LiteralCallbackHandler":
    """The handler of one client, to be given in `config={"callbacks": [...]}`.

    Args:
        recorder: On the tracer provider of the client.
        surround: Puts what surrounds the client's steps into the context of a root run.
        to_ignore: Parts of names of runs that are left out.
        to_keep: Types of runs that are kept inside of those (`llm`, `tool`, `retriever`, `chain`, `prompt`, `parser`).
    """
    run_filter = None
    if to_ignore is not None or to_keep is not None:
        run_filter = RunFilter(
            None if to_ignore is None else tuple(to_ignore), KEPT_TYPES if to_keep is None else frozenset(to_keep)
        )
    handler = LiteralCallbackHandler(RunRecorder(recorder, run_filter, surround))
    SEEDING.hold(handler)
    return handler


def _guarded(callback: C, *, begins: bool) -> C:
    """`callback`, whose failures nobody sees: LangChain would log them.

    What `begins` something is off once the instrumentor is gone; what has begun before still ends.
    """

    def guarded(self: "LiteralCallbackHandler", *args: Any, **kwargs: Any) -> None:
        if begins and not self.enabled:
            return
        try:
            callback(self, *args, **kwargs)
        except Exception:
            logger.debug("%s is not recorded", callback.__name__, exc_info=True)

    return cast(C, guarded)


def _begins(callback: C) -> C:
    return _guarded(callback, begins=True)


def _continues(callback: C) -> C:
    return _guarded(callback, begins=False)


class LiteralCallbackHandler(BaseCallbackHandler):
    """Records every run that it hears of. One may be used for any number of calls, at the same time too."""

    run_inline = True
    """In the caller's task: what a start makes current must be current there."""
    raise_error = False
    ignore_llm = False  # pyright: ignore[reportIncompatibleMethodOverride, reportAssignmentType] - a property of the base, asked for every chunk

    def __init__(self, recorder: RunRecorder) -> None:
        self.enabled = True
        """False once the instrumentor is gone: managers that were made before still have the handler."""
        self._recorder = recorder
        self.needs_no_more: UUID | None = None
        """The run that took its chunks last, when it needs to hear of no more (`frames.spare_chunks` asks)."""

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self

    @_begins
    def on_chain_start(
        self,
        serialized: dict[str, Any] | None,
        inputs: Any,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """A chain, graph, node, prompt, parser or any other runnable starts."""
        run_type = str(kwargs.get("run_type") or "chain")
        start = _start(serialized, run_id, parent_run_id, run_type, tags, metadata, kwargs)
        start.run_name = None  # it is the name
        start_chain(self._recorder, start, inputs)

    @_continues
    def on_chain_end(self, outputs: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """A runnable gave `outputs`."""
        end_chain(run_id, outputs, kwargs.get("inputs"))

    @_continues
    def on_chain_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """A runnable raised."""
        fail_chain(run_id, error, kwargs.get("inputs"))

    @_begins
    def on_chat_model_start(
        self,
        serialized: dict[str, Any] | None,
        messages: list[list[Any]],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """A chat model is called."""
        self.needs_no_more = None  # ids that the program chooses may come again
        start = _start(serialized, run_id, parent_run_id, "llm", tags, metadata, kwargs)
        start_chat(self._recorder, start, serialized or {}, messages[0], kwargs.get("invocation_params") or {})

    @_begins
    def on_llm_start(
        self,
        serialized: dict[str, Any] | None,
        prompts: list[str],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """A text model is called."""
        self.needs_no_more = None  # ids that the program chooses may come again
        start = _start(serialized, run_id, parent_run_id, "llm", tags, metadata, kwargs)
        start_text(self._recorder, start, serialized or {}, prompts[0], kwargs.get("invocation_params") or {})

    def on_llm_new_token(
        self,
        token: Any,
        *,
        chunk: Any = None,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        **kwargs: Any,
    ) -> None:
        """A chunk of a model's answer has come, or LangChain's own mark that it was the last."""
        # Called for every chunk: most are those of one run, which needs to hear of its first alone.
        if run_id is self.needs_no_more:
            return
        try:
            is_mark = not token and getattr(getattr(chunk, "message", None), "chunk_position", None) == "last"
            if not is_mark and not take_chunk(run_id):
                self.needs_no_more = run_id
        except Exception:
            logger.debug("on_llm_new_token is not recorded", exc_info=True)

    @_continues
    def on_stream_event(self, event: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """An event of a model's stream in version 3; only those with content count as chunks."""
        if str(cast(Mapping[str, Any], event).get("event")).startswith("content-block"):
            take_chunk(run_id)

    @_continues
    def on_llm_end(self, response: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """A model answered."""
        end_call(run_id, response)

    @_continues
    def on_llm_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """A model call raised; `response` is what came before."""
        end_call(run_id, kwargs.get("response"), error)

    @_begins
    def on_tool_start(
        self,
        serialized: dict[str, Any] | None,
        input_str: str,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        inputs: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """A tool is called."""
        start = _start(serialized, run_id, parent_run_id, "tool", tags, metadata, kwargs)
        start.name = str((serialized or {}).get("name") or start.name)
        arguments = input_str if inputs is None else inputs
        start_tool(self._recorder, start, serialized or {}, arguments, kwargs.get("tool_call_id"))

    @_continues
    def on_tool_end(self, output: Any, *, run_id: UUID, **kwargs: Any) -> None:
        """A tool returned."""
        end_tool(run_id, output)

    @_continues
    def on_tool_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """A tool raised."""
        end(run_id, error)

    @_begins
    def on_retriever_start(
        self,
        serialized: dict[str, Any] | None,
        query: str,
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """A retriever is asked."""
        start = _start(serialized, run_id, parent_run_id, "retriever", tags, metadata, kwargs)
        start_retrieval(self._recorder, start, query)

    @_continues
    def on_retriever_end(self, documents: Sequence[Any], *, run_id: UUID, **kwargs: Any) -> None:
        """A retriever found documents."""
        end_retrieval(run_id, documents)

    @_continues
    def on_retriever_error(self, error: BaseException, *, run_id: UUID, **kwargs: Any) -> None:
        """A retriever raised."""
        end(run_id, error)

    @_begins
    def on_custom_event(
        self,
        name: str,
        data: Any,
        *,
        run_id: UUID,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """The program dispatched an event of its own."""
        record_event(self._recorder, run_id, name, data, tags or (), metadata or {})


HANDLERS.add(LiteralCallbackHandler)


def _start(
    serialized: Mapping[str, Any] | None,
    run_id: UUID,
    parent_run_id: UUID | None,
    run_type: str,
    tags: Sequence[str] | None,
    metadata: Mapping[str, Any] | None,
    kwargs: Mapping[str, Any],
) -> Start:
    run_name = kwargs.get("name")
    known = serialized or {}
    path = cast(list[Any], known.get("id") or [run_type])  # where its class is, the class last
    name = run_name or known.get("name") or path[-1]
    return Start(
        run_id=run_id,
        parent_run_id=parent_run_id,
        run_type=run_type,
        name=str(name),
        run_name=None if run_name is None else str(run_name),
        tags=tags or (),
        metadata=metadata or {},
    )
