"""Attachments (`spec/literal-wire.md` §2.8). Their `url` is signed whenever it is read, wherever it is read."""

from typing import Any, Final

from literalai_otel.server.address import base_url
from literalai_otel.server.resolvers.call import Call, Info
from literalai_otel.server.store import attachments as store
from literalai_otel.server.store.attachments import AttachmentFields


def attachment(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """An attachment, null when it is unknown."""
    return call.store.read(store.get, call.project.id, arguments["id"])


def create_attachment(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any]:
    """A new attachment of a step, which may come later."""
    return call.wait(call.store.write(store.create, call.project.id, arguments["stepId"], _fields(arguments)))


def update_attachment(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Change an attachment: null leaves a value. Null when it is unknown."""
    call.check_project(arguments)
    changed = call.wait(call.store.write(store.update, call.project.id, arguments["id"], _fields(arguments)))
    call.files.sweep_soon()
    return changed


def delete_attachment(call: Call, info: Info, arguments: dict[str, Any]) -> dict[str, Any] | None:
    """Delete an attachment and its file; answers what was deleted."""
    deleted = call.wait(call.store.write(store.delete, call.project.id, arguments["id"]))
    call.files.sweep_soon()
    return deleted


def attachment_url(call: Call, info: Info, attachment: dict[str, Any]) -> str | None:
    """Where to read it: for an uploaded file an address that was signed just now, else what the client gave."""
    object_key, url = attachment.get("objectKey"), attachment.get("url")
    if object_key is None or (url is not None and not call.files.holds(call.project.id, object_key)):
        return url
    return base_url() + call.files.read_address(call.project.public_id, object_key)


def _fields(arguments: dict[str, Any]) -> AttachmentFields:
    return AttachmentFields(
        name=arguments.get("name"),
        mime=arguments.get("mime"),
        object_key=arguments.get("objectKey"),
        url=arguments.get("url"),
        metadata=arguments.get("metadata"),
    )


QUERIES: Final = {"attachment": attachment}
MUTATIONS: Final = {
    "createAttachment": create_attachment,
    "updateAttachment": update_attachment,
    "deleteAttachment": delete_attachment,
}
