"""A prompt of Literal as one of LangChain. Imported on first use: LangChain is no dependency of this package."""

import re
from collections.abc import Iterable
from typing import Any

from langchain_core.messages import BaseMessage, convert_to_messages
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.prompts.message import BaseMessagePromptTemplate

from literalai_otel.api.prompts.prompt import Prompt
from literalai_otel.genai.call_options import PROMPT_ATTRIBUTE
from literalai_otel.jsonable import to_jsonable


class LiteralMessages(BaseMessagePromptTemplate):
    """All messages of a prompt, rendered by Literal's rules: LangChain's Mustache drops 0 in a loop, and escapes."""

    prompt: Any
    """A `Prompt`; LangChain's models cannot check it."""

    @property
    def input_variables(self) -> list[str]:
        """None that LangChain would demand: what is not given takes its default, or renders empty."""
        return []

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Stored prompts of LangChain know only its own classes."""
        return False

    def format_messages(self, **kwargs: Any) -> list[BaseMessage]:
        """The messages, each with what links a generation to its prompt (`spec/literal-wire.md` §5.4, LangChain)."""
        formatted = self.prompt.format_messages(**self._used(kwargs))
        messages = convert_to_messages([dict(message) for message in formatted])
        for message, source in zip(messages, formatted, strict=True):
            # Messages are stored, sent and copied by whoever runs the chain: nothing but JSON may hang on them.
            message.additional_kwargs |= to_jsonable(getattr(source, PROMPT_ATTRIBUTE))
        return messages

    def _used(self, given: dict[str, Any]) -> dict[str, Any]:
        """What the templates name of the state of a chain, which holds whole conversations."""
        text = str(self.prompt.template_messages)
        return {name: value for name, value in given.items() if re.search(rf"(?<!\w){re.escape(name)}(?!\w)", text)}

    def pretty_repr(self, html: bool = False) -> str:
        """The templates as they are stored."""
        return "\n\n".join(
            f"{message.get('role')}: {message.get('content')}" for message in self.prompt.template_messages
        )


def chat_prompt_template(prompt: Prompt, additional_messages: Iterable[Any]) -> ChatPromptTemplate:
    """`prompt`, then `additional_messages`, as one template."""
    names = [str(variable["name"]) for variable in prompt.variables or () if "name" in variable]
    template = ChatPromptTemplate([LiteralMessages(prompt=prompt), *additional_messages])
    template.optional_variables = sorted({*template.optional_variables, *names})
    return template
