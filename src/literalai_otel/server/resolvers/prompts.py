"""Prompts: lineages, versions, variants, A/B splits (`spec/literal-wire.md` §2.10)."""

from typing import Any, Final
from urllib.parse import quote

from literalai_otel.server.address import base_url
from literalai_otel.server.problems import Problem
from literalai_otel.server.resolvers.call import Call, Info
from literalai_otel.server.store import prompt_rollouts, prompt_variants, prompts
from literalai_otel.server.store.prompt_content import PromptContent, parse_content
from literalai_otel.server.store.prompts import VersionNotes


def prompt_lineages(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A page of the prompts that are not deleted, newest first unless the query orders."""
    query = call.page_query("prompts", arguments, info)
    return call.store.read(prompts.page, call.project.id, query).to_connection()


def prompt_lineage(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """The lineage of this name, null when unknown. One that was deleted is answered with `deletedAt`."""
    return call.store.read(prompts.lineage, call.project.id, name=arguments["name"])


def prompt_versions(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A page of the versions of a lineage, newest first."""
    query = call.page_query("prompts", arguments, info)
    return call.store.read(prompts.versions, call.project.id, arguments["lineageId"], query).to_connection()


def prompt_version(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """By id, which wins, or by name and number; without a number one is drawn by the split. Null when unknown."""
    version_id, name = arguments.get("id"), arguments.get("name")
    if version_id is None and name is None:
        raise Problem("BAD_USER_INPUT", "Give an id or a name.")
    return call.store.read(
        prompts.version, call.project.id, version_id=version_id, name=name, number=arguments.get("version")
    )


def prompt_lineage_rollout(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """The split of a prompt as it was sent; no edges for an unknown one, since clients read `edges` unseen."""
    call.check_project(arguments)
    lineage = call.store.read(prompts.lineage, call.project.id, name=arguments["lineageName"])
    rollouts = [] if lineage is None else _rollouts(call, lineage["id"])
    return {
        "pageInfo": {"hasNextPage": False, "hasPreviousPage": False},
        "edges": [{"node": rollout} for rollout in rollouts],
    }


def create_prompt_lineage(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """The lineage of this name, made if there is none."""
    return call.wait(
        call.store.write(
            prompts.get_or_create_lineage, call.project.id, arguments["name"], arguments.get("description")
        )
    )


def delete_prompt_lineage(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Flag a lineage as deleted: it leaves the lists, programs that pull it go on and are told by `deletedAt`."""
    return call.wait(call.store.write(prompts.mark_deleted, call.project.id, arguments["id"], deleted=True))


def restore_prompt_lineage(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Take the flag back."""
    return call.wait(call.store.write(prompts.mark_deleted, call.project.id, arguments["id"], deleted=False))


def create_prompt_version(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """The version with this content, made if there is none."""
    return call.wait(
        call.store.write(
            prompts.get_or_create_version,
            call.project.id,
            arguments["lineageId"],
            _content(arguments),
            arguments.get("versionDesc"),
        )
    )


def update_prompt_version(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Change what is said about a version: null leaves a value. Its content never changes."""
    notes = VersionNotes(
        description=arguments.get("versionDesc"),
        label=arguments.get("label"),
        status=arguments.get("status"),
        tags=arguments.get("tags"),
    )
    return call.wait(call.store.write(prompts.update_version, call.project.id, arguments["id"], notes))


def create_prompt_experiment(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A variant of a prompt, for experiments alone."""
    return call.wait(
        call.store.write(
            prompt_variants.create,
            call.project.id,
            _content(arguments),
            lineage_id=arguments.get("fromLineageId"),
            version=arguments.get("fromVersion"),
            score_template_id=arguments.get("scoreTemplateId"),
        )
    )


def promote_prompt_version(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Give one version the whole split: what clients before 0.0.611 ask for."""
    whole = [{"version": arguments["version"], "rollout": prompt_rollouts.WHOLE}]
    return call.wait(call.store.write(prompts.set_rollouts, call.project.id, whole, lineage_id=arguments["lineageId"]))


def update_prompt_lineage_rollout(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """Replace the split. What is wrong with it is an error of the answer: one published client ignores `ok`."""
    call.check_project(arguments)
    name = arguments["name"]
    if call.wait(call.store.write(prompts.set_rollouts, call.project.id, arguments["rollouts"], name=name)) is None:
        raise Problem("BAD_USER_INPUT", f"There is no prompt named {name!r}.")
    return {"ok": True, "message": "stored", "errorCode": None}


def url_of_version(call: Call, info: Info, version: dict[str, Any]) -> str:
    """Where people look at a version."""
    place = f"name={quote(version['lineage']['name'], safe='')}&version={version['version']}"
    return f"{base_url()}/projects/{call.project.public_id}/playground?{place}"


def champion_of_lineage(call: Call, info: Info, lineage: dict[str, Any]) -> str | None:
    """The id of the version with the greatest weight."""
    return call.store.read(prompt_rollouts.champion, call.project.id, lineage["id"])


def rollouts_of_lineage(call: Call, info: Info, lineage: dict[str, Any]) -> list[dict[str, Any]]:
    """The split of a lineage."""
    return _rollouts(call, lineage["id"])


def project_of_variant(call: Call, info: Info, variant: dict[str, Any]) -> str:
    """The public id of the project."""
    return call.project.public_id


def lineage_of_variant(call: Call, info: Info, variant: dict[str, Any]) -> dict[str, Any] | None:
    """The prompt that a variant was made from, null when there is none."""
    lineage_id = variant["fromLineageId"]
    if lineage_id is None:
        return None
    return call.once(
        ("prompt", lineage_id), lambda: call.store.read(prompts.lineage, call.project.id, lineage_id=lineage_id)
    )


def _rollouts(call: Call, lineage_id: str) -> list[dict[str, Any]]:
    return call.store.read(prompt_rollouts.of_lineage, call.project.id, lineage_id)


def _content(arguments: dict[str, Any]) -> PromptContent:
    return parse_content(
        arguments.get("templateMessages"),
        arguments.get("tools"),
        arguments.get("settings"),
        arguments.get("variables"),
        arguments.get("variablesDefaultValues"),
    )


QUERIES: Final = {
    "promptLineages": prompt_lineages,
    "promptLineage": prompt_lineage,
    "promptVersions": prompt_versions,
    "promptVersion": prompt_version,
    "promptLineageRollout": prompt_lineage_rollout,
}
MUTATIONS: Final = {
    "createPromptLineage": create_prompt_lineage,
    "deletePromptLineage": delete_prompt_lineage,
    "restorePromptLineage": restore_prompt_lineage,
    "createPromptVersion": create_prompt_version,
    "updatePromptVersion": update_prompt_version,
    "createPromptExperiment": create_prompt_experiment,
    "promotePromptVersion": promote_prompt_version,
    "updatePromptLineageRollout": update_prompt_lineage_rollout,
}
LINKS: Final = {
    "PromptVersion": {"url": url_of_version},
    "PromptLineage": {"championId": champion_of_lineage, "rollouts": rollouts_of_lineage},
    "PromptExperiment": {"projectId": project_of_variant, "fromLineage": lineage_of_variant},
}
