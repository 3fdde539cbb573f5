"""Where the published package keeps prompts; their home is `api`."""
