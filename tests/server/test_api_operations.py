"""Our own API client, sync and async, against the real server."""

import inspect
from typing import Any

import pytest

from literalai_otel.api import AsyncApi, SyncApi
from literalai_otel.errors import APIStatusError
from literalai_otel.model import ChatGeneration, Step

RUN = Step(
    id="run",
    type="run",
    name="answer",
    thread_id="t1",
    input={"content": "hi"},
    start_time="2026-11-21T08:00:00.123456Z",
    end_time="2026-11-21T08:00:01.123456Z",
    metadata={"k": [1, None, "é"]},
)
LLM = Step(
    id="llm",
    type="llm",
    name="chat m",
    thread_id="t1",
    parent_id="run",
    root_run_id="run",
    start_time="2026-11-21T08:00:00.200000Z",
    end_time="2026-11-21T08:00:00.900000Z",
    generation=ChatGeneration(
        model="m",
        provider="openai",
        messages=[{"role": "user", "content": "hi"}],
        message_completion={"role": "assistant", "content": "hello"},
        input_token_count=0,
        output_token_count=3,
        token_count=3,
        tt_first_token=12.5,
        settings={"temperature": 0},
        metadata={"finish_reasons": ["stop"]},
        tags=["g"],
    ),
)


async def settle(result: Any) -> Any:
    return await result if inspect.isawaitable(result) else result


@pytest.mark.parametrize("kind", [SyncApi, AsyncApi])
@pytest.mark.feature("L-LOG-01", "L-LOG-02")
async def test_what_was_sent_is_read_back(start: Any, tmp_path: Any, kind: Any) -> None:
    with start(tmp_path) as server:
        api = kind(server.url, server.key)
        thread = await settle(api.upsert_thread("t1", name="Lisbon", tags=["x"], participant_id="ada"))
        assert (thread.name, thread.participant.identifier) == ("Lisbon", "ada")
        outcomes = await settle(api.send_steps([RUN, LLM, {"id": "odd", "type": "wizard"}], environment="staging"))
        assert [outcome.ok for outcome in outcomes] == [True, True, False]
        assert "wizard" in outcomes[2].message

        run, llm = await settle(api.get_step("run")), await settle(api.get_step("llm"))
        for name in ("type", "name", "thread_id", "input", "start_time", "end_time", "metadata"):
            assert getattr(run, name) == getattr(RUN, name)
        assert (run.environment, llm.parent_id, llm.root_run_id) == ("staging", "run", "run")
        for name in ("model", "provider", "messages", "message_completion", "token_count", "input_token_count"):
            assert getattr(llm.generation, name) == getattr(LLM.generation, name)
        assert (llm.generation.tt_first_token, llm.generation.settings) == (12.5, {"temperature": 0})
        assert llm.generation.id == "llm"

        whole = await settle(api.get_thread("t1"))
        assert [step.id for step in whole.steps] == ["run", "llm"]
        runs = await settle(api.get_threads(step_types_to_keep=["run"]))
        assert [step.id for step in runs.data[0].steps] == ["run"]
        assert (await settle(api.list_threads())).data[0].token_count == 3
        assert [found.id for found in (await settle(api.get_generations())).data] == ["llm"]
        only = await settle(api.get_steps(filters=[{"field": "type", "operator": "eq", "value": "llm"}]))
        assert [step.id for step in only.data] == ["llm"]
        assert (await settle(api.get_user(identifier="ada"))).identifier == "ada"

        assert await settle(api.delete_step("llm")) is True
        assert await settle(api.get_step("llm")) is None
        assert await settle(api.delete_thread("t1")) is True
        assert await settle(api.get_thread("t1")) is None
        await settle(api.close())


@pytest.mark.parametrize("kind", [SyncApi, AsyncApi])
async def test_pages_follow_one_another(start: Any, tmp_path: Any, kind: Any) -> None:
    with start(tmp_path) as server:
        api = kind(server.url, server.key)
        await settle(api.send_steps([{"id": f"s{number}", "type": "run"} for number in range(7)]))
        seen: list[str] = []
        after = None
        while True:
            page = await settle(
                api.get_steps(first=3, after=after, order_by={"column": "createdAt", "direction": "ASC"})
            )
            seen += [step.id for step in page.data]
            if not page.page_info.has_next_page:
                break
            after = page.page_info.end_cursor
        assert sorted(seen) == [f"s{number}" for number in range(7)]
        assert page.total_count == 7
        await settle(api.close())


@pytest.mark.parametrize("kind", [SyncApi, AsyncApi])
async def test_a_wrong_key_is_a_401(start: Any, tmp_path: Any, kind: Any) -> None:
    with start(tmp_path) as server:
        api = kind(server.url, "a-wrong-key-of-somebody")
        for call in (api.get_my_project_id, api.get_generations):
            with pytest.raises(APIStatusError, match="Invalid API key") as caught:
                await settle(call())
            assert (caught.value.status, caught.value.retryable) == (401, False)
        await settle(api.close())
