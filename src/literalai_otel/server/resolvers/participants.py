"""Users, called participants on the wire (`spec/literal-wire.md` §2.1)."""

from typing import Any, Final

from literalai_otel.server.problems import Problem
from literalai_otel.server.resolvers.call import Call, Info
from literalai_otel.server.store import participants as store

_PIECE: Final = 100
"""Threads of a user that are looked up at a time, to be deleted one by one."""


def participants(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A page of users, newest first."""
    query = call.page_query("participants", arguments, info)
    return call.store.list_participants(call.project.id, query).to_connection()


def participant(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """The user with this id or identifier, null when unknown."""
    participant_id, identifier = arguments.get("id"), arguments.get("identifier")
    if participant_id is None and identifier is None:
        raise Problem("BAD_USER_INPUT", "Give an id or an identifier.")
    return call.store.get_participant(call.project.id, participant_id=participant_id, identifier=identifier)


def create_participant(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A new user; a known identifier answers that user with the metadata merged in."""
    return call.wait(call.store.create_participant(call.project.id, arguments["identifier"], arguments.get("metadata")))


def update_participant(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Change a user: null leaves a value."""
    return call.wait(
        call.store.update_participant(
            call.project.id,
            arguments["id"],
            identifier=arguments.get("identifier"),
            metadata=arguments.get("metadata"),
        )
    )


def delete_participant(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Delete a user; the user's threads stay, or go before, so that a deletion that was cut off can go on."""
    project_id, user_id = call.project.id, arguments["id"]
    if arguments.get("withThreads"):
        while found := call.store.read(store.thread_ids, project_id, user_id, _PIECE):
            for thread_id in found:
                call.wait(call.store.delete_thread(project_id, thread_id))
    deleted = call.wait(call.store.delete_participant(project_id, user_id))
    call.files.sweep_soon()
    return deleted


QUERIES: Final = {"participants": participants, "participant": participant}
MUTATIONS: Final = {
    "createParticipant": create_participant,
    "updateParticipant": update_participant,
    "deleteParticipant": delete_participant,
}
