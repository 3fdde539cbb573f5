"""A version of a prompt, and its messages (`spec/literal-wire.md` §2.10, §4, §5.4)."""

from collections.abc import Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self, TypedDict, cast

from literalai_otel.api.caller import warn_caller
from literalai_otel.api.prompts.template import render
from literalai_otel.genai.call_options import PROMPT_ATTRIBUTE
from literalai_otel.model import LOCAL, Entity, GenerationMessage, GenerationType, from_wire

if TYPE_CHECKING:
    from langchain_core.prompts import ChatPromptTemplate

Json = dict[str, Any]


class PromptRollout(TypedDict):
    """The share of calls that a version gets; shares count by their part of the sum, so percents and fractions do."""

    version: int
    rollout: float


class PromptMessage(dict[str, Any]):
    """A message that names the prompt that it was made from; the instrumentors read that off it.

    It has an attribute, not a key, since providers refuse keys that they do not know.
    """


@dataclass(slots=True, kw_only=True, repr=False)
class PromptLineage(Entity):
    """A prompt by name: all of its versions."""

    id: str | None = None
    name: str | None = None
    description: str | None = None
    deleted_at: str | None = None


@dataclass(slots=True, kw_only=True, repr=False)
class Prompt(Entity):
    """A version of a prompt: messages with variables, settings and tools. Nothing here changes it."""

    api: Any = field(default=None, compare=False, metadata=LOCAL)
    """The API that it was read with."""
    id: str = ""
    name: str = ""
    version: int = 0
    version_desc: str | None = None
    label: str | None = None
    status: str | None = None
    tags: list[str] | None = None
    type: GenerationType | None = None
    created_at: str | None = None
    updated_at: str | None = None
    url: str | None = None
    """Where it is edited."""
    template_messages: list[GenerationMessage] = field(default_factory=list[GenerationMessage])
    tools: list[Json] | None = None
    provider: str | None = None
    """Whose model it is for; on the wire it is one of the settings."""
    settings: Json | None = None
    variables: list[Json] | None = None
    """`{name, language}` of each variable."""
    variables_default_values: Json | None = None

    @classmethod
    def from_dict(cls, api: Any, data: Json) -> Self:  # pyright: ignore[reportIncompatibleMethodOverride] - as published: the api comes first
        """The prompt of a dict, either of the server's or of `to_dict`."""
        prompt = from_wire(cls, data)
        prompt.api = api
        lineage = data.get("lineage")
        if isinstance(lineage, Mapping):
            prompt.name = cast(Mapping[str, Any], lineage).get("name") or prompt.name
        if prompt.settings is not None and "provider" in prompt.settings:
            prompt.settings = dict(prompt.settings)
            prompt.provider = prompt.settings.pop("provider")
        return prompt

    def format_messages(self, /, **variables: Any) -> list[Json]:
        """The messages filled in, new ones each time, in OpenAI's form.

        Given to an instrumented call of a model they link the generation to this prompt and its variables.

        Args:
            **variables: Take the place of `variables_default_values`. What is in neither renders empty.

        Raises:
            TemplateError: A section of the template is not closed.
        """
        values = {**(self.variables_default_values or {}), **variables}
        return [self._formatted(message, values) for message in self.template_messages]

    def format(self, variables: Json | None = None) -> list[Json]:
        """Deprecated: `format_messages`."""
        warn_caller("format is deprecated: use format_messages(**variables)")
        return self.format_messages(**(variables or {}))

    def to_langchain_chat_prompt_template(self, additional_messages: Iterable[Any] = ()) -> "ChatPromptTemplate":
        """A prompt template of LangChain that renders as `format_messages` does, and keeps the link to this prompt.

        Args:
            additional_messages: What LangChain takes as messages of a prompt, after those of this one: messages,
                placeholders, `(role, template)` in LangChain's own template language.

        Raises:
            ImportError: langchain-core is not installed.
        """
        try:
            from literalai_otel.api.prompts.langchain import chat_prompt_template
        except ImportError as problem:
            raise ImportError(
                f"to_langchain_chat_prompt_template needs LangChain: pip install langchain-core ({problem})"
            ) from problem
        return chat_prompt_template(self, additional_messages)

    def _formatted(self, message: GenerationMessage, values: Json) -> PromptMessage:
        formatted = PromptMessage(deepcopy(message))
        uuid = formatted.pop("uuid", None)
        content = formatted.get("content")
        if isinstance(content, str):
            formatted["content"] = render(content, values)
        elif isinstance(content, list):
            formatted["content"] = [_rendered(part, values) for part in cast(list[Any], content)]
        setattr(formatted, PROMPT_ATTRIBUTE, {"uuid": uuid, "prompt_id": self.id, "variables": values})
        return formatted


def _rendered(part: Any, values: Json) -> Any:
    """A part of a content: its text is a template, anything else stays."""
    if not isinstance(part, dict):
        return part
    known = cast(Json, part)
    text = known.get("text")
    return known | {"text": render(text, values)} if isinstance(text, str) else known
