"""Patch tables: what an instrumentor replaces, applied when the module is there and undone without a trace.

A replacement is a plain function (`functools.wraps`), so that it stays picklable by name and costs one call. It
asks `PatchSet.enabled` at each call: references that others took while it was in place (bound methods, cached raw
views) fall silent too when it is removed.
"""

import logging
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import Any

logger = logging.getLogger(__name__)

Function = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class Patch:
    """Replace `target` (`Class.method`) of `module` by `wrap(original, patches)`.

    A wrapper calls `original.__get__(instance, type(instance))(...)`: the original may be another vendor's
    wrapper, which knows its instance only when bound.

    `missing` is called when the module has no such name: the SDK has changed a private one.
    """

    module: str
    target: str
    wrap: Callable[[Function, "PatchSet"], Function]
    missing: Callable[["Patch"], None] | None = None


@dataclass(frozen=True, slots=True)
class _Applied:
    owner: type
    name: str
    original: Any
    replacement: Function

    def undo(self) -> None:
        """Put the original back, unless somebody has wrapped our replacement meanwhile."""
        if self.owner.__dict__.get(self.name) is self.replacement:
            setattr(self.owner, self.name, self.original)


class PatchSet:
    """The patches of one instrumentor and whether they are on. Nothing here raises."""

    def __init__(self, patches: Sequence[Patch]) -> None:
        self.enabled = False
        self._patches = tuple(patches)
        self._applied: dict[Patch | tuple[type, str], _Applied] = {}

    def apply(self) -> None:
        """Patch every module that is loaded, now, and the others when they are imported."""
        self.enabled = True
        for module in dict.fromkeys(patch.module for patch in self._patches):
            when_imported(module, self._patch_module)

    def remove(self) -> None:
        """Restore the originals."""
        self.enabled = False
        for applied in reversed(self._applied.values()):
            applied.undo()
        self._applied.clear()

    def replace(self, owner: type, name: str, wrap: Callable[[Function, "PatchSet"], Function]) -> None:
        """Replace what `owner` itself has as `name`, once, for classes that no table can list. May raise."""
        original = owner.__dict__[name]
        known = self._applied.get((owner, name))
        if not self.enabled or (known is not None and known.replacement is original):
            return
        replacement = wrap(original, self)
        setattr(owner, name, replacement)
        self._applied[owner, name] = _Applied(owner, name, original, replacement)

    def _patch_module(self, module: ModuleType) -> None:
        # Called from import hooks, where an exception would reach the importer.
        try:
            if not self.enabled:
                return
            for patch in self._patches:
                if patch.module == module.__name__ and patch not in self._applied:
                    self._patch(patch, module)
        except Exception:
            logger.debug("patching of %s failed", module, exc_info=True)

    def _patch(self, patch: Patch, module: ModuleType) -> None:
        *path, name = patch.target.split(".")
        owner: Any = module
        for part in path:
            owner = getattr(owner, part, None)
        original = getattr(owner, "__dict__", {}).get(name)
        if original is None:
            if patch.missing is not None:
                patch.missing(patch)
            return
        replacement = patch.wrap(original, self)
        setattr(owner, name, replacement)
        self._applied[patch] = _Applied(owner, name, original, replacement)


def when_imported(module: str, hook: Callable[[ModuleType], None]) -> None:
    """Call `hook` with the module: now if it is loaded, else when it is imported. `hook` must not raise."""
    loaded = sys.modules.get(module)
    if loaded is not None:
        hook(loaded)
        return
    # Imported here: only instrumentors whose framework is not loaded yet need it.
    from wrapt import register_post_import_hook  # pyright: ignore[reportMissingTypeStubs, reportUnknownVariableType] - untyped package

    register_post_import_hook(hook, module)
