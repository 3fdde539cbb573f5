"""`literalai` 0.1.300: every method of `client.api`, of both clients, read back through the API.

A check takes an api and runs twice: with that of `LiteralClient`, then with that of `AsyncLiteralClient`.
"""

import asyncio
import functools
import inspect
import math
import tempfile
import uuid
from pathlib import Path

import httpx
from checks import refused, run
from literalai import AsyncLiteralClient, ChatGeneration, LiteralClient
from literalai.api import LiteralAPI
from literalai.evaluation.dataset_experiment import DatasetExperimentItem

CHAT = {
    "provider": "openai",
    "messages": [{"role": "user", "content": "hi"}],
    "message_completion": {"role": "assistant", "content": "hello"},
}
ADDRESS = "https://example.com/a.png"
TOOL = {"type": "function", "function": {"name": "f"}}
TEMPLATE = [
    {"role": "system", "content": "You speak of {{topic}}."},
    {"role": "user", "content": "{{#items}}* {{.}}\n{{/items}}"},
]


class Api:
    """An api whose methods note that they were called; those of the async one are awaited here."""

    def __init__(self, api):
        self.raw = api
        self.called = set()
        self._runner = asyncio.Runner()

    def __getattr__(self, name):
        method = getattr(self.raw, name)
        self.called.add(name)
        if not inspect.iscoroutinefunction(method):
            return method
        return lambda *args, **kwargs: self._runner.run(method(*args, **kwargs))

    def deprecated(self, name, *args):
        """The result of a method of old: its decorator hides that it is to be awaited."""
        result = getattr(self, name)(*args)
        return self._runner.run(result) if inspect.iscoroutine(result) else result


APIS = {"sync": Api(LiteralClient().api), "async": Api(AsyncLiteralClient().api)}


def both(check):
    """Run `check(api)` with the synchronous and with the asynchronous api."""

    @functools.wraps(check)
    def twice():
        for name, api in APIS.items():
            try:
                check(api)
            except Exception as error:
                error.add_note(f"with the {name} client")
                raise

    return twice


def new(kind):
    return f"{kind} {uuid.uuid4()}"


def equals(field, value, **more):
    return [{"field": field, "operator": "eq", "value": value, **more}]


def stored_step(api, **values):
    step = {"id": str(uuid.uuid4()), "type": "run", "name": "stored", **values}
    api.send_steps([step])
    return step["id"]


def check_project_id():
    """L-PRJ-01"""
    for api in APIS.values():
        assert isinstance(api.get_my_project_id(), str)


def check_a_wrong_key_is_refused():
    with refused("Invalid API key"):
        LiteralClient(api_key="wrong").api.get_my_project_id()
    with refused("Invalid API key"):
        LiteralClient(api_key="wrong").api.get_users()


@both
def check_users(api):
    name = new("user")
    user = api.create_user(identifier=name, metadata={"plan": "free"})
    assert user.metadata == {"plan": "free"}
    assert api.update_user(id=user.id, metadata={"plan": "pro"}).metadata == {"plan": "pro"}
    read = api.get_user(id=user.id)
    assert (read.identifier, read.metadata) == (name, {"plan": "pro"})
    assert read.created_at
    assert api.get_user(identifier=name).id == user.id
    assert api.get_or_create_user(identifier=name, metadata={"plan": "other"}).metadata == {"plan": "pro"}
    assert api.get_or_create_user(identifier=new("user")).metadata == {}
    assert api.get_user(identifier="nobody") is None
    found = api.get_users(first=1, filters=[{"field": "identifier", "operator": "in", "value": [name]}])
    assert [one.id for one in found.data] == [user.id]
    assert found.total_count == 1
    api.delete_user(id=user.id)
    assert api.get_user(id=user.id) is None


@both
def check_threads(api):
    user = api.create_user(identifier=new("user"))
    thread_id = str(uuid.uuid4())
    thread = api.upsert_thread(id=thread_id, name="first", metadata={"a": 1}, tags=["t"], participant_id=user.id)
    assert (thread.id, thread.name, thread.metadata, thread.tags) == (thread_id, "first", {"a": 1}, ["t"])
    assert thread.participant_id == user.id
    api.update_thread(id=thread_id, tags=["t", "u"])
    again = api.get_thread(id=thread_id)
    assert (again.name, again.metadata, sorted(again.tags)) == ("first", {"a": 1}, ["t", "u"])
    who = new("someone")
    made = api.create_thread(name="made", participant_id=who, tags=["made"])
    assert api.get_user(identifier=who).id == made.participant_id
    assert api.delete_thread(id=thread_id) is True
    assert api.get_thread(id=thread_id) is None
    assert api.get_thread(id="of nobody") is None


@both
def check_lists_of_threads(api):
    tag = new("tag")
    ids = [str(uuid.uuid4()) for _ in range(5)]
    for one in ids:
        api.upsert_thread(id=one, name=f"thread {one}", tags=[tag])
    stored_step(api, threadId=ids[0], type="tool", name="a tool")
    stored_step(api, threadId=ids[0], type="run", name="a run")
    filters = [{"field": "tags", "operator": "in", "value": [tag]}]
    for method in (api.list_threads, api.get_threads):
        seen, after = [], None
        while True:
            page = method(first=2, after=after, filters=filters, order_by={"column": "createdAt", "direction": "ASC"})
            assert page.total_count == 5
            seen += [thread.id for thread in page.data]
            if not page.page_info.has_next_page:
                break
            after = page.page_info.end_cursor
        assert seen == ids
    kept = api.get_threads(filters=equals("id", ids[0]), step_types_to_keep=["tool"])
    assert [step.name for step in kept.data[0].steps] == ["a tool"]


@both
def check_steps(api):
    thread_id = str(uuid.uuid4())
    parent = api.create_step(thread_id=thread_id, type="run", name="parent", metadata={"k": "v"}, tags=["x"])
    child = api.create_step(
        thread_id=thread_id, type="tool", name="child", input={"a": 1}, parent_id=parent.id, root_run_id=parent.id,
        start_time="2026-11-21T08:00:00.123456Z", end_time="2026-11-21T08:00:01Z",
    )  # fmt: skip
    assert (child.parent_id, child.thread_id, child.input) == (parent.id, thread_id, {"a": 1})
    api.update_step(id=child.id, output={"b": 2}, tags=["y"])
    read = api.get_step(id=child.id)
    assert (read.name, read.type, read.input, read.output) == ("child", "tool", {"a": 1}, {"b": 2})
    assert (read.tags, read.parent_id, read.metadata) == (["y"], parent.id, {})
    assert read.start_time < read.end_time
    found = api.get_steps(
        filters=equals("threadId", thread_id), order_by={"column": "createdAt", "direction": "ASC"}, first=10
    )
    assert [one.id for one in found.data] == [parent.id, child.id]
    assert {one.id for one in api.get_thread(id=thread_id).steps} == {parent.id, child.id}
    assert api.delete_step(id=child.id) is True
    assert api.get_step(id=child.id) is None


@both
def check_steps_in_a_batch(api):
    ids = [str(uuid.uuid4()) for _ in range(3)]
    answer = api.send_steps([{"id": one, "type": "tool", "name": f"step {one}"} for one in ids])
    assert len(answer["data"]) == 3
    with refused("StepType"):
        api.create_step(type="bogus", name="x")
    good, bad = str(uuid.uuid4()), str(uuid.uuid4())
    with refused("bogus"):
        api.send_steps([{"id": bad, "type": "bogus"}, {"id": good, "type": "tool", "name": "kept"}])
    assert api.get_step(id=bad) is None
    assert api.get_step(id=good).name == "kept"


@both
def check_generations(api):
    model = new("model")
    counts = {"token_count": 3, "input_token_count": 1, "output_token_count": 2}
    made = api.create_generation(
        ChatGeneration(**CHAT, model=model, **counts, duration=0.25, tt_first_token=12.5, tags=["g"], metadata={"m": 1})
    )
    assert made.id
    found = api.get_generations(
        first=5, filters=equals("model", model), order_by={"column": "createdAt", "direction": "DESC"}
    )
    assert found.total_count == 1
    (read,) = found.data
    assert (read.id, read.type, read.provider) == (made.id, "CHAT", "openai")
    assert (read.token_count, read.input_token_count, read.output_token_count) == (3, 1, 2)
    assert (read.duration, read.tt_first_token, read.tags) == (0.25, 12.5, ["g"])
    assert api.get_step(id=made.id).metadata == {"m": 1}
    assert read.message_completion["content"] == "hello"


@both
def check_scores(api):
    step_id = stored_step(api)
    score = api.create_score(
        name="quality", value=0.5, type="AI", step_id=step_id, comment="so so", tags=["judge"],
    )  # fmt: skip
    assert (score.name, score.value, score.type, score.step_id) == ("quality", 0.5, "AI", step_id)
    assert api.update_score(id=score.id, update_params={"value": 1}).comment == "so so"
    assert api.update_score(id=score.id, update_params={"value": 1, "comment": "good"}).comment == "good"
    tag = new("tag")
    many = api.create_scores(
        [
            {"name": "a", "value": 0, "type": "HUMAN", "stepId": step_id, "tags": [tag], "label": "bad"},
            {"name": "b", "value": 2.5, "type": "CODE", "stepId": step_id, "tags": [tag], "comment": "c"},
        ]
    )
    assert len(many) == 2
    found = api.get_scores(
        filters=[{"field": "tags", "operator": "in", "value": [tag]}],
        order_by={"column": "createdAt", "direction": "ASC"},
        first=10,
    )
    assert [(one.name, one.value, one.type, one.step_id) for one in found.data] == [
        ("a", 0, "HUMAN", step_id),
        ("b", 2.5, "CODE", step_id),
    ]
    assert {one.name for one in api.get_step(id=step_id).scores} == {"quality", "a", "b"}
    api.delete_score(id=score.id)
    assert {one.name for one in api.get_step(id=step_id).scores} == {"a", "b"}
    assert api.create_scores([]) == []
    with refused("not finite", calls=0):
        api.create_scores([{"name": "a", "value": math.inf, "type": "AI", "stepId": step_id}])


@both
def check_attachments(api):
    thread_id = str(uuid.uuid4())
    step_id = stored_step(api, threadId=thread_id)
    uploaded = api.upload_file(content=b"\x00\xff bytes", thread_id=thread_id, mime="application/x-thing")
    assert httpx.get(uploaded["url"]).content == b"\x00\xff bytes"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "note.txt"
        path.write_text("a note: ä")
        made = {
            "bytes": api.create_attachment(step_id=step_id, name="bytes", content=b"abc", mime="text/plain"),
            "text": api.create_attachment(step_id=step_id, thread_id=thread_id, name="text", content="äöü"),
            "path": api.create_attachment(step_id=step_id, path=str(path), metadata={"k": "v"}),
            "url": api.create_attachment(step_id=step_id, name="url", url=ADDRESS, mime="image/png"),
        }
    assert (made["path"].name, made["path"].mime, made["path"].metadata) == ("note.txt", "text/plain", {"k": "v"})
    contents = {"bytes": b"abc", "text": "äöü".encode(), "path": "a note: ä".encode()}
    for name, content in contents.items():
        read = api.get_attachment(id=made[name].id)
        assert read.object_key
        assert (read.step_id, read.thread_id) == (step_id, thread_id)
        assert httpx.get(read.url).content == content, name
    assert api.get_attachment(id=made["url"].id).url == ADDRESS
    assert api.update_attachment(id=made["url"].id, update_params={"name": "new"}).name == "new"
    assert {one.id for one in api.get_step(id=step_id).attachments} == {one.id for one in made.values()}
    api.delete_attachment(id=made["bytes"].id)
    assert api.get_attachment(id=made["bytes"].id) is None
    with refused("404"):
        httpx.get(made["bytes"].url).raise_for_status()


@both
def check_datasets(api):
    name = new("dataset")
    made = api.create_dataset(name=name, description="d", metadata={"isDemo": True})
    assert (made.name, made.description, made.metadata, made.type) == (name, "d", {"isDemo": True}, "key_value")
    item = api.create_dataset_item(made.id, input={"q": "1 + 1"}, expected_output={"a": 2}, metadata={"n": 1})
    assert (item.input, item.expected_output, item.metadata, item.dataset_id) == (
        {"q": "1 + 1"},
        {"a": 2},
        {"n": 1},
        made.id,
    )
    for read in (api.get_dataset(id=made.id), api.get_dataset(name=name)):
        assert (read.id, read.created_at, [one.id for one in read.items]) == (made.id, made.created_at, [item.id])
    assert api.get_dataset_item(item.id).intermediary_steps == []
    updated = api.update_dataset(id=made.id, description="new")
    assert (updated.name, updated.description, updated.metadata) == (name, "new", {"isDemo": True})
    assert api.delete_dataset_item(item.id).id == item.id
    assert api.get_dataset(id=made.id).items == []
    assert api.delete_dataset(made.id).id == made.id
    assert api.get_dataset(id=made.id) is None


@both
def check_datasets_from_what_was_logged(api):
    run_id = stored_step(api, input={"content": "q"}, output={"content": "a"})
    stored_step(api, parentId=run_id, type="tool", name="inner", input={"x": 1}, output={"y": 2})
    dataset = api.create_dataset(name=new("dataset"))
    item = api.add_step_to_dataset(dataset.id, run_id, metadata={"m": 1})
    assert (item.input, item.expected_output) == ({"content": "q"}, {"content": "a"})
    (inner,) = item.intermediary_steps
    assert (inner["name"], inner["input"], inner["output"]) == ("inner", {"x": 1}, {"y": 2})
    generation = api.create_generation(ChatGeneration(**CHAT, model="m"))
    generations = api.create_dataset(name=new("dataset"), type="generation")
    item = api.add_generation_to_dataset(generations.id, generation.id)
    assert item.input["messages"][0]["content"] == "hi"
    assert item.expected_output["content"] == "hello"
    assert item.metadata["promptType"] == "CHAT"
    with refused("generation"):
        api.add_step_to_dataset(generations.id, run_id)
    read = api.get_dataset(id=generations.id)
    assert (read.type, len(read.items)) == ("generation", 1)


@both
def check_experiments(api):
    dataset = api.create_dataset(name=new("dataset"))
    item = api.create_dataset_item(dataset.id, input={"q": "1 + 1"})
    made = api.create_experiment(name="e", dataset_id=dataset.id, params=[{"temperature": 0}])
    assert (made.name, made.dataset_id, made.params) == ("e", dataset.id, [{"temperature": 0}])
    assert api.create_experiment(name="without a dataset", params={"a": 1}).params == {"a": 1}
    values = {
        "datasetExperimentId": made.id, "datasetItemId": item.id, "experimentRunId": str(uuid.uuid4()),
        "input": {"q": 1}, "output": {"a": 2}, "scores": [{"name": "s", "type": "AI", "value": 0.6}],
    }  # fmt: skip
    logged = api.create_experiment_item(DatasetExperimentItem.from_dict(values))
    assert (logged.dataset_item_id, logged.input, logged.output) == (item.id, {"q": 1}, {"a": 2})
    assert logged.experiment_run_id == values["experimentRunId"]
    assert len(logged.scores) == 1
    without = api.create_experiment_item(
        DatasetExperimentItem.from_dict({"datasetExperimentId": made.id, "scores": []})
    )
    assert without.scores == []


@both
def check_prompts(api):
    name = new("prompt")
    settings = {"provider": "openai", "model": "gpt-4o", "temperature": 0.5}
    lineage = api.get_or_create_prompt_lineage(name, "what it is for")
    assert api.deprecated("create_prompt_lineage", name)["id"] == lineage["id"]
    first = api.get_or_create_prompt(name, TEMPLATE, settings)
    assert (first.name, first.version, first.provider) == (name, 0, "openai")
    assert api.get_or_create_prompt(name, TEMPLATE, settings).id == first.id
    # What comes back is without the provider and with ids on the messages: still the same prompt.
    assert api.get_or_create_prompt(name, first.template_messages, first.settings).id == first.id
    assert api.deprecated("create_prompt", name, TEMPLATE, settings).id == first.id
    second = api.get_or_create_prompt(
        name, TEMPLATE[:1], settings, tools=[{"type": "function", "function": {"name": "f"}}]
    )
    assert (second.version, second.tools[0]["function"]["name"]) == (1, "f")
    assert api.get_prompt(id=second.id).version == 1
    assert api.get_prompt(name=name, version=1).id == second.id
    assert api.get_prompt(name=name, version=0).id == first.id
    assert api.get_prompt(name=name).id == first.id, "version 0 has all of the rollout"
    read = api.get_prompt(id=first.id)
    assert f"name={name.partition(' ')[0]}" in read.url and read.url.endswith("version=0")
    assert all(message["uuid"] for message in read.template_messages)
    system, user = read.format_messages(topic="cats & dogs", items=["1", "2"])
    assert (system["content"], user["content"]) == ("You speak of cats & dogs.", "* 1\n* 2\n")
    assert system.__literal_prompt__["prompt_id"] == first.id


@both
def check_prompt_rollouts(api):
    name = new("prompt")
    api.get_or_create_prompt(name, TEMPLATE)
    api.get_or_create_prompt(name, TEMPLATE[:1])
    assert [(one["version"], one["rollout"]) for one in api.get_prompt_ab_testing(name)] == [(0, 100)]
    assert api.update_prompt_ab_testing(name, [{"version": 0, "rollout": 0.5}, {"version": 1, "rollout": 0.5}])["ok"]
    assert sorted((one["version"], one["rollout"]) for one in api.get_prompt_ab_testing(name)) == [(0, 0.5), (1, 0.5)]
    assert {api.get_prompt(name=name).version for _ in range(40)} == {0, 1}
    api.update_prompt_ab_testing(name, [{"version": 1, "rollout": 100}])
    assert {api.get_prompt(name=name).version for _ in range(5)} == {1}


@both
def check_prompt_variants(api):
    name = new("prompt")
    api.get_or_create_prompt(name, TEMPLATE)
    variant = api.create_prompt_variant(name, TEMPLATE[:1], {"model": "gpt-4o"})
    experiment = api.create_experiment(name="e", prompt_variant_id=variant)
    assert experiment.prompt_variant_id == variant
    assert api.create_prompt_variant("a name that nobody uses", TEMPLATE)


def check_every_method_was_called():
    methods = {name for name, _ in inspect.getmembers(LiteralAPI, inspect.isfunction) if not name.startswith("_")}
    transport = {"make_gql_call", "make_rest_call", "gql_helper"}
    for api in APIS.values():
        left = methods - transport - api.called
        assert not left, left


run(globals())
