"""Whose token counts of a generation stand when several events bring some."""

from collections.abc import Mapping
from typing import Any, Final

COLUMNS: Final = ("input_token_count", "output_token_count", "token_count", "tokens_estimated")
_NUMBERS: Final = COLUMNS[:3]


def merged_counts(earlier: Mapping[str, Any], later: Mapping[str, Any]) -> dict[str, Any]:
    """The token counts after a later event. Counts of the provider stand over an estimate, whichever comes first."""
    if all(later.get(column) is None for column in _NUMBERS):
        return {column: earlier.get(column) for column in COLUMNS}
    if all(earlier.get(column) is None for column in _NUMBERS):
        return {column: later.get(column) for column in COLUMNS}
    estimated, before = later.get("tokens_estimated"), earlier.get("tokens_estimated")
    if bool(estimated) != bool(before):
        real = earlier if estimated else later
        return {column: real.get(column) for column in COLUMNS}
    merged = {column: earlier.get(column) if later.get(column) is None else later[column] for column in COLUMNS}
    if estimated or merged["token_count"] is None:
        asked, answered = merged["input_token_count"], merged["output_token_count"]
        merged["token_count"] = None if asked is None or answered is None else asked + answered
        if estimated and merged["token_count"] is None:
            merged["token_count"] = asked if answered is None else answered
    return merged
