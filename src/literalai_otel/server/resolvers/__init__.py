"""GraphQL: documents, the ingest fast path, and for each root field a function from arguments to wire objects."""
