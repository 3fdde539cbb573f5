"""`literalai_otel.client`."""

from literalai_otel.client import *
