"""Runs in the environment of the published client: `literalai` 0.1.300 against the server of LITERAL_API_URL.

Each `check_…` is one journey through the client; prints a JSON object, check to "ok" or its traceback.
"""

import asyncio
import json
import sys
import traceback
import uuid
from contextlib import contextmanager

from literalai import AsyncLiteralClient, ChatGeneration, CompletionGeneration, LiteralClient


@contextmanager
def refused(because):
    try:
        yield
    except Exception as error:
        if because not in str(error):
            raise
    else:
        raise AssertionError(f"not refused: {because}")


def check_project_id():
    client = LiteralClient()
    assert client.api.get_my_project_id()


def check_a_wrong_key_is_refused():
    with refused("Invalid API key"):
        LiteralClient(api_key="wrong").api.get_my_project_id()


def check_users():
    client = LiteralClient()
    name = f"user {uuid.uuid4()}"
    user = client.api.create_user(identifier=name, metadata={"plan": "free"})
    assert user.id
    assert user.metadata == {"plan": "free"}
    updated = client.api.update_user(id=user.id, metadata={"plan": "pro"})
    assert updated.metadata == {"plan": "pro"}
    assert client.api.get_user(id=user.id).metadata == {"plan": "pro"}
    assert client.api.get_user(identifier=name).id == user.id
    assert client.api.get_or_create_user(identifier=name).id == user.id
    assert client.api.get_user(identifier="nobody") is None
    found = client.api.get_users(filters=[{"field": "identifier", "operator": "in", "value": [name]}])
    assert [one.id for one in found.data] == [user.id]
    assert found.total_count == 1
    client.api.delete_user(id=user.id)
    assert client.api.get_user(id=user.id) is None


def check_threads():
    client = LiteralClient()
    user = client.api.create_user(identifier=f"user {uuid.uuid4()}")
    thread_id = str(uuid.uuid4())
    thread = client.api.upsert_thread(id=thread_id, name="first", metadata={"a": 1}, tags=["t"], participant_id=user.id)
    assert (thread.id, thread.name, thread.metadata, thread.tags) == (thread_id, "first", {"a": 1}, ["t"])
    assert thread.participant_id == user.id
    client.api.update_thread(id=thread_id, tags=["t", "u"])
    again = client.api.get_thread(id=thread_id)
    assert (again.name, again.metadata, sorted(again.tags)) == ("first", {"a": 1}, ["t", "u"])
    made = client.api.create_thread(name="made", participant_id="someone new", tags=["made"])
    assert client.api.get_user(identifier="someone new").id == made.participant_id
    assert client.api.delete_thread(id=thread_id) is True
    assert client.api.get_thread(id=thread_id) is None


def check_decorators_and_nesting():
    client = LiteralClient()

    @client.step(type="tool")
    def look_up(city):
        return {"degrees": 21}

    @client.run
    def agent(question):
        client.message(content=question, type="user_message")
        weather = look_up("Lisbon")
        client.message(content=f"It is {weather['degrees']} degrees.", type="assistant_message")
        return "done"

    with client.thread(name="Trip", tags=["travel"], metadata={"a": 1}) as thread:
        agent("What is the weather?")
    client.flush_and_stop()

    stored = client.api.get_thread(id=thread.id)
    assert (stored.name, stored.tags, stored.metadata) == ("Trip", ["travel"], {"a": 1})
    by_name = {step.name or step.type: step for step in stored.steps}
    run, tool = by_name["agent"], by_name["look_up"]
    assert run.type == "run"
    assert run.parent_id is None
    assert tool.parent_id == run.id
    assert tool.input == {"city": "Lisbon"}
    assert tool.output == {"degrees": 21}
    assert run.output == {"content": "done"}
    messages = [step for step in stored.steps if step.type.endswith("_message")]
    assert {message.output["content"] for message in messages} == {"What is the weather?", "It is 21 degrees."}
    assert {message.parent_id for message in messages} == {run.id}


def check_steps():
    client = LiteralClient(environment="staging")
    thread_id = str(uuid.uuid4())
    step = client.start_step(name="manual", type="retrieval", thread_id=thread_id, tags=["x"])
    step.input = {"query": "a\x00b"}
    step.metadata = {"k": "v"}
    assert client.api.get_step(id=step.id) is None
    step.end()
    client.flush()
    stored = client.api.get_step(id=step.id)
    assert (stored.name, stored.type, stored.tags) == ("manual", "retrieval", ["x"])
    assert stored.input == {"query": "ab"}
    assert stored.metadata == {"k": "v"}
    assert stored.environment == "staging"
    assert stored.start_time <= stored.end_time
    assert client.api.get_thread(id=thread_id).steps[0].id == step.id

    created = client.api.create_step(thread_id=thread_id, type="tool", name="created", input={"a": 1})
    client.api.update_step(id=created.id, output={"b": 2}, tags=["y"])
    updated = client.api.get_step(id=created.id)
    assert (updated.name, updated.type, updated.input, updated.output) == ("created", "tool", {"a": 1}, {"b": 2})
    found = client.api.get_steps(
        filters=[{"field": "threadId", "operator": "eq", "value": thread_id}],
        order_by={"column": "createdAt", "direction": "ASC"},
    )
    assert [one.id for one in found.data] == [step.id, created.id]
    assert client.api.delete_step(id=created.id) is True
    assert client.api.get_step(id=created.id) is None
    client.flush_and_stop()


def check_a_failing_step_is_stored_with_its_error():
    client = LiteralClient()
    kept = {}
    try:
        with client.step(name="fails", type="tool") as step:
            kept["id"] = step.id
            raise ValueError("no such city")
    except ValueError:
        pass
    client.flush_and_stop()
    assert "no such city" in client.api.get_step(id=kept["id"]).error


def check_an_unknown_step_type():
    client = LiteralClient()
    with refused("StepType"):
        client.api.create_step(type="bogus", name="x")
    good, bad = str(uuid.uuid4()), str(uuid.uuid4())
    with refused("bogus"):
        client.api.send_steps([{"id": bad, "type": "bogus"}, {"id": good, "type": "tool", "name": "kept"}])
    assert client.api.get_step(id=bad) is None
    assert client.api.get_step(id=good).name == "kept"


def check_generations():
    client = LiteralClient()
    model = f"model {uuid.uuid4()}"
    chat = ChatGeneration(
        provider="openai",
        model=model,
        messages=[{"role": "user", "content": "hi"}],
        message_completion={"role": "assistant", "content": "hello"},
        settings={"temperature": 0},
        token_count=3,
        input_token_count=1,
        output_token_count=2,
        tt_first_token=12.5,
        duration=0.25,
        tags=["g"],
    )
    with client.thread() as thread, client.step(name="call", type="llm") as step:
        step.generation = chat
    completion = CompletionGeneration(prompt="Once", completion=" upon a time", model=model, provider="p")
    with client.step(name="call 2", type="llm") as second:
        second.generation = completion
    client.flush_and_stop()
    found = client.api.get_generations(
        filters=[{"field": "model", "operator": "eq", "value": model}],
        order_by={"column": "createdAt", "direction": "ASC"},
    )
    assert found.total_count == 2
    assert [one.type for one in found.data] == ["CHAT", "COMPLETION"]
    first, last = found.data
    assert first.messages[0]["content"] == "hi"
    assert first.message_completion["content"] == "hello"
    assert (first.token_count, first.input_token_count, first.output_token_count) == (3, 1, 2)
    assert (first.tt_first_token, first.duration, first.settings) == (12.5, 0.25, {"temperature": 0})
    assert (last.prompt, last.completion) == ("Once", " upon a time")
    read = client.api.get_step(id=step.id)
    assert read.thread_id == thread.id
    assert read.generation.model == model


def check_lists_are_paged():
    client = LiteralClient()
    tag = f"tag {uuid.uuid4()}"
    ids = [str(uuid.uuid4()) for _ in range(7)]
    for one in ids:
        client.api.upsert_thread(id=one, name=f"thread {one}", tags=[tag])
    filters = [{"field": "tags", "operator": "in", "value": [tag]}]
    for method in (client.api.list_threads, client.api.get_threads):
        seen, after = [], None
        while True:
            page = method(first=3, after=after, filters=filters, order_by={"column": "createdAt", "direction": "ASC"})
            assert page.total_count == 7
            seen += [thread.id for thread in page.data]
            if not page.page_info.has_next_page:
                break
            after = page.page_info.end_cursor
        assert seen == ids


def check_filters():
    client = LiteralClient()
    who = f"someone {uuid.uuid4()}"
    thread_id = str(uuid.uuid4())
    client.api.upsert_thread(id=thread_id, name="Größe", participant_id=who, metadata={"k": "v"})
    client.api.send_steps(
        [
            {
                "id": str(uuid.uuid4()),
                "threadId": thread_id,
                "type": "tool",
                "name": "find",
                "output": {"content": "Ärger"},
            }
        ]
    )
    person = client.api.get_user(identifier=who)
    mine = {"field": "participantId", "operator": "eq", "value": person.id}
    for condition in (
        {"field": "id", "operator": "eq", "value": thread_id},
        {"field": "name", "operator": "ilike", "value": "%größe%"},
        {"field": "metadata", "operator": "eq", "value": "v", "path": "k"},
        {"field": "stepType", "operator": "in", "value": ["tool"]},
        {"field": "stepName", "operator": "eq", "value": "find"},
        {"field": "stepOutput", "operator": "ilike", "value": "ärg", "path": "content"},
        {"field": "participantIdentifiers", "operator": "in", "value": [who]},
        {"field": "createdAt", "operator": "gte", "value": "2020-01-01T00:00:00Z"},
        {"field": "duration", "operator": "is", "value": None},
    ):
        found = client.api.list_threads(filters=[mine, condition])
        assert [one.id for one in found.data] == [thread_id], condition
    none = client.api.list_threads(filters=[mine, {"field": "stepName", "operator": "neq", "value": "find"}])
    assert none.data == [], none.data
    with refused("colour"):
        client.api.list_threads(filters=[{"field": "colour", "operator": "eq", "value": "red"}])


def check_what_comes_later_says_so():
    client = LiteralClient()
    with refused("createDataset"):
        client.api.create_dataset(name="later")


def check_no_scores_is_no_error():
    assert LiteralClient().api.create_scores([]) == []


def check_the_async_client():
    async def journey():
        client = AsyncLiteralClient()

        @client.step(type="tool")
        async def work(x):
            await asyncio.sleep(0)
            return x + 1

        async with client.thread(name="async") as thread, client.run(name="run"):
            await work(1)
        await client.flush()
        stored = await client.api.get_thread(id=thread.id)
        by_name = {step.name: step for step in stored.steps}
        assert by_name["work"].parent_id == by_name["run"].id
        assert by_name["work"].output == {"content": 2}

    asyncio.run(journey())


def main():
    results = {}
    for name, check in list(globals().items()):
        if name.startswith("check_"):
            try:
                check()
                results[name] = "ok"
            except BaseException:
                results[name] = traceback.format_exc()
    json.dump(results, sys.stdout)


main()
