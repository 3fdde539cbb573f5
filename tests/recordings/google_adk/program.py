"""Spans of Google's Agent Development Kit, with a model that answers by itself."""

import asyncio
from collections.abc import AsyncGenerator
from typing import Any

from google.adk.agents import Agent
from google.adk.models import BaseLlm, LlmRequest, LlmResponse
from google.adk.runners import InMemoryRunner
from google.genai import types
from opentelemetry import trace
from recorded import case, main, traced


def start() -> None:
    """The kit asks the global provider."""
    trace.set_tracer_provider(traced())


class Canned(BaseLlm):
    """Calls the tool when there is one and it was not called yet, then answers."""

    async def generate_content_async(
        self, llm_request: LlmRequest, stream: bool = False
    ) -> AsyncGenerator[LlmResponse, None]:
        parts = [part for content in llm_request.contents for part in content.parts or ()]
        if llm_request.tools_dict and not any(part.function_response for part in parts):
            call = types.FunctionCall(id="call_1", name="get_weather", args={"city": "Paris"})
            answer = types.Part(function_call=call)
        else:
            answer = types.Part(text="It is 21 degrees in Paris.")
        yield LlmResponse(
            content=types.Content(role="model", parts=[answer]),
            finish_reason=types.FinishReason.STOP,
            usage_metadata=types.GenerateContentResponseUsageMetadata(
                prompt_token_count=11, candidates_token_count=7, total_token_count=18
            ),
        )


def get_weather(city: str) -> dict[str, Any]:
    """The weather of a city."""
    return {"city": city, "degrees": 21}


async def run(**options: Any) -> None:
    """One question to an agent."""
    made = Agent(name="guide", model=Canned(model="canned-1"), instruction="Be kind.", **options)
    runner = InMemoryRunner(agent=made, app_name="recorded")
    session = await runner.session_service.create_session(app_name="recorded", user_id="user-1", session_id="thread-1")
    asked = types.Content(role="user", parts=[types.Part(text="How warm is Paris?")])
    async for _ in runner.run_async(user_id="user-1", session_id=session.id, new_message=asked):
        pass


@case
def chat() -> None:
    asyncio.run(run())


@case
def tools() -> None:
    asyncio.run(run(tools=[get_weather], generate_content_config=types.GenerateContentConfig(temperature=0.2)))


main(before=start)
