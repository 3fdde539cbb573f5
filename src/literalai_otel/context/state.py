"""What surrounds the code that runs now: one immutable object under one key of the OTel context.

It travels as the OTel context does: into awaits, tasks, `asyncio.to_thread` and forks, and by `propagate`
into threads and executors. Nesting merges: an inner scope adds to the outer one and restores it at its end.
Rule: `DESIGN.md` §3, Context; `spec/genai-semconv.md` §6.3.
"""

import logging
from collections.abc import Callable, Mapping
from contextvars import Token
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar, cast

from opentelemetry import context as otel_context
from opentelemetry.context import Context

from literalai_otel.attributes import (
    ENVIRONMENT,
    METADATA,
    PROMPT_ID,
    RELEASE,
    ROOT_RUN_ID,
    STEP_NAME,
    TAGS,
    THREAD_ID,
    THREAD_NAME,
    USER_ID,
)
from literalai_otel.genai.keys import LITERAL_KEY
from literalai_otel.jsonable import dumps_text

if TYPE_CHECKING:
    from literalai_otel.context.active_step import ActiveStep
    from literalai_otel.context.active_thread import ActiveThread
    from literalai_otel.context.client import Client

logger = logging.getLogger(__name__)

T = TypeVar("T")

_UNSTAMPED: Final = frozenset({"client", "step", "root_run", "far_parent_id", "environment_scope", "experiment_run_id"})
"""What no span learns from its surroundings."""

MAX_STAMPED_METADATA: Final = 4096
"""Characters of metadata that other exporters' copies of a span may carry; Literal gets all of it."""


class _Computed(Generic[T]):
    """A value that is computed when it is first asked for, and kept in the object's `__dict__`.

    `functools.cached_property` of Python 3.11 has one lock for all objects of a class. Another thread may hold it at
    a fork, and then nobody releases it in the child. Here two threads may compute the same value; either serves.
    """

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type | None = None) -> T:
        value = vars(instance)[self._name] = self._compute(instance)
        return value


@dataclass(frozen=True)
class LiteralContext:
    """The surroundings of a step that starts now.

    `tags`, `metadata`, `prompt` and `name` come from `set_properties` and mark everything logged next;
    the tags and metadata of a thread or of a step are its own and not here.
    """

    client: "Client | None" = None
    thread: "ActiveThread | None" = None
    step: "ActiveStep | None" = None
    """The nearest step of ours."""
    root_run: "ActiveStep | None" = None
    root_run_id: str | None = None
    far_parent_id: str | None = None
    """Id of the step of another service that called this one (`context.baggage`)."""
    tags: tuple[str, ...] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict[str, Any])
    prompt: Any = None
    name: str | None = None
    environment: str | None = None
    environment_scope: object | None = None
    """The `environment` scope that chose the environment, if one did: clients of the project inside keep it."""
    experiment_run_id: str | None = None
    """The experiment run around: what `experiment.log` links an item to."""
    release: str | None = None

    def with_(self, **changes: Any) -> "LiteralContext":
        """A copy with `changes`. What was computed for the spans inside is kept while it holds."""
        copy = object.__new__(LiteralContext)
        values = vars(copy)
        values.update(vars(self))
        if not changes.keys() <= _UNSTAMPED:
            values.pop("fields", None)
            values.pop("stamps", None)
        values.update(changes)
        return copy

    def for_client(self, client: "Client") -> "LiteralContext":
        """These surroundings as `client` may see them: another client's steps, threads and tags belong elsewhere."""
        if self.client is client or client.name is None:
            return self
        if self.client is None or self.client.name == client.name:
            environment = client.default_environment if self.environment_scope is None else self.environment
            return self.with_(client=client, environment=environment, release=client.release)
        return LiteralContext(client=client, environment=client.default_environment, release=client.release)

    def settled(self) -> "LiteralContext":
        """These surroundings without `start_step()` steps that have ended: nothing belongs under them any more."""
        found = self
        while found.step is not None and found.step.released:
            outer = found.step.outer
            found = found.with_(step=outer.step, root_run=outer.root_run, root_run_id=outer.root_run_id)
        return found

    @_Computed
    def fields(self) -> dict[str, Any]:
        """Attribute name -> value, in native shapes, for every step that starts here."""
        thread = self.thread
        found: dict[str, Any] = {
            THREAD_ID: thread.id if thread else None,
            THREAD_NAME: thread.name if thread else None,
            USER_ID: thread.participant_id if thread else None,
            ROOT_RUN_ID: self.root_run_id,
            STEP_NAME: self.name,
            TAGS: list(self.tags) or None,
            METADATA: dict(self.metadata) or None,
            PROMPT_ID: _prompt_id(self.prompt),
            ENVIRONMENT: self.environment,
            RELEASE: self.release,
        }
        return {name: value for name, value in found.items() if value is not None}

    @_Computed
    def stamps(self) -> dict[str, Any]:
        """`fields` in the shapes that a span attribute may have."""
        stamps = dict(self.fields)
        metadata = stamps.pop(METADATA, None)
        if metadata is not None:
            text = dumps_text(metadata)
            if len(text) <= MAX_STAMPED_METADATA:
                stamps[METADATA] = text
        return stamps


EMPTY: Final = LiteralContext()


def _prompt_id(prompt: Any) -> str | None:
    identity: Any = prompt if isinstance(prompt, str) else getattr(prompt, "id", None)
    return identity if isinstance(identity, str) else None


def literal_context(context: Context | None = None) -> LiteralContext:
    """The Literal surroundings in `context`, by default in the current one."""
    if context is None:
        context = otel_context.get_current()
    return cast(LiteralContext, context.get(LITERAL_KEY, EMPTY))


def current() -> LiteralContext:
    """What surrounds the code that runs now."""
    return literal_context()


@dataclass(slots=True)
class Attached:
    """A context made current, and how to undo that."""

    token: Token[Context]
    before: Context
    attached: Context

    def leave(self) -> None:
        """Make the context from before current again, quietly wherever that is not possible.

        `detach` of OTel logs an error when a scope is left in another task or thread than it was entered in;
        the context there was never ours, unless it is a copy in which ours is still current.
        """
        token: Any = self.token
        try:
            token.var.reset(token)
        except (ValueError, RuntimeError):
            if otel_context.get_current() is self.attached:
                otel_context.attach(self.before)
        except AttributeError:  # a runtime context that is not built on contextvars
            otel_context.detach(self.token)


def enter(context: Context) -> Attached:
    """Make `context` current."""
    before = otel_context.get_current()
    return Attached(otel_context.attach(context), before, context)


def leave_released() -> None:
    """Leave every `start_step()` that has ended, in another thread or out of order, and is still current here."""
    while True:
        context = otel_context.get_current()
        step = literal_context(context).step
        if step is None or not step.released or step.attached is None:
            return
        step.attached.leave()
        if otel_context.get_current() is context:
            return
