"""Runs in a process of its own: instrumentors of several families together, and what Literal and others get.

    python program.py '{"framework": "openai", "instrument": ["openllmetry", "ours"], "modes": ["sync"], …}'

Prints JSON: for each mode the tree of steps that Literal has, the spans that another exporter has, and the tokens
that went over the wire. A process of its own, since not every family undoes what it does.
"""

import asyncio
import gc
import importlib
import importlib.util
import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from literalai_otel import genai
from literalai_otel.attributes import STEP_TYPE
from literalai_otel.config import Config
from literalai_otel.export import Delivery, LiteralSpanExporter, LiteralSpanProcessor
from literalai_otel.testing import Chat, FakeProvider, ToolCall

OURS = {
    "openai": ("literalai_otel_openai", "OpenAIInstrumentor"),
    "langchain": ("literalai_otel_langchain", "LangChainInstrumentor"),
    "mistralai": ("literalai_otel_mistralai", "MistralAIInstrumentor"),
    "llama_index": ("literalai_otel_llama_index", "LlamaIndexInstrumentor"),
}
FOREIGN = {
    ("openllmetry", "openai"): ("opentelemetry.instrumentation.openai", "OpenAIInstrumentor"),
    ("openinference", "openai"): ("openinference.instrumentation.openai", "OpenAIInstrumentor"),
    ("official", "openai"): ("opentelemetry.instrumentation.genai.openai", "OpenAIInstrumentor"),
    ("openllmetry", "langchain"): ("opentelemetry.instrumentation.langchain", "LangchainInstrumentor"),
    ("openinference", "langchain"): ("openinference.instrumentation.langchain", "LangChainInstrumentor"),
    ("official", "langchain"): ("opentelemetry.instrumentation.genai.langchain", "LangChainInstrumentor"),
    ("openllmetry", "mistralai"): ("opentelemetry.instrumentation.mistralai", "MistralAiInstrumentor"),
    ("openinference", "mistralai"): ("openinference.instrumentation.mistralai", "MistralAIInstrumentor"),
    ("openllmetry", "llama_index"): ("opentelemetry.instrumentation.llamaindex", "LlamaIndexInstrumentor"),
    ("openinference", "llama_index"): ("openinference.instrumentation.llama_index", "LlamaIndexInstrumentor"),
    ("official", "llama_index"): ("opentelemetry.instrumentation.genai.llama_index", "LlamaIndexInstrumentor"),
}
on_loop = asyncio.new_event_loop().run_until_complete
"""One loop for all: frameworks keep their clients."""
HELLO = [{"role": "user", "content": "Hi"}]
USAGE = {"stream_options": {"include_usage": True}}
MISTRAL = "mistral-large-latest"


class Literal:
    """The server's side of a delivery: the steps by id."""

    def __init__(self) -> None:
        self.steps: dict[str, dict[str, Any]] = {}
        self.delivery = Delivery(lambda timeout: self, linger=0.01)  # type: ignore[arg-type,return-value] - the API is us

    def send_steps(self, steps: list[dict[str, Any]], *, environment: str | None = None) -> list[Any]:
        self.steps.update((step["id"], step) for step in steps)
        return [SimpleNamespace(ok=True, message=None)] * len(steps)

    def close(self) -> None:
        """Nothing is open."""

    def step_of(self, provider: TracerProvider, call: Callable[[], None]) -> dict[str, Any]:
        """The one step that `call` makes below a run."""
        with provider.get_tracer("app").start_as_current_span("work", attributes={STEP_TYPE: "run"}):
            call()
        self.delivery.flush(10)
        run, step = sorted(self.steps.values(), key=lambda step: step["type"], reverse=True)
        assert (run["name"], step["parentId"]) == ("work", run["id"])
        self.steps.clear()
        return step

    def tree(self) -> list[list[Any]]:
        """The steps so far, children below their parents in order of start, and none any more."""
        self.delivery.flush(10)
        children: dict[str | None, list[dict[str, Any]]] = {}
        of_span = {step["metadata"]["otel"]["span_id"]: step["id"] for step in self.steps.values()}
        for step in sorted(self.steps.values(), key=lambda step: step["startTime"]):
            # Behind a stock processor a step knows the span above it only; the server looks it up.
            span_above = step["metadata"]["otel"].get("parent_span_id")
            parent = step.get("parentId") or (of_span.get(span_above, "?") if span_above else None)
            children.setdefault(parent if parent in self.steps or parent is None else "?", []).append(step)
        lines: list[list[Any]] = []

        def add(parent: str | None, depth: int) -> None:
            for step in children.get(parent, ()):
                lines.append([depth, step["type"], step["name"], *generation_of(step)])
                add(step["id"], depth + 1)

        add(None, 0)
        add("?", 90)  # a parent that is no step
        self.steps.clear()
        return lines


def generation_of(step: dict[str, Any]) -> list[Any]:
    """Model, tokens, last message, answer and outcome of a generation; nothing for another step."""
    generation = step.get("generation")
    if generation is None:
        return []
    messages = generation.get("messages") or [{}]
    answer = generation.get("messageCompletion") or {}
    tokens = [generation.get("inputTokenCount"), generation.get("outputTokenCount")]
    outcome = "error" if step.get("error") else "ok"
    return [generation.get("model"), *tokens, messages[-1].get("content"), answer.get("content") or "", outcome]


def described(span: ReadableSpan) -> dict[str, Any]:
    """A span without what differs from run to run, and without what our processor stamps on every span."""
    attributes = {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in (span.attributes or {}).items()
        if not name.startswith("literalai.") and name != "server.port" and "time_to" not in name
    }
    scope = span.instrumentation_scope.name if span.instrumentation_scope else ""
    return {"scope": scope, "name": span.name, "status": span.status.status_code.name, "attributes": attributes}


Modes = dict[str, Callable[[], Any]]


def openai_modes(fake: FakeProvider) -> Modes:
    import openai

    base_url = fake.base_url

    def plain(**asked: Any) -> Any:
        client = openai.OpenAI(base_url=base_url, api_key="k", max_retries=0)
        return client.chat.completions.create(model="gpt-4o", messages=HELLO, **asked)

    async def asynchronous(**asked: Any) -> None:
        async with openai.AsyncOpenAI(base_url=base_url, api_key="k", max_retries=0) as client:
            answer = await client.chat.completions.create(model="gpt-4o", messages=HELLO, **asked)
            if asked:
                async for _ in answer:
                    pass

    def raw() -> None:
        client = openai.OpenAI(base_url=base_url, api_key="k", max_retries=0)
        client.chat.completions.with_raw_response.create(model="gpt-4o", messages=HELLO).parse()

    def closed() -> None:
        with plain(stream=True) as stream:
            next(iter(stream))

    def abandoned() -> None:
        stream = plain(stream=True)
        next(iter(stream))
        del stream
        gc.collect()

    def refused() -> None:
        client = openai.OpenAI(base_url=base_url, api_key="k", max_retries=0)
        try:
            client.chat.completions.create(model="error-429", messages=HELLO)
        except openai.RateLimitError:
            return
        raise AssertionError("the user's exception is gone")

    return {
        "sync": plain,
        "async": lambda: on_loop(asynchronous()),
        "stream": lambda: all(plain(stream=True, **USAGE)),
        "async stream": lambda: on_loop(asynchronous(stream=True, **USAGE)),
        "raw": raw,
        "closed": closed,
        "abandoned": abandoned,
        "error": refused,
    }


def langchain_modes(fake: FakeProvider) -> Modes:
    from langchain_core.output_parsers import StrOutputParser
    from langchain_core.prompts import ChatPromptTemplate
    from langchain_core.tools import tool
    from langchain_openai import ChatOpenAI

    def model() -> Any:
        return ChatOpenAI(model="gpt-4o", base_url=fake.base_url, api_key="k", max_retries=0, stream_usage=True)

    chain = ChatPromptTemplate.from_messages([("user", "{word}")]) | model() | StrOutputParser()

    @tool
    def ask(question: str) -> str:
        """Asks the model."""
        return model().invoke(question).content

    def agent() -> None:
        from langchain.agents import create_agent

        fake.script(Chat(None, tool_calls=[ToolCall("call_1", "ask", '{"question": "Hi"}')]), Chat("Yes"), Chat("Done"))
        create_agent(model(), [ask]).invoke({"messages": HELLO})
        fake.script()

    async def stream() -> None:
        async for _ in model().astream("Hi"):
            pass

    return {
        "sync": lambda: model().invoke("Hi"),
        "async": lambda: on_loop(model().ainvoke("Hi")),
        "stream": lambda: all(model().stream("Hi")),
        "async stream": lambda: on_loop(stream()),
        "chain": lambda: chain.invoke({"word": "Hi"}),
        "async chain": lambda: on_loop(chain.ainvoke({"word": "Hi"})),
        "tool": lambda: ask.invoke({"question": "Hi"}),
        "agent": agent,
    }


def mistralai_modes(fake: FakeProvider) -> Modes:
    layout = "mistralai.client" if importlib.util.find_spec("mistralai.client.chat") else "mistralai"
    client = importlib.import_module(layout).Mistral(api_key="k", server_url=fake.origin)

    async def asynchronous() -> None:
        await client.chat.complete_async(model=MISTRAL, messages=HELLO)

    async def stream() -> None:
        async for _ in await client.chat.stream_async(model=MISTRAL, messages=HELLO):
            pass

    return {
        "sync": lambda: client.chat.complete(model=MISTRAL, messages=HELLO),
        "async": lambda: on_loop(asynchronous()),
        "stream": lambda: all(client.chat.stream(model=MISTRAL, messages=HELLO)),
        "async stream": lambda: on_loop(stream()),
    }


def llama_index_modes(fake: FakeProvider) -> Modes:
    from llama_index.core import Document, SummaryIndex
    from llama_index.core.llms import ChatMessage
    from llama_index.llms.mistralai import MistralAI

    model = MistralAI(model=MISTRAL, endpoint=fake.origin, api_key="k", max_retries=0)
    said = [ChatMessage("Hi")]

    async def stream() -> None:
        async for _ in await model.astream_chat(said):
            pass

    def query() -> None:
        SummaryIndex.from_documents([Document(text="Lisbon is in Portugal.")]).as_query_engine(llm=model).query("Hi")

    return {
        "sync": lambda: model.chat(said),
        "async": lambda: on_loop(model.achat(said)),
        "stream": lambda: list(model.stream_chat(said)),
        "async stream": lambda: on_loop(stream()),
        "query": query,
    }


MODES = {
    "openai": openai_modes,
    "langchain": langchain_modes,
    "mistralai": mistralai_modes,
    "llama_index": llama_index_modes,
}


@contextmanager
def instrumented(framework: str, whom: list[str], provider: TracerProvider) -> Iterator[None]:
    for one in whom:
        family, _, layer = one.partition(":")
        layer = layer or framework
        module, name = OURS[layer] if family == "ours" else FOREIGN[family, layer]
        getattr(importlib.import_module(module), name)().instrument(tracer_provider=provider)
    yield


def main(asked: dict[str, Any]) -> dict[str, Any]:
    genai.configure(Config.load(**asked.get("settings", {})))
    literal, others = Literal(), InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    keep = asked.get("keep_foreign", False)
    provider.add_span_processor(
        # One batch for each mode, however slow the machine is: what is not in it cannot be compared.
        BatchSpanProcessor(LiteralSpanExporter(literal.delivery), schedule_delay_millis=600_000)
        if asked.get("stock_processor")
        else LiteralSpanProcessor(literal.delivery, client_name="c", keep_foreign=keep)
    )
    if not asked.get("literal_alone"):
        provider.add_span_processor(SimpleSpanProcessor(others))
    found: dict[str, Any] = {}
    with FakeProvider() as fake, instrumented(asked["framework"], asked["instrument"], provider):
        modes = MODES[asked["framework"]](fake)
        for name in asked.get("modes") or modes:
            with provider.get_tracer("app").start_as_current_span("work", attributes={STEP_TYPE: "run"}):
                modes[name]()
            gc.collect()
            genai.finish_abandoned()
            provider.force_flush()
            steps = literal.tree()
            spans = [described(span) for span in others.get_finished_spans()]
            others.clear()
            found[name] = {"steps": steps, "spans": spans, "requests": len(fake.requests)}
            fake.clear()
        origin = fake.origin
    literal.delivery.shutdown(1)
    return json.loads(json.dumps(found).replace(origin, "http://fake"))


if __name__ == "__main__":
    json.dump(main(json.loads(sys.argv[1])), sys.stdout)
