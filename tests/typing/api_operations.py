"""What a type checker must infer of operations; `test_typing.py` runs pyright on this file. Never imported."""

from typing import Any, assert_type

from literalai_otel.api import AsyncApi, StepOutcome, SyncApi
from literalai_otel.model import Page, Step, Thread


def on_the_sync_client(api: SyncApi) -> None:
    assert_type(api.get_step("s"), Step | None)
    assert_type(api.get_threads(first=3), Page[Thread])
    assert_type(api.send_steps([Step(id="s"), {"id": "t"}], environment="dev"), list[StepOutcome])
    assert_type(api.get_my_project_id(), str)
    assert_type(api.delete_thread("t"), bool)


async def on_the_async_client(api: AsyncApi) -> None:
    assert_type(await api.get_step("s"), Step | None)
    assert_type(await api.get_threads(first=3), Page[Thread])
    assert_type(await api.send_steps([Step(id="s")]), list[StepOutcome])
    coroutine = api.get_my_project_id()
    assert_type(await coroutine, str)


def wrong(sync_api: SyncApi, async_api: AsyncApi) -> Any:
    sync_api.get_step(3)  # pyright: ignore[reportArgumentType] - an id is a text
    async_api.get_step()  # pyright: ignore[reportCallIssue] - it needs one
    sync_api.upsert_thread("t", colour="red")  # pyright: ignore[reportCallIssue] - no such field
    step: Step = async_api.get_step("s")  # pyright: ignore[reportAssignmentType] - a coroutine
    return step
