"""The names of LangChain and LangGraph that the instrumentor leans on without their being promised."""

import importlib
import inspect
from typing import Any

import pytest

from literalai_otel_langchain.seeding import PATCHES

NEWER = {"BaseChatModel._iter_v2_events", "BaseChatModel._aiter_v2_events"}
"""Not in every release that is supported."""


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: f"{patch.module}.{patch.target}")
def test_patched_names_exist(patch: Any) -> None:
    owner: Any = importlib.import_module(patch.module)
    *path, name = patch.target.split(".")
    for part in path:
        owner = getattr(owner, part)
    if patch.target in NEWER and name not in vars(owner):
        pytest.skip("this release has no streams of events in version 3")
    assert callable(vars(owner)[name])


def test_what_the_patches_expect() -> None:
    config = importlib.import_module("langchain_core.runnables.config")
    assert "copy_context" in inspect.getsource(config.set_config_context), "what is attached inside must die with it"
    assert next(iter(inspect.signature(config._set_config_context).parameters)) == "config"
    graph = importlib.import_module("langgraph._internal._runnable")
    assert "copy_context" in inspect.getsource(graph.set_config_context)
    chat = importlib.import_module("langchain_core.language_models.chat_models").BaseChatModel
    text = importlib.import_module("langchain_core.language_models.llms").BaseLLM
    for method in (chat._generate_with_cache, chat._agenerate_with_cache):
        assert list(inspect.signature(method).parameters)[1:4] == ["messages", "stop", "run_manager"]
    for method in (text._generate_helper, text._agenerate_helper):
        assert list(inspect.signature(method).parameters)[1:4] == ["prompts", "stop", "run_managers"]
    hooks = importlib.import_module("langchain_core.tracers.context")
    assert isinstance(hooks._configure_hooks, list)
    errors = importlib.import_module("langgraph.errors")
    assert issubclass(errors.GraphInterrupt, errors.GraphBubbleUp)
    assert issubclass(errors.ParentCommand, errors.GraphBubbleUp)
