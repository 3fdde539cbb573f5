"""`literalai_*` keywords and the prompt behind the messages."""

import asyncio
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from literalai_otel.attributes import (
    GENERATION_METADATA,
    GENERATION_TAGS,
    PROMPT_ID,
    PROMPT_VARIABLES,
    STEP_ID,
)
from literalai_otel.genai import CallOptions, PatchSet, current_call_options, takes_call_options
from literalai_otel.genai.call_options import NO_OPTIONS


class PromptMessage(dict[str, Any]):
    """A message as `format_messages` makes it (`spec/literal-wire.md` §5.4)."""

    def __init__(self, uuid: str | None) -> None:
        super().__init__(role="user", content="x")
        self.__literal_prompt__ = {"uuid": uuid, "prompt_id": "p", "variables": {"a": 1}}


class Api:
    def create(self, **kwargs: Any) -> Any:
        return kwargs, current_call_options()

    def shell(self, **kwargs: Any) -> Any:
        """As the SDK's async methods are: a plain function that gives a coroutine."""

        async def later() -> Any:
            await asyncio.sleep(0)
            return kwargs, current_call_options()

        return later()

    async def parse(self, **kwargs: Any) -> Any:
        await asyncio.sleep(0)
        return kwargs, current_call_options()


@pytest.fixture(params=["create", "shell", "parse"])
def call(request: pytest.FixtureRequest) -> Any:
    patches = PatchSet(())
    patches.enabled = True
    method = takes_call_options(Api.__dict__[request.param], patches)

    def run(**kwargs: Any) -> tuple[dict[str, Any], CallOptions]:
        result = method(Api(), **kwargs)

        async def wait() -> Any:
            return await result

        seen = result if request.param == "create" else asyncio.run(wait())
        assert current_call_options() is NO_OPTIONS
        return seen

    run.patches = patches  # type: ignore[attr-defined] - for the test that turns them off
    return run


def test_keywords_are_taken_off(call: Any) -> None:
    kwargs, options = call(
        model="m", literalai_tags=["a", 1], literalai_metadata={"k": 1}, literalai_step_id="s", literalai_new=1
    )
    assert kwargs == {"model": "m"}
    assert options == CallOptions(tags=["a", "1"], metadata={"k": 1}, step_id="s")


def test_nothing_given_is_nothing(call: Any) -> None:
    kwargs, options = call(model="m", messages=[{"role": "user", "content": "x"}])
    assert kwargs == {"model": "m", "messages": [{"role": "user", "content": "x"}]}
    assert options is NO_OPTIONS


def test_the_prompt_behind_the_messages(call: Any) -> None:
    messages = [PromptMessage("u0"), {"role": "user"}, PromptMessage(None)]
    kwargs, options = call(messages=messages)
    assert kwargs["messages"] is messages
    assert options == CallOptions(prompt_id="p", prompt_variables={"a": 1}, message_uuids={0: "u0", 2: None})


def test_iterators_are_not_looked_into(call: Any) -> None:
    def messages() -> Iterator[Any]:
        yield PromptMessage("u0")

    kwargs, options = call(messages=(given := messages()))
    assert kwargs["messages"] is given
    assert options is NO_OPTIONS
    assert len(list(given)) == 1


@pytest.mark.parametrize("odd", [5, "text", object(), {"a": 1}, None])
def test_odd_values_say_nothing(call: Any, odd: Any) -> None:
    kwargs, options = call(literalai_tags=odd)
    assert kwargs == {}
    assert options.tags is None


def test_a_hostile_value_is_taken_off_all_the_same(call: Any) -> None:
    class Hostile:
        def __str__(self) -> str:
            raise RuntimeError("no")

    kwargs, options = call(model="m", literalai_tags=[Hostile()])
    assert kwargs == {"model": "m"}
    assert options is NO_OPTIONS


def test_turned_off_nothing_is_taken(call: Any) -> None:
    call.patches.enabled = False
    kwargs, options = call(literalai_tags=["a"])
    assert kwargs == {"literalai_tags": ["a"]}
    assert options is NO_OPTIONS


def test_they_land_on_the_generation(sdk: SimpleNamespace) -> None:
    invocation = sdk.inference()
    variables = {"a": [1]}
    CallOptions(tags=["t"], metadata={"k": 1}, step_id="s", prompt_id="p", prompt_variables=variables).apply(invocation)
    variables["a"].append(2)
    assert {
        name: invocation.attributes[name] for name in (GENERATION_TAGS, GENERATION_METADATA, STEP_ID, PROMPT_ID)
    } == {
        GENERATION_TAGS: ["t"],
        GENERATION_METADATA: '{"k":1}',
        STEP_ID: "s",
        PROMPT_ID: "p",
    }
    assert invocation.content[PROMPT_VARIABLES]() == {"a": [1]}
