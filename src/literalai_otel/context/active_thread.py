"""A thread while it is open. It is no span: entering and leaving it upserts it through the sink."""

import logging
from typing import Any, Final
from uuid import uuid4

from literalai_otel.context.active_step import as_content, as_texts
from literalai_otel.context.client import Client
from literalai_otel.jsonable import to_jsonable
from literalai_otel.model import Thread

logger = logging.getLogger(__name__)

MAX_ID_LENGTH: Final = 255


def usable_id(value: object) -> str | None:
    """`value` as an id: any printable text of 1 to 255 characters. Anything else is refused with a warning."""
    if value is None:
        return None
    text = str(value)
    if 0 < len(text) <= MAX_ID_LENGTH and text.isprintable():
        return text
    logger.warning("id %.80r is not used: an id is a printable text of 1 to %d characters", text, MAX_ID_LENGTH)
    return None


class ActiveThread:
    """An open thread. What is changed inside it is sent when it is left.

    Attributes:
        id: The given one, else a new UUID.
        name: Shown name.
        metadata: Any JSON object.
        tags: Texts.
        participant_id: Id or identifier of the user; an unknown identifier makes a user.
        environment: `dev`, `staging`, `prod` or `experiment`; None for the server's own choice.
    """

    __slots__ = ("_client", "environment", "id", "metadata", "name", "participant_id", "tags")

    def __init__(
        self,
        client: Client,
        id: str | None = None,
        *,
        name: str | None = None,
        metadata: dict[str, Any] | None = None,
        tags: list[str] | None = None,
        participant_id: str | None = None,
    ) -> None:
        self._client = client
        self.environment = client.default_environment
        self.id = usable_id(id) or str(uuid4())
        self.name = name
        self.metadata = metadata
        self.tags = tags
        self.participant_id = participant_id

    def upsert(self) -> None:
        """Queue the thread as it is now. Never raises."""
        client = self._client
        if client.sink is None or client.disabled:
            return
        try:
            metadata = {"release": client.release} if client.release is not None else {}
            metadata.update(as_content(self.metadata) or {})
            thread = Thread(
                id=self.id,
                name=self.name,
                metadata=to_jsonable(metadata) or None,
                tags=None if self.tags is None else as_texts(self.tags),
                participant_id=self.participant_id,
            )
            client.sink.submit_thread(thread, environment=self.environment)
        except Exception:
            logger.debug("thread %s not sent", self.id, exc_info=True)
