"""`LiteralClient` and `AsyncLiteralClient`: threads, runs, steps and messages of one project, its API, its delivery.

| Module | What |
|---|---|
| `clients` | the two classes; they differ in `api` and in `flush` |
| `project` | what they share: settings, tracer provider, delivery |
| `frameworks` | switching instrumentors on for a client |
| `surroundings` | what the API asks of the context: current step, thread, environment |
| `event_processor` | the name under which the published client showed its delivery |
| `own_provider` | a tracer provider without sampling and limits |
"""

from literalai_otel.client.clients import AsyncLiteralClient, LiteralClient
from literalai_otel.client.event_processor import EventProcessor
from literalai_otel.client.project import BATCH_SIZE

__all__ = ["AsyncLiteralClient", "BATCH_SIZE", "EventProcessor", "LiteralClient"]
