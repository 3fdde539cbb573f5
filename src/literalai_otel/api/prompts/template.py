"""Mustache without escaping: what is rendered goes to a model, not into a page (`spec/features.md` X-49).

The library is imported on the first use. Partials are off: it would read them from files of the working folder.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final, cast

from literalai_otel.errors import TemplateError
from literalai_otel.jsonable import to_jsonable

_EXCERPT: Final = 80
"""Characters of a template that go into a message."""


def render(template: str, variables: Mapping[str, Any]) -> str:
    """`template` filled in. What is missing or None renders empty; values stand as they are.

    Variables are taken as JSON: a template of somebody else can neither call methods of a value nor read its
    attributes, and what is rendered is what the generation keeps as its variables.

    Raises:
        TemplateError: A section is not closed, or closed and not opened.
    """
    if "{{" not in template:
        return template
    return _renderer().render(_parse(template), to_jsonable(dict(variables)))


@lru_cache(maxsize=1)
def _renderer_type() -> Any:
    import pystache  # pyright: ignore[reportMissingTypeStubs] - the library has no types

    class Renderer(pystache.Renderer):
        def str_coerce(self, val: Any) -> str:
            return "" if val is None else str(val)

    return Renderer


def _renderer() -> Any:
    # One for each rendering: it keeps the variables while it renders.
    return _renderer_type()(escape=str, partials={}, missing_tags="ignore")


@lru_cache(maxsize=256)
def _parse(template: str) -> Any:
    from pystache import parser as mustache  # pyright: ignore[reportMissingTypeStubs] - the library has no types

    try:
        return cast(Any, mustache).parse(template, raise_on_mismatch=True)
    except mustache.ParsingError as problem:
        excerpt = template if len(template) <= _EXCERPT else template[:_EXCERPT] + "…"
        raise TemplateError(
            f"the sections of the template {excerpt!r} do not match: each {{{{#name}}}} needs a {{{{/name}}}} "
            f"({problem})"
        ) from None
