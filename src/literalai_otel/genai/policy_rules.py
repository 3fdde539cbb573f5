"""Applying content rules to messages, whichever shape they have: with parts, or like OpenAI's.

A message is walked piece by piece: a text, a part, the arguments of a call. Each piece has a role, what it is (`Kind`,
and the side on which it stands) and a size; the first rule that matches says what becomes of it (`content_rules`).
Nothing is changed in place: what a rule touches is copied on the way to it.
"""

import hashlib
from base64 import b64encode
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, cast

from literalai_otel.content_rules import ContentRules, Kind, Rule, role_of
from literalai_otel.genai.media import (
    REFERENCE_PREFIX,
    Media,
    decoded_size,
    fingerprint,
    is_data_url,
    media_of,
    referring,
)
from literalai_otel.jsonable import dumps, dumps_text

Json = dict[str, Any]
Kinds = tuple[Kind, ...]
Hook = Callable[[Any], Any]
"""Gives what stands in the place of a piece, None for nothing."""

DROPPED: Final = "[dropped]"
"""What stands in the place of content that a rule dropped, or that a hook failed on."""
_HASH_LENGTH: Final = len(REFERENCE_PREFIX) + 64
_ROLES_BY_TYPE: Final = {"human": "user", "ai": "assistant", "system": "system", "tool": "tool"}
"""What LangChain's messages are called, where they have no role."""
_FACTS: Final = frozenset(
    {"role", "type", "id", "name", "uuid", "templated", "finish_reason", "tool_call_id", "original_role", "index"}
)
"""What a message or part says that is no content."""
_PART_KINDS: Final[Mapping[str, Kind]] = {
    "reasoning": "reasoning",
    "tool_call": "tool_call",
    "server_tool_call": "tool_call",
    "function": "tool_call",
    "tool_call_response": "tool_result",
    "server_tool_call_response": "tool_result",
    "image_url": "image",
    "input_image": "image",
    "image": "image",
    "input_audio": "audio",
    "file": "file",
    "input_file": "file",
}
_GENERATION: Final[Mapping[str, Kinds]] = {
    "messages": ("input",),
    "messageCompletion": ("output",),
    "message_completion": ("output",),
    "prompt": ("text", "input"),
    "completion": ("text", "output"),
    "tools": ("tool_definition",),
    "variables": ("variable",),
}
_MODALITIES: Final[Mapping[str, Kind]] = {"image": "image", "audio": "audio", "video": "video"}


class Governor:
    """Applies rules, and remembers what it did.

    Args:
        rules: The first that matches decides.
        hook: Of the rules that say `mask`.
        offload: Whether there is somewhere to upload to. Otherwise only the hash stays.

    Attributes:
        done: How many pieces got which action.
        problem: What the hook failed with; empty while it did not.
        media: What is to be uploaded, by hash.
        withheld: Hashes of media that a rule kept from being uploaded.
    """

    def __init__(self, rules: ContentRules, hook: Hook, *, offload: bool = True) -> None:
        self._rules = rules
        self._hook = hook
        self._offload = offload
        self.done: Counter[str] = Counter()
        self.problem = ""
        self.media: dict[str, Media] = {}
        self.withheld: set[str] = set()

    def content(self, value: Any, side: Kind, *, role: str | None = None, also: Kinds = ()) -> Any:
        """What goes in or out of a step: messages wherever they are found inside, else one piece."""
        kinds: Kinds = (side, *also)
        if _is_messages(value):
            return [self._message(message, kinds) for message in value]
        if _is_message(value):
            return self._message(value, kinds)
        if not _holds_messages(value):
            return self._wrapped(value, role, kinds)
        if isinstance(value, dict):
            fields = cast(Json, value)
            return {key: self.content(item, side, role=role, also=also) for key, item in fields.items()}
        return [self.content(item, side, role=role, also=also) for item in cast(list[Any], value)]

    def instructions(self, parts: Any) -> Any:
        """System instructions, which are parts without a message around them."""
        if not isinstance(parts, list):
            return self.piece(parts, ("text", "input"), "system")
        return [self._part(part, "system", ("text", "input")) for part in cast(list[Any], parts)]

    def generation(self, fields: Mapping[str, Any]) -> Json:
        """Those of the fields of a generation, in wire form or by their names in Python, that are content."""
        governed: Json = {}
        for name, value in fields.items():
            kinds = _GENERATION.get(name)
            if kinds is None or value is None:
                continue
            if kinds[0] == "variable" and isinstance(value, dict):
                governed[name] = {key: self.piece(item, kinds) for key, item in cast(Json, value).items()}
            elif kinds[0] == "tool_definition" and isinstance(value, list):
                tools = (self.piece(tool, kinds) for tool in cast(list[Any], value))
                # On the wire they are objects.
                governed[name] = [tool if isinstance(tool, dict) else {"type": tool} for tool in tools]
            elif kinds[0] == "text":
                governed[name] = self.piece(value, kinds)
            else:
                governed[name] = self.content(value, kinds[0])
        return governed

    def piece(self, value: Any, kinds: Kinds, role: str | None = None) -> Any:
        """`value` as one piece."""
        if value is None or value in ("", DROPPED, [], {}) or _is_hash(value):
            return value
        rule = self._rule(role, kinds, lambda: _size(value))
        if rule is None:
            return value
        match rule.action:
            case "mask":
                return self._masked(value)
            case "drop":
                return DROPPED
            case "offload":
                return self._taken_out(value)
            case _:
                return _hash(value)

    def _rule(self, role: str | None, kinds: Sequence[str], size: Callable[[], int]) -> Rule | None:
        """The rule that changes a piece, counted; None where it stays."""
        known: int | None = None
        for rule in self._rules:
            if known is None and rule.above:
                known = size()
            if rule.matches(role, kinds, known or 0):
                if rule.action == "keep":
                    return None
                self.done[rule.action] += 1
                return rule
        return None

    def _masked(self, value: Any) -> Any:
        if self.problem:
            return DROPPED  # a hook that failed on a part of a step is not asked about the rest
        try:
            found = self._hook(value)
        except Exception as error:
            self.problem = f"{type(error).__name__}: {error}"
            return DROPPED
        return DROPPED if found is None else found

    def _taken_out(self, value: Any) -> str:
        text = value if isinstance(value, str) else dumps_text(value)
        mime = "text/plain" if isinstance(value, str) else "application/json"
        return self._stored(media_of(b64encode(text.encode("utf-8", "replace")).decode(), mime))

    def _stored(self, found: Media) -> str:
        if self._offload:
            self.media[found.sha256] = found
        return found.reference

    def _wrapped(self, value: Any, role: str | None, kinds: Kinds) -> Any:
        """Input and output are objects on the wire, so a text stays under its key (`spec/literal-wire.md` §4)."""
        if not isinstance(value, dict):
            return self.piece(value, kinds, role)
        fields = cast(Json, value)
        if fields.keys() == {"content"}:
            return {"content": self.piece(fields["content"], kinds, role)}
        changed = self.piece(fields, kinds, role)
        return cast(Json, changed) if isinstance(changed, dict) else {"content": changed}

    def _message(self, message: Any, side: Kinds) -> Any:
        if not isinstance(message, dict):
            return self.piece(message, ("text", *side))
        fields = cast(Json, message)
        role = role_of(fields.get("role")) or _ROLES_BY_TYPE.get(str(fields.get("type")))
        plain: Kinds = ("tool_result", *side) if role == "tool" else ("text", *side)
        return {key: item if key in _FACTS else self._entry(key, item, role, plain) for key, item in fields.items()}

    def _entry(self, key: str, item: Any, role: str | None, plain: Kinds) -> Any:
        """An entry of a message that is content."""
        side = plain[1:]
        if key in ("content", "parts") and isinstance(item, list):
            return [self._part(part, role, plain) for part in cast(list[Any], item)]
        if key == "tool_calls" and isinstance(item, list):
            return [self._part(part, role, ("tool_call", *side)) for part in cast(list[Any], item)]
        if key in ("reasoning_content", "reasoning"):
            return self.piece(item, ("reasoning", *side), role)
        return self.piece(item, plain, role)

    def _part(self, part: Any, role: str | None, plain: Kinds) -> Any:
        if not isinstance(part, dict):
            return self.piece(part, plain, role)
        fields = cast(Json, part)
        kind = _kind(fields)
        kinds: Kinds = plain if kind is None else (kind, *(plain if plain[0] == "tool_result" else plain[1:]))
        if kind in ("image", "audio", "video", "file"):
            return self._media_part(fields, kinds, role)
        return {key: item if key in _FACTS else self._inside(item, kinds, role) for key, item in fields.items()}

    def _inside(self, item: Any, kinds: Kinds, role: str | None) -> Any:
        """What a part says: a text, arguments, an answer of parts, or a call around its name and arguments."""
        if kinds[0] == "tool_call" and isinstance(item, dict) and "arguments" in item:
            call = cast(Json, item)
            return {**call, "arguments": self.piece(call["arguments"], kinds, role)}
        if kinds[0] == "tool_result" and isinstance(item, list):
            answer = cast(list[Any], item)
            if any(isinstance(each, dict) and "type" in each for each in answer):
                return [self._part(each, role, kinds) for each in answer]
        return self.piece(item, kinds, role)

    def _media_part(self, part: Json, kinds: Kinds, role: str | None) -> Any:
        """Media: the whole part is the piece, a reference takes the place of its bytes."""
        rule = self._rule(role, kinds, lambda: _media_size(part))
        if rule is None:
            return part
        text_key = "content" if part.get("type") in ("blob", "uri") else "text"
        if rule.action == "mask":
            masked = self._masked(part)
            if isinstance(masked, dict):
                return cast(Json, masked)
            self._withhold(part)
            return {"type": "text", text_key: masked if isinstance(masked, str) else dumps_text(masked)}
        if rule.action == "drop":
            self._withhold(part)
            return {"type": "text", text_key: DROPPED}
        if rule.action == "hash":
            self._withhold(part)
        return referring(part, self._stored if rule.action == "offload" else lambda found: found.reference)

    def _withhold(self, part: Any) -> None:
        """Whatever media `part` names, now or after it was taken out, is not to be uploaded for this piece."""
        referring(part, lambda found: self.withheld.add(found.sha256) or found.reference)
        text = dumps_text(part)
        start = text.find(REFERENCE_PREFIX)
        while start >= 0:
            self.withheld.add(text[start + len(REFERENCE_PREFIX) : start + _HASH_LENGTH])
            start = text.find(REFERENCE_PREFIX, start + 1)


def _kind(part: Json) -> Kind | None:
    """What a part is; None for a text."""
    mime = part.get("mime_type")
    family = part.get("modality") or (mime.partition("/")[0] if isinstance(mime, str) else None)
    type_ = str(part.get("type"))
    if type_ in ("blob", "uri", "file") or "uri" in part:
        return _MODALITIES.get(str(family), "file")
    return _PART_KINDS.get(type_)


def _is_message(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    fields = cast(Json, value)
    has_role = isinstance(fields.get("role"), str) or str(fields.get("type")) in _ROLES_BY_TYPE
    return has_role and ("content" in fields or "parts" in fields or "tool_calls" in fields)


def _is_messages(value: Any) -> bool:
    if not isinstance(value, list):
        return False
    items = cast(list[Any], value)
    return bool(items) and all(_is_message(item) for item in items)


def _holds_messages(value: Any) -> bool:
    """Whether a message is anywhere inside."""
    pending: list[Any] = [value]
    while pending:
        item = pending.pop()
        if _is_message(item):
            return True
        if isinstance(item, dict):
            pending.extend(cast(Json, item).values())
        elif isinstance(item, list):
            pending.extend(cast(list[Any], item))
    return False


def _size(value: Any) -> int:
    return len(value.encode("utf-8", "replace")) if isinstance(value, str) else len(dumps(value))


def _media_size(part: Json) -> int:
    """Bytes of the media, as far as the part tells."""
    known = part.get("byte_size")
    if isinstance(known, int):
        return known
    return decoded_size(max(_texts(part), key=len, default=""))


def _texts(value: Any) -> list[str]:
    found: list[str] = []
    pending: list[Any] = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, dict):
            pending.extend(cast(Json, item).values())
        elif isinstance(item, list):
            pending.extend(cast(list[Any], item))
    return found


def _is_hash(value: Any) -> bool:
    """Whether a rule has been here before: content that is on the span may come by twice."""
    return isinstance(value, str) and len(value) == _HASH_LENGTH and value.startswith(REFERENCE_PREFIX)


def _hash(value: Any) -> str:
    if isinstance(value, str):
        if is_data_url(value):
            return REFERENCE_PREFIX + fingerprint(value.partition(",")[2])[0]
        return REFERENCE_PREFIX + hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()
    return REFERENCE_PREFIX + hashlib.sha256(dumps(value)).hexdigest()
