"""`Prompt.to_langchain_chat_prompt_template`: renders as the prompt itself, and the generation knows its prompt."""

import json
from typing import Any

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.prompts import ChatPromptTemplate, MessagesPlaceholder

from literalai_otel.api import Prompt
from literalai_otel.testing import SpanCapture

from .fakes import ScriptedModel

PROMPT = Prompt.from_dict(
    None,
    {
        "id": "p1",
        "templateMessages": [
            {"role": "system", "content": "Greet {{name}} & {{title}}{{#n}} {{.}}{{/n}}", "uuid": "u1"},
            {"role": "user", "content": [{"type": "text", "text": "{{question}}"}], "uuid": "u2"},
        ],
        "variablesDefaultValues": {"title": "<Dr>", "n": [0, 1]},
        "variables": [{"name": "name", "language": "plaintext"}, {"name": "question", "language": "plaintext"}],
    },
)
GREETING = "Greet Ann & <Dr> 0 1"
VARIABLES = {"title": "<Dr>", "n": [0, 1], "name": "Ann", "question": "?"}


def link(uuid: str) -> dict[str, Any]:
    return {"uuid": uuid, "prompt_id": "p1", "variables": VARIABLES}


@pytest.mark.feature("L-PRM-12")
def test_a_chain_renders_the_prompt_and_its_generation_names_it(capture: SpanCapture) -> None:
    template = PROMPT.to_langchain_chat_prompt_template()
    assert isinstance(template, ChatPromptTemplate)
    (template | ScriptedModel(answers=["x"])).invoke({"name": "Ann", "question": "?", "nobody": 1})
    [call] = [span for span in capture.spans if span.name == "chat scripted-1"]
    assert (call.fields["literalai.prompt.id"], call.fields["literalai.prompt.variables"]) == ("p1", VARIABLES)
    assert call.fields["gen_ai.input.messages"] == [
        {"role": "system", "parts": [{"type": "text", "content": GREETING}], "uuid": "u1", "templated": True},
        {"role": "user", "parts": [{"type": "text", "content": "?"}], "uuid": "u2", "templated": True},
    ]


@pytest.mark.feature("L-PRM-12")
async def test_more_messages_follow_and_keep_the_rules_of_langchain() -> None:
    history = [HumanMessage("before"), AIMessage("yes")]
    more = [MessagesPlaceholder("history"), ("human", "{last} and {{braces}}"), SystemMessage("end")]
    template = PROMPT.to_langchain_chat_prompt_template(more)
    given = {"name": "Ann", "question": "?", "history": history, "last": "one"}
    messages = (await template.ainvoke(given)).to_messages()
    assert messages == template.format_messages(**given) == template.invoke(given).to_messages()
    assert messages == [
        SystemMessage(GREETING, additional_kwargs=link("u1")),
        HumanMessage([{"type": "text", "text": "?"}], additional_kwargs=link("u2")),
        *history,
        HumanMessage("one and {braces}"),
        SystemMessage("end"),
    ]
    assert template.input_variables == ["history", "last"]
    with pytest.raises(KeyError, match="last"):
        template.invoke({"history": []})


def test_what_is_not_given_takes_its_default_or_renders_empty() -> None:
    template = PROMPT.to_langchain_chat_prompt_template()
    assert (template.input_variables, template.optional_variables) == ([], ["name", "question"])
    assert template.invoke({}).to_messages()[0].content == "Greet  & <Dr> 0 1"
    assert template.partial(name="Bob").invoke({}).to_messages()[0].content == "Greet Bob & <Dr> 0 1"


def test_every_role_has_its_message() -> None:
    call = {"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}
    prompt = Prompt(
        id="p1",
        template_messages=[
            {"role": "assistant", "content": "{{a}}", "tool_calls": [call]},
            {"role": "tool", "content": "{{a}}", "tool_call_id": "c1"},
        ],
    )
    first, second = prompt.to_langchain_chat_prompt_template().invoke({"a": 1}).to_messages()
    assert isinstance(first, AIMessage) and isinstance(second, ToolMessage)
    assert (first.content, first.tool_calls[0]["args"], second.content) == ("1", {"a": 1}, "1")


def test_what_hangs_on_a_message_is_json() -> None:
    template = PROMPT.to_langchain_chat_prompt_template()
    message = template.invoke({"name": object, "question": {1, 2}}).to_messages()[0]
    assert json.dumps(message.additional_kwargs)
