"""Operations on prompts (`spec/literal-wire.md` §2.10, §5.4)."""

import logging
from collections.abc import Iterable, Sequence
from typing import Any, Final, Protocol

from literalai_otel.api import documents
from literalai_otel.api.caller import warn_caller
from literalai_otel.api.calls import entity, graphql
from literalai_otel.api.operation import Flow, operation
from literalai_otel.api.operations.scores import finite
from literalai_otel.api.prompts import Prompt, PromptCache, PromptLineage, PromptRollout
from literalai_otel.api.prompts.cache import question
from literalai_otel.errors import LiteralError, NotFoundError
from literalai_otel.model import GenerationMessage

logger = logging.getLogger(__name__)

FALLBACK_TIMEOUT: Final = 1.0
"""Seconds that a known prompt waits for a newer one."""

Json = dict[str, Any]


class KnowsPrompts(Protocol):
    """An API that remembers prompts."""

    @property
    def prompts(self) -> PromptCache:
        """What it remembers."""
        ...


class PromptOperations:
    """Lineages, versions, variants, rollouts."""

    @operation
    def get_or_create_prompt_lineage(self, name: str, description: str | None = None) -> Flow[PromptLineage]:
        """The lineage of that name, made when there is none."""
        return (yield from _lineage(name, description))

    @operation
    def create_prompt_lineage(self, name: str, description: str | None = None) -> Flow[PromptLineage]:
        """Deprecated: `get_or_create_prompt_lineage`."""
        warn_caller("create_prompt_lineage is deprecated: use get_or_create_prompt_lineage")
        return (yield from _lineage(name, description))

    @operation
    def get_or_create_prompt(
        self: KnowsPrompts,
        name: str,
        template_messages: Sequence[GenerationMessage],
        settings: Json | None = None,
        tools: list[Json] | None = None,
    ) -> Flow[Prompt]:
        """The version of a prompt with exactly these messages, settings and tools, made when there is none.

        Args:
            name: Of the prompt; an unknown one makes its lineage.
            template_messages: Messages in OpenAI's form, their texts being Mustache templates.
            settings: `provider`, `model`, `temperature` and the like.
            tools: In OpenAI's form.
        """
        return (yield from _version(self, name, template_messages, settings, tools))

    @operation
    def create_prompt(
        self: KnowsPrompts,
        name: str,
        template_messages: Sequence[GenerationMessage],
        settings: Json | None = None,
    ) -> Flow[Prompt]:
        """Deprecated: `get_or_create_prompt`."""
        warn_caller("create_prompt is deprecated: use get_or_create_prompt")
        return (yield from _version(self, name, template_messages, settings, None))

    @operation
    def get_prompt(
        self: KnowsPrompts, id: str | None = None, name: str | None = None, version: int | None = None
    ) -> Flow[Prompt]:
        """A version of a prompt, by its id, which wins, or by name.

        When the server does not answer, the last known answer to the same question is given, with a warning in the
        log; then the wait is one second.

        Args:
            id: Of the version.
            name: Of the prompt.
            version: 0 is the first one. None lets the server draw one by the rollout.

        Raises:
            ValueError: Neither id nor name was given.
            NotFoundError: There is no such prompt.
        """
        if id is None and name is None:
            raise ValueError("give id or name")
        asked = question(id, name, version)
        known = self.prompts.get(asked)
        try:
            found = yield from _find(self, id, name, version, timeout=None if known is None else FALLBACK_TIMEOUT)
        except LiteralError as problem:
            if known is None:
                raise
            logger.warning("Literal AI: prompt %r is the last known one: %s", known.name, problem)
            return known
        if found is None:
            self.prompts.forget(asked)
            raise NotFoundError(f"the project has no prompt {_said(id, name, version)}")
        return found

    @operation
    def get_prompt_by_id(self: KnowsPrompts, id: str) -> Flow[Prompt | None]:
        """The version of a prompt with that id; None when there is none."""
        return (yield from _find(self, id, None, None))

    @operation
    def create_prompt_variant(
        self,
        name: str,
        template_messages: Sequence[GenerationMessage],
        settings: Json | None = None,
        tools: list[Json] | None = None,
    ) -> Flow[str]:
        """A variant of a prompt for an experiment, which is no version of it. The id of the variant."""
        lineage: Json | None = (yield from graphql("promptLineage", documents.GET_LINEAGE, {"name": name})).get(
            "promptLineage"
        )
        operation = "createPromptExperiment"
        variables = {"fromLineageId": lineage["id"] if lineage else None}
        data = yield from graphql(
            operation, documents.CREATE_VARIANT, variables | _content(template_messages, settings, tools)
        )
        return str(entity(operation, data, operation)["id"])

    @operation
    def get_prompt_ab_testing(self, name: str) -> Flow[list[PromptRollout]]:
        """The rollout of a prompt, as it was set. An unknown prompt has none."""
        data = yield from graphql("getPromptLineageRollout", documents.GET_ROLLOUT, {"lineageName": name})
        connection: Json = data.get("promptLineageRollout") or {}
        nodes: list[Json] = [edge["node"] for edge in connection.get("edges") or () if edge and edge.get("node")]
        return [PromptRollout(version=node["version"], rollout=node["rollout"]) for node in nodes]

    @operation
    def update_prompt_ab_testing(self, name: str, rollouts: Iterable[PromptRollout]) -> Flow[list[PromptRollout]]:
        """Set the rollout of a prompt: versions that are not named get no calls.

        Args:
            name: Of the prompt.
            rollouts: `{version, rollout}`; shares count by their part of the sum.

        Returns:
            The rollout that was set.

        Raises:
            ValueError: A share is no finite number; nothing was sent.
            GraphQLError: The server refused: an unknown prompt or version, a negative share, no share at all.
        """
        given = [
            PromptRollout(version=entry["version"], rollout=finite(entry["rollout"], "a rollout")) for entry in rollouts
        ]
        variables = {"name": name, "rollouts": given}
        yield from graphql("updatePromptLineageRollout", documents.UPDATE_ROLLOUT, variables)
        return given


def _lineage(name: str, description: str | None) -> Flow[PromptLineage]:
    operation = "createPromptLineage"
    data = yield from graphql(operation, documents.CREATE_LINEAGE, {"name": name, "description": description})
    lineage = PromptLineage.from_dict(entity(operation, data, operation))
    if lineage.deleted_at is not None:
        logger.warning("Literal AI: prompt %r was deleted at %s", name, lineage.deleted_at)
    return lineage


def _content(
    template_messages: Sequence[GenerationMessage], settings: Json | None, tools: list[Json] | None
) -> dict[str, Any]:
    return {"templateMessages": list(template_messages), "settings": settings, "tools": tools}


def _version(
    api: KnowsPrompts,
    name: str,
    template_messages: Sequence[GenerationMessage],
    settings: Json | None,
    tools: list[Json] | None,
) -> Flow[Prompt]:
    lineage = yield from _lineage(name, None)
    variables = {"lineageId": lineage.id} | _content(template_messages, settings, tools)
    operation = "createPromptVersion"
    data = yield from graphql(operation, documents.CREATE_PROMPT, variables)
    return Prompt.from_dict(api, {"name": name} | entity(operation, data, operation))


def _find(
    api: KnowsPrompts, id: str | None, name: str | None, version: int | None, timeout: float | None = None
) -> Flow[Prompt | None]:
    # The id wins: together with a name that is not its own the server would find nothing.
    variables = {"id": id} if id is not None else {"name": name, "version": version}
    data = yield from graphql("GetPrompt", documents.GET_PROMPT, variables, timeout=timeout)
    if not data.get("promptVersion"):
        return None
    prompt = Prompt.from_dict(api, ({"name": name} if name else {}) | data["promptVersion"])
    api.prompts.put(question(id, name, version), prompt)
    return prompt


def _said(id: str | None, name: str | None, version: int | None) -> str:
    if id is not None:
        return f"with the id {id!r}"
    return f"{name!r}" if version is None else f"{name!r} with the version {version}"
