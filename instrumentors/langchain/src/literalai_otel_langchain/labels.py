"""What a program says about its runs through LangChain's config: tags, metadata, thread and step ids, prompts.

Config is inherited: metadata and tags given to a chain reach every run inside, beside what LangChain and LangGraph
write there themselves.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, cast

from opentelemetry.context import Context

from literalai_otel.attributes import (
    CONVERSATION_ID,
    GENERATION_METADATA,
    GENERATION_TAGS,
    METADATA,
    STEP_ID,
    STEP_NAME,
    TAGS,
)
from literalai_otel.genai import Invocation
from literalai_otel.genai.credentials import without_credentials
from literalai_otel.genai.keys import LITERAL_KEY, THREAD_KEY
from literalai_otel.jsonable import dumps_text, to_jsonable
from literalai_otel_langchain.runs import Run

THREAD_NAMES: Final = ("thread_id", "session_id", "conversation_id")
"""Keys of run metadata that name the conversation (issue 3; LangGraph, chat histories, LangSmith)."""
STEP_NAMES: Final = ("literalai_step_id", "literalaiStepId")
_NOT_OURS: Final = ("seq:step:", "graph:step:", "map:key:", "langsmith:", "condition:", "branch:")
"""How the tags of the frameworks start."""
_INTERNAL: Final = ("ls_", "lc_", "langgraph_", "checkpoint_", "__")
"""How the metadata of the frameworks starts."""
_GRAPH_FACTS: Final = ("langgraph_node", "langgraph_step", "langgraph_triggers")
"""Where in a graph: the node, when it ran, and what led to it."""
_HANDLED: Final = frozenset({*THREAD_NAMES, *STEP_NAMES})
_NODE_TAG: Final = "graph:step:"


def thread_of(metadata: Mapping[str, Any]) -> str | None:
    """The conversation that `metadata` names."""
    for name in THREAD_NAMES:
        value = metadata.get(name)
        if value is not None and value != "":
            return str(value)
    return None


def agent_of(metadata: Mapping[str, Any]) -> str | None:
    """The agent that a run belongs to; everything inside inherits it."""
    name = metadata.get("lc_agent_name")
    return name if isinstance(name, str) and name else None


def is_node(name: str, tags: Sequence[str], metadata: Mapping[str, Any]) -> bool:
    """Whether a run is a node of a graph: what is inside has the metadata too, but not the tag."""
    return metadata.get("langgraph_node") == name and any(tag.startswith(_NODE_TAG) for tag in tags)


def label(
    invocation: Invocation,
    run_name: str | None,
    tags: Sequence[str],
    metadata: Mapping[str, Any],
    around: Context,
) -> None:
    """Put a run's name, tags and metadata into `invocation`, merged with those of the surroundings."""
    surroundings: Any = around.get(LITERAL_KEY)
    attributes = invocation.attributes
    own = [tag for tag in tags if not tag.startswith(_NOT_OURS)] if tags else tags
    if own:
        attributes[TAGS] = list(dict.fromkeys((*(surroundings.tags if surroundings is not None else ()), *own)))
        if invocation.calls_model:
            attributes[GENERATION_TAGS] = own
    told = _told(tuple(metadata))
    if told:
        said = cast(
            dict[str, Any],
            without_credentials(to_jsonable({key: value for key, value in metadata.items() if key in told})),
        )
        if invocation.calls_model:
            attributes[GENERATION_METADATA] = dumps_text(said)
        attributes[METADATA] = dumps_text({**surroundings.metadata, **said} if surroundings is not None else said)
    if run_name and STEP_NAME not in attributes:
        attributes[STEP_NAME] = run_name


@lru_cache(maxsize=256)
def _told(keys: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the keys of metadata that the program wrote, or that say where in a graph a run is."""
    return tuple(
        key for key in keys if key in _GRAPH_FACTS or (key not in _HANDLED and not str(key).startswith(_INTERNAL))
    )


def choose_step_id(invocation: Invocation, metadata: Mapping[str, Any], root: Run | None) -> None:
    """Give a model call the step id that `metadata` asks for, unless a step of the same tree has it."""
    for name in STEP_NAMES:
        value = metadata.get(name)
        if value is None or value == "":
            continue
        chosen = str(value)
        if root is not None:
            if chosen in root.used_step_ids:
                return
            root.used_step_ids.add(chosen)
        invocation.attributes[STEP_ID] = chosen
        return


def name_conversation(invocation: Invocation, around: Context) -> None:
    """Put the official conversation id on the span; a thread of the user's around goes first."""
    surroundings: Any = around.get(LITERAL_KEY)
    of_user = surroundings.thread if surroundings is not None else None
    chosen = of_user.id if of_user is not None else around.get(THREAD_KEY)
    if chosen is not None:
        invocation.attributes[CONVERSATION_ID] = str(chosen)
