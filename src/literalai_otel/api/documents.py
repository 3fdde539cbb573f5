"""The GraphQL documents, in the form that Literal's servers know (`spec/literal-wire.md` §2)."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Final

GENERATION: Final = (
    "id promptId prompt completion createdAt provider model variables messages messageCompletion tools settings "
    "stepId tokenCount inputTokenCount outputTokenCount ttFirstToken duration tokenThroughputInSeconds error type "
    "tags metadata tokenCountEstimated"
)
SCORE: Final = (
    "id name type value label comment scorer tags stepId datasetExperimentItemId scoreSchemaId createdBy "
    "createdAt updatedAt"
)
SCORE_SCHEMA: Final = (
    "id name description type categories { label value description } min max createdBy createdAt updatedAt"
)
ATTACHMENT: Final = "id stepId threadId metadata mime name objectKey url"
STEP: Final = (
    "id threadId rootRunId parentId startTime endTime createdAt type error input output metadata environment "
    "scores { id type name value label comment } tags "
    f"generation {{ {GENERATION} }} "
    f"name attachments {{ {ATTACHMENT} }}"
)
USER: Final = "id identifier metadata createdAt"
USER_ROW: Final = f"{USER} lastEngaged threadCount tokenCount"
THREAD_HEAD: Final = "id name metadata tags createdAt participant { id identifier metadata }"
THREAD: Final = f"{THREAD_HEAD} steps {{ {STEP} }}"
THREAD_ROW: Final = "id createdAt tokenCount name metadata duration tags participant { identifier id }"
DATASET: Final = "id createdAt name description metadata type"
DATASET_ITEM: Final = "id createdAt datasetId metadata input expectedOutput intermediarySteps stepId"
EXPERIMENT: Final = "id createdAt name datasetId promptId promptExperimentId params"
EXPERIMENT_ITEM: Final = "id input output datasetExperimentId experimentRunId datasetItemId"
PROMPT: Final = (
    "id lineage { id name deletedAt } version versionDesc label status tags type createdAt updatedAt url "
    "templateMessages tools settings variables variablesDefaultValues"
)
LINEAGE: Final = "id name description deletedAt"

INGEST_ARGUMENTS: Final = {
    "id": "String!",
    "threadId": "String",
    "rootRunId": "String",
    "type": "StepType",
    "startTime": "DateTime",
    "endTime": "DateTime",
    "error": "String",
    "input": "Json",
    "output": "Json",
    "metadata": "Json",
    "parentId": "String",
    "name": "String",
    "tags": "[String!]",
    "generation": "GenerationPayloadInput",
    "scores": "[ScorePayloadInput!]",
    "attachments": "[AttachmentPayloadInput!]",
}
"""Arguments of `ingestStep`, in the order of the published client."""
SCORE_ARGUMENTS: Final = {
    "name": "String!",
    "type": "ScoreType!",
    "value": "Float",
    "label": "String",
    "stepId": "String",
    "datasetExperimentItemId": "String",
    "scorer": "String",
    "comment": "String",
    "tags": "[String!]",
    "scoreSchemaId": "String",
}


def _document(kind: str, operation: str, field: str, arguments: Mapping[str, str], selection: str) -> str:
    declared = ", ".join(f"${name}: {type}" for name, type in arguments.items())
    passed = ", ".join(f"{name}: ${name}" for name in arguments)
    return f"{kind} {operation}({declared}) {{ {field}({passed}) {{ {selection} }} }}"


def _query(operation: str, field: str, arguments: Mapping[str, str], selection: str) -> str:
    return _document("query", operation, field, arguments, selection)


def _mutation(operation: str, field: str, arguments: Mapping[str, str], selection: str) -> str:
    return _document("mutation", operation, field, arguments, selection)


def _batch(
    operation: str, alias: str, field: str, arguments: Mapping[str, str], selection: str, count: int, shared: str = ""
) -> str:
    """One field `count` times: aliases `<alias>0` …, variables `<argument>_<index>`, that of `shared` once."""
    each = [(index, name, kind) for index in range(count) for name, kind in arguments.items() if name != shared]
    once = [f"${shared}: {arguments[shared]}"] if shared else []
    declared = ", ".join([*once, *(f"${name}_{index}: {kind}" for index, name, kind in each)])
    fields = " ".join(
        f"{alias}{index}: {field}("
        + ", ".join(f"{name}: ${name}" if name == shared else f"{name}: ${name}_{index}" for name in arguments)
        + f") {{ {selection} }}"
        for index in range(count)
    )
    return f"mutation {operation}({declared}) {{ {fields} }}"


@lru_cache(maxsize=128)
def add_steps(count: int) -> str:
    """The `AddStep` mutation for `count` steps (§2.4)."""
    return _batch("AddStep", "step", "ingestStep", INGEST_ARGUMENTS, "ok message", count)


@lru_cache(maxsize=32)
def create_scores(count: int) -> str:
    """The `CreateScores` mutation for `count` scores (§2.7)."""
    return _batch("CreateScores", "score_", "createScore", SCORE_ARGUMENTS, SCORE, count)


@lru_cache(maxsize=32)
def add_generations_to_dataset(count: int) -> str:
    """The `AddGenerationsToDataset` mutation for `count` generations and one dataset (§2.9)."""
    arguments = {"datasetId": "String!", "generationId": "String!"}
    return _batch(
        "AddGenerationsToDataset",
        "datasetItem",
        "addGenerationToDataset",
        arguments,
        DATASET_ITEM,
        count,
        shared="datasetId",
    )


def _list(operation: str, field: str, node: str, filters: str = "", order: str = "", **more: str) -> str:
    """A keyset-paged list: `after` and `first` forwards, `before` and `last` backwards."""
    arguments = {"after": "ID", "before": "ID", "first": "Int", "last": "Int"}
    if filters:
        arguments["filters"] = f"[{filters}!]"
    if order:
        arguments["orderBy"] = order
    page = "pageInfo { startCursor endCursor hasNextPage hasPreviousPage cut scannedUntil } totalCount"
    return _query(operation, field, arguments | more, f"{page} edges {{ cursor node {{ {node} }} }}")


_ID: Final = {"id": "String!"}
_PAGES: Final = {"stepTypesToKeep": "[StepType!]"}
_THREAD_FIELDS: Final = {"name": "String", "metadata": "Json", "participantId": "String", "tags": "[String!]"}
_STEP_FIELDS: Final = {
    name: INGEST_ARGUMENTS[name]
    for name in ("type", "startTime", "endTime", "input", "output", "metadata", "parentId", "name", "tags")
}
_PROMPT_CONTENT: Final = {"templateMessages": "Json", "settings": "Json", "tools": "Json"}

GET_USERS: Final = _list("GetParticipants", "participants", USER_ROW, "participantsInputType")
GET_USER: Final = _query("GetUser", "participant", {"id": "String", "identifier": "String"}, USER)
CREATE_USER: Final = _mutation("CreateUser", "createParticipant", {"identifier": "String!", "metadata": "Json"}, USER)
UPDATE_USER: Final = _mutation(
    "UpdateUser", "updateParticipant", _ID | {"identifier": "String", "metadata": "Json"}, USER
)
DELETE_USER: Final = _mutation("DeleteUser", "deleteParticipant", _ID | {"withThreads": "Boolean"}, "id")

GET_THREADS: Final = _list("GetThreads", "threads", THREAD, "ThreadsInputType", "ThreadsOrderByInput", **_PAGES)
LIST_THREADS: Final = _list("listThreads", "threads", THREAD_ROW, "ThreadsInputType", "ThreadsOrderByInput")
GET_THREAD: Final = _query("GetThread", "threadDetail", _ID, THREAD)
CREATE_THREAD: Final = _mutation("CreateThread", "createThread", _THREAD_FIELDS, THREAD_HEAD)
UPSERT_THREAD: Final = _mutation("UpsertThread", "upsertThread", _ID | _THREAD_FIELDS, THREAD_HEAD)
UPDATE_THREAD: Final = _mutation("UpdateThread", "updateThread", _ID | _THREAD_FIELDS, THREAD_HEAD)
DELETE_THREAD: Final = _mutation("DeleteThread", "deleteThread", _ID, "id")

GET_STEPS: Final = _list("GetSteps", "steps", STEP, "stepsInputType", "StepsOrderByInput")
GET_STEP: Final = _query("GetStep", "step", _ID, STEP)
CREATE_STEP: Final = _mutation(
    "CreateStep", "createStep", {"threadId": "String", "rootRunId": "String"} | _STEP_FIELDS, STEP
)
UPDATE_STEP: Final = _mutation("UpdateStep", "updateStep", _ID | _STEP_FIELDS, STEP)
DELETE_STEP: Final = _mutation("DeleteStep", "deleteStep", _ID, "id")

GET_GENERATIONS: Final = _list(
    "GetGenerations",
    "generations",
    f"projectId {GENERATION} step {{ threadId thread {{ participant {{ identifier }} }} }}",
    "generationsInputType",
    "GenerationsOrderByInput",
)
CREATE_GENERATION: Final = _mutation(
    "CreateGeneration", "createGeneration", {"generation": "GenerationPayloadInput!"}, "id type"
)

GET_SCORES: Final = _list("GetScores", "scores", SCORE, "scoresInputType", "ScoresOrderByInput")
CREATE_SCORE: Final = _mutation("CreateScore", "createScore", SCORE_ARGUMENTS, SCORE)
UPDATE_SCORE: Final = _mutation(
    "UpdateScore", "updateScore", _ID | {"comment": "String", "value": "Float", "label": "String"}, SCORE
)
DELETE_SCORE: Final = _mutation("DeleteScore", "deleteScore", _ID, SCORE)

_SCORE_RULE: Final = {
    "description": "String",
    "categories": "[ScoreCategoryInput!]",
    "min": "Float",
    "max": "Float",
}
GET_SCORE_SCHEMAS: Final = _list("GetScoreSchemas", "scoreSchemas", SCORE_SCHEMA, order="ScoreSchemasOrderByInput")
GET_SCORE_SCHEMA: Final = _query("GetScoreSchema", "scoreSchema", {"id": "String", "name": "String"}, SCORE_SCHEMA)
CREATE_SCORE_SCHEMA: Final = _mutation(
    "CreateScoreSchema",
    "createScoreSchema",
    {"name": "String!", "type": "ScoreSchemaType!"} | _SCORE_RULE,
    SCORE_SCHEMA,
)
UPDATE_SCORE_SCHEMA: Final = _mutation(
    "UpdateScoreSchema", "updateScoreSchema", _ID | {"name": "String"} | _SCORE_RULE, SCORE_SCHEMA
)
DELETE_SCORE_SCHEMA: Final = _mutation("DeleteScoreSchema", "deleteScoreSchema", _ID, SCORE_SCHEMA)

_ATTACHMENT_FIELDS: Final = {"metadata": "Json", "mime": "String", "objectKey": "String", "url": "String"}
GET_ATTACHMENT: Final = _query("GetAttachment", "attachment", _ID, ATTACHMENT)
CREATE_ATTACHMENT: Final = _mutation(
    "CreateAttachment",
    "createAttachment",
    {"stepId": "String!", "name": "String!"} | _ATTACHMENT_FIELDS,
    ATTACHMENT,
)
UPDATE_ATTACHMENT: Final = _mutation(
    "UpdateAttachment", "updateAttachment", _ID | {"name": "String"} | _ATTACHMENT_FIELDS, ATTACHMENT
)
DELETE_ATTACHMENT: Final = _mutation("DeleteAttachment", "deleteAttachment", _ID, ATTACHMENT)

_DATASET_FIELDS: Final = {"description": "String", "metadata": "Json"}
GET_DATASETS: Final = _list("GetDatasets", "datasets", DATASET)
CREATE_DATASET: Final = _mutation(
    "createDataset", "createDataset", {"name": "String!", "type": "DatasetType"} | _DATASET_FIELDS, DATASET
)
UPDATE_DATASET: Final = _mutation("UpdateDataset", "updateDataset", _ID | {"name": "String"} | _DATASET_FIELDS, DATASET)
DELETE_DATASET: Final = _mutation("DeleteDataset", "deleteDataset", _ID, DATASET)
GET_DATASET_ITEM: Final = _query("GetDataItem", "datasetItem", _ID, DATASET_ITEM)
CREATE_DATASET_ITEM: Final = _mutation(
    "CreateDatasetItem",
    "createDatasetItem",
    {"datasetId": "String!", "input": "Json!", "expectedOutput": "Json", "metadata": "Json"},
    DATASET_ITEM,
)
DELETE_DATASET_ITEM: Final = _mutation("DeleteDatasetItem", "deleteDatasetItem", _ID, DATASET_ITEM)
ADD_STEP_TO_DATASET: Final = _mutation(
    "AddStepToDataset",
    "addStepToDataset",
    {"datasetId": "String!", "stepId": "String!", "metadata": "Json"},
    DATASET_ITEM,
)
ADD_GENERATION_TO_DATASET: Final = _mutation(
    "AddGenerationToDataset",
    "addGenerationToDataset",
    {"datasetId": "String!", "generationId": "String!", "metadata": "Json"},
    DATASET_ITEM,
)
CREATE_EXPERIMENT: Final = _mutation(
    "CreateDatasetExperiment",
    "createDatasetExperiment",
    {
        "name": "String!",
        "datasetId": "String",
        "promptExperimentId": "String",
        "promptId": "String",
        "params": "Json",
    },
    EXPERIMENT,
)
CREATE_EXPERIMENT_ITEM: Final = _mutation(
    "CreateDatasetExperimentItem",
    "createDatasetExperimentItem",
    {
        "datasetExperimentId": "String!",
        "experimentRunId": "String",
        "datasetItemId": "String",
        "input": "Json",
        "output": "Json",
    },
    EXPERIMENT_ITEM,
)

GET_PROMPT: Final = _query("GetPrompt", "promptVersion", {"id": "String", "name": "String", "version": "Int"}, PROMPT)
GET_LINEAGE: Final = _query("promptLineage", "promptLineage", {"name": "String!"}, LINEAGE)
CREATE_LINEAGE: Final = _mutation(
    "createPromptLineage", "createPromptLineage", {"name": "String!", "description": "String"}, LINEAGE
)
CREATE_PROMPT: Final = _mutation(
    "createPromptVersion", "createPromptVersion", {"lineageId": "String!"} | _PROMPT_CONTENT, PROMPT
)
CREATE_VARIANT: Final = _mutation(
    "createPromptExperiment", "createPromptExperiment", {"fromLineageId": "String"} | _PROMPT_CONTENT, "id"
)
GET_ROLLOUT: Final = _query(
    "getPromptLineageRollout",
    "promptLineageRollout",
    {"lineageName": "String!"},
    "edges { node { version rollout } }",
)
UPDATE_ROLLOUT: Final = _mutation(
    "updatePromptLineageRollout",
    "updatePromptLineageRollout",
    {"name": "String!", "rollouts": "[PromptVersionRolloutInput!]!"},
    "ok message errorCode",
)
