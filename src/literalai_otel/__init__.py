"""OpenTelemetry-native distribution for Literal AI."""

__version__ = "0.1.0"
