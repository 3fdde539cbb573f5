"""Names, tags, metadata, threads, step ids and prompts that the program gives through LangChain's config."""

import gc
import json
from typing import Any

import pytest
from langchain_core.messages import HumanMessage, SystemMessage
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnableLambda

from literalai_otel.client import LiteralClient
from literalai_otel.testing import SpanCapture
from literalai_otel_langchain.prompts import LINKS

from .fakes import ScriptedModel, metadata, named
from .project import Project
from .test_trees import INPUT, chain


@pytest.mark.feature("I-LC-03")
def test_name_tags_and_metadata_reach_runs_and_generations(capture: SpanCapture) -> None:
    """L35: those of the runnable and of the call are merged, the call's win; the frameworks' own are left out."""
    runnable = chain().with_config(tags=["chain"], metadata={"k": 1, "who": "chain"})
    runnable.invoke(INPUT, {"tags": ["call"], "metadata": {"who": "call"}, "run_name": "joke"})
    for name in ("invoke_workflow joke", "ChatPromptTemplate", "chat scripted-1", "StrOutputParser"):
        span = named(capture, name)
        assert sorted(span.fields["literalai.tags"]) == ["call", "chain"]
        assert metadata(span) == {"k": 1, "who": "call"}
    generation = named(capture, "chat scripted-1").fields
    assert sorted(generation["literalai.generation.tags"]) == ["call", "chain"]
    assert json.loads(generation["literalai.generation.metadata"]) == {"k": 1, "who": "call"}


def test_metadata_of_each_input_of_a_batch(capture: SpanCapture) -> None:
    """L43."""
    chain().batch([INPUT] * 2, [{"metadata": {"n": 0}}, {"metadata": {"n": 1}}])
    found = [metadata(span)["n"] for span in capture.spans if span.name == "chat scripted-1"]
    assert sorted(found) == [0, 1]


def test_a_name_for_a_model_call(capture: SpanCapture) -> None:
    ScriptedModel(answers=["x"]).invoke("Hi", {"run_name": "greeting"})
    assert (capture.one().name, capture.one().fields["literalai.step.name"]) == ("chat scripted-1", "greeting")


def test_odd_metadata(capture: SpanCapture) -> None:
    """L33, and credentials stay out: LangGraph 0.6 copies all that is configurable."""
    loop: dict[str, Any] = {}
    loop["self"] = loop
    odd = {"api_key": "sk-secret", "loop": loop, "nan": float("nan"), "bytes": b"x", "deep": {1: {2: 3}}}
    ScriptedModel(answers=["x"]).invoke("Hi", {"metadata": odd})
    found = metadata(capture.one())
    assert sorted(found) == ["bytes", "deep", "loop", "nan"]
    assert found["deep"] == {"1": {"2": 3}}
    assert "sk-secret" not in str(capture.one().fields)


@pytest.mark.parametrize("key", ["thread_id", "session_id", "conversation_id"])
@pytest.mark.feature("I-LC-05")
def test_the_thread_that_metadata_names(capture: SpanCapture, key: str) -> None:
    """L14, L37: the whole tree is in it."""
    chain().invoke(INPUT, {"metadata": {key: 7}})
    assert {span.attributes["gen_ai.conversation.id"] for span in capture.spans} == {"7"}
    assert all(key not in metadata(span) for span in capture.spans)


def test_a_run_inside_may_name_another_thread(capture: SpanCapture) -> None:
    inner = chain(name="inner")
    outer = RunnableLambda(lambda given: inner.invoke(given, {"metadata": {"thread_id": "B"}}), name="outer")
    outer.invoke(INPUT, {"metadata": {"thread_id": "A"}})
    assert named(capture, "invoke_workflow outer").attributes["gen_ai.conversation.id"] == "A"
    assert named(capture, "chat scripted-1").attributes["gen_ai.conversation.id"] == "B"


def test_no_thread_is_made_up(capture: SpanCapture) -> None:
    chain().invoke(INPUT, {"metadata": {"thread_id": None, "session_id": ""}})
    assert not any("gen_ai.conversation.id" in span.attributes for span in capture.spans)


@pytest.mark.feature("I-LC-05", "I-LC-03")
def test_in_literal(client: LiteralClient, project: Project) -> None:
    """The thread reaches every step, those of the program included; a thread of the program's goes first."""
    outer = RunnableLambda(client.step(lambda given: chain().invoke(given), name="mine"), name="outer")
    outer.invoke(INPUT, {"metadata": {"thread_id": "T1", "k": 1}, "tags": ["a"]})
    assert client.flush()
    assert {step["threadId"] for step in project.steps.values()} == {"T1"}
    generation = project.named("chat scripted-1")["generation"]
    assert (generation["tags"], generation["metadata"]["k"]) == (["a"], 1)
    assert project.tree() == (
        "outer (run)\n  mine (undefined)\n    hello (undefined)\n      ChatPromptTemplate (undefined)\n"
        "      chat scripted-1 (llm)\n      StrOutputParser (undefined)"
    )

    project.steps.clear()
    with client.thread(thread_id="theirs"):
        chain().invoke(INPUT, {"metadata": {"thread_id": "T1"}})
    assert client.flush()
    assert {step["threadId"] for step in project.steps.values()} == {"theirs"}


def test_tags_and_metadata_of_the_surroundings_stay(client: LiteralClient, project: Project) -> None:
    with client.thread(thread_id="t"):
        client.set_properties(tags=["around"], metadata={"around": 1, "who": "around"})
        try:
            chain().invoke(INPUT, {"metadata": {"who": "call"}, "tags": ["call"]})
        finally:
            client.reset_context()
    assert client.flush()
    step = project.named("chat scripted-1")
    assert step["tags"] == ["around", "call"]
    assert {key: step["metadata"][key] for key in ("around", "who")} == {"around": 1, "who": "call"}


ID = "5b0bd8ac-6c1f-4a9e-8d0c-0d7c4c7b6a01"


@pytest.mark.feature("I-LC-04")
@pytest.mark.parametrize("key", ["literalai_step_id", "literalaiStepId"])
def test_the_id_of_a_generation(capture: SpanCapture, key: str) -> None:
    ScriptedModel(answers=["x"]).invoke("Hi", {"metadata": {key: ID, "k": 1}})
    assert capture.one().fields["literalai.step.id"] == ID
    assert metadata(capture.one()) == {"k": 1}


def test_an_id_is_given_once(capture: SpanCapture) -> None:
    """Metadata reaches every run inside, but two steps with one id would be one."""
    model = ScriptedModel(answers=["x"])
    (model | RunnableLambda(lambda said: said.content) | model).invoke("Hi", {"metadata": {"literalai_step_id": ID}})
    assert [span.fields.get("literalai.step.id") for span in capture.spans if span.name.startswith("chat")] == [
        ID,
        None,
    ]
    assert "literalai.step.id" not in named(capture, "invoke_workflow RunnableSequence").fields


LINK = {"prompt_id": "p1", "variables": {"name": "Ann", "n": 1}, "uuid": "u1"}


@pytest.mark.feature("I-LC-07", "L-PRM-12")
@pytest.mark.parametrize("key", ["prompt_id", "promptId"])
def test_messages_of_a_prompt_of_literal(capture: SpanCapture, key: str) -> None:
    """What `to_langchain_chat_prompt_template()` gives: its messages name their prompt."""
    link = {key if name == "prompt_id" else name: value for name, value in LINK.items()}
    linked = SystemMessage("Greet Ann", additional_kwargs=link)
    template = ChatPromptTemplate.from_messages([linked, ("user", "{question}")])
    (template | ScriptedModel(answers=["x"])).invoke({"question": "?"})
    fields = named(capture, "chat scripted-1").fields
    assert fields["literalai.prompt.id"] == "p1"
    assert fields["literalai.prompt.variables"] == {"name": "Ann", "n": 1}
    first, second = fields["gen_ai.input.messages"]
    assert first == {
        "role": "system",
        "parts": [{"type": "text", "content": "Greet Ann"}],
        "uuid": "u1",
        "templated": True,
    }
    assert "templated" not in second


class Formatted(dict[str, Any]):
    """A message as `prompt.format_messages()` gives it."""

    __literal_prompt__ = LINK


@pytest.mark.feature("L-PRM-15")
@pytest.mark.parametrize("streamed", [False, True])
def test_formatted_messages_given_to_a_model(capture: SpanCapture, streamed: bool) -> None:
    messages = [Formatted(role="system", content="Greet Ann"), {"role": "user", "content": "?"}]
    model = ScriptedModel(answers=["x"])
    if streamed:
        list(model.stream(messages))
    else:
        model.invoke(messages)
    fields = capture.one().fields
    assert (fields["literalai.prompt.id"], fields["literalai.prompt.variables"]) == ("p1", {"name": "Ann", "n": 1})
    first, second = fields["gen_ai.input.messages"]
    assert (first["uuid"], first["templated"]) == ("u1", True)
    assert "templated" not in second
    del fields
    capture.clear()
    gc.collect()
    assert len(LINKS) == 0


def test_variables_belong_to_the_next_call_alone(capture: SpanCapture) -> None:
    """L20."""
    template = ChatPromptTemplate.from_messages([("user", "{a} {b}")]).partial(b=lambda: object())
    model = ScriptedModel(answers=["x"])

    def twice(given: Any) -> Any:
        model.invoke(template.invoke(given))
        return model.invoke([HumanMessage("no prompt")])

    RunnableLambda(twice).invoke({"a": float("inf")})
    calls = [span.fields for span in capture.spans if span.name == "chat scripted-1"]
    assert calls[0]["literalai.prompt.variables"]["a"] in (None, float("inf"))
    assert "literalai.prompt.variables" not in calls[1]


def test_a_prompt_that_fails_leaves_nothing(capture: SpanCapture) -> None:
    """L20."""
    template = ChatPromptTemplate.from_messages([("user", "{a}")])

    def survive(given: Any) -> Any:
        with pytest.raises(KeyError):
            template.invoke({})
        return ScriptedModel(answers=["x"]).invoke("Hi")

    RunnableLambda(survive).invoke({})
    assert named(capture, "ChatPromptTemplate").attributes["error.type"] == "KeyError"
    assert "literalai.prompt.variables" not in named(capture, "chat scripted-1").fields
