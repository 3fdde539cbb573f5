"""Types of the two clients. Checked by pyright, never imported or run."""

from collections.abc import Coroutine
from typing import Any, assert_type

from literalai_otel import AsyncLiteralClient, LiteralClient
from literalai_otel.api import AsyncApi, SyncApi
from literalai_otel.context import ActiveStep
from literalai_otel.evaluation.dataset import Dataset
from literalai_otel.export import FlushResult
from literalai_otel.instrumentation.openai import instrument_openai
from literalai_otel.model import ChatGeneration, Score, Step, Thread, User
from literalai_otel.my_types import Environment, PaginatedResponse
from literalai_otel.observability.generation import ChatGeneration as PublishedGeneration


def sync(client: LiteralClient) -> None:
    assert_type(client.api, SyncApi)
    assert_type(client.flush(), FlushResult)
    assert_type(client.flush_and_stop(1), FlushResult)
    assert_type(client.to_sync(), LiteralClient)
    assert_type(client.api.get_thread(id="t"), Thread | None)
    assert_type(client.start_step(), ActiveStep)
    assert_type(client.message("hi"), Step)
    client.set_preprocess_steps_function(lambda steps: steps[:1])
    client.set_preprocess_steps_function(None)


async def asynchronous(client: AsyncLiteralClient) -> None:
    assert_type(client.api, AsyncApi)
    assert_type(await client.flush(), FlushResult)
    assert_type(await client.aflush(1), FlushResult)
    assert_type(client.flush_and_stop(), FlushResult)
    assert_type(client.to_sync(), LiteralClient)
    assert_type(await client.api.get_thread(id="t"), Thread | None)
    assert_type(await client.api.get_or_create_user("ada"), User)
    async with client.thread(), client.run(), client.experiment_item_run() as run:
        assert_type(run, ActiveStep)
    async with client.environment(env="staging") as nothing:
        assert_type(nothing, None)


def decorators(client: LiteralClient) -> None:
    @client.experiment_item_run
    def evaluate(a: int) -> str:
        return str(a)

    @client.environment(env="dev")
    async def work(a: int) -> bytes:
        return bytes(a)

    assert_type(evaluate(1), str)
    assert_type(work(1), Coroutine[Any, Any, bytes])


def published_paths(dataset: Dataset, page: PaginatedResponse[Score], client: LiteralClient) -> None:
    assert_type(PublishedGeneration(), ChatGeneration)
    assert_type(page.data, list[Score])
    assert_type(dataset.id, str)
    environment: Environment = "experiment"
    client.environment(env=environment)
    instrument_openai(client)


def wrong(client: LiteralClient, other: AsyncLiteralClient) -> None:
    client.environment(env="moon")  # pyright: ignore[reportCallIssue, reportArgumentType] - no environment
    bool(other.flush().sent)  # pyright: ignore[reportAttributeAccessIssue, reportUnknownMemberType, reportUnknownArgumentType] - must be awaited
    client.experiment_item_run(name="x")  # pyright: ignore[reportCallIssue] - its name is given
    client.set_preprocess_steps_function(lambda steps: None)  # pyright: ignore[reportArgumentType] - a list is wanted
