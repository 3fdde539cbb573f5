"""Threads, runs, steps and messages: each a context manager and a decorator, around an immutable context.

with thread(name="support", participant_id="ada@example.org"):
with run(name="answer"):
message("Where is my parcel?", type="user_message")
answer()                      # @step(type="tool"), model calls: all in the tree
"""

from literalai_otel.context.active_step import ActiveStep
from literalai_otel.context.active_thread import ActiveThread
from literalai_otel.context.client import Client, Sink, default_client, set_default_client
from literalai_otel.context.scopes import StepScope, ThreadScope
from literalai_otel.context.state import LITERAL_KEY, LiteralContext, current
from literalai_otel.context.surface import DEFAULT_SURFACE, Surface, propagate

thread = DEFAULT_SURFACE.thread
run = DEFAULT_SURFACE.run
step = DEFAULT_SURFACE.step
start_step = DEFAULT_SURFACE.start_step
message = DEFAULT_SURFACE.message
environment = DEFAULT_SURFACE.environment
experiment_item_run = DEFAULT_SURFACE.experiment_item_run
get_current_step = DEFAULT_SURFACE.get_current_step
get_current_thread = DEFAULT_SURFACE.get_current_thread
get_current_root_run = DEFAULT_SURFACE.get_current_root_run
set_properties = DEFAULT_SURFACE.set_properties
reset_context = DEFAULT_SURFACE.reset_context

__all__ = [
    "ActiveStep",
    "ActiveThread",
    "Client",
    "LITERAL_KEY",
    "LiteralContext",
    "Sink",
    "StepScope",
    "Surface",
    "ThreadScope",
    "current",
    "default_client",
    "environment",
    "experiment_item_run",
    "get_current_root_run",
    "get_current_step",
    "get_current_thread",
    "message",
    "propagate",
    "reset_context",
    "run",
    "set_default_client",
    "set_properties",
    "start_step",
    "step",
    "thread",
]
