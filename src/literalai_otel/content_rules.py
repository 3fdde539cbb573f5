"""Rules for content: what becomes of a piece of a message, by who said it, what it is and how large it is.

A rule is a value, and a line of text in `LITERAL_CONTENT_POLICY`; rules are separated by `;`, the first that matches
a piece decides, and what none matches is kept:

    role:system=hash; image>64KiB=offload; tool_result=drop

The grammar: `[role:ROLE] [KIND or *] [>SIZE] = ACTION`. A size is a number with `B`, `KiB` or `MiB` (1024), and
`B` may be left out. Where rules are applied: `genai.policy_rules`.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, cast, get_args

Role = Literal["system", "user", "assistant", "tool"]
Kind = Literal[
    "text",
    "reasoning",
    "image",
    "audio",
    "video",
    "file",
    "tool_call",
    "tool_result",
    "tool_definition",
    "variable",
    "input",
    "output",
    "error",
    "attribute",
]
Action = Literal["keep", "mask", "hash", "drop", "offload"]

ROLES: Final[tuple[Role, ...]] = get_args(Role)
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
ACTIONS: Final[tuple[Action, ...]] = get_args(Action)

_ROLE_SYNONYMS: Final = {"developer": "system", "function": "tool"}
_UNITS: Final = {"": 1, "b": 1, "kib": 1024, "mib": 1024**2}
_RULE: Final = re.compile(
    r"(?:role:(?P<role>\w+))?\s*(?P<kind>\w+|\*)?\s*(?:>\s*(?P<size>\d+(?:\.\d+)?)\s*(?P<unit>[a-z]*))?"
    r"\s*=\s*(?P<action>\w+)"
)


@dataclass(frozen=True, slots=True)
class Rule:
    """What matches all of `role`, `kind` and `above` gets `action`; None matches anything.

    Args:
        action: `keep`; `mask`: what the mask function gives; `hash`: `sha256:` and the hash, so that equal stays
            equal; `drop`: a mark in its place; `offload`: an attachment of the step, and its hash in its place.
        role: Of the message: `system`, `user`, `assistant` or `tool`.
        kind: What it is (`KINDS`). Parts of a message are also `input` or `output`, as the side that they stand on.
        above: Bytes: only larger pieces match. Of texts in UTF-8, of media decoded, of anything else as JSON.

    Raises:
        ValueError: One of them is none of these.
    """

    action: Action
    role: Role | None = None
    kind: Kind | None = None
    above: int = 0

    def __post_init__(self) -> None:
        _one_of("action", self.action, ACTIONS)
        _one_of("role", self.role, (None, *ROLES))
        _one_of("kind", self.kind, (None, *KINDS))
        if self.above < 0:
            raise ValueError("a size is 0 or more bytes")

    def __str__(self) -> str:
        """The rule in the grammar of the setting."""
        role = "" if self.role is None else f"role:{self.role} "
        kind = "*" if self.kind is None and self.role is None else self.kind or ""
        size = f">{self.above}" if self.above else ""
        return f"{role}{kind}{size}".strip() + f"={self.action}"

    def matches(self, role: str | None, kinds: Sequence[str], size: int) -> bool:
        """Whether this rule is for a piece of `size` bytes that is all of `kinds`."""
        return (
            (self.role is None or self.role == role)
            and (self.kind is None or self.kind in kinds)
            and (not self.above or size > self.above)
        )


ContentRules = tuple[Rule, ...]


def content_rules(text: str) -> ContentRules:
    """The rules that `text` spells. Raises ValueError naming the rule that it cannot be."""
    return tuple(_rule(line.strip()) for line in text.split(";") if line.strip())


def as_text(rules: str | Sequence[Rule] | None) -> str | None:
    """Rules as the setting takes them; None and texts as they are."""
    return rules if rules is None or isinstance(rules, str) else "; ".join(map(str, rules))


def role_of(name: object) -> str | None:
    """The role that rules know for what a message calls itself; None for no role at all."""
    return _ROLE_SYNONYMS.get(name, name) if isinstance(name, str) else None


def _rule(line: str) -> Rule:
    found = _RULE.fullmatch(line.lower())
    if found is None:
        raise ValueError(f"has a rule {line!r} that is not `[role:ROLE] [KIND] [>SIZE] = ACTION`")
    role, kind, size, unit = found["role"], found["kind"], found["size"], found["unit"]
    if role is None and kind is None and size is None:
        raise ValueError(f"has a rule {line!r} without a role, kind or size; `*` means everything")
    if unit is not None and unit not in _UNITS:
        raise ValueError(f"has a rule {line!r} with the unknown unit {unit!r}; a size is in B, KiB or MiB")
    above = 0 if size is None else int(float(size) * _UNITS[unit or ""])
    try:
        return Rule(
            cast(Action, found["action"]),
            role=cast(Role | None, _ROLE_SYNONYMS.get(role, role) if role else None),
            kind=None if kind in (None, "*") else cast(Kind, kind),
            above=above,
        )
    except ValueError as problem:
        raise ValueError(f"has a rule {line!r}: {problem}") from None


def _one_of(what: str, value: str | None, known: Sequence[str | None]) -> None:
    if value not in known:
        choices = ", ".join(name for name in known if name is not None)
        raise ValueError(f"{what} {value!r} must be one of {choices}")
