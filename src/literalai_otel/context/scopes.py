"""Threads and steps as context managers and decorators, sync and async."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, Generic, TypeVar

from opentelemetry import context as otel_context
from opentelemetry.context import Context

from literalai_otel.context.active_step import ActiveStep
from literalai_otel.context.active_thread import ActiveThread
from literalai_otel.context.arguments import ArgumentReader
from literalai_otel.context.calls import Call, unbound, wrap
from literalai_otel.context.client import Client
from literalai_otel.context.content import capturing
from literalai_otel.context.opening import StepOptions, context_for, open_step
from literalai_otel.context.state import Attached, current, enter, literal_context
from literalai_otel.jsonable import to_jsonable

F = TypeVar("F", bound=Callable[..., Any])
Entered = TypeVar("Entered", ActiveStep, ActiveThread)

MAX_YIELDED: Final = 1000
"""Items of a generator that its step remembers."""


class _Scope(ABC, Generic[Entered]):
    """What both kinds of scope share. One scope object may be entered again and decorate many functions."""

    def __init__(self, client: Callable[[], Client]) -> None:
        self._client = client
        self._entered: list[tuple[Entered, Attached]] = []

    @abstractmethod
    def _open(self) -> tuple[Entered, Context]:
        """The thing itself and the context inside it."""

    @abstractmethod
    def _close(self, entered: Entered, error: BaseException | None) -> None:
        """Send it. Must not raise."""

    def __enter__(self) -> Entered:
        opened, context = self._open()
        self._entered.append((opened, enter(context)))
        return opened

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        opened, attached = self._leave()
        self._close(opened, error)
        attached.leave()

    def _leave(self) -> tuple[Entered, Attached]:
        """What was entered here: threads and tasks may be inside the same scope at the same time."""
        here = current()
        for entered in reversed(self._entered.copy()):
            if entered[0] is here.step or entered[0] is here.thread:
                self._entered.remove(entered)
                return entered
        return self._entered.pop()

    async def __aenter__(self) -> Entered:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)


class StepScope(_Scope[ActiveStep]):
    """A step or run that is about to be: enter it, or decorate a function with it."""

    def __init__(self, client: Callable[[], Client], options: StepOptions) -> None:
        super().__init__(client)
        self._options = options

    def __call__(self, function: F) -> F:
        """`function` as a step: every call of it."""
        name = getattr(function, "__name__", None) or type(function).__name__
        reader = ArgumentReader(unbound(function))
        options = self._options

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
            call = self._call(*self._begin(name))
            if call.watched and options.input is None:
                call.step.take_input(reader.read(args, kwargs))
            return call

        return wrap(function, begin)

    def _begin(self, name: str = "") -> tuple[ActiveStep, Context]:
        """The step, named `name` unless the options say otherwise, and the context of its body."""
        return open_step(self._client(), self._options, name)

    def _call(self, step: ActiveStep, context: Context) -> "StepCall":
        return StepCall(step, context)

    def _open(self) -> tuple[ActiveStep, Context]:
        return self._begin()

    def _close(self, entered: ActiveStep, error: BaseException | None) -> None:
        if error is not None:
            entered.fail(error)
        entered.end()


class StepCall(Call):
    """A call of a decorated function, recorded as a step."""

    def __init__(self, step: ActiveStep, context: Context) -> None:
        super().__init__(context)
        self.step = step
        self._yielded: list[Any] = []
        self._count = 0
        self.watched = step.recording and capturing()

    def yielded(self, item: Any) -> None:
        """Part of the output."""
        self._count += 1
        if self.watched and self._count <= MAX_YIELDED:
            self._yielded.append(to_jsonable(item))

    def returned(self, result: Any) -> None:
        """The output, unless the body set one; the step is over."""
        if self.watched and self.step.output is None:
            self.step.output = self._items() if result is None else result
        self.step.end()

    def raised(self, error: BaseException) -> None:
        """The step failed, or was left early; it is over."""
        if self.watched and self.step.output is None:
            self.step.output = self._items()
        self.step.fail(error)
        self.step.end()

    def _items(self) -> Any:
        """What a generator handed out: one text when it handed out texts, else the list; None for none."""
        if not self._yielded:
            return None
        if self._count > MAX_YIELDED:
            self.step.metadata = {**self.step.metadata, "items": self._count}
        if all(type(item) is str for item in self._yielded):
            return "".join(self._yielded)
        return self._yielded


class ThreadScope(_Scope[ActiveThread]):
    """A thread that is about to be: enter it, or decorate a function with it."""

    def __init__(self, client: Callable[[], Client], make: Callable[[Client], ActiveThread]) -> None:
        super().__init__(client)
        self._make = make

    def __call__(self, function: F) -> F:
        """`function` inside a thread: every call of it, a new one unless the scope has an id."""

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
            return _ThreadCall(*self._open())

        return wrap(function, begin)

    def _open(self) -> tuple[ActiveThread, Context]:
        client = self._client()
        context = otel_context.get_current()
        literal = literal_context(context).settled().for_client(client)
        thread = self._make(client)
        thread.environment = literal.environment
        thread.upsert()
        return thread, context_for(client, literal.with_(thread=thread), context)

    def _close(self, entered: ActiveThread, error: BaseException | None) -> None:
        entered.upsert()


class _ThreadCall(Call):
    """A call of a function that is decorated as a thread."""

    def __init__(self, thread: ActiveThread, context: Context) -> None:
        super().__init__(context)
        self._thread = thread

    def returned(self, result: Any) -> None:
        self._thread.upsert()

    def raised(self, error: BaseException) -> None:
        self._thread.upsert()
