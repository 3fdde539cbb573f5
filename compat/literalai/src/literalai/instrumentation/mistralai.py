"""`literalai_otel.instrumentation.mistralai`."""

from literalai_otel.instrumentation.mistralai import *
