"""Prompts: what is asked of the server, what is remembered, and how messages are made."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from literalai_otel.api import Prompt, PromptLineage, PromptMessage
from literalai_otel.api.prompts import PromptCache
from literalai_otel.api.prompts.cache import question
from literalai_otel.errors import APIStatusError, GraphQLError, NotFoundError, TemplateError, TransportError
from literalai_otel.genai.call_options import CallOptions, read_options

from .conftest import Caller, answering

HERE = Path(__file__).parent
RAG = """Answer from the context.
{{#chunks}}
{{.}}
{{/chunks}}
Query: {{query}}"""
VERSION: dict[str, Any] = {
    "id": "p1",
    "lineage": {"id": "l1", "name": "RAG prompt"},
    "version": 0,
    "label": "live",
    "status": "draft",
    "tags": ["a"],
    "url": "http://literal.test/projects/x/playground?name=RAG%20prompt&version=0",
    "templateMessages": [
        {"role": "system", "content": "Be {{tone}}.", "uuid": "u0"},
        {"role": "user", "content": RAG, "uuid": "u1"},
    ],
    "tools": [{"type": "function"}],
    "settings": {"provider": "openai", "model": "m", "temperature": 0},
    "variables": [{"name": "query", "language": "plaintext"}],
    "variablesDefaultValues": {"tone": "brief", "chunks": ["0", "1"]},
}


def prompt(content: Any, **defaults: Any) -> Prompt:
    data = {"id": "p", "templateMessages": [{"role": "user", "content": content, "uuid": "u"}]}
    return Prompt.from_dict(None, data | {"variablesDefaultValues": defaults})


def rendered(content: Any, **variables: Any) -> Any:
    return prompt(content).format_messages(**variables)[0]["content"]


@pytest.mark.feature("L-PRM-13", "L-CLI-21")
def test_a_version_is_read_whole_and_prints_as_json() -> None:
    found = Prompt.from_dict(None, VERSION)
    assert (found.name, found.version, found.provider, found.settings) == (
        "RAG prompt",
        0,
        "openai",
        {"model": "m", "temperature": 0},
    )
    assert (found.label, found.status, found.tags, found.url) == ("live", "draft", ["a"], VERSION["url"])
    assert json.loads(repr(found))["templateMessages"] == VERSION["templateMessages"]
    assert Prompt.from_dict(None, found.to_dict()) == found
    assert VERSION["settings"]["provider"] == "openai"


@pytest.mark.feature("L-PRM-09")
def test_messages_take_defaults_and_what_is_given() -> None:
    found = Prompt.from_dict(None, VERSION)
    first = found.format_messages(query="Why?", chunks=["Literal AI is an LLM Ops platform"])
    assert first == [
        {"role": "system", "content": "Be brief."},
        {
            "role": "user",
            "content": "Answer from the context.\nLiteral AI is an LLM Ops platform\nQuery: Why?",
        },
    ]
    assert [message["content"] for message in found.format_messages(tone="kind")] == [
        "Be kind.",
        "Answer from the context.\n0\n1\nQuery: ",
    ]
    assert found.template_messages == VERSION["templateMessages"]


@pytest.mark.parametrize(
    ("template", "variables", "expected"),
    [
        ("{{v}} {{{v}}} {{&v}}", {"v": "a<b & \"c\" 'd'"}, "a<b & \"c\" 'd' " * 2 + "a<b & \"c\" 'd'"),
        ("{{#l}}{{.}},{{/l}}", {"l": [0, 1.5, "", None, False]}, "0,1.5,,,False,"),
        ("{{#b}}yes{{/b}}{{^b}}no{{/b}}", {"b": True}, "yes"),
        ("{{#b}}yes{{/b}}{{^b}}no{{/b}}", {"b": False}, "no"),
        ("{{#b}}yes{{/b}}{{^b}}no{{/b}}", {"b": []}, "no"),
        ("{{#b}}yes{{/b}}{{^b}}no{{/b}}", {}, "no"),
        ("{{#rows}}{{name}}={{n}}{{unit}};{{/rows}}", {"rows": [{"name": "a", "n": 0}], "unit": "s"}, "a=0s;"),
        ("{{#a}}{{#b}}{{.}}{{/b}}{{/a}}", {"a": {"b": [1, 2]}}, "12"),
        ("{{user.name}}|{{user.age}}|{{no.body}}", {"user": {"name": "Ada", "age": None}}, "Ada||"),
        ("{{n}}{{f}}", {"n": 0, "f": 0.5}, "00.5"),
        ("{{none}}|{{absent}}", {"none": None}, "|"),
        ("{{! note }}{{=<% %>=}}<% v %>{{v}}", {"v": 1}, "1{{v}}"),
        ("{{> /etc/passwd}}|{{> secrets}}", {}, "|"),
        ('{"json": {"a": 1}} {x} %s $v', {"x": 1}, '{"json": {"a": 1}} {x} %s $v'),
        ("{{v}}", {"v": "{{w}}", "w": "twice"}, "{{w}}"),
        ("é {{v}}", {"v": "日本\n"}, "é 日本\n"),
        ("{{self}}", {"self": "me"}, "me"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
@pytest.mark.feature("L-PRM-10")
def test_mustache_without_escaping(template: str, variables: dict[str, Any], expected: str) -> None:
    assert rendered(template, **variables) == expected


@pytest.mark.parametrize("template", ["{{#a}}open", "{{#a}}{{#b}}x{{/b}}", "{{#a}}x{{/b}}", "x{{/a}}"])
def test_a_section_without_its_other_end_is_an_error(template: str) -> None:
    with pytest.raises(TemplateError, match="do not match"):
        rendered(template, a=1)


def test_values_are_data_for_a_template_never_code() -> None:
    class Account:
        secret = "s3cret"

        def delete(self) -> str:
            raise AssertionError("called")

        def __str__(self) -> str:
            return "an account"

    assert rendered("{{a}}|{{a.secret}}|{{a.delete}}|{{f}}", a=Account(), f=[].clear).startswith("an account|||")


@pytest.mark.feature("L-PRM-09")
def test_parts_of_a_content_are_templates_and_nothing_is_changed_in_place() -> None:
    image = {"type": "image_url", "image_url": {"url": "{{v}}"}}
    found = prompt([{"type": "text", "text": "Hi {{v}}"}, image, "bare {{v}}"])
    first, second = (found.format_messages(v=name)[0] for name in ("Ada", "Bob"))
    assert first["content"] == [{"type": "text", "text": "Hi Ada"}, image, "bare {{v}}"]
    assert second["content"][0]["text"] == "Hi Bob"
    first["content"][1]["image_url"]["url"] = "changed"
    assert found.template_messages[0]["content"][1] == image
    assert prompt(None).format_messages()[0]["content"] is None


@pytest.mark.feature("L-PRM-15")
def test_messages_carry_their_prompt_where_the_instrumentors_look() -> None:
    messages = Prompt.from_dict(None, VERSION).format_messages(query="Why?")
    assert all(isinstance(message, PromptMessage) and "uuid" not in message for message in messages)
    variables = {"tone": "brief", "chunks": ["0", "1"], "query": "Why?"}
    assert read_options(None, [*messages, {"role": "user", "content": "more"}]) == CallOptions(
        prompt_id="p1", prompt_variables=variables, message_uuids={0: "u0", 1: "u1"}
    )
    assert json.loads(json.dumps(messages)) == messages


@pytest.mark.feature("L-PRM-11")
def test_format_still_works_and_says_what_to_use() -> None:
    with pytest.warns(DeprecationWarning, match="format_messages") as caught:
        messages = prompt("{{a}}").format({"a": 1})
    assert messages == [{"role": "user", "content": "1"}]
    assert Path(caught[0].filename) == Path(__file__)
    with pytest.warns(DeprecationWarning, match="format_messages"):
        assert prompt("{{a}}").format() == [{"role": "user", "content": ""}]


# What is asked of the server


def served(request: httpx.Request) -> httpx.Response:
    body = json.loads(request.content)
    query, variables = body["query"], body["variables"]
    if "promptVersion(" in query:
        known = variables.get("id") == "p1" or variables.get("name") == "RAG prompt"
        found = VERSION | {"version": variables.get("version", 3)} if known else None
        return httpx.Response(200, json={"data": {"promptVersion": found}})
    if "createPromptLineage(" in query:
        lineage = {"id": "l1", "name": variables["name"], "description": variables.get("description")}
        deleted = "x" if variables["name"] == "deleted" else None
        return httpx.Response(200, json={"data": {"createPromptLineage": lineage | {"deletedAt": deleted}}})
    if "createPromptVersion(" in query:
        made = {"id": "p2", "version": 1} | {k: v for k, v in variables.items() if k != "lineageId"}
        return httpx.Response(200, json={"data": {"createPromptVersion": made}})
    if "createPromptExperiment(" in query:
        return httpx.Response(200, json={"data": {"createPromptExperiment": {"id": "v1"}}})
    if "promptLineage(" in query:
        return httpx.Response(
            200, json={"data": {"promptLineage": {"id": "l1"} if variables["name"] != "new" else None}}
        )
    if "promptLineageRollout(" in query:
        nodes = [{"node": {"version": 0, "rollout": 0.5}}, None, {"node": {"version": 1, "rollout": 0.5}}]
        edges = nodes if variables["lineageName"] != "nobody" else []
        return httpx.Response(200, json={"data": {"promptLineageRollout": {"edges": edges}}})
    return httpx.Response(200, json={"data": {"updatePromptLineageRollout": {"ok": True}}})


def sent(caller: Caller) -> list[dict[str, Any]]:
    return [json.loads(request.content)["variables"] for request in caller.requests]


@pytest.mark.parametrize(
    ("arguments", "variables"),
    [
        ({"name": "RAG prompt"}, {"name": "RAG prompt"}),
        ({"name": "RAG prompt", "version": 0}, {"name": "RAG prompt", "version": 0}),
        ({"id": "p1"}, {"id": "p1"}),
        ({"id": "p1", "name": "other", "version": 7}, {"id": "p1"}),
    ],
)
@pytest.mark.feature("L-PRM-03", "L-PRM-04")
async def test_a_prompt_is_asked_for_by_id_or_by_name_and_version(
    caller: Caller, arguments: dict[str, Any], variables: dict[str, Any]
) -> None:
    found = await caller.settle(caller.open(handler=served).get_prompt(**arguments))
    assert (found.id, found.name, found.version) == (
        "p1",
        "RAG prompt",
        arguments.get("version", 3) if "id" not in arguments else 3,
    )
    assert sent(caller) == [variables]


@pytest.mark.feature("L-PRM-03")
async def test_a_prompt_needs_a_name_and_one_that_exists(caller: Caller) -> None:
    api = caller.open(handler=served)
    with pytest.raises(ValueError, match="id or name"):
        await caller.settle(api.get_prompt(version=1))
    assert caller.requests == []
    for arguments, message in (
        ({"name": "nobody"}, "no prompt 'nobody'"),
        ({"name": "nobody", "version": 0}, "no prompt 'nobody' with the version 0"),
        ({"id": "p9"}, "no prompt with the id 'p9'"),
    ):
        with pytest.raises(NotFoundError, match=message):
            await caller.settle(api.get_prompt(**arguments))
    assert await caller.settle(api.get_prompt_by_id("p9")) is None
    assert (await caller.settle(api.get_prompt_by_id("p1"))).id == "p1"


class Flaky:
    """A server that is well, until it is not."""

    def __init__(self) -> None:
        self.answer: Callable[[httpx.Request], httpx.Response] = served
        self.timeouts: list[float] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.timeouts.append(request.extensions["timeout"]["read"])
        return self.answer(request)


def refused(request: httpx.Request) -> httpx.Response:
    raise httpx.ConnectError("refused", request=request)


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (refused, TransportError),
        (answering("busy", 503), APIStatusError),
        (answering({"errors": [{"message": "Invalid API key"}]}, 401), APIStatusError),
        (answering({"errors": [{"message": "no"}]}), GraphQLError),
    ],
)
async def test_the_last_known_prompt_stands_in_for_a_server_that_fails(
    caller: Caller, failure: Any, error: type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    server = Flaky()
    api = caller.open(handler=server)
    drawn = await caller.settle(api.get_prompt(name="RAG prompt"))
    first = await caller.settle(api.get_prompt(name="RAG prompt", version=0))
    server.answer = failure
    assert await caller.settle(api.get_prompt(name="RAG prompt")) is drawn
    assert await caller.settle(api.get_prompt(name="RAG prompt", version=0)) is first
    assert await caller.settle(api.get_prompt(name="RAG prompt", version=3)) is drawn
    assert (await caller.settle(api.get_prompt(id="p1"))).id == "p1"
    assert server.timeouts == [10.0, 10.0, 1.0, 1.0, 1.0, 1.0]
    assert caplog.text.count("prompt 'RAG prompt' is the last known one") == 4
    with pytest.raises(error):
        await caller.settle(api.get_prompt(name="RAG prompt", version=1))
    assert server.timeouts[-1] == 10.0
    # The blocking twin of an async client knows the same prompts.
    assert api.to_sync().get_prompt(name="RAG prompt") is drawn


async def test_a_prompt_that_was_deleted_is_not_remembered(caller: Caller) -> None:
    server = Flaky()
    api = caller.open(handler=server)
    await caller.settle(api.get_prompt(name="RAG prompt"))
    server.answer = answering({"data": {"promptVersion": None}})
    with pytest.raises(NotFoundError):
        await caller.settle(api.get_prompt(name="RAG prompt"))
    server.answer = refused
    with pytest.raises(TransportError):
        await caller.settle(api.get_prompt(name="RAG prompt"))


def test_a_cache_is_bounded_and_keeps_what_is_used() -> None:
    cache = PromptCache(size=4)
    for number in range(3):
        cache.put(question(None, f"n{number}", 0), Prompt(id=f"p{number}", name=f"n{number}"))
        cache.get(question("p0", None, None))
    assert cache.get(question("p0", None, None)) is not None
    assert cache.get(question(None, "n0", 0)) is None
    assert cache.get(question(None, "n2", 0)) is not None
    # A name with a number in it is no name with a version.
    assert cache.get(question(None, "n2-0", None)) is None


@pytest.mark.feature("L-PRM-01", "L-PRM-08")
async def test_get_or_create_prompt_sends_what_defines_it(caller: Caller) -> None:
    messages = [{"role": "user", "content": "{{q}}", "uuid": "u"}]
    made = await caller.settle(
        caller.open(handler=served).get_or_create_prompt("n", messages, {"provider": "x", "model": "m"}, [{"a": 1}])
    )
    assert (made.id, made.name, made.version, made.provider, made.settings) == ("p2", "n", 1, "x", {"model": "m"})
    assert sent(caller) == [
        {"name": "n"},
        {
            "lineageId": "l1",
            "templateMessages": messages,
            "settings": {"provider": "x", "model": "m"},
            "tools": [{"a": 1}],
        },
    ]


@pytest.mark.feature("L-PRM-02")
async def test_a_lineage_has_a_description_and_may_be_deleted(caller: Caller, caplog: pytest.LogCaptureFixture) -> None:
    api = caller.open(handler=served)
    lineage = await caller.settle(api.get_or_create_prompt_lineage("n", "d"))
    assert lineage == PromptLineage(id="l1", name="n", description="d")
    assert not caplog.records
    await caller.settle(api.get_or_create_prompt("deleted", []))
    assert "prompt 'deleted' was deleted at x" in caplog.text


@pytest.mark.parametrize(("method", "arguments"), [("create_prompt", ("n", [])), ("create_prompt_lineage", ("n",))])
@pytest.mark.feature("L-PRM-11")
async def test_old_names_still_work_and_say_what_to_use(
    caller: Caller, method: str, arguments: tuple[Any, ...]
) -> None:
    api = caller.open(handler=served)
    with pytest.warns(DeprecationWarning, match=f"get_or_{method}") as caught:
        made = await caller.settle(getattr(api, method)(*arguments))
    assert made.name == "n"
    assert Path(caught[0].filename).parent == HERE


@pytest.mark.parametrize(("name", "lineage"), [("known", {"fromLineageId": "l1"}), ("new", {})])
@pytest.mark.feature("L-EXP-03")
async def test_a_variant_is_no_version(caller: Caller, name: str, lineage: dict[str, str]) -> None:
    api = caller.open(handler=served)
    assert (
        await caller.settle(api.create_prompt_variant(name, [{"role": "user", "content": "x"}], {"model": "m"})) == "v1"
    )
    assert sent(caller)[1] == lineage | {
        "templateMessages": [{"role": "user", "content": "x"}],
        "settings": {"model": "m"},
    }


@pytest.mark.feature("L-PRM-06", "L-PRM-07")
async def test_rollouts_are_read_and_set(caller: Caller) -> None:
    api = caller.open(handler=served)
    halves = [{"version": 0, "rollout": 0.5}, {"version": 1, "rollout": 0.5}]
    assert await caller.settle(api.get_prompt_ab_testing("n")) == halves
    assert await caller.settle(api.get_prompt_ab_testing("nobody")) == []
    assert await caller.settle(api.update_prompt_ab_testing("n", halves)) == halves
    assert sent(caller)[-1] == {"name": "n", "rollouts": halves}
    with pytest.raises(ValueError, match="finite"):
        await caller.settle(api.update_prompt_ab_testing("n", [{"version": 0, "rollout": float("nan")}]))
    assert len(caller.requests) == 3


async def test_a_refused_rollout_is_an_error(caller: Caller) -> None:
    api = caller.open(handler=answering({"data": {"updatePromptLineageRollout": {"ok": False, "message": "negative"}}}))
    with pytest.raises(GraphQLError, match="negative"):
        await caller.settle(api.update_prompt_ab_testing("n", [{"version": 0, "rollout": -1}]))
