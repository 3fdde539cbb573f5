"""Where the published package keeps its instrumentations; here they are distributions of their own."""
