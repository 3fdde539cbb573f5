"""`literalai_otel.prompt_engineering.prompt`, under the path of 0.0.502."""

from literalai_otel.prompt_engineering.prompt import *
