"""The same journey with any published Python client, 0.0.502 to 0.1.300, through its own API (L-CLI-25, L-CLI-29)."""

import uuid

from checks import run
from literalai import LiteralClient
from literalai.version import __version__


def new(kind):
    return f"{kind} {uuid.uuid4()}"


def flushed(client):
    """0.0.5xx waits for an empty queue alone: only a stop waits for what is on its way."""
    client.flush_and_stop()


def check_a_thread_with_steps_and_messages():
    """L-CLI-25 L-CLI-29"""
    client = LiteralClient()

    @client.step(type="tool")
    def look_up(city):
        return {"degrees": 21}

    with (
        client.thread(name=f"with {__version__}", tags=["t"], metadata={"a": 1}) as thread,
        client.run(name="agent") as agent,
    ):
        client.message(content="hi", type="user_message")
        look_up("Lisbon")
    flushed(client)
    stored = client.api.get_thread(id=thread.id)
    assert (stored.name, stored.tags, stored.metadata) == (f"with {__version__}", ["t"], {"a": 1})
    by_type = {step.type: step for step in stored.steps}
    assert by_type["run"].id == agent.id
    assert by_type["tool"].parent_id == by_type["user_message"].parent_id == agent.id
    assert by_type["tool"].output == {"degrees": 21}
    listed = client.api.get_threads(filters=[{"field": "id", "operator": "eq", "value": thread.id}])
    assert [one.id for one in listed.data] == [thread.id]
    assert client.api.delete_thread(id=thread.id)
    assert client.api.get_thread(id=thread.id) is None


def check_users_and_threads():
    """L-CLI-25 L-CLI-29"""
    api = LiteralClient().api
    name = new("user")
    user = api.create_user(identifier=name, metadata={"plan": "free"})
    assert api.get_user(identifier=name).id == user.id
    assert api.update_user(id=user.id, metadata={"plan": "pro"}).metadata == {"plan": "pro"}
    thread = api.create_thread(name="made", participant_id=user.id)
    assert api.update_thread(id=thread.id, tags=["u"]).tags == ["u"]
    assert api.upsert_thread(id=thread.id, metadata={"k": 1}).name == "made"
    api.delete_user(id=user.id)
    assert api.get_user(id=user.id) is None


def check_steps_and_scores():
    """L-CLI-25 L-CLI-29"""
    api = LiteralClient().api
    thread = api.create_thread(name="t")
    step = api.create_step(thread_id=thread.id, type="tool", name="s", input={"a": 1})
    assert api.update_step(id=step.id, output={"b": 2}).input == {"a": 1}
    assert api.get_step(id=step.id).output == {"b": 2}
    score = api.create_score(step_id=step.id, name="quality", type="HUMAN", value=1, comment="good")
    assert api.update_score(id=score.id, update_params={"value": 0}).comment == "good"
    listed = api.get_scores(filters=[{"field": "name", "operator": "eq", "value": "quality"}])
    assert score.id in {one.id for one in listed.data}
    api.delete_score(id=score.id)
    assert api.get_step(id=step.id).scores == []
    assert api.delete_step(id=step.id)


def check_generations():
    """L-CLI-25 L-CLI-29"""
    client = LiteralClient()
    from literalai import ChatGeneration

    model = new("model")
    api = client.api
    api.create_generation(
        ChatGeneration(model=model, provider="openai", messages=[{"role": "user", "content": "hi"}],
                       message_completion={"role": "assistant", "content": "hello"}, token_count=3)
    )  # fmt: skip
    listed = api.get_generations(filters=[{"field": "model", "operator": "eq", "value": model}])
    assert [one.message_completion["content"] for one in listed.data] == ["hello"]


def check_datasets_and_experiments():
    """L-CLI-25 L-CLI-29"""
    api = LiteralClient().api
    dataset = api.create_dataset(name=new("dataset"), metadata={"m": 1})
    item = dataset.create_item(input={"q": 1}, expected_output={"a": 2})
    read = api.get_dataset(id=dataset.id)
    assert [one.id for one in read.items] == [item.id]
    experiment = dataset.create_experiment(name="e", params={"p": 1})
    logged = experiment.log(
        {"datasetItemId": item.id, "input": {"q": 1}, "output": {"a": 3},
         "scores": [{"name": "s", "type": "AI", "value": 0.5}]}
    )  # fmt: skip
    assert (logged.output, len(logged.scores)) == ({"a": 3}, 1)
    step = api.create_step(type="run", name="r", input={"a": 1}, output={"b": 2})
    assert api.add_step_to_dataset(dataset.id, step.id).expected_output == {"b": 2}
    assert api.delete_dataset(id=dataset.id).id == dataset.id


def check_prompts():
    """L-CLI-25 L-CLI-29"""
    api = LiteralClient().api
    name = new("prompt")
    create = getattr(api, "get_or_create_prompt", None) or api.create_prompt
    messages = [{"role": "user", "content": "Say {{word}}"}]
    first = create(name, messages, {"provider": "openai", "model": "gpt-4o"})
    assert create(name, messages, {"provider": "openai", "model": "gpt-4o"}).id == first.id
    read = api.get_prompt(name=name)
    assert (read.id, read.version) == (first.id, 0)
    formatted = (
        read.format_messages(word="hello") if hasattr(read, "format_messages") else read.format({"word": "hello"})
    )
    assert formatted[0]["content"] == "Say hello"


def check_attachments():
    """L-CLI-25 L-CLI-29"""
    api = LiteralClient().api
    thread = api.create_thread(name="t")
    step = api.create_step(thread_id=thread.id, type="tool", name="s")
    made = api.create_attachment(thread_id=thread.id, step_id=step.id, name="note", content=b"abc", mime="text/plain")
    assert api.get_attachment(id=made.id).object_key
    assert api.update_attachment(id=made.id, update_params={"name": "new"}).name == "new"
    assert [one.name for one in api.get_step(id=step.id).attachments] == ["new"]
    api.delete_attachment(id=made.id)
    assert api.get_attachment(id=made.id) is None


run(globals())
