"""Having code run in the context of its run, without a token of OpenTelemetry outliving a frame.

LangChain runs most code in throw-away copies of the context, which it prepares with `_set_config_context`: what is
attached there dies with the copy. Model calls, streams of models and retrievers have no such copy; for them the
context is attached around the call, or around each step of a generator (`spec/frameworks.md` §4.3).

A frame also sees to it that its run ends: LangChain tells handlers nothing when a tool or a retriever is left by a
cancellation, or when a stream is never read on.
"""

import logging
import sys
from collections.abc import AsyncGenerator, Awaitable, Callable, Generator
from contextlib import suppress
from contextvars import ContextVar, Token
from functools import wraps
from inspect import iscoroutinefunction
from typing import Any, Final

from opentelemetry.context import Context

from literalai_otel.genai import PatchSet, Recording, keep_place, leave_place, reset_place
from literalai_otel.genai.current import attach, detach, get_current
from literalai_otel_langchain.runs import RUNS, Run

logger = logging.getLogger(__name__)

Function = Callable[..., Any]

HANDLERS: Final[set[type[Any]]] = set()
"""The classes of our callback handlers: exactly these, since a handler of the program's may answer to any name. They
put themselves here, for they need LangChain and this module does not."""


class Frame:
    """A call inside of which the first run of its `kind` is its own (`model`, `tool`, `retrieval`)."""

    __slots__ = ("kind", "run")

    def __init__(self, kind: str, run: Run | None = None) -> None:
        self.kind = kind
        self.run = run

    @property
    def context(self) -> Context:
        """The context for its next step: the run's once there is one."""
        return (self.run.inside if self.run is not None else None) or get_current()

    def failed(self, error: BaseException, owns: bool = True) -> None:
        """The call raised; its run ends if it is the frame's own and LangChain has not said so already."""
        if owns and self.run is not None:
            self.run.fail(error)

    def abandon(self) -> None:
        """Nobody reads on; the run ends unless closing has ended it."""
        if self.run is not None:
            self.run.abandon()


_FRAME: Final[ContextVar[Frame | None]] = ContextVar("literalai_langchain_frame", default=None)


def claim(run: Run, kind: str) -> None:
    """Tell the frame that runs here, if there is one, that `run` is its own. Called where a run starts."""
    frame = _FRAME.get()
    if frame is None or frame.run is not None or frame.kind != kind:
        return
    frame.run = run
    if run.recording is not None and kind != "tool":  # tools run in a copy of the context
        # Undone by the frame, which attached something before the run started.
        attach(run.recording.context)
        keep_place(run.recording.context)


def seed(original: Any, patches: PatchSet) -> Function:
    """A `Patch.wrap` for `_set_config_context(config, ...)`: it runs inside the copy that the code will run in."""

    @wraps(original)
    def set_config_context(config: Any, *args: Any, **kwargs: Any) -> Any:
        result = original(config, *args, **kwargs)
        if patches.enabled:
            try:
                run = RUNS.get(getattr(config.get("callbacks"), "parent_run_id", None))
                context = run.context if run is not None else None
                if context is not None:
                    attach(context)
                    keep_place(context)
            except Exception:
                logger.debug("a context is not prepared", exc_info=True)
        return result

    return set_config_context


class ModelCall:
    """A call with a `run_manager`, for `genai.record_calls`: it runs in the context of that manager's run."""

    __slots__ = ("_run", "recording")

    def __init__(self, run: Run, recording: Recording) -> None:
        self.recording = recording
        self._run = run

    def returned(self, result: Any) -> None:
        """The end is told by a callback."""

    def failed(self, error: BaseException) -> None:
        """End the run if no callback will: LangChain reports exceptions, but no cancellation."""
        if not isinstance(error, Exception):
            self._run.fail(error)


def begin_model_call(model: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> ModelCall | None:
    """`begin` for methods `(messages, stop, run_manager)` and `(prompts, stop, run_managers)`."""
    run = _run_of(args, kwargs)
    if run is None or run.recording is None or run.context is None:
        return None
    return ModelCall(run, run.recording)


def _run_of(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Run | None:
    manager = kwargs.get("run_manager") or kwargs.get("run_managers") or (args[2] if len(args) > 2 else None)
    if isinstance(manager, list):
        # Several prompts in one request: what is known of it goes to the first.
        manager = manager[0] if manager else None  # pyright: ignore[reportUnknownVariableType] - of any element type
    return RUNS.get(getattr(manager, "run_id", None))  # pyright: ignore[reportUnknownArgumentType] - likewise


def frame_calls(kind: str) -> Callable[[Any, PatchSet], Function]:
    """A `Patch.wrap` for methods, sync or async, inside of which one run of `kind` starts and ends."""

    def wrap(original: Any, patches: PatchSet) -> Function:
        if iscoroutinefunction(original):

            @wraps(original)
            async def async_call(self: Any, *args: Any, **kwargs: Any) -> Any:
                bound = original.__get__(self, type(self))
                if not patches.enabled:
                    return await bound(*args, **kwargs)
                frame = Frame(kind)
                entered = _Entered(frame)
                try:
                    return await bound(*args, **kwargs)
                except BaseException as error:
                    frame.failed(error)
                    raise
                finally:
                    entered.leave()

            return async_call

        @wraps(original)
        def call(self: Any, *args: Any, **kwargs: Any) -> Any:
            bound = original.__get__(self, type(self))
            if not patches.enabled:
                return bound(*args, **kwargs)
            frame = Frame(kind)
            entered = _Entered(frame)
            try:
                return bound(*args, **kwargs)
            except BaseException as error:
                frame.failed(error)
                raise
            finally:
                entered.leave()

        return call

    return wrap


def frame_stream(original: Any, patches: PatchSet) -> Function:
    """A `Patch.wrap` for generators: their run is current while they step, never in the consumer's loop."""

    @wraps(original)
    def stream(self: Any, *args: Any, **kwargs: Any) -> Generator[Any, Any, None]:
        bound = original.__get__(self, type(self))
        if not patches.enabled:
            yield from bound(*args, **kwargs)
            return
        frame = Frame("model", _run_of(args, kwargs))
        owns = frame.run is None
        inner: Generator[Any, Any, Any] = bound(*args, **kwargs)
        thrown: BaseException | None = None
        while True:
            # As `_Entered` does, but nothing can have changed the context from inside: without calls of ours.
            run = frame.run
            context = (run.inside if run is not None else None) or get_current()
            before, token, place = _FRAME.set(frame), attach(context), keep_place(context)
            try:
                item = next(inner) if thrown is None else inner.throw(thrown)
            except StopIteration:
                return
            except BaseException as error:
                frame.failed(error, owns)
                raise
            finally:
                _FRAME.reset(before)
                detach(token)
                reset_place(place)
            try:
                yield item
                thrown = None
            except GeneratorExit:
                entered = _Entered(frame)
                try:
                    inner.close()
                finally:
                    entered.leave()
                    frame.abandon()
                raise
            except BaseException as error:
                thrown = error

    return stream


def frame_async_stream(original: Any, patches: PatchSet) -> Function:
    """As `frame_stream`, for asynchronous generators."""

    @wraps(original)
    async def astream(self: Any, *args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        frame = Frame("model" if patches.enabled else "", _run_of(args, kwargs))
        owns = frame.run is None
        inner: AsyncGenerator[Any, Any] = original.__get__(self, type(self))(*args, **kwargs)
        step: Awaitable[Any] = _first_step(inner)
        while True:
            entered = _Entered(frame)
            try:
                item = await step
            except StopAsyncIteration:
                return
            except BaseException as error:
                frame.failed(error, owns)
                raise
            finally:
                entered.leave()
            try:
                yield item
                step = inner.__anext__()
            except GeneratorExit:
                entered = _Entered(frame)
                try:
                    await inner.aclose()
                finally:
                    entered.leave()
                    frame.abandon()
                raise
            except BaseException as error:
                step = inner.athrow(error)

    return astream


def spare_chunks(original: Any, patches: PatchSet) -> Function:
    """A `Patch.wrap` for a manager's `on_llm_new_token`: spares a handler of ours the chunks that it needs no more.

    It must be the only one. What LangChain does for a handler takes longer than all that is done with the chunk.
    """
    if iscoroutinefunction(original):

        @wraps(original)
        async def async_on_llm_new_token(self: Any, *args: Any, **kwargs: Any) -> Any:
            handlers = self.handlers
            if len(handlers) == 1 and type(handlers[0]) in HANDLERS and handlers[0].needs_no_more is self.run_id:
                return None
            return await original.__get__(self, type(self))(*args, **kwargs)

        return async_on_llm_new_token

    @wraps(original)
    def on_llm_new_token(self: Any, *args: Any, **kwargs: Any) -> Any:
        handlers = self.handlers
        if len(handlers) == 1 and type(handlers[0]) in HANDLERS and handlers[0].needs_no_more is self.run_id:
            return None
        return original.__get__(self, type(self))(*args, **kwargs)

    return on_llm_new_token


def spare_search(original: Any, patches: PatchSet) -> Function:
    """A `Patch.wrap` for `_should_stream(*, run_manager)` of chat models: one handler that is ours wants no streaming.

    LangChain would compare its members with a protocol, which takes Python 3.11 longer than the start of a recording.
    """

    @wraps(original)
    def should_stream(self: Any, *args: Any, **kwargs: Any) -> Any:
        handlers = getattr(kwargs.get("run_manager"), "handlers", None)
        if type(handlers) is list and len(handlers) == 1 and type(handlers[0]) in HANDLERS:  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType] - of LangChain's
            kwargs["run_manager"] = None
        return original.__get__(self, type(self))(*args, **kwargs)

    return should_stream


def _first_step(generator: AsyncGenerator[Any, Any]) -> Awaitable[Any]:
    """The first step of a generator that the event loop does not hear of.

    A loop that shuts down closes all generators that it knows at the same time. It knows the one around this one,
    which closes this one; closed from two sides it would raise.
    """
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        return generator.__anext__()
    finally:
        sys.set_asyncgen_hooks(*hooks)


class _Entered:
    """A frame that is current, and how to leave it quietly in whatever context that happens."""

    __slots__ = ("_before", "_frame", "_place", "_token")

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        self._before: Token[Frame | None] = _FRAME.set(frame)
        context = frame.context
        self._token: Token[Context] = attach(context)
        self._place = keep_place(context)

    def leave(self) -> None:
        """Make current what was before. A coroutine that is collected is closed in the collector's context."""
        if _FRAME.get() is not self._frame:
            return
        try:
            _FRAME.reset(self._before)
        except ValueError:  # a copy of the context: it is not the caller's
            return
        with suppress(ValueError):
            detach(self._token)
        leave_place(self._place)
