"""LlamaIndex over the SDK of a provider that is instrumented too: one call of a model is one generation."""

from typing import Any

import pytest
from llama_index.core.base.embeddings.base import BaseEmbedding

from literalai_otel.attributes import (
    ERROR_TYPE,
    INPUT_MESSAGES,
    OUTPUT_MESSAGES,
    REQUEST_ID,
    RESPONSE_ID,
    RESPONSE_MODEL,
    SERVER_ADDRESS,
    STREAM_OUTCOME,
    USAGE_INPUT_TOKENS,
    USAGE_OUTPUT_TOKENS,
)
from literalai_otel.testing import Chat, Failure, FakeProvider, SpanCapture

from .parts import FAKE_ANSWER, HELLO, MODEL, PROVIDER, index, one, real_llm, texts, tree


@pytest.fixture
def both(instrument: Any) -> Any:
    """LlamaIndex and the SDKs that are installed, on one provider."""
    from literalai_otel_mistralai import MistralAIInstrumentor
    from literalai_otel_openai import OpenAIInstrumentor

    capture = instrument()
    provider = capture.tracer_provider
    sdks = [OpenAIInstrumentor(), MistralAIInstrumentor()]
    for sdk in sdks:
        sdk.instrument(tracer_provider=provider, skip_dep_check=True)
    yield capture
    for sdk in sdks:
        sdk.uninstrument()


@pytest.mark.feature("I-LI-09")
def test_the_same_with_what_the_client_alone_knows(both: SpanCapture, provider: FakeProvider) -> None:
    engine = index().as_query_engine(llm=real_llm(provider))
    both.clear()
    assert str(engine.query("Where?")) == FAKE_ANSWER
    assert tree(both).splitlines()[-1].strip() == f"chat {MODEL}"
    assert len(both.spans) == 5
    span = one(both, f"chat {MODEL}")
    assert (span.fields[USAGE_INPUT_TOKENS], span.fields[USAGE_OUTPUT_TOKENS]) == (11, 7)
    assert span.fields[SERVER_ADDRESS] == "127.0.0.1"
    assert span.fields[RESPONSE_MODEL] == f"{MODEL}-2025-01-01"
    assert RESPONSE_ID in span.fields
    if PROVIDER == "openai":
        assert span.fields[REQUEST_ID].startswith("req_")
    assert len(provider.requests) == 1


@pytest.mark.parametrize("form", ["stream_chat", "astream_chat"])
async def test_a_stream_makes_its_request_inside_of_its_generation(
    form: str, both: SpanCapture, provider: FakeProvider
) -> None:
    stream = getattr(real_llm(provider), form)(HELLO)
    if form[0] == "a":
        _ = [chunk async for chunk in await stream]
    else:
        list(stream)
    span = both.one()
    assert span.name == f"chat {MODEL}"
    assert span.fields[SERVER_ADDRESS] == "127.0.0.1"
    assert texts(span.fields[OUTPUT_MESSAGES]) == [FAKE_ANSWER]
    assert texts(span.fields[INPUT_MESSAGES]) == ["Hi"]


@pytest.mark.parametrize("end", ["closed", "abandoned"])
def test_a_stream_that_is_not_read_to_its_end(end: str, both: SpanCapture, provider: FakeProvider) -> None:
    stream = real_llm(provider).stream_chat(HELLO)
    next(stream)
    if end == "closed":
        stream.close()
    del stream
    assert both.settled()
    span = both.one()
    assert span.fields[STREAM_OUTCOME] == end
    assert span.fields[SERVER_ADDRESS] == "127.0.0.1"


def test_an_attempt_that_failed_is_not_the_error_of_the_call(both: SpanCapture, provider: FakeProvider) -> None:
    if PROVIDER != "openai":
        pytest.skip("LlamaIndex's class for Mistral leaves retries to the SDK")
    provider.script(Failure(500, headers={"retry-after-ms": "1"}), Chat())
    real_llm(provider, max_retries=2).chat(HELLO)
    span = both.one()
    assert ERROR_TYPE not in span.attributes
    assert (span.status.name, span.fields[USAGE_INPUT_TOKENS]) == ("UNSET", 11)


class BatchesOverSdk(BaseEmbedding):
    """A user's embedding, which asks OpenAI for two texts at a time."""

    base_url: str

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        import openai

        with openai.OpenAI(base_url=self.base_url, api_key="k", max_retries=0) as client:
            found = client.embeddings.create(model="text-embedding-3-small", input=texts)
        return [item.embedding for item in found.data]

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._get_text_embeddings([text])[0]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return self._get_text_embedding(query)


def test_tokens_of_batches_add_up_to_the_wire(both: SpanCapture, provider: FakeProvider) -> None:
    embedding = BatchesOverSdk(base_url=provider.base_url, embed_batch_size=2, model_name="text-embedding-3-small")
    embedding.get_text_embedding_batch(["a", "b", "c", "d", "e"])
    assert len(provider.requests) == 3
    batches = both.one().fields[USAGE_INPUT_TOKENS]
    both.clear()
    provider.clear()
    for texts_of_batch in (["a", "b"], ["c", "d"], ["e"]):
        embedding._get_text_embeddings(texts_of_batch)
    assert len(both.spans) == 3
    assert batches == sum(span.fields[USAGE_INPUT_TOKENS] for span in both.spans)
