"""Where the published package keeps datasets and experiments; their home is `model`."""
