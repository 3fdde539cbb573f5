"""`literalai` 0.1.300: its clients, context, decorators and instrumentation, read back through the API."""

import asyncio
import os
import uuid

from checks import refused, run
from literalai import AsyncLiteralClient, ChatGeneration, CompletionGeneration, LiteralClient


def new(kind):
    return f"{kind} {uuid.uuid4()}"


def steps_of(client, thread_id):
    return {step.name or step.type: step for step in client.api.get_thread(id=thread_id).steps}


def check_decorators_and_nesting():
    """L-CLI-25"""
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
    agent_run, tool = by_name["agent"], by_name["look_up"]
    assert agent_run.type == "run"
    assert agent_run.parent_id is None
    assert tool.parent_id == agent_run.id
    assert (tool.input, tool.output) == ({"city": "Lisbon"}, {"degrees": 21})
    assert agent_run.output == {"content": "done"}
    messages = [step for step in stored.steps if step.type.endswith("_message")]
    assert [message.output["content"] for message in messages] == ["What is the weather?", "It is 21 degrees."]
    assert {message.parent_id for message in messages} == {agent_run.id}


def check_started_steps():
    client = LiteralClient(environment="staging", release="1.2.3")
    thread_id = str(uuid.uuid4())
    step = client.start_step(name="manual", type="retrieval", thread_id=thread_id, tags=["x"])
    step.input = {"query": "a\x00b"}
    assert client.api.get_step(id=step.id) is None
    step.end()
    client.flush()
    stored = client.api.get_step(id=step.id)
    assert (stored.name, stored.type, stored.tags) == ("manual", "retrieval", ["x"])
    assert stored.input == {"query": "ab"}
    assert stored.metadata == {"release": "1.2.3"}
    assert stored.environment == "staging"
    assert stored.start_time <= stored.end_time
    assert client.api.get_thread(id=thread_id).steps[0].id == step.id
    client.flush_and_stop()
    del os.environ["LITERAL_ENV"]


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


def check_a_batch_with_a_bad_step_is_tried_again():
    client = LiteralClient()
    good, bad = str(uuid.uuid4()), str(uuid.uuid4())
    with refused("bogus"):
        client.api.send_steps([{"id": bad, "type": "bogus"}, {"id": good, "type": "tool", "name": "kept"}])
    assert client.api.get_step(id=good).name == "kept"


def check_generations_of_steps():
    client = LiteralClient()
    model = new("model")
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
    with client.step(name="call 2", type="llm") as second:
        second.generation = CompletionGeneration(prompt="Once", completion=" upon a time", model=model, provider="p")
    client.flush_and_stop()
    found = client.api.get_generations(
        filters=[{"field": "model", "operator": "eq", "value": model}],
        order_by={"column": "createdAt", "direction": "ASC"},
    )
    assert [one.type for one in found.data] == ["CHAT", "COMPLETION"]
    first, last = found.data
    assert (first.messages[0]["content"], first.message_completion["content"]) == ("hi", "hello")
    assert (first.token_count, first.input_token_count, first.output_token_count) == (3, 1, 2)
    assert (first.tt_first_token, first.duration, first.settings) == (12.5, 0.25, {"temperature": 0})
    assert (last.prompt, last.completion) == ("Once", " upon a time")
    read = client.api.get_step(id=step.id)
    assert (read.thread_id, read.generation.model) == (thread.id, model)


def check_filters():
    client = LiteralClient()
    who = new("someone")
    thread_id = str(uuid.uuid4())
    client.api.upsert_thread(id=thread_id, name="Größe", participant_id=who, metadata={"k": "v"})
    output = {"content": "Ärger"}
    client.api.send_steps(
        [{"id": str(uuid.uuid4()), "threadId": thread_id, "type": "tool", "name": "find", "output": output}]
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
        sync = client.to_sync()
        assert sync.api.get_thread(id=thread.id).name == "async"
        sync.flush_and_stop()

    asyncio.run(journey())


def check_preprocessed_steps():
    client = LiteralClient()
    client.set_preprocess_steps_function(lambda steps: [{**step, "name": "masked"} for step in steps])
    with client.step(name="secret") as step:
        pass
    client.flush_and_stop()
    assert client.api.get_step(id=step.id).name == "masked"


def check_a_disabled_client_sends_no_steps():
    client = LiteralClient(disabled=True)
    with client.thread(name="never") as thread, client.step(name="never") as step:
        pass
    assert client.api.get_thread(id=thread.id) is None
    assert client.api.get_step(id=step.id) is None


def check_attachments_of_a_step():
    client = LiteralClient()
    with client.thread() as thread, client.step(name="reads", type="tool") as step:
        pass
    client.flush()
    with client.thread(thread_id=thread.id), client.step(name="next", type="tool") as second:
        client.api.create_attachment(name="note", content="abc", mime="text/plain")
        second.tags = ["kept"]
    client.flush()
    (attachment,) = client.api.get_step(id=second.id).attachments
    assert (attachment.name, attachment.thread_id) == ("note", thread.id)
    assert client.api.get_step(id=second.id).tags == ["kept"]
    client.message(content="look", thread_id=thread.id, attachments=[attachment], parent_id=step.id)
    client.flush_and_stop()


def check_objects_of_datasets_and_experiments():
    client = LiteralClient()
    dataset = client.api.create_dataset(name=new("dataset"))
    dataset.update(description="d")
    item = dataset.create_item(input={"q": "1 + 1"}, expected_output={"a": 2})
    with client.run(name="r") as logged:
        logged.input, logged.output = {"content": "q"}, {"content": "a"}
    client.flush()
    added = dataset.add_step(logged.id)
    assert added.input == {"content": "q"}
    experiment = dataset.create_experiment(name="e", params={"p": 1})

    @client.experiment_item_run
    def answer(value):
        with client.step(name="inner", type="tool"):
            pass
        experiment.log(
            {"datasetItemId": item.id, "input": item.input, "output": {"a": value},
             "scores": [{"name": "right", "type": "CODE", "value": 1}]}
        )  # fmt: skip

    answer(2)
    (stored,) = experiment.items
    assert stored.dataset_item_id == item.id
    experiment_run = client.api.get_step(id=stored.experiment_run_id)
    assert (experiment_run.name, experiment_run.type, experiment_run.environment) == (
        "Experiment Run",
        "run",
        "experiment",
    )
    with_score = client.api.get_scores(filters=[{"field": "name", "operator": "eq", "value": "right"}])
    assert [score.dataset_experiment_item_id for score in with_score.data] == [stored.id]
    experiment.log({"input": {"q": 2}, "output": {"a": 3}})
    dataset.delete_item(item.id)
    assert [one.id for one in client.api.get_dataset(id=dataset.id).items] == [added.id]
    dataset.delete()
    assert client.api.get_dataset(id=dataset.id) is None
    client.flush_and_stop()


def check_an_environment_is_of_the_calls_inside():
    client = LiteralClient()

    @client.environment(env="dev")
    def inside():
        with client.step(name="inside") as step:
            pass
        client.flush()
        return step.id

    assert client.api.get_step(id=inside()).environment == "dev"
    client.flush_and_stop()


def check_instrumented_openai():
    import openai

    client = LiteralClient()
    client.instrument_openai()
    prompt = client.api.get_or_create_prompt(new("prompt"), [{"role": "user", "content": "Say {{word}}"}])
    provider = openai.OpenAI()
    with client.thread() as thread, client.run(name="r") as parent:
        provider.chat.completions.create(
            model="gpt-4o",
            messages=prompt.format_messages(word="hello"),
            literalai_tags=["t"],
            literalai_metadata={"m": 1},
        )
        for _ in provider.chat.completions.create(
            model="gpt-4o", messages=[{"role": "user", "content": "hi"}], stream=True
        ):
            pass
        provider.completions.create(model="gpt-3.5-turbo-instruct", prompt="Once")
    client.flush()
    calls = [step for step in client.api.get_thread(id=thread.id).steps if step.type == "llm"]
    assert {call.parent_id for call in calls} == {parent.id}
    tagged, streamed, completion = sorted(calls, key=lambda call: call.start_time)
    assert tagged.generation.prompt_id is None or tagged.generation.prompt_id == prompt.id
    assert tagged.generation.variables == {"word": "hello"}
    assert tagged.generation.messages[0]["templated"] is True
    assert tagged.generation.token_count > 0
    assert streamed.generation.message_completion["content"]
    assert completion.generation.type == "COMPLETION"
    found = client.api.get_generations(filters=[{"field": "tags", "operator": "in", "value": ["t"]}])
    assert [one.id for one in found.data] == [tagged.id]
    assert tagged.metadata == {"m": 1}
    client.reset_context()
    provider.chat.completions.create(model="gpt-alone", messages=[{"role": "user", "content": "hi"}])
    alone = client.api.get_generations(filters=[{"field": "model", "operator": "ilike", "value": "gpt-alone%"}])
    assert alone.total_count == 1
    client.flush_and_stop()


run(globals())
