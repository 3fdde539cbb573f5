"""Roles and what each may do, as data (`spec/features.md` P-TEAM-01..03, X-11).

`MATRIX` is the table of the published documentation. Two rows differ from it by what the release notes grant domain
experts beyond it: to add items to datasets, and to look at the settings of a project, without its secrets.

`FIELDS` says what every root field of the GraphQL schema needs; routes name theirs where they are listed (`app.py`).
"""

from collections.abc import Iterable, Mapping
from enum import IntEnum, StrEnum
from typing import Final, NamedTuple

from literalai_otel.server.problems import Problem


class Role(StrEnum):
    """What a member or a key is in a project."""

    ADMIN = "ADMIN"
    AI_ENGINEER = "AI_ENGINEER"
    DOMAIN_EXPERT = "DOMAIN_EXPERT"

    @property
    def shown(self) -> str:
        """The role's name for people."""
        return {"ADMIN": "Admin", "AI_ENGINEER": "AI Engineer", "DOMAIN_EXPERT": "Domain Expert"}[self.value]


class Resource(StrEnum):
    """What rights are about; the value is for people."""

    ANNOTATIONS = "annotations"
    OBSERVABILITY = "logs"
    DATASETS = "datasets"
    PROMPTS = "prompts"
    CREDENTIALS = "keys"
    PROJECT = "project settings"


class Right(IntEnum):
    """How much may be done; each includes those before it."""

    NONE = 0
    READ = 1
    ADD = 2
    """Add items to what is there; nothing else is changed."""
    WRITE = 3


class Need(NamedTuple):
    """A right that an operation needs."""

    resource: Resource
    right: Right

    def __str__(self) -> str:
        verb = {Right.READ: "read", Right.ADD: "add to", Right.WRITE: "change"}[self.right]
        return f"{verb} {self.resource.value}"


_ALL: Final = dict.fromkeys(Resource, Right.WRITE)

MATRIX: Final[Mapping[Role, Mapping[Resource, Right]]] = {
    Role.ADMIN: _ALL,
    Role.AI_ENGINEER: _ALL | {Resource.PROJECT: Right.READ},
    Role.DOMAIN_EXPERT: {
        Resource.ANNOTATIONS: Right.WRITE,
        Resource.OBSERVABILITY: Right.READ,
        Resource.DATASETS: Right.ADD,
        Resource.PROMPTS: Right.NONE,
        Resource.CREDENTIALS: Right.NONE,
        Resource.PROJECT: Right.READ,
    },
}


def may(role: Role, need: Need) -> bool:
    """Whether the role has the right."""
    return MATRIX[role][need.resource] >= need.right


def require(role: Role, needs: Iterable[Need]) -> None:
    """Raises `Problem` 403 that names the role and what it lacks."""
    for need in needs:
        if MATRIX[role][need.resource] < need.right:
            raise Problem("FORBIDDEN", f"The role {role.shown} may not {need}.")


def includes(role: Role, other: Role) -> bool:
    """Whether the role may do all that the other may, so that who has it may give the other away."""
    return all(MATRIX[role][resource] >= right for resource, right in MATRIX[other].items())


SEE_LOGS: Final = Need(Resource.OBSERVABILITY, Right.READ)
WRITE_LOGS: Final = Need(Resource.OBSERVABILITY, Right.WRITE)
SEE_NOTES: Final = Need(Resource.ANNOTATIONS, Right.READ)
ANNOTATE: Final = Need(Resource.ANNOTATIONS, Right.WRITE)
SEE_DATASETS: Final = Need(Resource.DATASETS, Right.READ)
ADD_ITEM: Final = Need(Resource.DATASETS, Right.ADD)
EVALUATE: Final = Need(Resource.DATASETS, Right.WRITE)
SEE_PROMPTS: Final = Need(Resource.PROMPTS, Right.READ)
EDIT_PROMPTS: Final = Need(Resource.PROMPTS, Right.WRITE)
SEE_KEYS: Final = Need(Resource.CREDENTIALS, Right.READ)
CHANGE_KEYS: Final = Need(Resource.CREDENTIALS, Right.WRITE)
SEE_PROJECT: Final = Need(Resource.PROJECT, Right.READ)
RULE_PROJECT: Final = Need(Resource.PROJECT, Right.WRITE)

READ_ALL: Final = (SEE_LOGS, SEE_NOTES, SEE_DATASETS, SEE_PROMPTS)
"""What an export of everything needs."""
WRITE_ALL: Final = (WRITE_LOGS, ANNOTATE, EVALUATE, EDIT_PROMPTS)
"""What an import of everything needs."""

FIELDS: Final[Mapping[str, Need]] = {
    "participants": SEE_LOGS,
    "participant": SEE_LOGS,
    "threads": SEE_LOGS,
    "threadDetail": SEE_LOGS,
    "attachment": SEE_LOGS,
    "steps": SEE_LOGS,
    "step": SEE_LOGS,
    "generations": SEE_LOGS,
    # What a token costs is part of what the logs say, and set by those who send them.
    "modelPrices": SEE_LOGS,
    "createModelPrice": WRITE_LOGS,
    "updateModelPrice": WRITE_LOGS,
    "deleteModelPrice": WRITE_LOGS,
    "createParticipant": WRITE_LOGS,
    "updateParticipant": WRITE_LOGS,
    "deleteParticipant": WRITE_LOGS,
    "createThread": WRITE_LOGS,
    "upsertThread": WRITE_LOGS,
    "updateThread": WRITE_LOGS,
    "deleteThread": WRITE_LOGS,
    "createAttachment": WRITE_LOGS,
    "updateAttachment": WRITE_LOGS,
    "deleteAttachment": WRITE_LOGS,
    "createStep": WRITE_LOGS,
    "updateStep": WRITE_LOGS,
    "deleteStep": WRITE_LOGS,
    "ingestStep": WRITE_LOGS,
    "createGeneration": WRITE_LOGS,
    "scores": SEE_NOTES,
    "scoreSchemas": SEE_NOTES,
    "scoreSchema": SEE_NOTES,
    "createScore": ANNOTATE,
    "updateScore": ANNOTATE,
    "deleteScore": ANNOTATE,
    # A schema rules the scores of everybody: it is set-up, which domain experts only look at.
    "createScoreSchema": WRITE_LOGS,
    "updateScoreSchema": WRITE_LOGS,
    "deleteScoreSchema": WRITE_LOGS,
    "datasets": SEE_DATASETS,
    "dataset": SEE_DATASETS,
    "datasetItems": SEE_DATASETS,
    "datasetItem": SEE_DATASETS,
    "validateDataset": SEE_DATASETS,
    "datasetExperiments": SEE_DATASETS,
    "datasetExperiment": SEE_DATASETS,
    "datasetExperimentItems": SEE_DATASETS,
    "compareDatasetExperiments": SEE_DATASETS,
    "createDatasetItem": ADD_ITEM,
    "addStepToDataset": ADD_ITEM,
    "addGenerationToDataset": ADD_ITEM,
    "createDataset": EVALUATE,
    "updateDataset": EVALUATE,
    "deleteDataset": EVALUATE,
    "updateDatasetItem": EVALUATE,
    "deleteDatasetItem": EVALUATE,
    "createDatasetExperiment": EVALUATE,
    "deleteDatasetExperiment": EVALUATE,
    "createDatasetExperimentItem": EVALUATE,
    "promptLineage": SEE_PROMPTS,
    "promptLineages": SEE_PROMPTS,
    "promptVersions": SEE_PROMPTS,
    "promptVersion": SEE_PROMPTS,
    "promptLineageRollout": SEE_PROMPTS,
    "createPromptLineage": EDIT_PROMPTS,
    "createPromptVersion": EDIT_PROMPTS,
    "updatePromptVersion": EDIT_PROMPTS,
    "deletePromptLineage": EDIT_PROMPTS,
    "restorePromptLineage": EDIT_PROMPTS,
    "createPromptExperiment": EDIT_PROMPTS,
    "promotePromptVersion": EDIT_PROMPTS,
    "updatePromptLineageRollout": EDIT_PROMPTS,
}
"""Root field -> what it needs."""

LINKS: Final[Mapping[tuple[str, str], Need]] = {
    ("DatasetExperiment", "promptVariant"): SEE_PROMPTS,
}
"""Type and field below a root field -> what it needs beyond that. A generation's own prompt name and version are part
of the log, as its messages are."""
