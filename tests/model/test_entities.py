"""Entities: their JSON in and out, and as what they print."""

import copy
import json
from typing import Any

import pytest

from literalai_otel.model import (
    Attachment,
    BaseGeneration,
    ChatGeneration,
    CompletionGeneration,
    Dataset,
    DatasetExperiment,
    DatasetExperimentItem,
    DatasetItem,
    Entity,
    Generation,
    Message,
    Page,
    PageInfo,
    Score,
    ScoreSchema,
    Step,
    Thread,
    User,
    from_wire,
    to_wire,
)

SHARED: dict[str, Any] = {
    "id": "g",
    "promptId": "p",
    "provider": "openai",
    "model": "m",
    "error": "too long",
    "settings": {"temperature": 0},
    "variables": {"name": "Ada"},
    "tags": ["a"],
    "metadata": {"k": [1, None]},
    "tools": [{"type": "function", "function": {"name": "f"}}],
    "tokenCount": 3,
    "inputTokenCount": 1,
    "outputTokenCount": 2,
    "tokenCountEstimated": False,
    "ttFirstToken": 12.5,
    "tokenThroughputInSeconds": 40.5,
    "duration": 0.25,
}
CHAT: dict[str, Any] = {
    "type": "CHAT",
    **SHARED,
    "messages": [
        {"role": "system", "content": "Be short."},
        {"role": "user", "content": [{"type": "text", "text": "hi"}, {"type": "image_url", "image_url": {"url": "u"}}]},
        {"role": "assistant", "content": None, "tool_calls": [{"id": "c", "type": "function", "function": {}}]},
        {"role": "tool", "tool_call_id": "c", "content": "18"},
    ],
    "messageCompletion": {"role": "assistant", "content": "hello"},
}
COMPLETION: dict[str, Any] = {"type": "COMPLETION", **SHARED, "prompt": "a", "completion": "b"}
SCORE: dict[str, Any] = {
    "id": "c",
    "name": "quality",
    "type": "AI",
    "value": 0,
    "label": "Good",
    "tags": [],
    "stepId": "s",
    "scoreSchemaId": "q",
    "createdBy": "Ann",
}
SCORE_SCHEMA: dict[str, Any] = {
    "id": "q",
    "name": "quality",
    "type": "CATEGORICAL",
    "categories": [{"label": "Good", "value": 0, "description": "d"}],
    "createdBy": "Ann",
}
ATTACHMENT: dict[str, Any] = {
    "id": "a",
    "stepId": "s",
    "threadId": "t",
    "mime": "text/plain",
    "objectKey": "k",
    "url": "u",
}
STEP: dict[str, Any] = {
    "id": "s",
    "name": "",
    "type": "llm",
    "threadId": "t",
    "parentId": "p",
    "rootRunId": "r",
    "startTime": "2026-11-21T08:00:00Z",
    "endTime": "2026-11-21T08:00:01Z",
    "createdAt": "2026-11-21T08:00:02Z",
    "error": "no",
    "input": {"a": [{"b": [1]}]},
    "output": {"content": "x"},
    "metadata": {},
    "environment": "dev",
    "tags": [],
    "generation": CHAT,
    "scores": [SCORE],
    "attachments": [ATTACHMENT],
}
USER: dict[str, Any] = {"id": "u", "identifier": "ada", "metadata": {}, "createdAt": "x", "threadCount": 0}
THREAD: dict[str, Any] = {
    "id": "t",
    "name": "Lisbon",
    "tags": [],
    "participantId": "u",
    "participant": USER,
    "steps": [STEP],
}
ITEM: dict[str, Any] = {
    "id": "i",
    "datasetId": "d",
    "input": {"q": 1},
    "expectedOutput": {"a": 2},
    "metadata": {},
    "intermediarySteps": [{"name": "tool", "output": 1}],
    "stepId": "s",
}
EXPERIMENT_ITEM: dict[str, Any] = {
    "id": "e",
    "datasetExperimentId": "x",
    "datasetItemId": "i",
    "experimentRunId": "r",
    "input": {},
    "output": [1],
    "scores": [SCORE],
}
PAIRS = [
    pytest.param(ChatGeneration, CHAT, id="chat", marks=pytest.mark.feature("L-GEN-02", "L-GEN-03", "L-GEN-04")),
    pytest.param(CompletionGeneration, COMPLETION, id="completion", marks=pytest.mark.feature("L-GEN-02")),
    pytest.param(Score, SCORE, id="score"),
    pytest.param(ScoreSchema, SCORE_SCHEMA, id="score schema", marks=pytest.mark.feature("P-SCR-06")),
    pytest.param(Attachment, ATTACHMENT, id="attachment"),
    pytest.param(Step, STEP, id="step", marks=pytest.mark.feature("L-STEP-13", "L-CLI-23")),
    pytest.param(Message, {"id": "m", "type": "user_message", "output": {"content": "hi"}}, id="message"),
    pytest.param(User, USER, id="user"),
    pytest.param(Thread, THREAD, id="thread"),
    pytest.param(DatasetItem, ITEM, id="dataset item"),
    pytest.param(DatasetExperimentItem, EXPERIMENT_ITEM, id="experiment item"),
    pytest.param(PageInfo, {"hasNextPage": True, "hasPreviousPage": False, "endCursor": "c"}, id="page info"),
]


@pytest.mark.parametrize(("kind", "wire"), PAIRS)
def test_what_is_read_is_written_by_the_names_of_the_wire(kind: type[Entity], wire: dict[str, Any]) -> None:
    before = copy.deepcopy(wire)
    entity = kind.from_dict(wire)
    assert type(entity) is kind
    assert to_wire(entity) == wire == before
    whole = entity.to_dict()
    assert set(whole) >= set(wire)
    assert kind.from_dict(whole) == entity
    assert kind.from_dict({**wire, "unknownToUs": 1}) == entity


@pytest.mark.parametrize(("kind", "wire"), PAIRS)
@pytest.mark.feature("L-CLI-21")
def test_it_prints_as_json(kind: type[Entity], wire: dict[str, Any]) -> None:
    assert json.loads(repr(kind.from_dict(wire))) == wire
    assert str(kind.from_dict(wire)) == repr(kind.from_dict(wire))


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        ({"type": "CHAT"}, ChatGeneration),
        ({"type": "COMPLETION"}, CompletionGeneration),
        ({"prompt": "a"}, CompletionGeneration),
        ({"messages": []}, ChatGeneration),
        ({"type": None}, ChatGeneration),
    ],
)
@pytest.mark.feature("L-GEN-04")
def test_the_base_class_of_generations_picks_the_right_one(data: dict[str, Any], kind: type[Generation]) -> None:
    assert type(BaseGeneration.from_dict(data)) is kind


def test_none_is_in_a_dict_and_not_on_the_wire() -> None:
    score = Score(name="n", value=0.0, tags=[])
    assert to_wire(score) == {"name": "n", "value": 0.0, "tags": []}
    assert score.to_dict()["comment"] is None
    assert set(score.to_dict()) > {"id", "stepId", "datasetExperimentItemId"}


def test_entities_are_written_wherever_they_may_stand() -> None:
    score = Score(name="n", value=1.0)
    step = Step(id="s", input=score, output=[score, "text", {"as": "it is"}], scores=[score], tags=["t"])
    wire = {"name": "n", "value": 1.0}
    assert to_wire(step) == {
        "id": "s",
        "input": wire,
        "output": [wire, "text", {"as": "it is"}],
        "tags": ["t"],
        "scores": [wire],
    }
    assert to_wire(Page(data=[step], page_info=PageInfo()))["data"] == [to_wire(step)]


def test_parts_of_a_step_are_objects_and_nulls_are_nothing() -> None:
    step = Step.from_dict(STEP | {"error": None, "scores": [SCORE, None]})
    assert isinstance(step.generation, ChatGeneration)
    assert step.scores == [Score.from_dict(SCORE)]
    assert step.attachments is not None and step.attachments[0].object_key == "k"
    assert step.error is None


def test_a_thread_knows_its_user() -> None:
    thread = Thread.from_dict({"id": "t", "participant": USER})
    assert (thread.participant_id, thread.participant_identifier) == ("u", "ada")
    assert Thread(id="t").participant_identifier is None


def test_a_message_has_a_content() -> None:
    message = Message(id="m")
    assert (message.content, message.type) == (None, "assistant_message")
    message.content = "hi"
    assert (message.content, message.output) == ("hi", {"content": "hi"})


def test_a_page_is_a_dict_of_dicts() -> None:
    page = Page(data=[User.from_dict(USER)], page_info=PageInfo(end_cursor="c"), total_count=1)
    assert page.to_dict()["data"][0]["identifier"] == "ada"
    assert json.loads(repr(page))["pageInfo"] == {"hasNextPage": False, "hasPreviousPage": False, "endCursor": "c"}


def test_the_old_name_of_an_intermediary_output_is_read() -> None:
    item = DatasetItem.from_dict({"intermediarySteps": [{"name": "t", "expectedOutput": 1}, {"output": 2}]})
    assert item.intermediary_steps == [{"name": "t", "output": 1}, {"output": 2}]


@pytest.mark.parametrize("items", [{}, "text", 3])
@pytest.mark.feature("L-DS-14")
def test_items_of_a_dataset_are_a_list(items: Any) -> None:
    with pytest.raises(ValueError, match="are a list"):
        Dataset.from_dict(None, {"id": "d", "items": items})


@pytest.mark.feature("L-DS-14")
def test_a_dataset_writes_its_items_and_not_its_api() -> None:
    wire = {"id": "d", "name": "n", "type": "generation", "items": [ITEM]}
    dataset = Dataset.from_dict(None, wire)
    assert isinstance(dataset.items[0], DatasetItem)
    assert to_wire(dataset) == wire
    assert "api" not in dataset.to_dict()
    assert Dataset.from_dict(None, {"id": "d", "items": None}).items == []


def test_an_experiment_names_its_variant_as_the_wire_does() -> None:
    wire: dict[str, Any] = {"id": "x", "promptExperimentId": "v", "params": [{"a": 1}], "items": [EXPERIMENT_ITEM]}
    experiment = DatasetExperiment.from_dict(None, wire)
    assert (experiment.prompt_variant_id, experiment.params) == ("v", [{"a": 1}])
    assert to_wire(experiment) == wire


def test_without_a_server_methods_say_where_to_get_one() -> None:
    with pytest.raises(ValueError, match=r"api\.get_dataset"):
        Dataset(id="d").create_item({"a": 1})
    with pytest.raises(ValueError, match=r"api\.create_experiment"):
        DatasetExperiment(id="x").log({"input": {}, "output": {}})


def test_what_is_no_json_still_prints() -> None:
    loop: dict[str, Any] = {}
    loop["self"] = loop
    assert "Step" in repr(Step(id="s", input=loop))
    assert json.loads(repr(Step(id="s", input={"a": {1, 2}})))["input"]["a"] == "{1, 2}"


def test_copies_are_independent() -> None:
    step = from_wire(Step, STEP)
    other = copy.deepcopy(step)
    assert other == step
    assert other.generation is not step.generation
