"""The methods by which users open threads, runs and steps and send messages.

A client has them, and the module-level names are those of one object that asks for the client each time: one
source for both.
"""

import functools
import logging
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, TypeVar, cast, overload
from uuid import uuid4

from opentelemetry import context as otel_context
from opentelemetry.trace import INVALID_SPAN, get_current_span, set_span_in_context

from literalai_otel.config import Environment
from literalai_otel.context.active_step import ActiveStep, as_content, as_texts
from literalai_otel.context.active_thread import ActiveThread, usable_id
from literalai_otel.context.calls import Call, wrap
from literalai_otel.context.client import Client, choose_client
from literalai_otel.context.content import message_content
from literalai_otel.context.environments import EnvironmentScope
from literalai_otel.context.experiments import ExperimentRunScope, experiment_options
from literalai_otel.context.opening import StepOptions, open_step
from literalai_otel.context.scopes import StepScope, ThreadScope
from literalai_otel.context.state import EMPTY, LITERAL_KEY, current, enter
from literalai_otel.genai.keys import APART_KEY, APART_SPAN_KEY, TRACER_PROVIDER_KEY
from literalai_otel.jsonable import to_jsonable
from literalai_otel.model import Attachment, Generation, Score, Step, StepType
from literalai_otel.translate import iso_time

logger = logging.getLogger(__name__)

F = TypeVar("F", bound=Callable[..., Any])


class Surface(ABC):
    """Threads, runs, steps and messages of one client."""

    @abstractmethod
    def _client_now(self) -> Client:
        """The client that a thread, step or message belongs to when it begins."""

    @overload
    def thread(self, function: F, /) -> F: ...
    @overload
    def thread(
        self,
        function: None = None,
        /,
        *,
        thread_id: str | None = None,
        name: str | None = None,
        metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,
        participant_id: str | None = None,
    ) -> ThreadScope: ...
    def thread(
        self,
        function: Callable[..., Any] | None = None,
        /,
        *,
        thread_id: str | None = None,
        name: str | None = None,
        metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,
        participant_id: str | None = None,
    ) -> Any:
        """A conversation: everything that starts inside belongs to it.

        Usable as `@thread`, `@thread(...)`, `with thread(...) as t` and `async with thread(...) as t`, on functions,
        coroutines, generators and async generators. It is stored on entering, so an empty thread exists too, and
        again on leaving, with what was changed meanwhile. Threads nest; leaving one restores the outer one.

        Args:
            function: The function, when used as a bare decorator.
            thread_id: Continues that conversation; any printable text of up to 255 characters. Default: a new UUID.
            name: Shown name.
            metadata: Any JSON object.
            tags: Texts.
            participant_id: Id or identifier of the user; an unknown identifier makes a user.
        """

        def make(client: Client) -> ActiveThread:
            return ActiveThread(
                client, thread_id, name=name, metadata=metadata, tags=tags, participant_id=participant_id
            )

        scope = ThreadScope(self._client_now, make)
        return scope if function is None else scope(function)

    @overload
    def step(self, function: F, /) -> F: ...
    @overload
    def step(
        self,
        function: None = None,
        /,
        *,
        name: str | None = None,
        type: StepType = "undefined",
        id: str | None = None,
        parent_id: str | None = None,
        thread_id: str | None = None,
        root_run_id: str | None = None,
        input: Any = None,
        output: Any = None,
        metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,
        generation: Generation | dict[str, Any] | None = None,
        attachments: list[Attachment | dict[str, Any]] | None = None,
        scores: list[Score | dict[str, Any]] | None = None,
    ) -> StepScope: ...
    def step(self, function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
        """A unit of work: an OpenTelemetry span here, a step in Literal.

        Usable as `@step`, `@step(...)`, `with step(...) as s` and `async with step(...) as s`, on functions,
        coroutines, generators and async generators. A decorated function keeps everything that it is: signature,
        kind, pickling, `send`, `throw`, `close`, and the result of `return`. As with any decorator on an async or
        generator function, wrong arguments are reported when it is awaited or first iterated.

        A decorated step is named after the function; its input is the bound arguments with defaults, without
        `self` or `cls`; its output is what was returned: an object is kept, anything else stands under `content`.
        A generator's output is its return value, else what it yielded: joined when it yielded texts, else the
        list, 1 000 items at most. What is set on the step inside, wins.

        Status: an exception makes the step failed (span status ERROR, `error` says `Type: message`) and goes on
        unchanged. A generator closed early or dropped, and a cancelled coroutine, have status unset; the cancelled
        one names `CancelledError` in `error.type`. A generator that is never iterated makes no step.

        A step of type `tool` outside any thread, run and step gets a run of the same name around it.

        Args:
            function: The function, when used as a bare decorator.
            **options: What is known about the step before it starts, by name:
                `name` (shown; default: the function's, else empty),
                `type` (one of `literalai_otel.model.STEP_TYPES`),
                `id` (any printable text of up to 255 characters, unique in the project; the same id again updates
                the step; default: a UUID made from the span's ids),
                `parent_id`, `thread_id`, `root_run_id` (default: what is around),
                `input`, `output` (an object; a text stands under `content`),
                `metadata` (a JSON object), `tags`, `generation`, `attachments`, `scores`.
        """
        scope = StepScope(self._client_now, StepOptions(**options))
        return scope if function is None else scope(function)

    @overload
    def run(self, function: F, /) -> F: ...
    @overload
    def run(
        self,
        function: None = None,
        /,
        *,
        name: str | None = None,
        id: str | None = None,
        parent_id: str | None = None,
        thread_id: str | None = None,
        root_run_id: str | None = None,
        input: Any = None,
        output: Any = None,
        metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,
        attachments: list[Attachment | dict[str, Any]] | None = None,
        scores: list[Score | dict[str, Any]] | None = None,
    ) -> StepScope: ...
    def run(self, function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
        """A step of type `run`: the trace of an agent or chain. The outermost one is the root run of what is inside.

        Args:
            function: The function, when used as a bare decorator.
            **options: As with `step`.
        """
        scope = StepScope(self._client_now, StepOptions(type="run", **options))
        return scope if function is None else scope(function)

    @overload
    def environment(self, function: F, /) -> F: ...
    @overload
    def environment(self, function: None = None, /, *, env: Environment = "prod") -> EnvironmentScope: ...
    def environment(self, function: Callable[..., Any] | None = None, /, *, env: Environment = "prod") -> Any:
        """What is logged inside belongs to `env`: steps, threads, messages, and what `client.api` sends.

        Usable as `@environment`, `@environment(env=...)`, `with environment(env=...)` and `async with`. It holds in
        this context alone: other threads, tasks and clients of other projects keep theirs.

        Args:
            function: The function, when used as a bare decorator.
            env: `dev`, `staging`, `prod` or `experiment`.

        Raises:
            ConfigError: `env` is none of these.
        """
        scope = EnvironmentScope(self._client_now, env)
        return scope if function is None else scope(function)

    @overload
    def experiment_item_run(self, function: F, /) -> F: ...
    @overload
    def experiment_item_run(
        self,
        function: None = None,
        /,
        *,
        input: Any = None,
        metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,
    ) -> ExperimentRunScope: ...
    def experiment_item_run(self, function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
        """One evaluation of an experiment: a run of its own, in environment `experiment` as everything inside.

        Usable as `@experiment_item_run`, `with experiment_item_run() as run` and `async with`. An item that is
        logged inside with `experiment.log(...)` names the run. Leaving it waits until the run is delivered
        (`LITERAL_FLUSH_TIMEOUT` at most); a coroutine waits without holding up its event loop.

        Args:
            function: The function, when used as a bare decorator. Its arguments are the run's input, its result the
                output.
            **options: `input`, `metadata` and `tags` of the run.
        """
        scope = ExperimentRunScope(self._client_now, experiment_options(**options))
        return scope if function is None else scope(function)

    def start_step(
        self,
        name: str = "",
        type: StepType = "undefined",
        id: str | None = None,
        parent_id: str | None = None,
        thread_id: str | None = None,
        root_run_id: str | None = None,
        **attributes: Any,
    ) -> ActiveStep:
        """A step that lasts until its `end()` is called, from this thread or another; then it is sent.

        Until then it is the parent of what starts here. `attributes` are those of `ActiveStep`: `input`, `output`,
        `metadata`, `tags`, `generation`, `attachments`, `scores`.
        """
        options = StepOptions(
            name=name,
            type=type,
            id=id,
            parent_id=parent_id,
            thread_id=thread_id,
            root_run_id=root_run_id,
            **attributes,
        )
        step, context = open_step(self._client_now(), options)
        step.attached = enter(context)
        return step

    def message(
        self,
        content: Any = "",
        id: str | None = None,
        parent_id: str | None = None,
        type: StepType = "assistant_message",
        name: str | None = None,
        thread_id: str | None = None,
        attachments: list[Attachment | dict[str, Any]] | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        root_run_id: str | None = None,
    ) -> Step:
        """A message of the conversation, sent at once and past every sampler. It has a moment, no duration.

        Args:
            content: A text, or an object.
            id: Any printable text of up to 255 characters. Default: a new UUID.
            parent_id: The step above. Default: the nearest step around.
            type: `user_message`, `assistant_message` or `system_message`.
            name: Who says it.
            thread_id: The thread. Default: the one around.
            attachments: Files of this message.
            tags: Texts.
            metadata: Any JSON object.
            root_run_id: The outermost run. Default: the one around.

        Returns:
            The message as it was queued; masks and rules see it on its way.
        """
        client = self._client_now()
        around = current().settled().for_client(client)
        above = around.step
        now = iso_time(time.time_ns())
        metadata = {
            **({"release": client.release} if client.release is not None else {}),
            **around.metadata,
            **(as_content(metadata) or {}),
        }
        message = Step(
            id=usable_id(id) or str(uuid4()),
            name=name,
            type=type,
            thread_id=usable_id(thread_id)
            or (above.thread_id if above and not around.thread else None)
            or (around.thread.id if around.thread else None),
            parent_id=usable_id(parent_id) or (above.id if above else None),
            root_run_id=usable_id(root_run_id) or around.root_run_id,
            start_time=now,
            end_time=now,
            metadata=to_jsonable(metadata) or None,
            tags=list(dict.fromkeys((*around.tags, *as_texts(tags)))) or None,
            attachments=cast(list[Attachment] | None, attachments or None),
        )
        try:
            message.output = message_content(as_content(content))
            if client.sink is not None and not client.disabled:
                client.sink.submit_step(message, environment=around.environment)
        except Exception:
            logger.debug("message not sent", exc_info=True)
        return message

    def get_current_step(self) -> ActiveStep | None:
        """The nearest open step around, None outside of any."""
        return current().settled().step

    def get_current_thread(self) -> ActiveThread | None:
        """The thread around, None outside of any."""
        return current().thread

    def get_current_root_run(self) -> ActiveStep | None:
        """The outermost run around, None outside of any or when it is known by its id alone."""
        return current().settled().root_run

    def set_properties(
        self,
        name: str | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        prompt: Any = None,
    ) -> None:
        """Mark everything that is logged next in the current scope, model calls included.

        Tags and metadata add to those already set; `name` and `prompt` (a prompt object or its id) replace. Leaving
        the surrounding thread or step forgets them.
        """
        around = current()
        marked = around.with_(
            name=around.name if name is None else name,
            tags=tuple(dict.fromkeys((*around.tags, *as_texts(tags)))),
            metadata={**around.metadata, **(as_content(metadata) or {})},
            prompt=around.prompt if prompt is None else prompt,
        )
        otel_context.attach(otel_context.set_value(LITERAL_KEY, marked))

    def reset_context(self) -> None:
        """Forget the thread, the steps and the properties around: what starts next stands alone."""
        context = otel_context.get_current()
        step = current().step
        values: dict[str, Any] = {**context, LITERAL_KEY: EMPTY}
        for key in (TRACER_PROVIDER_KEY, APART_KEY, APART_SPAN_KEY):
            values.pop(key, None)
        bare = otel_context.Context(values)
        if step is not None and get_current_span(context) is step.span:
            bare = set_span_in_context(INVALID_SPAN, bare)
        otel_context.attach(bare)


class _DefaultSurface(Surface):
    """The module-level names: the client of the surroundings, else the default client."""

    def _client_now(self) -> Client:
        return choose_client(current().client)


DEFAULT_SURFACE = _DefaultSurface()


def propagate(function: F) -> F:
    """`function`, to be run in a thread or executor as if it ran here: in the same thread, run, step and trace.

    `executor.submit(propagate(work), item)`. Works for every kind of function that `step` takes.
    """
    context = otel_context.get_current()
    return wrap(function, functools.partial(_same_surroundings, context))


def _same_surroundings(context: otel_context.Context, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
    return Call(context)
