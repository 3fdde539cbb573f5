"""The arguments of a decorated call as a step input: bound to their names, with defaults, without `self`."""

import inspect
from collections.abc import Callable
from typing import Any

from literalai_otel.jsonable import to_jsonable

_BY_NAME = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


class ArgumentReader:
    """Reads the arguments of calls of one function. The signature is looked at once, at the first call."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self._function = function
        self._signature: inspect.Signature | None = None
        self._names: tuple[str, ...] = ()
        self._defaults: dict[str, Any] = {}
        self._simple = False
        self._receiver: str | None = None
        self._known = False

    def read(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """A snapshot: names -> JSON values. Never raises; a call that does not fit the signature gives what it has."""
        if not self._known:
            self._look()
        bound = self._bind(args, kwargs)
        if self._receiver is not None:
            bound.pop(self._receiver, None)
        snapshot: dict[str, Any] = to_jsonable(bound)
        return snapshot

    def _look(self) -> None:
        try:
            self._signature = inspect.signature(self._function)
        except Exception:  # builtins have none; a function may have a hostile `__signature__`
            self._signature = None
        else:
            parameters = self._signature.parameters.values()
            names = tuple(parameter.name for parameter in parameters)
            self._simple = all(parameter.kind in _BY_NAME for parameter in parameters)
            self._names = tuple(p.name for p in parameters if p.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD)
            self._defaults = {p.name: p.default for p in parameters if p.default is not inspect.Parameter.empty}
            if names and names[0] in ("self", "cls"):
                self._receiver = names[0]
        self._known = True

    def _bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        if self._simple and len(args) <= len(self._names):
            # What `Signature.bind` does, at a tenth of its price, for functions without *args and **kwargs.
            given = dict(zip(self._names, args, strict=False))
            given.update(kwargs)
            for name, default in self._defaults.items():
                given.setdefault(name, default)
            return given
        if self._signature is not None:
            try:
                bound = self._signature.bind(*args, **kwargs)
            except TypeError:  # the call itself is about to say so
                pass
            else:
                bound.apply_defaults()
                return dict(bound.arguments)
        return {"args": args, "kwargs": kwargs}
