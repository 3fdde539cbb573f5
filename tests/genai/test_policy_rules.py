"""Content rules: their grammar, and what they make of messages of either shape."""

import base64
import hashlib
from typing import Any

import pytest
from hypothesis import given, settings, strategies

from literalai_otel.config import Config
from literalai_otel.content_rules import ACTIONS, KINDS, ROLES, Rule, as_text, content_rules
from literalai_otel.errors import ConfigError
from literalai_otel.genai.content import ContentPolicy
from literalai_otel.genai.policy_rules import DROPPED, Governor
from literalai_otel.jsonable import dumps_text

PIXEL = base64.b64encode(b"pixel" * 100).decode()
URL = f"data:image/png;base64,{PIXEL}"
HASH_OF_PIXEL = "sha256:" + hashlib.sha256(b"pixel" * 100).hexdigest()


def hashed(text: str) -> str:
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def governed(value: Any, rules: str, side: Any = "input", **options: Any) -> Any:
    return Governor(content_rules(rules), lambda piece: f"<{piece}>", **options).content(value, side)


# --- grammar -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("", ()),
        (
            "role:system=hash; image>64KiB=offload; tool_result=drop",
            (
                Rule("hash", role="system"),
                Rule("offload", kind="image", above=65_536),
                Rule("drop", kind="tool_result"),
            ),
        ),
        (" * > 1.5 MiB = DROP ;", (Rule("drop", above=1_572_864),)),
        ("*=keep", (Rule("keep"),)),
        (">100=hash", (Rule("hash", above=100),)),
        ("role:developer text=mask", (Rule("mask", role="system", kind="text"),)),
        ("role:user>10b=drop", (Rule("drop", role="user", above=10),)),
    ],
)
def test_rules_are_read(text: str, rules: Any) -> None:
    assert content_rules(text) == rules
    assert Config.load({"LITERAL_CONTENT_POLICY": text}).content_policy == rules


@given(
    strategies.lists(
        strategies.builds(
            Rule,
            strategies.sampled_from(ACTIONS),
            role=strategies.sampled_from((None, *ROLES)),
            kind=strategies.sampled_from((None, *KINDS)),
            above=strategies.integers(0, 10**9),
        )
    )
)
def test_rules_are_written_as_they_are_read(rules: list[Rule]) -> None:
    assert content_rules(as_text(rules) or "") == tuple(rules)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("role:user=hash; role:sytem=hash", "'role:sytem=hash': role 'sytem' must be one of system, user"),
        ("picture=drop", "'picture=drop': kind 'picture' must be one of text"),
        ("image=remove", "'image=remove': action 'remove' must be one of keep"),
        ("image>5GB=drop", "'image>5GB=drop' with the unknown unit 'gb'; a size is in B, KiB or MiB"),
        ("image", "'image' that is not `[role:ROLE] [KIND] [>SIZE] = ACTION`"),
        ("=drop", "'=drop' without a role, kind or size; `*` means everything"),
    ],
)
def test_a_rule_that_cannot_be_is_named(text: str, says: str) -> None:
    with pytest.raises(ConfigError) as refused:
        Config.load({"LITERAL_CONTENT_POLICY": text})
    assert says in str(refused.value)
    assert "LITERAL_CONTENT_POLICY" in str(refused.value)


def test_a_rule_in_code_is_checked_too() -> None:
    with pytest.raises(ValueError, match="action 'remove' must be one of"):
        Rule("remove")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="0 or more bytes"):
        Rule("drop", above=-1)


def test_a_mask_rule_needs_a_mask() -> None:
    config = Config(content_policy=content_rules("role:user=mask"))
    with pytest.raises(ConfigError, match="`role:user=mask`, but there is no mask"):
        ContentPolicy.from_config(config)
    assert ContentPolicy.from_config(config, lambda value, key, span: value).masks_pieces


# --- messages ------------------------------------------------------------------------------------

WITH_PARTS = [
    {"role": "system", "parts": [{"type": "text", "content": "be kind"}]},
    {
        "role": "user",
        "name": "ann",
        "parts": [
            {"type": "text", "content": "look"},
            {"type": "uri", "modality": "image", "uri": "sha256:ab", "byte_size": 70_000},
        ],
    },
    {
        "role": "assistant",
        "parts": [
            {"type": "reasoning", "content": "hm"},
            {"type": "tool_call", "id": "1", "name": "see", "arguments": {"at": "it"}},
        ],
        "finish_reason": "tool_calls",
    },
    {"role": "tool", "parts": [{"type": "tool_call_response", "id": "1", "response": "a cat"}]},
]
LIKE_OPENAI = [
    {"role": "developer", "content": "be kind"},
    {
        "role": "user",
        "name": "ann",
        "content": [{"type": "text", "text": "look"}, {"type": "image_url", "image_url": {"url": URL}}],
    },
    {
        "role": "assistant",
        "content": None,
        "reasoning_content": "hm",
        "tool_calls": [{"id": "1", "type": "function", "function": {"name": "see", "arguments": '{"at": "it"}'}}],
    },
    {"role": "tool", "tool_call_id": "1", "content": "a cat"},
]


def changed(before: Any, after: Any, path: str = "") -> dict[str, Any]:
    """What differs, by its path."""
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        pairs: Any = enumerate(zip(before, after, strict=True))
    elif isinstance(before, dict) and isinstance(after, dict) and before.keys() == after.keys():
        pairs = ((key, (before[key], after[key])) for key in before)
    else:
        return {} if before == after else {path.lstrip("."): after}
    return {place: value for key, (one, two) in pairs for place, value in changed(one, two, f"{path}.{key}").items()}


@pytest.mark.parametrize(
    ("rule", "of_parts", "of_openai"),
    [
        ("*=keep", {}, {}),
        ("role:system=hash", {"0.parts.0.content": hashed("be kind")}, {"0.content": hashed("be kind")}),
        ("role:user text=mask", {"1.parts.0.content": "<look>"}, {"1.content.0.text": "<look>"}),
        ("role:user text>4=drop", {}, {}),
        ("role:user text>3=drop", {"1.parts.0.content": DROPPED}, {"1.content.0.text": DROPPED}),
        (
            "image=drop",
            {"1.parts.1": {"type": "text", "content": DROPPED}},
            {"1.content.1": {"type": "text", "text": DROPPED}},
        ),
        ("image>64KiB=drop", {"1.parts.1": {"type": "text", "content": DROPPED}}, {}),
        ("image=hash", {}, {"1.content.1.image_url.url": HASH_OF_PIXEL}),
        ("reasoning=drop", {"2.parts.0.content": DROPPED}, {"2.reasoning_content": DROPPED}),
        ("tool_call=drop", {"2.parts.1.arguments": DROPPED}, {"2.tool_calls.0.function.arguments": DROPPED}),
        ("tool_result=drop", {"3.parts.0.response": DROPPED}, {"3.content": DROPPED}),
        ("role:tool=drop", {"3.parts.0.response": DROPPED}, {"3.content": DROPPED}),
        ("output=drop", {}, {}),
        ("role:user image=keep; role:user=drop", {"1.parts.0.content": DROPPED}, {"1.content.0.text": DROPPED}),
    ],
)
def test_what_a_rule_changes(rule: str, of_parts: dict[str, Any], of_openai: dict[str, Any]) -> None:
    assert changed(WITH_PARTS, governed(WITH_PARTS, rule)) == of_parts
    assert changed(LIKE_OPENAI, governed(LIKE_OPENAI, rule)) == of_openai


def test_everything_that_is_said_can_be_dropped() -> None:
    for messages in (WITH_PARTS, LIKE_OPENAI):
        left = dumps_text(governed(messages, "*=drop"))
        assert not [text for text in ("kind", "look", "hm", '"it"', "cat", PIXEL) if text in left]
        assert all(name in left for name in ("ann", "see"))


def test_messages_are_found_inside_of_any_input() -> None:
    state = {"question": "why?", "history": {"messages": LIKE_OPENAI[:1]}, "more": [{"type": "human", "content": "x"}]}
    left = governed(state, "role:system=drop; role:user=drop")
    assert left == {
        "question": "why?",
        "history": {"messages": [{"role": "developer", "content": DROPPED}]},
        "more": [{"type": "human", "content": DROPPED}],
    }
    assert governed({"question": "why?"}, "input=drop") == {"content": DROPPED}
    assert governed({"content": "why?"}, "input=hash") == {"content": hashed("why?")}


def test_offloaded_pieces_leave_a_reference() -> None:
    governor = Governor(content_rules("*=offload"), lambda piece: piece)
    left = governor.content(LIKE_OPENAI, "input")
    assert left[0]["content"] == hashed("be kind")
    assert left[1]["content"][1]["image_url"]["url"] == HASH_OF_PIXEL
    media = governor.media[hashlib.sha256(b"be kind").hexdigest()]
    assert (media.mime, base64.b64decode(media.content), media.size) == ("text/plain", b"be kind", 7)
    assert governor.media[HASH_OF_PIXEL[7:]].mime == "image/png"
    nowhere = Governor(content_rules("*=offload"), lambda piece: piece, offload=False)
    assert nowhere.content(LIKE_OPENAI, "input") == left
    assert nowhere.media == {}


def test_hashed_and_dropped_media_is_withheld() -> None:
    for rule in ("image=hash", "image=drop"):
        governor = Governor(content_rules(rule), lambda piece: piece)
        governor.content(LIKE_OPENAI, "input")
        governor.content(
            [{"role": "user", "parts": [{"type": "uri", "modality": "image", "uri": "sha256:" + "a" * 64}]}], "input"
        )
        assert governor.withheld == {HASH_OF_PIXEL[7:], "a" * 64}


def test_a_failing_mask_drops_the_piece_and_all_that_follow() -> None:
    asked: list[Any] = []

    def fail(piece: Any) -> Any:
        asked.append(piece)
        raise KeyError("no")

    governor = Governor(content_rules("text=mask"), fail)
    left = governor.content([{"role": "user", "content": "a"}, {"role": "user", "content": "b"}], "input")
    assert [message["content"] for message in left] == [DROPPED, DROPPED]
    assert (asked, governor.problem) == (["a"], "KeyError: 'no'")


def test_rules_that_come_by_twice_change_nothing_more() -> None:
    rules = "role:system=hash; image=offload; role:tool=drop; tool_call=hash"
    once = governed(LIKE_OPENAI, rules)
    assert governed(once, rules) == once


JSON = strategies.recursive(
    strategies.none()
    | strategies.booleans()
    | strategies.integers()
    | strategies.text(max_size=8)
    | strategies.just(URL),
    lambda inner: (
        strategies.lists(inner, max_size=3)
        | strategies.dictionaries(
            strategies.sampled_from(
                ["role", "type", "content", "parts", "tool_calls", "uri", "data", "mime_type", "x"]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(JSON, strategies.sampled_from(["*=drop", "*=hash", "*=offload", "image=mask; *>3=hash", "role:user=drop"]))
def test_any_shape_is_tolerated_and_left_as_it_was(value: Any, rules: str) -> None:
    before = dumps_text(value)
    governed(value, rules)
    assert dumps_text(value) == before
