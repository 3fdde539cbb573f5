"""The frameworks of the matrix."""

import importlib
import json
from collections.abc import Sequence
from typing import Any

from literalai_otel.testing.mistral_chat import MistralChat

from .driving import Address, Driver, Said, installed

OPENAI = "literalai_otel_openai:OpenAIInstrumentor"
MISTRAL = "literalai_otel_mistralai:MistralAIInstrumentor"
LANGCHAIN = "literalai_otel_langchain:LangChainInstrumentor"
LLAMA_INDEX = "literalai_otel_llama_index:LlamaIndexInstrumentor"


def kind(value: Any) -> str:
    """The full name of the type of `value`."""
    return f"{type(value).__module__}.{type(value).__qualname__}"


def http_of_openai() -> Any:
    """The HTTP library of the installed openai."""
    import openai

    return importlib.import_module("httpx2" if int(openai.VERSION.partition(".")[0]) >= 3 else "httpx")


def calls_of(message: Any) -> list[tuple[str | None, str, Any]]:
    """The tool calls of a message as OpenAI and Mistral shape it."""
    asked = [(call.id, call.function.name, call.function.arguments) for call in message.tool_calls or ()]
    return [(id, name, json.loads(given) if isinstance(given, str) else given) for id, name, given in asked]


class OpenAI(Driver):
    """The OpenAI SDK."""

    id = "openai"
    scope = "openai"
    needs = ("openai",)
    instrumentors = (OPENAI,)

    def client(self, provider: Address, asynchronous: bool) -> Any:
        import openai

        made = openai.AsyncOpenAI if asynchronous else openai.OpenAI
        return made(base_url=provider.base_url, api_key="sk-test", max_retries=0)

    def ask(self, client: Any, messages: Any, tools: Sequence[Any] = (), **settings: Any) -> Any:
        more = {"tools": list(tools), **settings} if tools else settings
        return client.chat.completions.create(model=self.model, messages=messages, **more)

    def stream(self, client: Any, messages: Any, **settings: Any) -> Any:
        return client.chat.completions.create(model=self.model, messages=messages, stream=True, **settings)

    def said(self, answer: Any) -> Said:
        message = answer.choices[0].message
        return Said(kind(answer), message.content or "", calls_of(message))

    def piece(self, chunk: Any) -> str:
        return chunk.choices[0].delta.content or "" if chunk.choices else ""

    def close_client(self, client: Any) -> Any:
        return client.close()


class Mistral(Driver):
    """The Mistral SDK in either layout."""

    id = "mistralai"
    scope = "mistralai"
    needs = ("mistralai",)
    instrumentors = (MISTRAL,)
    provider_name = "mistral_ai"
    model = "mistral-large-latest"
    stream_usage = True
    answer = MistralChat

    def client(self, provider: Address, asynchronous: bool) -> Any:
        module = "mistralai.client" if installed("mistralai.client.chat") else "mistralai"
        return importlib.import_module(module).Mistral(api_key="test", server_url=provider.origin), asynchronous

    def ask(self, client: Any, messages: Any, tools: Sequence[Any] = (), **settings: Any) -> Any:
        chat, asynchronous = client[0].chat, client[1]
        more = {"tools": list(tools), **settings} if tools else settings
        return (chat.complete_async if asynchronous else chat.complete)(model=self.model, messages=messages, **more)

    def stream(self, client: Any, messages: Any, **settings: Any) -> Any:
        chat, asynchronous = client[0].chat, client[1]
        return (chat.stream_async if asynchronous else chat.stream)(model=self.model, messages=messages, **settings)

    def said(self, answer: Any) -> Said:
        message = answer.choices[0].message
        return Said(kind(answer), message.content or "", calls_of(message))

    def piece(self, chunk: Any) -> str:
        text = chunk.data.choices[0].delta.content if chunk.data.choices else ""
        return text if isinstance(text, str) else ""

    def close(self, stream: Any) -> Any:
        leave = getattr(stream, "__aexit__", None) or stream.__exit__
        return leave(None, None, None)

    def close_client(self, client: Any) -> Any:
        made, asynchronous = client
        return (made.__aexit__ if asynchronous else made.__exit__)(None, None, None)


class LangChain(Driver):
    """LangChain's chat model over the OpenAI SDK, which nobody instruments."""

    id = "langchain"
    scope = "langchain"
    needs = ("langchain_openai",)
    instrumentors = (LANGCHAIN,)
    stream_usage = True
    lazy = True

    def client(self, provider: Address, asynchronous: bool) -> Any:
        from langchain_openai import ChatOpenAI

        http = http_of_openai()
        # Clients of its own: LangChain's default ones outlive an event loop.
        clients = {"http_client": http.Client(), "http_async_client": http.AsyncClient()}
        model = ChatOpenAI(
            model=self.model,
            base_url=provider.base_url,
            api_key="sk-test",  # pyright: ignore[reportArgumentType] - a secret, made of text
            max_retries=0,
            stream_usage=True,
            **clients,
        )
        return model, asynchronous, clients

    def ask(self, client: Any, messages: Any, tools: Sequence[Any] = (), **settings: Any) -> Any:
        model, asynchronous, _ = client
        model = model.bind_tools(list(tools)) if tools else model
        return (model.ainvoke if asynchronous else model.invoke)(self._messages(messages), **settings)

    def stream(self, client: Any, messages: Any, **settings: Any) -> Any:
        model, asynchronous, _ = client
        return (model.astream if asynchronous else model.stream)(self._messages(messages), **settings)

    @staticmethod
    def _messages(messages: Any) -> Any:
        return list(messages) if isinstance(messages, tuple) else messages

    def said(self, answer: Any) -> Said:
        return Said(
            kind(answer), answer.content, [(call["id"], call["name"], call["args"]) for call in answer.tool_calls]
        )

    def piece(self, chunk: Any) -> str:
        return chunk.content

    async def _close_async(self, clients: Any) -> None:
        await clients["http_async_client"].aclose()

    def close_client(self, client: Any) -> Any:
        _, asynchronous, clients = client
        clients["http_client"].close()
        return self._close_async(clients) if asynchronous else None


class LangChainOverOpenAI(LangChain):
    """The same with the OpenAI instrumentor on as well: still one generation."""

    id = "langchain over openai"
    instrumentors = (LANGCHAIN, OPENAI)


class LlamaIndex(Driver):
    """LlamaIndex's OpenAI class, which caps openai below 3."""

    id = "llama_index, openai"
    scope = "llama_index"
    needs = ("llama_index.llms.openai",)
    instrumentors = (LLAMA_INDEX,)
    lazy = True

    def client(self, provider: Address, asynchronous: bool) -> Any:
        from llama_index.llms.openai import OpenAI as Model  # pyright: ignore[reportMissingImports] - not in this lane

        return Model(model=self.model, api_base=provider.base_url, api_key="sk-test", max_retries=0), asynchronous

    def ask(self, client: Any, messages: Any, tools: Sequence[Any] = (), **settings: Any) -> Any:
        model, asynchronous = client
        more = {"tools": list(tools), **settings} if tools else settings
        return (model.achat if asynchronous else model.chat)(self._messages(messages), **more)

    def stream(self, client: Any, messages: Any, **settings: Any) -> Any:
        model, asynchronous = client
        return (model.astream_chat if asynchronous else model.stream_chat)(self._messages(messages), **settings)

    @staticmethod
    def _messages(messages: Any) -> Any:
        from llama_index.core.llms import ChatMessage

        return [ChatMessage(**each) for each in messages] if isinstance(messages, tuple) else messages

    def said(self, answer: Any) -> Said:
        calls = self._calls(answer.message)
        return Said(kind(answer), answer.message.content or "", calls)

    @staticmethod
    def _calls(message: Any) -> list[tuple[str | None, str, Any]]:
        given = message.additional_kwargs.get("tool_calls")
        if given:
            return [(call.id, call.function.name, _parsed(call.function.arguments)) for call in given]
        blocks = [block for block in message.blocks if getattr(block, "block_type", "") == "tool_call"]
        return [(block.tool_call_id, block.tool_name, _parsed(block.tool_kwargs)) for block in blocks]

    def piece(self, chunk: Any) -> str:
        return chunk.delta or ""


class LlamaIndexOverOpenAI(LlamaIndex):
    """The same with the OpenAI instrumentor on as well: still one generation."""

    id = "llama_index over openai"
    instrumentors = (LLAMA_INDEX, OPENAI)


class LlamaIndexOfMistral(LlamaIndex):
    """LlamaIndex's Mistral class, which needs mistralai 2 or newer."""

    id = "llama_index, mistralai"
    needs = ("llama_index.llms.mistralai",)
    provider_name = "mistral_ai"
    model = "mistral-large-latest"
    stream_usage = True
    answer = MistralChat

    def client(self, provider: Address, asynchronous: bool) -> Any:
        from llama_index.llms.mistralai import MistralAI

        return MistralAI(model=self.model, endpoint=provider.origin, api_key="test", max_retries=0), asynchronous


class LlamaIndexOverMistral(LlamaIndexOfMistral):
    """The same with the Mistral instrumentor on as well: still one generation."""

    id = "llama_index over mistralai"
    instrumentors = (LLAMA_INDEX, MISTRAL)


def _parsed(arguments: Any) -> Any:
    return json.loads(arguments) if isinstance(arguments, str) else arguments


EVERY: Sequence[Driver] = (
    OpenAI(),
    Mistral(),
    LangChain(),
    LangChainOverOpenAI(),
    LlamaIndex(),
    LlamaIndexOverOpenAI(),
    LlamaIndexOfMistral(),
    LlamaIndexOverMistral(),
)
DRIVERS = [driver for driver in EVERY if driver.installed]
"""Those that this lane can run: which class of LlamaIndex is there depends on the versions of the SDKs."""
