"""The Literal-compatible server (extra `[server]`): GraphQL, REST and OTLP, one ingest path, one store."""
