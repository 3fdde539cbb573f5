"""The operations, one module for each entity."""

from literalai_otel.api.operations.generations import GenerationOperations
from literalai_otel.api.operations.projects import ProjectOperations
from literalai_otel.api.operations.steps import StepOperations, StepOutcome
from literalai_otel.api.operations.threads import ThreadOperations
from literalai_otel.api.operations.users import UserOperations

__all__ = ["Operations", "StepOutcome"]


class Operations(StepOperations, ThreadOperations, GenerationOperations, UserOperations, ProjectOperations):
    """Every operation of the API."""
