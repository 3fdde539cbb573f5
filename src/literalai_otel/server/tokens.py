"""Token estimates for generations that came without usage, by cl100k_base (`spec/features.md` L-GEN-07).

An estimate is the number of tokens of the texts alone: contents of messages, names and arguments of tool calls, the
prompt and the completion. What a provider adds around them is not guessed at. Rows say that they hold an estimate.

The tokenizer is loaded on first need: it costs 0.7 s and 95 MiB, and never reaches for the network.
"""

import logging
from collections.abc import Callable, Iterator
from functools import cache
from importlib import import_module
from typing import Any, Final, cast

from literalai_otel.jsonable import dumps_text
from literalai_otel.server.store.rows import StepRow
from literalai_otel.server.values import clean_text

ENCODING: Final = "cl100k_base"
_LOGGER: Final = logging.getLogger(__name__)


def estimate(row: StepRow) -> None:
    """Fills in the token counts of `row` where it has texts and no counts; may load the tokenizer."""
    if row.uncounted is None:
        return
    count = _counter()
    if count is not None:
        asked, answered = (sum(map(count, _texts(part))) if part else None for part in row.uncounted)
        if asked is not None or answered is not None:
            counts = {"input_token_count": asked, "output_token_count": answered}
            row.values |= {column: number for column, number in counts.items() if number is not None}
            row.values |= {"token_count": (asked or 0) + (answered or 0), "tokens_estimated": 1}
    row.uncounted = None


@cache
def _counter() -> Callable[[str], int] | None:
    try:
        # The module under the package's front: the front keeps the vocabulary a second time in Python objects (100 MiB)
        # and is 20 times slower, both measured.
        bindings = import_module("bpe_openai._bindings")
    except ImportError:
        _LOGGER.warning("token counts are not estimated: bpe-openai is not installed")
        return None
    count: Callable[[str], int] = bindings.tokenizer_for_encoding(ENCODING).count
    return lambda text: count(clean_text(text, "text"))


def _texts(value: Any) -> Iterator[str]:
    """The texts of a message, a list of messages or a plain text."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in cast(list[Any], value):
            yield from _texts(item)
    elif isinstance(value, dict):
        message = cast(dict[str, Any], value)
        yield from _texts(message.get("content"))
        text = message.get("text")
        if isinstance(text, str):
            yield text
        calls = message.get("tool_calls")
        for call in [message, *(cast(list[Any], calls) if isinstance(calls, list) else ())]:
            yield from _call_texts(call)


def _call_texts(call: Any) -> Iterator[str]:
    function: Any = None
    if isinstance(call, dict):
        entry = cast(dict[str, Any], call)
        function = entry.get("function") or entry.get("function_call")
    if isinstance(function, dict):
        named = cast(dict[str, Any], function)
        for part in (named.get("name"), named.get("arguments")):
            if part is not None:
                yield part if isinstance(part, str) else dumps_text(part)
