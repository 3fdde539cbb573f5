"""The last known prompts, for when the server does not answer."""

from collections import OrderedDict
from contextlib import suppress
from typing import Final

from literalai_otel.api.prompts.prompt import Prompt

MAX_PROMPTS: Final = 512
"""Questions remembered; each holds one prompt."""

Question = tuple[str, str, int | None]
"""`("id", id, None)` or `("name", name, version)`; the version is None for whatever the rollout draws."""


def question(id: str | None, name: str | None, version: int | None) -> Question:
    """What `get_prompt` was asked. The id wins when both are given; version 0 is a version."""
    return ("id", id, None) if id is not None else ("name", name or "", version)


class PromptCache:
    """Prompts by what was asked for.

    One for each client and its sync twin, not one for the process: two clients may be of two projects, and a name
    means another prompt in each. The least recently used go first.
    """

    # No lock: one that is held at a fork is held for ever in the child. Each step below is atomic, and a race between
    # two of them costs a place in the order.
    def __init__(self, size: int = MAX_PROMPTS) -> None:
        self._size = size
        self._known: OrderedDict[Question, Prompt] = OrderedDict()

    def get(self, asked: Question) -> Prompt | None:
        """The last answer to this question."""
        prompt = self._known.get(asked)
        if prompt is not None:
            self._used(asked)
        return prompt

    def put(self, asked: Question, prompt: Prompt) -> None:
        """Remember an answer, which answers the exact questions for that prompt too."""
        for key in (asked, question(prompt.id, None, None), question(None, prompt.name, prompt.version)):
            self._known[key] = prompt
            self._used(key)
        while len(self._known) > self._size:
            with suppress(KeyError):
                self._known.popitem(last=False)

    def forget(self, asked: Question) -> None:
        """The server says that there is none."""
        self._known.pop(asked, None)

    def _used(self, asked: Question) -> None:
        with suppress(KeyError):
            self._known.move_to_end(asked)
