"""Where the published package keeps what is logged; the homes are `model` and `context`."""
