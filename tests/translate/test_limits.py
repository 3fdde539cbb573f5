"""1 MB of metadata, 3 MB of input and output each, on the UTF-8 bytes of the final JSON."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from literalai_otel.attributes import TRUNCATED
from literalai_otel.jsonable import dumps, loads
from literalai_otel.model import Attachment, ChatGeneration, CompletionGeneration, Step, Thread
from literalai_otel.translate import trim
from literalai_otel.translate.limits import (
    MAX_CONTENT_BYTES,
    MAX_METADATA_BYTES,
    MAX_NAME_BYTES,
    MAX_TAGS_BYTES,
    shortened,
    trim_thread,
)

OTEL = {"trace_id": "0" * 32, "span_id": "1" * 16, "parent_span_id": "2" * 16, "bridges": ["3" * 16], "scope": "s"}


def size(value: Any) -> int:
    return len(dumps(value))


@pytest.mark.feature("P-ING-03")
@pytest.mark.parametrize("filler", ["x", "é", "😀", "\n", "\x00"], ids=["ascii", "é", "emoji", "newline", "nul"])
@pytest.mark.parametrize("side", ["input", "output"])
def test_content_over_the_limit_is_cut_and_said(filler: str, side: str) -> None:
    value = {"content": filler * (4_000_000 // (size(filler) - 2)), "question": "short"}
    before = size(value)
    step = trim(Step(id="s", metadata={"otel": OTEL, "k": 1}, **{side: value}))
    after = getattr(step, side)
    assert MAX_CONTENT_BYTES - 10_000 < size(after) <= MAX_CONTENT_BYTES
    assert after["question"] == "short"
    assert after["content"].startswith(filler)
    assert after["content"].endswith("… [cut]")
    assert step.metadata == {"otel": OTEL, "k": 1, TRUNCATED: {side: before}}


@pytest.mark.parametrize(
    ("value", "cap"), [("x" * 2_999_900, MAX_CONTENT_BYTES), ({"a": ["é" * 100_000] * 14}, MAX_CONTENT_BYTES)]
)
def test_content_within_the_limit_is_the_same_object(value: Any, cap: int) -> None:
    step = Step(id="s", input={"content": value}, output={"content": value}, metadata={"otel": OTEL})
    assert size(step.input) <= cap
    assert trim(step) is step


def test_metadata_over_the_limit_keeps_the_ids_of_the_span() -> None:
    attributes = {f"key {number}": "v" * 40 for number in range(40_000)}
    step = trim(Step(id="s", metadata={"mine": "m" * 600_000, "otel": {**OTEL, "attributes": attributes}}))
    assert step.metadata is not None
    assert size(step.metadata) <= MAX_METADATA_BYTES
    assert {key: step.metadata["otel"][key] for key in ("trace_id", "span_id", "parent_span_id", "bridges")} == {
        key: OTEL[key] for key in ("trace_id", "span_id", "parent_span_id", "bridges")
    }
    assert set(step.metadata[TRUNCATED]) == {"metadata"}


def test_metadata_just_below_the_limit_has_room_for_the_flag() -> None:
    metadata = {"otel": OTEL, "mine": "m" * (MAX_METADATA_BYTES - 300)}
    assert size(metadata) <= MAX_METADATA_BYTES
    step = trim(Step(id="s", metadata=metadata, input={"content": "x" * 4_000_000}))
    assert step.metadata is not None
    assert size(step.metadata) <= MAX_METADATA_BYTES
    assert TRUNCATED in step.metadata


def test_a_step_without_metadata_gets_some() -> None:
    step = trim(Step(id="s", output={"content": "x" * 4_000_000}))
    assert step.metadata == {TRUNCATED: {"output": size({"content": "x" * 4_000_000})}}


@pytest.mark.parametrize(
    ("generation", "name"),
    [
        (ChatGeneration(messages=[{"role": "user", "content": "x" * 4_000_000}]), "messages"),
        (ChatGeneration(message_completion={"role": "assistant", "content": "x" * 4_000_000}), "message_completion"),
        (CompletionGeneration(prompt="x" * 4_000_000), "prompt"),
        (ChatGeneration(settings={"bias": "x" * 2_000_000}), "settings"),
    ],
)
def test_a_generation_is_cut_like_its_step(generation: Any, name: str) -> None:
    step = trim(Step(id="s", generation=generation, metadata={}))
    assert type(step.generation) is type(generation)
    assert size(getattr(step.generation, name)) <= MAX_CONTENT_BYTES
    assert size(getattr(generation, name)) > 2_000_000, "the original stays as it was"
    assert step.metadata is not None
    assert set(step.metadata[TRUNCATED]) == {f"generation.{name}"}


def test_the_longest_texts_are_cut_and_short_ones_stay() -> None:
    value = {"short": "s" * 100, "long": "l" * 5000, "longer": ["m" * 9000]}
    after = shortened(value, 3000)
    assert after["short"] == "s" * 100
    assert abs(len(after["long"]) - len(after["longer"][0])) <= 1
    assert 2900 < size(after) <= 3000


def test_where_no_text_can_give_enough_whole_entries_go() -> None:
    assert size(shortened({"numbers": list(range(10_000)), "kept": 1}, 1000)) <= 1000
    assert shortened({"numbers": list(range(10_000)), "kept": 1}, 1000) == {"kept": 1}
    assert size(shortened(list(range(10_000)), 1000)) <= 1000


trees = st.recursive(
    st.none() | st.integers() | st.text(max_size=200),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=30), inner, max_size=6),
    max_leaves=40,
)


@given(st.dictionaries(st.text(max_size=10), trees) | st.lists(trees), st.integers(10, 3000))
@settings(max_examples=300, deadline=None)
def test_whatever_the_value_the_result_is_json_within_the_cap(value: Any, cap: int) -> None:
    after = shortened(value, cap)
    assert type(after) is type(value)
    assert size(after) <= cap
    assert loads(dumps(after)) == after


def test_names_tags_errors_and_attachments_are_held_to_what_anybody_reads() -> None:
    huge = "é" * 1_000_000
    generation = ChatGeneration(model=huge, error=huge, tags=[huge, "short"])
    attachments = [Attachment(id="a", name="fine.txt"), Attachment(id="b", name=huge, metadata={"page": huge, "n": 1})]
    step = Step(id="s", name=huge, error=huge, tags=["short", huge], generation=generation, attachments=attachments)
    trimmed = trim(step)
    assert size(trimmed.name) <= MAX_NAME_BYTES and trimmed.name and trimmed.name.endswith("… [cut]")
    assert size(trimmed.tags) <= MAX_TAGS_BYTES and trimmed.tags and trimmed.tags[0] == "short"
    assert size(trimmed.error) <= MAX_METADATA_BYTES
    assert isinstance(trimmed.generation, ChatGeneration) and trimmed.generation.tags
    assert size(trimmed.generation.model) <= MAX_NAME_BYTES and trimmed.generation.tags[1] == "short"
    assert trimmed.attachments and trimmed.attachments[0] == attachments[0]
    assert size(trimmed.attachments[1].metadata) <= MAX_METADATA_BYTES
    assert trimmed.attachments[1].metadata and trimmed.attachments[1].metadata["n"] == 1
    assert trimmed.metadata and set(trimmed.metadata[TRUNCATED]) == {
        *("name", "tags", "error", "generation.model", "generation.error", "generation.tags"),
        *("attachments.1.name", "attachments.1.metadata"),
    }
    assert size(step.name) > 1_000_000, "the step of the caller stays as it was"


def test_a_thread_is_held_to_the_same() -> None:
    small = Thread(id="t", name="n", tags=["a"], metadata={"k": 1})
    assert trim_thread(small) is small
    trimmed = trim_thread(Thread(id="t", name="x" * 50_000, metadata={"k": 1, "big": "x" * 2_000_000}))
    assert size(trimmed.name) <= MAX_NAME_BYTES
    assert size(trimmed.metadata) <= MAX_METADATA_BYTES
    assert trimmed.metadata and trimmed.metadata["k"] == 1
    assert set(trimmed.metadata[TRUNCATED]) == {"name", "metadata"}
