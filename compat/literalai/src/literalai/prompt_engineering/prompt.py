"""`literalai_otel.prompt_engineering.prompt`."""

from literalai_otel.prompt_engineering.prompt import *
