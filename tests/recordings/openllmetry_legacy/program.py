"""Spans of OpenLLMetry before it spoke GenAI: instrumentations of OpenAI and LangChain of version 0.40."""

from typing import Any

from calls import openai_cases, weather_agent
from recorded import case, main, traced


def start() -> None:
    """Both instrumentations over one provider."""
    from opentelemetry.instrumentation.langchain import LangchainInstrumentor
    from opentelemetry.instrumentation.openai import OpenAIInstrumentor

    provider = traced()
    OpenAIInstrumentor().instrument(tracer_provider=provider)
    LangchainInstrumentor().instrument(tracer_provider=provider)


def openai_client() -> Any:
    """The instrumented SDK of OpenAI."""
    import openai

    return openai.OpenAI(max_retries=0)


openai_cases(openai_client, "openai_responses")


@case
def langchain_agent() -> None:
    weather_agent(retrieves=True, temperature=0.2)


main(start)
