"""The methods of the published Python client: their names, arguments, order and defaults, sync and async."""

import inspect
from typing import Any

import pytest

from literalai_otel.api import AsyncApi, SyncApi
from literalai_otel.api.operations.score_schemas import ScoreSchemaOperations
from literalai_otel.api.operations.transfer import TransferOperations

LIST = "first=None, after=None, before=None, filters=None"
ORDERED = f"{LIST}, order_by=None"
PUBLISHED = {
    "get_users": LIST,
    "get_user": "id=None, identifier=None",
    "create_user": "identifier, metadata=None",
    "update_user": "id, identifier=None, metadata=None",
    "delete_user": "id",
    "get_or_create_user": "identifier, metadata=None",
    "get_threads": f"{ORDERED}, step_types_to_keep=None",
    "list_threads": ORDERED,
    "get_thread": "id",
    "create_thread": "name=None, metadata=None, participant_id=None, tags=None",
    "upsert_thread": "id, name=None, metadata=None, participant_id=None, tags=None",
    "update_thread": "id, name=None, metadata=None, participant_id=None, tags=None",
    "delete_thread": "id",
    "get_scores": ORDERED,
    "create_scores": "scores",
    "create_score": "name, value, type, step_id=None, generation_id=None, dataset_experiment_item_id=None, "
    "comment=None, tags=None",
    "update_score": "id, update_params",
    "delete_score": "id",
    "upload_file": "content, thread_id=None, mime='application/octet-stream'",
    "create_attachment": "thread_id=None, step_id=None, id=None, metadata=None, mime=None, name=None, "
    "object_key=None, url=None, content=None, path=None",
    "update_attachment": "id, update_params",
    "get_attachment": "id",
    "delete_attachment": "id",
    "create_step": "thread_id=None, type='undefined', start_time=None, end_time=None, input=None, output=None, "
    "metadata=None, parent_id=None, name=None, tags=None, root_run_id=None",
    "update_step": "id, type=None, input=None, output=None, metadata=None, name=None, tags=None, start_time=None, "
    "end_time=None, parent_id=None",
    "get_steps": ORDERED,
    "get_step": "id",
    "delete_step": "id",
    "send_steps": "steps",
    "get_generations": ORDERED,
    "create_generation": "generation",
    "create_dataset": "name, description=None, metadata=None, type='key_value'",
    "get_dataset": "id=None, name=None",
    "update_dataset": "id, name=None, description=None, metadata=None",
    "delete_dataset": "id",
    "create_dataset_item": "dataset_id, input, expected_output=None, metadata=None",
    "get_dataset_item": "id",
    "delete_dataset_item": "id",
    "add_step_to_dataset": "dataset_id, step_id, metadata=None",
    "add_generation_to_dataset": "dataset_id, generation_id, metadata=None",
    "create_experiment": "name, dataset_id=None, prompt_variant_id=None, params=None",
    "create_experiment_item": "experiment_item",
    "get_or_create_prompt_lineage": "name, description=None",
    "create_prompt_lineage": "name, description=None",
    "get_or_create_prompt": "name, template_messages, settings=None, tools=None",
    "create_prompt": "name, template_messages, settings=None",
    "get_prompt": "id=None, name=None, version=None",
    "create_prompt_variant": "name, template_messages, settings=None, tools=None",
    "get_prompt_ab_testing": "name",
    "update_prompt_ab_testing": "name, rollouts",
    "get_my_project_id": "",
}
BY_KEYWORD = {
    "create_thread": ["environment"],
    "upsert_thread": ["environment"],
    "send_steps": ["environment"],
    "delete_user": ["with_threads"],
    "create_score": ["label", "scorer", "score_schema_id"],
    "create_experiment": ["prompt_id"],
}
"""Ours besides; nothing of the published order moves."""
ONLY_OURS = {"add_generations_to_dataset", "get_datasets", "get_prompt_by_id"} | {
    name for ours in (TransferOperations, ScoreSchemaOperations) for name in vars(ours) if not name.startswith("_")
}
"""Three of the published TypeScript client, score schemas, and how a project leaves and comes."""


@pytest.fixture(params=[SyncApi, AsyncApi], ids=["sync", "async"])
def api(request: pytest.FixtureRequest) -> Any:
    return request.param("http://literal.test", "key")


def operations(api: Any) -> set[str]:
    held = {name for name in dir(type(api)) if not name.startswith("_")}
    return held - {"asynchronous", "close", "here", "open", "prompts", "run", "to_sync"}


@pytest.mark.feature("L-CLI-02")
def test_it_says_where_it_speaks_to_and_as_whom(api: Any) -> None:
    assert (api.url, api.api_key) == ("http://literal.test", "key")
    assert "key" not in repr(api)


@pytest.mark.feature("L-CLI-12")
def test_both_clients_have_the_same_operations(api: Any) -> None:
    assert operations(api) == set(PUBLISHED) | ONLY_OURS
    for name in operations(api):
        assert inspect.iscoroutinefunction(getattr(api, name)) is isinstance(api, AsyncApi)


@pytest.mark.parametrize("name", PUBLISHED)
def test_arguments_stand_in_the_published_order(api: Any, name: str) -> None:
    parameters = inspect.signature(getattr(api, name)).parameters.values()
    positional = [
        parameter.name if parameter.default is parameter.empty else f"{parameter.name}={parameter.default!r}"
        for parameter in parameters
        if parameter.kind is parameter.POSITIONAL_OR_KEYWORD
    ]
    assert ", ".join(positional) == PUBLISHED[name]
    assert [each.name for each in parameters if each.kind is each.KEYWORD_ONLY] == BY_KEYWORD.get(name, [])


def test_every_operation_is_documented(api: Any) -> None:
    for name in operations(api):
        assert inspect.getdoc(getattr(api, name)), name
