"""Operations on the project of the API key (`spec/literal-wire.md` §3)."""

from literalai_otel.api.calls import rest
from literalai_otel.api.operation import Flow, operation
from literalai_otel.errors import TransportError


class ProjectOperations:
    """Read."""

    @operation
    def get_my_project_id(self) -> Flow[str]:
        """The id of the project that the API key belongs to."""
        content = yield from rest("/my-project", {})
        project = content.get("projectId")
        if not isinstance(project, str):
            raise TransportError("/my-project: the answer has no projectId", retryable=False)
        return project
