"""`literalai` 0.1.300 on frameworks: its LangChain handler, its Mistral wrappers, its processor for OpenAI's agents."""

import asyncio
import os
from contextlib import contextmanager

# Agents would send their traces to OpenAI as well: its processors are replaced below, before anything is traced.
import agents
from agents import tracing
from checks import failing, run
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI
from literalai import LiteralClient
from mistralai import Mistral

client = LiteralClient()
client.instrument_mistralai()
tracing.set_trace_processors([client.openai_agents_tracing_processor()])
mistral = Mistral(api_key="test", server_url=os.environ["OPENAI_BASE_URL"].removesuffix("/v1") + "/mistral")
QUESTION = [{"role": "user", "content": "hi"}]


@tool
def get_weather(city: str) -> str:
    """The weather of a city."""
    return f"sunny in {city}"


@contextmanager
def conversation():
    """A thread that begins with nothing open: a step that failed before stays current in this client."""
    client.reset_context()
    with client.thread() as thread:
        yield thread


def stored(thread):
    """The steps of a thread by name, once all are sent; each with the names of those above it."""
    client.flush()
    steps = client.api.get_thread(id=thread.id).steps
    by_id = {step.id: step for step in steps}
    for step in steps:
        above = by_id.get(step.parent_id)
        step.above = above.name if above else None
    return {step.name: step for step in steps}


def check_a_chain_of_langchain():
    chain = ChatPromptTemplate.from_messages([("user", "Tell me of {city}")]) | ChatOpenAI(model="gpt-4o-mini")
    with conversation() as thread:
        answer = (chain | StrOutputParser()).invoke(
            {"city": "Lisbon"}, config={"callbacks": [client.langchain_callback(to_ignore=[])], "tags": ["lc"]}
        )
    steps = stored(thread)
    model = steps["ChatOpenAI"]
    assert model.above == "RunnableSequence", {name: step.above for name, step in steps.items()}
    assert steps["RunnableSequence"].type == "run"
    assert "lc" in steps["RunnableSequence"].tags
    generation = model.generation
    assert (model.type, generation.type, generation.provider) == ("llm", "CHAT", "openai-chat")
    assert generation.messages[0]["content"] == "Tell me of Lisbon"
    assert generation.message_completion["content"] == answer != ""
    assert generation.variables == {"city": "Lisbon"}
    assert generation.token_count == generation.input_token_count + generation.output_token_count > 0
    assert generation.duration > 0


def check_a_stream_and_a_tool_of_langchain():
    handler = client.langchain_callback()
    with conversation() as thread, client.run(name="agent"):
        model = ChatOpenAI(model="gpt-4o-mini", streaming=True, stream_usage=True)
        text = "".join(part.content for part in model.stream("hi", config={"callbacks": [handler]}))
        get_weather.invoke({"city": "Rome"}, config={"callbacks": [handler]})
    steps = stored(thread)
    generation = steps["ChatOpenAI"].generation
    assert generation.message_completion["content"] == text != ""
    assert generation.tt_first_token > 0
    weather = steps["get_weather"]
    assert (weather.type, weather.above) == ("tool", "agent")
    assert "sunny in Rome" in str(weather.output)


def check_a_call_that_fails_in_langchain():
    with conversation() as thread, failing("400"):
        ChatOpenAI(model="error-400", max_retries=0).invoke("hi", config={"callbacks": [client.langchain_callback()]})
    assert "400" in stored(thread)["ChatOpenAI"].error


def check_mistral():
    with conversation() as thread:
        answer = mistral.chat.complete(model="small", messages=QUESTION, temperature=0.5)
        events = mistral.chat.stream(model="streamed", messages=QUESTION)
        streamed = "".join(event.data.choices[0].delta.content or "" for event in events)
        filled = mistral.fim.complete(model="codestral", prompt="def add", suffix="return")
        asyncio.run(mistral.chat.complete_async(model="async", messages=QUESTION))
    steps = stored(thread)
    assert set(steps) == {"small", "streamed", "codestral", "async"}
    generation = steps["small"].generation
    assert (generation.provider, generation.messages[0]["content"]) == ("mistralai", "hi")
    assert generation.message_completion["content"] == answer.choices[0].message.content != ""
    assert (generation.token_count, generation.settings["temperature"]) == (answer.usage.total_tokens, 0.5)
    assert steps["streamed"].generation.message_completion["content"] == streamed != ""
    completion = steps["codestral"].generation
    assert (completion.type, completion.prompt) == ("COMPLETION", "def add")
    assert completion.completion == filled.choices[0].message.content
    assert steps["async"].generation.message_completion["content"]


def get_sky(city: str) -> str:
    """The sky over a city."""
    return f"sunny in {city}"


def get_time(zone: str) -> str:
    """The time in a zone."""
    return f"noon in {zone}"


def check_agents():
    named = {"get_weather": get_sky, "get_time": get_time}
    tools = [agents.function_tool(look, name_override=name) for name, look in named.items()]
    agent = agents.Agent(name="forecaster", model="tools", tools=tools, tool_use_behavior="stop_on_first_tool")
    writer = agents.Agent(name="writer", model="gpt-4o-mini", instructions="Be brief.")

    async def ask():
        with agents.trace("forecast", metadata={"city": "Paris"}):
            await agents.Runner.run(agent, "What is the weather?")
            return await agents.Runner.run(writer, "Write it down.")

    with conversation() as thread:
        written = asyncio.run(ask())
    client.flush()
    steps = client.api.get_thread(id=thread.id).steps
    by_id = {step.id: step for step in steps}
    (root,) = [step for step in steps if step.name == "forecast"]
    assert (root.type, root.parent_id, root.metadata) == ("run", None, {"city": "Paris"})
    above = {step.name: by_id[step.parent_id].name for step in steps if step.parent_id and step.type != "llm"}
    below = dict.fromkeys(("forecaster", "writer"), "forecast") | dict.fromkeys(named, "forecaster")
    assert above == below
    outputs = {step.name: str(step.output) for step in steps if step.type == "tool"}
    assert "sunny in Paris" in outputs["get_weather"]
    assert "noon in Europe/Paris" in outputs["get_time"]
    calls = {by_id[step.parent_id].name: step.generation for step in steps if step.type == "llm"}
    assert set(calls) == {"forecaster", "writer"}
    assert calls["writer"].message_completion == {"role": "assistant", "content": written.final_output}
    assert calls["writer"].token_count == calls["writer"].input_token_count + calls["writer"].output_token_count > 0
    assert calls["forecaster"].tools[0]["name"] == "get_weather"


run(globals())
