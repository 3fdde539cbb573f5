"""Every operation of our own client, sync and async, against the real server: written, read back, deleted."""

import inspect
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from literalai_otel.api import AsyncApi, Current, SyncApi
from literalai_otel.errors import GraphQLError, LiteralError, NotFoundError
from literalai_otel.model import (
    Attachment,
    ChatGeneration,
    CompletionGeneration,
    Dataset,
    DatasetExperimentItem,
    DatasetItem,
    Score,
    ScoreCategory,
    ScoreSchema,
    Step,
    Thread,
    User,
)


class Client:
    """Awaits what is to be awaited, so that a test is written once."""

    def __init__(self, api: SyncApi | AsyncApi) -> None:
        self.api = api

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.api, name)

        async def call(*args: Any, **kwargs: Any) -> Any:
            result = method(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result

        return call


@pytest.fixture(params=[SyncApi, AsyncApi], ids=["sync", "async"])
async def client(request: pytest.FixtureRequest, server: Any) -> AsyncIterator[Client]:
    found = Client(request.param(server.url, server.key))
    yield found
    await found.close()


@pytest.fixture
def new() -> str:
    """A name of this test's own: the server and its project are shared."""
    return uuid.uuid4().hex


def equal(field: str, value: Any) -> list[dict[str, Any]]:
    return [{"field": field, "operator": "eq", "value": value}]


@pytest.mark.feature("L-USR-01", "L-USR-02", "L-USR-03", "L-USR-04", "L-USR-05", "L-USR-06", "L-USR-07", "L-CLI-12")
async def test_users(client: Client, new: str) -> None:
    user = await client.create_user(new, {"plan": "free"})
    assert isinstance(user, User) and (user.identifier, user.metadata) == (new, {"plan": "free"})
    assert (await client.create_user(new)).id == user.id
    assert (await client.get_user(id=user.id)).identifier == new
    assert (await client.get_user(identifier=new)).id == user.id
    assert await client.get_user(identifier=f"no {new}") is None
    changed = await client.update_user(user.id, metadata={"plan": "paid"})
    assert (changed.identifier, changed.metadata["plan"]) == (new, "paid")
    assert (await client.get_or_create_user(new, {"plan": "other"})).metadata["plan"] == "paid"
    other = await client.get_or_create_user(f"other {new}", {"plan": "new"})
    assert (other.identifier, other.metadata) == (f"other {new}", {"plan": "new"})
    pages = await client.get_users(
        first=1, filters=[{"field": "identifier", "operator": "in", "value": [new, f"other {new}"]}]
    )
    assert (len(pages.data), pages.page_info.has_next_page, pages.total_count) == (1, True, 2)
    await client.upsert_thread(f"t {new}", participant_id=new)
    assert await client.delete_user(user.id, with_threads=True) == user.id
    assert await client.get_thread(f"t {new}") is None
    assert await client.get_user(id=user.id) is None
    assert await client.delete_user(user.id) is None
    with pytest.raises(NotFoundError, match=user.id):
        await client.update_user(user.id, metadata={})


@pytest.mark.feature(
    "L-TAPI-02", "L-TAPI-03", "L-TAPI-04", "L-TAPI-05", "L-TAPI-06", "L-TAPI-07", "L-FLT-01", "L-FLT-02"
)
async def test_threads(client: Client, new: str) -> None:
    thread = await client.create_thread("Lisbon", {"k": 1}, new, ["a"])
    assert isinstance(thread, Thread) and thread.id
    assert (thread.name, thread.metadata, thread.participant_identifier, thread.tags) == (
        "Lisbon",
        {"k": 1},
        new,
        ["a"],
    )
    for _ in range(2):
        await client.upsert_thread(f"t {new}", "Porto", tags=["b"], participant_id=new)
    changed = await client.update_thread(thread.id, tags=["c"])
    assert (changed.name, changed.tags) == ("Lisbon", ["c"])
    assert (
        await client.update_thread(thread.id, participant_id=f"other {new}")
    ).participant_identifier == f"other {new}"
    await client.update_thread(thread.id, participant_id=new)
    by_name = {"column": "createdAt", "direction": "ASC"}
    user = await client.get_user(identifier=new)
    listed = await client.list_threads(filters=equal("participantId", user.id), order_by=by_name)
    assert [found.name for found in listed.data] == ["Lisbon", "Porto"]
    assert (await client.get_threads(filters=equal("participantId", user.id))).data[0].steps == []
    assert (await client.get_thread(thread.id)).name == "Lisbon"
    assert await client.get_thread(f"no {new}") is None
    assert await client.delete_thread(thread.id) is True
    assert await client.get_thread(thread.id) is None
    assert await client.delete_thread(thread.id) is False
    with pytest.raises(NotFoundError, match=thread.id):
        await client.update_thread(thread.id, name="x")


@pytest.mark.feature(
    "L-TAPI-01", "L-SAPI-01", "L-SAPI-02", "L-SAPI-03", "L-SAPI-04", "L-SAPI-05", "L-STEP-15", "L-STEP-11"
)
async def test_steps(client: Client, new: str) -> None:
    step = await client.create_step(
        thread_id=new,
        type="tool",
        start_time="2026-11-21T08:00:00Z",
        input="question",
        output={"a": [{"b": [1]}]},
        metadata={"k": 1},
        parent_id="p",
        name="search",
        tags=["x"],
        root_run_id="r",
    )
    assert isinstance(step, Step)
    assert (step.input, step.output, step.root_run_id, step.parent_id) == (
        {"content": "question"},
        {"a": [{"b": [1]}]},
        "r",
        "p",
    )
    assert step.created_at != step.start_time
    changed = await client.update_step(step.id, output="done", end_time="2026-11-21T08:00:01Z")
    assert (changed.input, changed.output, changed.name) == ({"content": "question"}, {"content": "done"}, "search")
    children = [{"id": f"{new} {n}", "type": "run", "parentId": f"{new} {n + 1}", "threadId": new} for n in range(100)]
    assert all(outcome.ok for outcome in await client.send_steps(children))
    assert len((await client.get_thread(new)).steps) == 101
    page = await client.get_steps(first=10, filters=equal("threadId", new))
    assert (len(page.data), page.total_count, page.page_info.has_next_page) == (10, 101, True)
    [thread] = (await client.get_threads(filters=equal("id", new), step_types_to_keep=["tool"])).data
    assert [kept.id for kept in thread.steps] == [step.id]
    assert await client.delete_step(step.id) is True
    assert (await client.get_step(step.id), await client.delete_step(step.id)) == (None, False)
    with pytest.raises(NotFoundError, match=step.id):
        await client.update_step(step.id, name="x")


@pytest.mark.parametrize("kind", [ChatGeneration, CompletionGeneration])
@pytest.mark.feature("L-GEN-02", "L-GEN-03", "L-GEN-05", "L-GEN-06", "L-GAPI-01")
async def test_generations(client: Client, new: str, kind: Any) -> None:
    said = (
        {"messages": [{"role": "user", "content": "hi"}], "message_completion": {"role": "assistant", "content": "ho"}}
        if kind is ChatGeneration
        else {"prompt": "a", "completion": "b"}
    )
    given = kind(
        provider="openai",
        model=new,
        error="none",
        settings={"temperature": 0},
        variables={"v": 1},
        tags=[new],
        metadata={"k": 1},
        tools=[{"type": "function", "function": {"name": "f"}}],
        token_count=3,
        input_token_count=1,
        output_token_count=2,
        tt_first_token=12.5,
        token_throughput_in_s=40.5,
        duration=0.25,
        **said,
    )
    made = await client.create_generation(given)
    assert made.id and given.id is None
    [found] = (await client.get_generations(filters=[{"field": "tags", "operator": "in", "value": [new]}])).data
    for name in (*said, "provider", "model", "settings", "variables", "tags", "metadata", "tools", "token_count",
                 "input_token_count", "output_token_count", "tt_first_token", "duration", "error"):  # fmt: skip
        assert getattr(found, name) == getattr(given, name), name
    assert (found.id, type(found)) == (made.id, kind)
    assert (await client.get_step(made.id)).type == "llm"
    order = {"column": "tokenCount", "direction": "DESC"}
    assert (await client.get_generations(filters=equal("model", new), order_by=order)).total_count == 1
    assert found.token_count_estimated is False


async def test_an_estimate_is_said_to_be_one_and_stays_one_on_its_way(client: Client, new: str) -> None:
    messages = [{"role": "user", "content": "hi"}]
    await client.send_steps([Step(id=new, type="llm", generation=ChatGeneration(model="m", messages=messages))])
    read = await client.get_step(new)
    assert (read.generation.token_count_estimated, read.generation.token_count) == (True, 1)
    read.id = f"{new} copy"
    await client.send_steps([read])
    assert (await client.get_step(read.id)).generation.token_count_estimated is True


@pytest.mark.feature(
    "L-SCO-01",
    "L-SCO-03",
    "L-SCO-04",
    "L-SCO-05",
    "L-SCO-07",
    "L-SCO-08",
    "L-SCO-09",
    "L-SCO-10",
    "L-SCO-11",
    "L-SCO-12",
)
async def test_scores(client: Client, new: str) -> None:
    await client.send_steps([{"id": new, "type": "run"}])
    score = await client.create_score(
        "user-feedback", 0.5, "HUMAN", step_id=new, comment="fine", tags=["t"], label="Good"
    )
    assert isinstance(score, Score)
    assert (score.value, score.step_id, score.comment, score.tags, score.label) == (0.5, new, "fine", ["t"], "Good")
    with pytest.warns(DeprecationWarning, match="step_id"):
        assert (await client.create_score("n", 1, "CODE", generation_id=new)).step_id == new
    three = [{"name": f"s{n}", "value": n, "type": "AI", "stepId": new, "label": "Positive"} for n in range(3)]
    assert [made.name for made in await client.create_scores(three)] == ["s0", "s1", "s2"]
    changed = await client.update_score(score.id, {"value": 0})
    assert (changed.value, changed.comment, changed.name) == (0, "fine", "user-feedback")
    assert (await client.update_score(score.id, {"comment": "better"})).value == 0
    found = await client.get_scores(first=10, filters=equal("name", "user-feedback"))
    assert score.id in [each.id for each in found.data]
    assert {(each.name, each.label) for each in (await client.get_step(new)).scores} == {
        ("user-feedback", "Good"), ("n", None), *((f"s{n}", "Positive") for n in range(3)),
    }  # fmt: skip
    assert (await client.delete_score(score.id)).id == score.id
    assert await client.delete_score(score.id) is None
    for wrong in ({"type": "X", "step_id": new}, {"type": "AI"}):
        with pytest.raises(LiteralError, match=r"."):
            await client.create_score("n", 1, **wrong)
    with pytest.raises(NotFoundError, match=score.id):
        await client.update_score(score.id, {"value": 1})


@pytest.mark.feature("P-SCR-06", "L-SCO-14")
async def test_score_schemas(client: Client, new: str) -> None:
    moods: list[ScoreCategory] = [{"label": "Good", "value": 1, "description": "d"}, {"label": "Bad", "value": 0}]
    mood = await client.create_score_schema(new, "of the user", categories=moods)
    assert isinstance(mood, ScoreSchema)
    assert (mood.type, mood.categories[1]["value"], mood.created_by) == ("CATEGORICAL", 0, "LITERAL_API_KEY")
    assert await client.get_score_schema(name=new) == await client.get_score_schema(mood.id) == mood
    good = await client.create_score(new, None, "HUMAN", step_id=new, label="Good")
    assert (good.value, good.score_schema_id, good.created_by) == (1, mood.id, "LITERAL_API_KEY")
    changed = await client.update_score(good.id, {"label": "Bad"})
    assert (changed.value, changed.label) == (0, "Bad")
    both = [
        {"name": new, "type": "AI", "label": "Bad", "stepId": new},
        Score(name=new, type="AI", value=1, step_id=new),
    ]
    assert [(made.value, made.label) for made in await client.create_scores(both)] == [(0, "Bad"), (1, "Good")]
    with pytest.raises(GraphQLError, match=r"must be one of Good \(1\), Bad \(0\), not 'Fine'"):
        await client.create_score(new, None, "AI", step_id=new, label="Fine", score_schema_id=mood.id)
    stars = await client.create_score_schema(f"stars {new}", min=0, max=5)
    assert (await client.update_score_schema(stars.id, description="of five")).description == "of five"
    with pytest.raises(GraphQLError, match="0 to 5, not 6"):
        await client.create_score(f"stars {new}", 6, "HUMAN", step_id=new)
    newest = {"column": "createdAt", "direction": "DESC"}
    assert [each.id for each in (await client.get_score_schemas(first=2, order_by=newest)).data] == [stars.id, mood.id]
    with pytest.raises(GraphQLError, match="needs min and max"):
        await client.create_score_schema(f"neither {new}")
    assert (await client.delete_score_schema(mood.id)).name == new
    assert await client.delete_score_schema(mood.id) is None
    assert await client.get_score_schema(mood.id) is None
    with pytest.raises(NotFoundError, match=mood.id):
        await client.update_score_schema(mood.id, "other")
    with pytest.raises(ValueError, match="id or name"):
        await client.get_score_schema()


@pytest.mark.feature("L-ATT-01", "L-ATT-03", "L-ATT-04", "L-ATT-05")
async def test_attachments(client: Client, new: str, tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(b"from a file " * 50_000)
    client.api._current = lambda: Current(thread_id=f"t {new}", step_id=new)
    await client.send_steps([{"id": new, "type": "tool", "threadId": f"t {new}"}])
    uploaded = await client.upload_file(b"stored before", f"t {new}", "text/plain")
    given: dict[str, tuple[dict[str, Any], bytes | None]] = {
        "content": ({"content": "é", "name": "content"}, "é".encode()),
        "path": ({"path": path, "metadata": {"k": 1}, "name": "path"}, path.read_bytes()),
        "object key": ({**uploaded, "name": "object key"}, b"stored before"),
        "url": ({"url": "https://example.test/a.png", "name": "url"}, None),
    }
    for name, (arguments, content) in given.items():
        made = await client.create_attachment(**arguments)
        assert isinstance(made, Attachment) and (made.step_id, made.name) == (new, name)
        found = await client.get_attachment(made.id)
        assert found.url
        if content is not None:
            assert httpx.get(found.url).content == content
    mine = await client.create_attachment(id=f"a {new}", content=b"x", mime="a/b")
    assert (mine.id, mine.step_id, mine.thread_id, mine.mime) == (f"a {new}", new, f"t {new}", "a/b")
    changed = await client.update_attachment(mine.id, {"name": "renamed", "metadata": {"size": 1}})
    assert (changed.name, changed.metadata, changed.mime) == ("renamed", {"size": 1}, "a/b")
    assert {each.name for each in (await client.get_step(new)).attachments} == {*given, "renamed"}
    assert (await client.delete_attachment(mine.id)).id == mine.id
    assert (await client.get_attachment(mine.id), await client.delete_attachment(mine.id)) == (None, None)
    with pytest.raises(NotFoundError, match=mine.id):
        await client.update_attachment(mine.id, {"name": "x"})


async def test_an_attachment_may_come_before_its_step(client: Client, new: str) -> None:
    client.api._current = lambda: Current(thread_id=f"t {new}", step_id=new)
    made = await client.create_attachment(content=b"early", name="early")
    await client.send_steps([{"id": new, "type": "tool", "threadId": f"t {new}", "name": "late"}])
    step = await client.get_step(new)
    assert (step.name, [each.id for each in step.attachments]) == ("late", [made.id])


@pytest.mark.feature(
    "L-DS-01",
    "L-DS-03",
    "L-DS-05",
    "L-DS-06",
    "L-DS-07",
    "L-DS-08",
    "L-DS-09",
    "L-DS-10",
    "L-DS-11",
    "L-DS-13",
    "L-DS-16",
)
async def test_datasets(client: Client, new: str) -> None:
    dataset = await client.create_dataset(new, "about", {"k": 1})
    assert isinstance(dataset, Dataset) and (dataset.type, dataset.items) == ("key_value", [])
    item = await client.create_dataset_item(dataset.id, {"query": "?"}, {"response": "!"}, {"m": 1})
    assert isinstance(item, DatasetItem) and item.expected_output == {"response": "!"}
    await client.send_steps(
        [
            {"id": f"run {new}", "type": "run", "input": {"content": "q"}, "output": {"content": "a"}},
            {"id": f"tool {new}", "type": "tool", "parentId": f"run {new}", "name": "search", "output": {"r": 1}},
            {
                "id": f"llm {new}",
                "type": "llm",
                "generation": {
                    "type": "CHAT",
                    "messages": [{"role": "user", "content": "hi"}],
                    "messageCompletion": {"role": "assistant", "content": "ho"},
                },
            },
        ]
    )
    of_step = await client.add_step_to_dataset(dataset.id, f"run {new}")
    assert (of_step.input, of_step.expected_output, of_step.step_id) == (
        {"content": "q"},
        {"content": "a"},
        f"run {new}",
    )
    assert [step["output"] for step in of_step.intermediary_steps] == [{"r": 1}]
    of_generation = await client.add_generation_to_dataset(dataset.id, f"llm {new}", {"k": 2})
    assert of_generation.input["messages"] == [{"role": "user", "content": "hi"}]
    both = await client.add_generations_to_dataset(dataset.id, [f"llm {new}", f"llm {new}"])
    assert len({each.id for each in both}) == 2

    by_name = await client.get_dataset(name=new)
    assert by_name == await client.get_dataset(id=dataset.id)
    assert [each.id for each in by_name.items] == [item.id, of_step.id, of_generation.id, *(each.id for each in both)]
    made = by_name.create_item({"a": 1})
    by_name.add_step(f"run {new}")
    by_name.add_generation(f"llm {new}")
    by_name.delete_item(made.id)
    by_name.update(description="changed")
    assert by_name == await client.get_dataset(id=dataset.id)
    assert (by_name.description, by_name.metadata, len(by_name.items)) == ("changed", {"k": 1}, 7)
    assert new in [each.name for each in (await client.get_datasets(first=100)).data]
    assert (await client.get_dataset_item(item.id)).input == {"query": "?"}
    assert (await client.delete_dataset_item(item.id)).id == item.id
    assert (await client.get_dataset_item(item.id), await client.delete_dataset_item(item.id)) == (None, None)
    assert (await client.update_dataset(dataset.id, name=f"re{new}")).name == f"re{new}"
    assert (await client.delete_dataset(dataset.id)).id == dataset.id
    assert (await client.get_dataset(id=dataset.id), await client.delete_dataset(dataset.id)) == (None, None)
    with pytest.raises(NotFoundError, match=dataset.id):
        await client.update_dataset(dataset.id, name="x")


@pytest.mark.feature("L-DS-04", "L-DS-12")
async def test_a_dataset_of_generations(client: Client, new: str) -> None:
    dataset = await client.create_dataset(new, type="generation")
    await client.send_steps([{"id": new, "type": "run", "input": {"content": "q"}}])
    with pytest.raises(ValueError, match="add_generation"):
        dataset.add_step(new)
    with pytest.raises(GraphQLError):
        await client.add_step_to_dataset(dataset.id, new)
    with pytest.raises(GraphQLError):
        await client.create_dataset_item(dataset.id, {"query": "?"})
    assert (await client.get_dataset(name=new)).items == []


@pytest.mark.feature("L-EXP-01", "L-EXP-02", "L-EXP-03", "L-EXP-04", "L-EXP-05", "L-EXP-06", "L-EXP-10", "L-DS-15")
async def test_experiments(client: Client, new: str) -> None:
    dataset = await client.create_dataset(new)
    item = dataset.create_item({"q": 1})
    prompt = await client.get_or_create_prompt(new, [{"role": "user", "content": "{{q}}"}])
    variant = await client.create_prompt_variant(new, [{"role": "user", "content": "{{q}}!"}], {"model": "m"})
    assert (await client.get_prompt(name=new)).version == 0
    first = await client.create_experiment(new, dataset.id, variant, [{"model": "m"}])
    assert (first.name, first.dataset_id, first.prompt_variant_id, first.params) == (
        new,
        dataset.id,
        variant,
        [{"model": "m"}],
    )
    assert (await client.create_experiment(new, prompt_id=prompt.id)).prompt_variant_id
    second = dataset.create_experiment("second", params={"a": 1})
    assert (second.dataset_id, second.params) == (dataset.id, {"a": 1})

    scores = [{"name": "quality", "type": "AI", "value": 0.6}]
    logged = second.log({"datasetItemId": item.id, "input": {"q": 1}, "output": {"a": 2}, "scores": scores})
    assert isinstance(logged, DatasetExperimentItem)
    assert (logged.dataset_item_id, logged.output, second.items) == (item.id, {"a": 2}, [logged])
    [score] = logged.scores
    assert (score.id is not None, score.value, score.dataset_experiment_item_id) == (True, 0.6, logged.id)
    alone = await client.create_experiment(f"alone {new}")
    assert alone.log({"input": {}, "output": {}}).scores == []
    given = DatasetExperimentItem(dataset_experiment_id=alone.id, input={"a": 1}, experiment_run_id="r")
    assert (await client.create_experiment_item(given)).experiment_run_id == "r"


MESSAGES = [{"role": "user", "content": "Hi {{name}}{{#l}} {{.}}{{/l}}"}]


@pytest.mark.feature(
    "L-PRM-01",
    "L-PRM-02",
    "L-PRM-03",
    "L-PRM-04",
    "L-PRM-05",
    "L-PRM-06",
    "L-PRM-08",
    "L-PRM-09",
    "L-PRM-13",
    "L-PRM-16",
)
async def test_prompts(client: Client, new: str) -> None:
    settings = {"provider": "openai", "model": "m", "temperature": 0}
    zero = await client.get_or_create_prompt(new, MESSAGES, settings)
    assert (zero.name, zero.version, zero.provider, zero.settings) == (
        new,
        0,
        "openai",
        {"model": "m", "temperature": 0},
    )
    again = await client.get_or_create_prompt(new, MESSAGES, settings)
    assert (again.id, again.version) == (zero.id, 0)
    assert (await client.get_or_create_prompt(new, zero.template_messages, zero.settings)).id == zero.id
    one = await client.get_or_create_prompt(new, MESSAGES, {**settings, "temperature": 1})
    two = await client.get_or_create_prompt(new, MESSAGES, settings, [{"type": "function", "function": {"name": "f"}}])
    assert (one.version, two.version) == (1, 2)
    lineage = await client.get_or_create_prompt_lineage(new)
    assert (lineage.name, (await client.get_or_create_prompt_lineage(new)).id) == (new, lineage.id)

    drawn_alone = {"version": 0, "rollout": 100}
    assert [share for share in await client.get_prompt_ab_testing(new) if share["rollout"]] == [drawn_alone]
    assert {(await client.get_prompt(name=new)).version for _ in range(5)} == {0}
    assert (await client.get_prompt(name=new, version=2)).id == two.id
    shares = [{"version": 1, "rollout": 1.0}]
    assert await client.update_prompt_ab_testing(new, shares) == shares
    assert [share for share in await client.get_prompt_ab_testing(new) if share["rollout"]] == shares
    drawn = await client.get_prompt(name=new)
    assert drawn.version == 1
    assert (await client.get_prompt(name=new, version=0)).id == zero.id
    assert (await client.get_prompt(id=zero.id, name="another")).id == zero.id
    assert (await client.get_or_create_prompt(new, MESSAGES, settings)).version == 0
    assert drawn.url.endswith(f"/playground?name={new}&version=1")
    assert drawn.format_messages(name="<Ada>", l=[0, 1]) == [{"role": "user", "content": "Hi <Ada> 0 1"}]
    for wrong in ([{"version": 1, "rollout": -1}], [{"version": 9, "rollout": 1}], [{"version": 1, "rollout": 0}]):
        with pytest.raises(GraphQLError):
            await client.update_prompt_ab_testing(new, wrong)
    with pytest.raises(NotFoundError, match=f"no {new}"):
        await client.get_prompt(name=f"no {new}")
    assert await client.get_prompt_by_id(f"no {new}") is None


@pytest.mark.feature("L-STEP-12", "L-SAPI-06")
async def test_a_step_sent_again_is_one_step_and_texts_stand_under_content(client: Client, new: str) -> None:
    for output in ("first", {"content": "last"}):
        await client.send_steps([{"id": new, "type": "tool", "input": "test input", "output": output}])
    step = await client.get_step(new)
    assert (step.input, step.output) == ({"content": "test input"}, {"content": "last"})
    assert (await client.get_steps(filters=equal("id", new))).total_count == 1


@pytest.mark.feature("L-PRJ-01", "L-CLI-22", "L-CLI-23")
async def test_the_project_and_bytes_in_a_step(client: Client, new: str) -> None:
    assert await client.get_my_project_id()
    [outcome] = await client.send_steps([Step(id=new, type="tool", output={"b": b"x"}, metadata={"a": [{"b": [1]}]})])
    assert outcome.ok
    step = await client.get_step(new)
    assert (step.output, step.metadata) == ({"b": "STRIPPED_BINARY_DATA"}, {"a": [{"b": [1]}]})
