"""The GraphQL documents, in the form that Literal's servers know (`spec/literal-wire.md` §2)."""

from functools import lru_cache
from typing import Final

GENERATION: Final = (
    "id promptId prompt completion createdAt provider model variables messages messageCompletion tools settings "
    "stepId tokenCount inputTokenCount outputTokenCount ttFirstToken duration tokenThroughputInSeconds error type "
    "tags metadata"
)
STEP: Final = (
    "id threadId rootRunId parentId startTime endTime createdAt type error input output metadata environment "
    "scores { id type name value comment } tags "
    f"generation {{ {GENERATION} }} "
    "name attachments { id stepId threadId metadata mime name objectKey url }"
)
THREAD_HEAD: Final = "id name metadata tags createdAt participant { id identifier metadata }"
THREAD: Final = f"{THREAD_HEAD} steps {{ {STEP} }}"
THREAD_ROW: Final = "id createdAt tokenCount name metadata duration tags participant { identifier id }"

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


@lru_cache(maxsize=128)
def add_steps(count: int) -> str:
    """The `AddStep` mutation for `count` steps: aliases `step0` …, variables `<argument>_<index>` (§2.4)."""
    declared = ", ".join(
        f"${name}_{index}: {kind}" for index in range(count) for name, kind in INGEST_ARGUMENTS.items()
    )
    fields = " ".join(
        f"step{index}: ingestStep("
        + ", ".join(f"{name}: ${name}_{index}" for name in INGEST_ARGUMENTS)
        + ") { ok message }"
        for index in range(count)
    )
    return f"mutation AddStep({declared}) {{ {fields} }}"


def _list(operation: str, field: str, filters: str, node: str, order: str = "", extra: str = "") -> str:
    """A keyset-paged list: `after` and `first` forwards, `before` and `last` backwards."""
    declared = {"after": "ID", "before": "ID", "first": "Int", "last": "Int", "filters": f"[{filters}!]"}
    if order:
        declared["orderBy"] = order
    if extra:
        declared[extra.split(":")[0]] = extra.split(":")[1]
    variables = ", ".join(f"${name}: {kind}" for name, kind in declared.items())
    arguments = ", ".join(f"{name}: ${name}" for name in declared)
    page = "pageInfo { startCursor endCursor hasNextPage hasPreviousPage } totalCount"
    return (
        f"query {operation}({variables}) {{ {field}({arguments}) {{ {page} edges {{ cursor node {{ {node} }} }} }} }}"
    )


GET_THREADS: Final = _list(
    "GetThreads", "threads", "ThreadsInputType", THREAD, "ThreadsOrderByInput", "stepTypesToKeep:[StepType!]"
)
LIST_THREADS: Final = _list("listThreads", "threads", "ThreadsInputType", THREAD_ROW, "ThreadsOrderByInput")
GET_STEPS: Final = _list("GetSteps", "steps", "stepsInputType", STEP, "StepsOrderByInput")
GET_GENERATIONS: Final = _list(
    "GetGenerations",
    "generations",
    "generationsInputType",
    f"projectId {GENERATION} step {{ threadId thread {{ participant {{ identifier }} }} }}",
    "GenerationsOrderByInput",
)

UPSERT_THREAD: Final = (
    "mutation UpsertThread($id: String!, $name: String, $metadata: Json, $participantId: String, $tags: [String!]) "
    "{ upsertThread(id: $id, name: $name, metadata: $metadata, participantId: $participantId, tags: $tags) "
    f"{{ {THREAD_HEAD} }} }}"
)
GET_THREAD: Final = f"query GetThread($id: String!) {{ threadDetail(id: $id) {{ {THREAD} }} }}"
DELETE_THREAD: Final = "mutation DeleteThread($id: String!) { deleteThread(id: $id) { id } }"
GET_STEP: Final = f"query GetStep($id: String!) {{ step(id: $id) {{ {STEP} }} }}"
DELETE_STEP: Final = "mutation DeleteStep($id: String!) { deleteStep(id: $id) { id } }"
GET_USER: Final = (
    "query GetUser($id: String, $identifier: String) "
    "{ participant(id: $id, identifier: $identifier) { id identifier metadata createdAt } }"
)
