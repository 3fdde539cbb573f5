"""The operations, one module for each entity."""

from literalai_otel.api.operations.attachments import AttachmentOperations
from literalai_otel.api.operations.datasets import DatasetOperations
from literalai_otel.api.operations.experiments import ExperimentOperations
from literalai_otel.api.operations.generations import GenerationOperations
from literalai_otel.api.operations.projects import ProjectOperations
from literalai_otel.api.operations.prompts import PromptOperations
from literalai_otel.api.operations.score_schemas import ScoreSchemaOperations
from literalai_otel.api.operations.scores import ScoreOperations
from literalai_otel.api.operations.steps import StepOperations, StepOutcome
from literalai_otel.api.operations.threads import ThreadOperations
from literalai_otel.api.operations.transfer import TransferOperations
from literalai_otel.api.operations.users import UserOperations

__all__ = ["Operations", "StepOutcome"]


class Operations(
    StepOperations,
    ThreadOperations,
    GenerationOperations,
    UserOperations,
    ScoreOperations,
    ScoreSchemaOperations,
    AttachmentOperations,
    DatasetOperations,
    ExperimentOperations,
    PromptOperations,
    ProjectOperations,
    TransferOperations,
):
    """Every operation of the API."""
