"""LlamaIndex beside the client and under `opentelemetry-instrument`, against a server of ours."""

from typing import Any

import pytest

from programs import ZERO_CODE, Run, Server

pytest.importorskip("llama_index.core")

PROGRAM = """
    from llama_index.core import Document, MockEmbedding, VectorStoreIndex
    from llama_index.core.llms import ChatMessage, MockLLM

    index = VectorStoreIndex.from_documents([Document.example()], embed_model=MockEmbedding(embed_dim=4))
    llm = MockLLM(max_tokens=5)
    query_engine = index.as_query_engine(llm=llm)
"""
WITH_CLIENT = f"""
    from literalai_otel import LiteralClient
    literalai_client = LiteralClient()
    literalai_client.instrument_llamaindex()
    literalai_client.instrument_llamaindex()
{PROGRAM}
    query_engine.query("Tell me about LLMs")
    with literalai_client.thread(name="Test LlamaIndex Thread"):
        query_engine.query("Tell me about LLMs")
    with literalai_client.thread(name="LlamaIndex Questions"):
        query_engine.query("Tell me about LLMs")
        query_engine.query("What is RAG ?")
    with literalai_client.run(name="no thread"):
        query_engine.query("Why?")
    llm.chat([ChatMessage(content="Hi")])
    assert literalai_client.flush_and_stop()
"""
WITHOUT_CODE = f"""
{PROGRAM}
    query_engine.query("Tell me about LLMs")
    list(llm.stream_chat([ChatMessage(content="Hi")]))
"""


def runs_of(thread: Any) -> list[Any]:
    return [step for step in thread.steps or () if step.type == "run" and step.parent_id is None]


@pytest.mark.feature("I-LI-01", "I-LI-02", "I-LI-03", "I-LI-04", "I-LI-06")
def test_a_run_outside_of_a_thread_gets_one(server: Server, run_program: Run) -> None:
    done = run_program(WITH_CLIENT, instrumented=False, **server.environment)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with server.api() as api:
        threads = [api.get_thread(id=thread.id) for thread in api.get_threads(first=10).data]
        steps = api.get_steps(first=50).data
    assert len(threads) == 3
    assert {thread.name: len(runs_of(thread)) for thread in threads if thread.name} == {
        "Test LlamaIndex Thread": 1,
        "LlamaIndex Questions": 2,
    }
    for thread in threads:
        assert [step.type for step in thread.steps].count("llm") == len(runs_of(thread))
        for kind in ("retrieval", "embedding"):
            assert kind in {step.type for step in thread.steps}
    without = [step for step in steps if step.thread_id is None]
    assert {step.type for step in without if step.parent_id is None} == {"embedding", "run", "llm"}
    for step in steps:
        assert "conversation" not in str(step.metadata)
    answers = [step.generation for step in steps if step.generation is not None]
    assert len(answers) == 6


def test_zero_code_makes_no_thread(server: Server, run_program: Run) -> None:
    done = run_program(WITHOUT_CODE, **server.environment, **ZERO_CODE, OTEL_TRACES_EXPORTER="literalai")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    with server.api() as api:
        assert api.get_threads(first=10).data == []
        steps = api.get_steps(first=50).data
    assert {step.thread_id for step in steps} == {None}
    (run,) = [step for step in steps if step.type == "run"]
    assert (run.name, run.input) == ("RetrieverQueryEngine", {"content": "Tell me about LLMs"})
    assert {step.type for step in steps if step.parent_id == run.id} == {"retrieval", "undefined"}
