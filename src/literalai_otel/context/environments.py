"""The environment of what is logged in a scope: of this context alone, never of the process.

The published client set `LITERAL_ENV` for the whole process, so that one experiment relabelled the production logs
beside it (`spec/features.md` X-15, `spec/literal-wire.md` §10).
"""

from collections.abc import Callable
from types import TracebackType
from typing import Any, Final, TypeVar

from opentelemetry import context as otel_context
from opentelemetry.context import Context

from literalai_otel.config import environment_name
from literalai_otel.context.calls import Call, wrap
from literalai_otel.context.client import Client
from literalai_otel.context.opening import context_for
from literalai_otel.context.state import Attached, current, enter, literal_context
from literalai_otel.errors import ConfigError

F = TypeVar("F", bound=Callable[..., Any])

EXPERIMENT: Final = "experiment"
"""The environment of experiment runs; default views hide it."""


def in_environment(client: Client, name: str, context: Context) -> Context:
    """`context` with everything of `client`'s project that starts in it in environment `name`."""
    around = literal_context(context).settled().for_client(client)
    # The scope is known by this object: clients of the project inside keep what it chose.
    return context_for(client, around.with_(environment=name, environment_scope=object()), context)


class EnvironmentScope:
    """An environment that is about to be: enter it, or decorate functions with it.

    Raises:
        ConfigError: `name` is no environment.
    """

    def __init__(self, client: Callable[[], Client], name: str) -> None:
        self._client = client
        try:
            self._name = environment_name(name)
        except ValueError as problem:
            raise ConfigError(f"environment {name!r} {problem}") from None
        self._entered: list[Attached] = []

    def __call__(self, function: F) -> F:
        """`function` in the environment: every call of it."""

        def begin(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Call:
            return Call(self._context())

        return wrap(function, begin)

    def __enter__(self) -> None:
        self._entered.append(enter(self._context()))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        scope = current().environment_scope
        for attached in reversed(self._entered.copy()):  # threads and tasks may be inside at the same time
            if literal_context(attached.attached).environment_scope is scope:
                self._entered.remove(attached)
                attached.leave()
                return
        self._entered.pop().leave()

    async def __aenter__(self) -> None:
        self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, traceback)

    def _context(self) -> Context:
        return in_environment(self._client(), self._name, otel_context.get_current())
