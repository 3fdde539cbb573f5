"""`literalai_otel.instrumentation.openai`."""

from literalai_otel.instrumentation.openai import *
