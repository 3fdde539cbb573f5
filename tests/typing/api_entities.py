"""What a type checker must infer of datasets, prompts, scores and files. Never imported, see `test_typing.py`."""

from typing import Any, assert_type

from literalai_otel.api import AsyncApi, Prompt, PromptRollout, SyncApi
from literalai_otel.model import (
    Attachment,
    ChatGeneration,
    CompletionGeneration,
    Dataset,
    DatasetExperiment,
    DatasetExperimentItem,
    DatasetItem,
    Filter,
    Page,
    Score,
    ScoreDict,
    ScoreSchema,
    Step,
    Thread,
    UploadedFile,
    User,
)


def on_the_sync_client(api: SyncApi) -> None:
    dataset = api.get_dataset(name="n")
    assert_type(dataset, Dataset | None)
    assert_type(api.create_dataset("n").create_item({"a": 1}), DatasetItem)
    experiment = api.create_experiment("n", params=[{"a": 1}])
    assert_type(experiment, DatasetExperiment)
    score: ScoreDict = {"name": "n", "type": "AI", "value": 0.5}
    assert_type(experiment.log({"input": {}, "scores": [score]}), DatasetExperimentItem)
    assert_type(api.create_scores([score, Score(name="n")]), list[Score])
    assert_type(api.create_score_schema("n", categories=[{"label": "x", "value": 1}]), ScoreSchema)
    assert_type(api.create_score("n", None, "AI", label="x"), Score)
    assert_type(api.get_prompt(name="n"), Prompt)
    assert_type(api.get_prompt_by_id("p"), Prompt | None)
    assert_type(api.get_prompt(id="p").format_messages(a=1), list[dict[str, Any]])
    assert_type(api.get_prompt_ab_testing("n"), list[PromptRollout])
    assert_type(api.update_prompt_ab_testing("n", [{"version": 0, "rollout": 0.5}]), list[PromptRollout])
    assert_type(api.upload_file(b"x"), UploadedFile)
    assert_type(api.create_attachment(path="notes.txt"), Attachment)
    assert_type(api.create_generation(ChatGeneration(model="m")), ChatGeneration | CompletionGeneration)
    wanted: list[Filter] = [{"field": "name", "operator": "eq", "value": "x"}]
    assert_type(api.get_users(filters=wanted), Page[User])
    assert_type(api.get_steps(filters=[{"field": "name", "operator": "eq", "value": "x"}]), Page[Step])
    assert_type(Step.from_dict({"id": "s"}), Step)


async def on_the_async_client(api: AsyncApi) -> None:
    assert_type(await api.update_thread("t", tags=["x"]), Thread)
    assert_type(await api.get_dataset("d"), Dataset | None)
    assert_type(await api.get_prompt(name="n", version=0), Prompt)
    assert_type(await api.get_or_create_user("ada"), User)
    assert_type(api.to_sync(), SyncApi)


def wrong(api: SyncApi) -> None:
    api.create_score("n", "high", "AI")  # pyright: ignore[reportArgumentType] - a number
    api.create_score("n", 1, "ROBOT")  # pyright: ignore[reportArgumentType] - no such type
    api.create_dataset("n", type="rows")  # pyright: ignore[reportArgumentType] - no such type
    api.get_prompt(name="n", version="latest")  # pyright: ignore[reportArgumentType] - a number
    api.update_prompt_ab_testing("n", [{"version": 0}])  # pyright: ignore[reportArgumentType] - its share is missing
    api.get_dataset(name="n").create_item({})  # pyright: ignore[reportOptionalMemberAccess] - there may be none
